"""What is particular to S3: pages, failures of the network and of the service, lost answers."""

from __future__ import annotations

import base64
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
import pytest
import requests
from botocore.exceptions import ClientError, NoCredentialsError
from moto.s3.responses import S3Response

from finrag_ml_tg1.errors import (
    FinRAGError,
    ObjectNotFoundError,
    PreconditionFailedError,
    StoreDeniedError,
    StoreError,
    StoreUnavailableError,
)
from finrag_ml_tg1.loaders.ml_config_loader import MLConfig, load_config
from finrag_ml_tg1.loaders.s3_errors import explain
from finrag_ml_tg1.loaders.s3_store import S3Store

Answer = Callable[[BaseHTTPRequestHandler], None]
SECRET = "not-to-be-shown"


def config_for(endpoint: str, folder: Path) -> MLConfig:
    environ = {
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_REGION": "us-east-1",
    }
    return load_config(environ=environ, folder=folder)


@contextmanager
def service(answer: Answer) -> Iterator[str]:
    """Serve every request with `answer`; yield the address."""

    methods = {f"do_{method}": answer for method in ("GET", "HEAD", "PUT", "DELETE")}
    quiet = {"log_message": lambda *_: None}
    handler = type("Handler", (BaseHTTPRequestHandler,), {"protocol_version": "HTTP/1.1", **methods, **quiet})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", *, declared: int | None = None) -> None:
    """Answer and close; `declared` is the Content-Length when it is to be a lie."""
    handler.send_response(status)
    handler.send_header("ETag", '"1"')
    handler.send_header("Content-Length", str(len(body) if declared is None else declared))
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


def read_body(handler: BaseHTTPRequestHandler) -> bytes:
    return handler.rfile.read(int(handler.headers["Content-Length"]))


def test_list_goes_on_after_a_page_as_short_as_the_service_likes(
    s3_store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "10")  # where S3 has 1,000
    for number in range(25):
        s3_store.put(f"n/{number:04}", b"")

    assert [info.key for info in s3_store.list("n/")] == [f"n/{number:04}" for number in range(25)]


def test_objects_outside_the_prefix_and_folder_markers_are_not_seen(
    s3_store: S3Store, s3_config: MLConfig, bucket: str
) -> None:
    s3_store.put("a/b", b"1")
    with closing(boto3.client("s3", endpoint_url=s3_config.aws_endpoint_url_s3, region_name="us-east-1")) as client:
        for key in ("some/prefix/a/", "some/prefix/", "some/prefixed", "other"):
            client.put_object(Bucket=bucket, Key=key, Body=b"")

    assert [info.key for info in s3_store.list("")] == ["a/b"]


def test_store_at_the_root_of_a_bucket(s3_config: MLConfig, bucket: str) -> None:
    with closing(S3Store(bucket, "", s3_config)) as store:
        store.put("a", b"1")

        assert store.url == f"s3://{bucket}"
        assert [info.key for info in store.list("")] == ["a"]


def test_store_works_again_after_close(s3_store: S3Store) -> None:
    s3_store.put("a", b"1")
    s3_store.close()

    assert s3_store.get("a").data == b"1"


def test_unreachable_service_is_reported_within_seconds(tmp_path: Path) -> None:
    with closing(socket.socket()) as reserved:  # bound, but not listening: connections are refused
        reserved.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        with closing(S3Store("bucket", "p", config_for(endpoint, tmp_path))) as store:
            started = time.monotonic()
            with pytest.raises(StoreUnavailableError) as caught:
                store.get("key")

    assert time.monotonic() - started < 15
    assert "s3://bucket/p/key" in str(caught.value)
    assert endpoint in str(caught.value)
    assert "AWS_ENDPOINT_URL_S3" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_missing_bucket_is_not_taken_for_a_missing_object(s3_config: MLConfig) -> None:
    with closing(S3Store("no-such-bucket", "p", s3_config)) as store:
        operations: list[Callable[[], object]] = [
            lambda: store.head("key"),
            lambda: store.get("key"),
            lambda: store.get_range("key", 0, 1),
            lambda: list(store.list("")),
            lambda: store.put("key", b""),
            lambda: store.put("key", b"", if_absent=True),
        ]
        for operation in operations:
            with pytest.raises(StoreUnavailableError, match=r"no-such-bucket.*FINRAG_STORE"):
                operation()


