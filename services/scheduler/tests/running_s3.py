"""An S3-compatible server on loopback (moto) that can be away, refuse, and count what it is asked."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property
from typing import Any

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from scheduler.settings import Settings

__all__ = ["BUCKET", "RunningS3", "running_s3"]

BUCKET = "calvin-runtime-scheduler"
_KEY = "testing"
_STOP_S = 30.0
_Start = Callable[..., Callable[[bytes], object]]


class RunningS3:
    """Where it is, what it was asked (`GET /bucket?list-type=2&…`), and what it keeps.

    What it keeps is this process's: it is there again after `stop` and `start`, and a new RunningS3 begins empty.
    """

    def __init__(self) -> None:
        self.port = 0
        self.asked: list[str] = []
        # (status, code) of a refusal of everything, or of what has `refused_part` in its method and path.
        self.refusal: tuple[int, str] | None = None
        self.refused_part = ""
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        """What Settings needs to use it."""
        return {
            "s3_endpoint": self.url,
            "s3_bucket": BUCKET,
            "s3_access_key_id": _KEY,
            "s3_secret_access_key": _KEY,
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same for a process."""
        return {f"SCHEDULER_{name.upper()}": value for name, value in self.settings.items()}

    def start(self) -> None:
        """Answer, at the same port as before if there was one."""
        self._server = make_server("127.0.0.1", self.port, self._serve, threaded=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Refuse connections."""
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(_STOP_S)
            self._server = None

    @cached_property
    def client(self) -> BaseClient:
        """A client of botocore."""
        return _session().create_client(
            "s3",
            endpoint_url=self.url,
            region_name=Settings().s3_region,
            aws_access_key_id=_KEY,
            aws_secret_access_key=_KEY,
            config=Config(s3={"addressing_style": "path"}),
        )

    def objects(self, prefix: str = "") -> dict[str, bytes]:
        """All objects by key; does not count as asked."""
        before = len(self.asked)
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        keys = [found["Key"] for page in pages for found in page.get("Contents", ())]
        found = {key: self.client.get_object(Bucket=BUCKET, Key=key)["Body"].read() for key in keys}
        del self.asked[before:]
        return found

    def records(self, prefix: str = "metrics/") -> list[dict[str, Any]]:
        """All records of all objects that are JSON arrays."""
        arrays = [json.loads(text) for key, text in self.objects(prefix).items() if key.endswith(".json")]
        return [record for array in arrays for record in array]

    def put(self, key: str, body: bytes) -> None:
        """Keep an object."""
        self.client.put_object(Bucket=BUCKET, Key=key, Body=body)

    def clear(self) -> None:
        """Begin again: no refusal, nothing asked, an empty bucket."""
        self.refusal, self.refused_part = None, ""
        for key in self.objects():
            self.client.delete_object(Bucket=BUCKET, Key=key)
        self.asked.clear()

    def _serve(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        query = environ.get("QUERY_STRING", "")
        path = environ["PATH_INFO"] + (f"?{query}" if query else "")
        self.asked.append(f"{environ['REQUEST_METHOD']} {path}")
        if self.refusal is not None and self.refused_part in f"{environ['REQUEST_METHOD']} {path}":
            status, code = self.refusal
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(f"{status} {code}", [("Content-Type", "application/xml")])
            return [f"<Error><Code>{code}</Code><Message>refused</Message></Error>".encode()]
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer


@cache
def _session() -> botocore.session.Session:
    return botocore.session.get_session()


@contextlib.contextmanager
def running_s3(*, bucket: bool = True) -> Iterator[RunningS3]:
    """Serve on a free port for as long as the context lasts, with our bucket unless told otherwise."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    s3 = RunningS3()
    s3.start()
    if any(found["Name"] == BUCKET for found in s3.client.list_buckets()["Buckets"]):
        s3.clear()
        s3.client.delete_bucket(Bucket=BUCKET)
    if bucket:
        s3.client.create_bucket(Bucket=BUCKET)
    s3.asked.clear()
    try:
        yield s3
    finally:
        s3.client.close()
        s3.stop()
