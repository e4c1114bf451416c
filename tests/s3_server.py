"""An S3 server on a loopback port: moto's, reached as any S3 service is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from moto.s3.responses import S3Response
from moto.server import ThreadedMotoServer

__all__ = ["moto_endpoint"]


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """The address of an S3 server whose conditional puts are atomic, as S3 documents them; moto's alone are not."""
    put_lock = threading.Lock()
    put_object = S3Response.put_object

    def put_one_at_a_time(self: S3Response) -> object:
        with put_lock:
            return put_object(self)

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Response, "put_object", put_one_at_a_time)
        server.start()
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
        server.stop()
        if server._server is not None:
            server._server.server_close()  # which `stop` leaves open