def test_wrong_credentials_are_reported(s3_store: S3Store, moto_endpoint: str) -> None:
    requests.post(f"{moto_endpoint}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        with pytest.raises(StoreUnavailableError, match="AWS_ACCESS_KEY_ID"):
            s3_store.get("a")
        with pytest.raises(StoreUnavailableError, match="403"):
            s3_store.head("a")
    finally:
        requests.post(f"{moto_endpoint}/moto-api/reset-auth", data=b"inf", timeout=10)


def test_missing_credentials_are_reported(moto_endpoint: str, tmp_path: Path) -> None:
    config = load_config(environ={"AWS_ENDPOINT_URL_S3": moto_endpoint}, folder=tmp_path)
    with (
        closing(S3Store("bucket", "p", config)) as store,
        pytest.raises(StoreUnavailableError, match=r"No usable AWS credentials .*AWS_SECRET_ACCESS_KEY"),
    ):
        store.get("a")


def test_answer_that_breaks_off_is_read_again(tmp_path: Path) -> None:
    seen = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        send(handler, 200, b"whole" if len(seen) == 2 else b"wh", declared=5)

    with service(answer) as endpoint, closing(S3Store("bucket", "p", config_for(endpoint, tmp_path))) as store:
        assert store.get("key").data == b"whole"
    assert len(seen) == 2


def test_range_that_breaks_off_is_read_again_and_asked_for_as_before(tmp_path: Path) -> None:
    seen = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.headers["Range"])
        send(handler, 206, b"whole" if len(seen) == 3 else b"wh", declared=5)

    with service(answer) as endpoint, closing(S3Store("bucket", "p", config_for(endpoint, tmp_path))) as store:
        assert store.get_range("key", 10, 5) == b"whole"
    assert seen == ["bytes=10-14"] * 3


@pytest.mark.parametrize("body", [b"the whole object, as a service sends it that knows no ranges", b"of"])
def test_answer_that_is_not_the_range_is_refused(tmp_path: Path, body: bytes) -> None:
    with (
        service(lambda handler: send(handler, 200, body)) as endpoint,
        closing(S3Store("bucket", "p", config_for(endpoint, tmp_path))) as store,
        pytest.raises(StoreError, match=r"Cannot read 5 bytes at offset 10 of key"),
    ):
        store.get_range("key", 10, 5)


def test_answer_that_always_breaks_off_is_no_answer(tmp_path: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        send(handler, 200, b"wh", declared=5)

    with (
        service(answer) as endpoint,
        closing(S3Store("bucket", "p", config_for(endpoint, tmp_path))) as store,
        pytest.raises(StoreUnavailableError, match="cannot be reached"),
    ):
        store.get("key")


@pytest.mark.parametrize("stored", [b"mine", b"theirs"])
def test_put_whose_answer_was_lost_wins_only_with_its_own_content(tmp_path: Path, stored: bytes) -> None:
    """The first put is carried out but not answered; its repetition must not take the result for another's."""
    puts = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "GET":
            return send(handler, 200, stored)
        puts.append(read_body(handler))
        if len(puts) > 1:
            return send(handler, 412)
        handler.close_connection = True
        return None

    with service(answer) as endpoint, closing(S3Store("bucket", "p", config_for(endpoint, tmp_path))) as store:
        if stored == b"mine":
            assert store.put("key", b"mine", if_absent=True).etag == '"1"'
        else:
            with pytest.raises(PreconditionFailedError):
                store.put("key", b"mine", if_absent=True)
    assert puts == [b"mine", b"mine"]


def test_put_refused_at_once_loses_even_with_equal_content(s3_store: S3Store) -> None:
    s3_store.put("lease", b"same")

    with pytest.raises(PreconditionFailedError):
        s3_store.put("lease", b"same", if_absent=True)


def test_failing_service_is_asked_three_times(tmp_path: Path) -> None:
    seen = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        send(handler, 503)

    with (
        service(answer) as endpoint,
        closing(S3Store("bucket", "p", config_for(endpoint, tmp_path))) as store,
        pytest.raises(StoreUnavailableError, match=r"503.*try again later"),
    ):
        store.get("key")
    assert len(seen) == 3


@pytest.mark.parametrize(
    ("operation", "status", "code", "expected", "words"),
    [
        ("GetObject", 404, "NoSuchKey", ObjectNotFoundError, "does not exist"),
        ("HeadObject", 403, "Forbidden", StoreUnavailableError, "s3:ListBucket S3 answers 403 for a missing key"),
        ("GetObject", 403, "AccessDenied", StoreDeniedError, "bucket's policy"),
        ("GetObject", 403, "Forbidden by a gateway", StoreUnavailableError, "bucket's policy"),
        ("PutObject", 501, "NotImplemented", StoreError, "docs/operations/bucket.md"),
        ("GetObject", 403, "SignatureDoesNotMatch", StoreUnavailableError, "check AWS_SECRET_ACCESS_KEY"),
        ("GetObject", 403, "RequestTimeTooSkewed", StoreUnavailableError, "clock"),
        ("GetObject", 400, "ExpiredToken", StoreUnavailableError, "renew AWS_SESSION_TOKEN"),
        ("GetObject", 301, "PermanentRedirect", StoreUnavailableError, "AWS_REGION"),
        ("HeadObject", 400, "BadRequest", StoreUnavailableError, "AWS_REGION"),
        ("PutObject", 412, "PreconditionFailed", PreconditionFailedError, "read it again"),
        ("PutObject", 409, "ConditionalRequestConflict", PreconditionFailedError, "read it again"),
        ("PutObject", 404, "NoSuchKey", PreconditionFailedError, "read it again"),
        ("PutObject", 404, "NoSuchBucket", StoreUnavailableError, "no such bucket"),
        ("PutObject", 503, "SlowDown", StoreUnavailableError, "later"),
        ("GetObject", 500, "InternalError", StoreUnavailableError, "later"),
        ("PutObject", 400, "EntityTooLarge", StoreError, "EntityTooLarge"),
    ],
)
def test_answer_of_s3_is_explained(
    operation: str, status: int, code: str, expected: type[FinRAGError], words: str
) -> None:
    error = ClientError(
        {
            "Error": {"Code": code},
            "ResponseMetadata": {
                "HTTPStatusCode": status,
                "RequestId": "",
                "HostId": "",
                "HTTPHeaders": {},
                "RetryAttempts": 0,
            },
        },
        operation,
    )

    explained = explain(error, operation, "s3://bucket/key", None)

    assert type(explained) is expected
    assert words in str(explained)
    assert "s3://bucket/key" in str(explained)
    assert "\n" not in str(explained)


def test_missing_credentials_name_the_variables() -> None:
    assert "AWS_ACCESS_KEY_ID" in str(explain(NoCredentialsError(), "GetObject", "s3://bucket/key", None))


def test_a_put_carries_the_md5_of_its_body(s3_store: S3Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # RFC 1321's own example: by it a service can refuse what arrived altered.
    seen: list[str | None] = []
    put_object = S3Response.put_object

    def noting(self: S3Response) -> object:
        seen.append(self.headers.get("Content-MD5"))
        return put_object(self)

    monkeypatch.setattr(S3Response, "put_object", noting)
    s3_store.put("message", b"message digest")
    assert [base64.b64decode(value or "").hex() for value in seen] == ["f96b697d7cb7938d525a2f31aaf161d0"]
