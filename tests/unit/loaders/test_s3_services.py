"""Services that speak S3 and differ: the bucket in the address, checksums, conditions that are not kept."""

from __future__ import annotations

import socket
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import boto3
import pytest

from finrag_ml_tg1.errors import ConditionUnsupportedError, PreconditionFailedError, StoreError
from finrag_ml_tg1.index.manifest import CURRENT_KEY
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.indexing.publishing import publish_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.s3_client import S3Endpoint, s3_endpoint
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.contract.served_stores import s3_settings
from tests.faults.proxy import Answer, Exchange, FaultProxy
from tests.index_versions import TwoVersions, two_versions
from tests.sample_index import sample_store

__all__ = ["sample_store", "two_versions"]

CONDITIONS = ("if-match", "if-none-match")
# What boto3 adds since 1.36 unless it is told not to.
CHECKSUMS = ("x-amz-sdk-checksum-algorithm", "x-amz-checksum-crc32", "x-amz-trailer", "x-amz-checksum-mode")


def not_implemented(exchange: Exchange, headers: tuple[str, ...]) -> None:
    """Answer as services do that know one of these headers and will have none of it."""
    if any(exchange.header(name) for name in headers):
        body = b"<Error><Code>NotImplemented</Code><Message>A header is not implemented.</Message></Error>"
        exchange.send(Answer(501, {"content-type": "application/xml"}, body))
    else:
        exchange.send(exchange.answered())


def refusing_conditions(exchange: Exchange) -> None:
    not_implemented(exchange, CONDITIONS)


def refusing_checksums(exchange: Exchange) -> None:
    not_implemented(exchange, CHECKSUMS)


def ignoring_conditions(exchange: Exchange) -> None:
    exchange.drop_headers(*CONDITIONS)
    exchange.send(exchange.answered())


def ignoring_if_match(exchange: Exchange) -> None:
    exchange.drop_headers("if-match")
    exchange.send(exchange.answered())


@pytest.fixture(scope="module")
def proxy(moto_endpoint: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(moto_endpoint)
    yield proxy
    proxy.close()


@pytest.fixture
def target(proxy: FaultProxy, moto_endpoint: str, tmp_path: Path) -> Iterator[S3Store]:
    """An empty store that is reached through the proxy, with the region that R2 asks for."""
    name = new_bucket(moto_endpoint)
    settings = s3_settings(proxy.endpoint) | {"AWS_REGION": "auto"}
    with closing(S3Store(name, "finrag", load_config(environ=settings, folder=tmp_path))) as store:
        yield store


def new_bucket(endpoint: str) -> str:
    name = f"services-{uuid.uuid4().hex}"
    session = boto3.session.Session("testing", "testing-secret", region_name="us-east-1")
    with closing(session.client("s3", endpoint_url=endpoint)) as client:
        client.create_bucket(Bucket=name)
    return name


def publish(versions: TwoVersions, target: S3Store, version: str, *, is_sole_writer: bool = False) -> None:
    source = LocalFolderStore(versions.folder)
    publish_version(source, target, version, lambda done, total: None, is_sole_writer=is_sole_writer)


def test_service_that_knows_no_checksums_is_published_to_and_read_from(
    proxy: FaultProxy, target: S3Store, two_versions: TwoVersions
) -> None:
    with proxy.failing(refusing_checksums):
        publish(two_versions, target, two_versions.smaller)
        publish(two_versions, target, two_versions.whole)
        assert current_version(target) == two_versions.whole
        assert target.get_range(CURRENT_KEY, 0, 4) == two_versions.whole[:4].encode()


@pytest.mark.parametrize("service", [refusing_conditions, ignoring_conditions, ignoring_if_match])
def test_service_without_conditions_is_published_to_by_a_sole_writer_alone(
    proxy: FaultProxy, target: S3Store, two_versions: TwoVersions, service: object
) -> None:
    with proxy.failing(service):  # type: ignore[arg-type]
        with pytest.raises(ConditionUnsupportedError, match=r"conditional puts.*--sole-writer") as caught:
            publish(two_versions, target, two_versions.smaller)
        assert "\n" not in str(caught.value)
        assert list(target.list("")) == []
        for version in (two_versions.smaller, two_versions.whole):
            publish(two_versions, target, version, is_sole_writer=True)
            assert current_version(target) == version
        target.put("logs/queries/x", b"rows")
        assert target.get("logs/queries/x").data == b"rows"


def test_sole_writer_who_is_not_alone_is_told(target: S3Store, two_versions: TwoVersions) -> None:
    def overtaken(done: int, total: int) -> None:
        target.put(CURRENT_KEY, two_versions.whole.encode())

    source = LocalFolderStore(two_versions.folder)
    with pytest.raises(StoreError, match="nothing was changed, run it again"):
        publish_version(source, target, two_versions.smaller, overtaken, is_sole_writer=True)
    assert current_version(target) == two_versions.whole


def test_put_under_a_condition_that_is_not_known_is_told_and_changes_nothing(
    proxy: FaultProxy, target: S3Store
) -> None:
    first = target.put("lease", b"mine")
    with proxy.failing(refusing_conditions):
        with pytest.raises(ConditionUnsupportedError):
            target.put("lease", b"theirs", if_match=first.etag)
        with pytest.raises(ConditionUnsupportedError):
            target.put("lease", b"theirs", if_absent=True)
    assert target.get("lease").data == b"mine"


def test_reads_of_two_questions_and_of_a_new_version_side_by_side_leave_no_connection_behind(
    proxy: FaultProxy, target: S3Store, caplog: pytest.LogCaptureFixture
) -> None:
    side_by_side = 3 * 8 + 4
    together = threading.Barrier(side_by_side, timeout=20)

    def at_once(exchange: Exchange) -> None:
        answer = exchange.answered()
        together.wait()
        exchange.send(answer)

    target.put("text", b"words")
    with proxy.failing(at_once), ThreadPoolExecutor(side_by_side) as readers:
        read = list(readers.map(lambda _: target.get("text").data, range(side_by_side)))
    assert read == [b"words"] * side_by_side
    assert "pool is full" not in caplog.text


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (None, S3Endpoint(None, "auto")),
        ("https://abc.r2.example.com", S3Endpoint("https://abc.r2.example.com", "path")),
        ("https://abc.r2.example.com/finrag", S3Endpoint("https://abc.r2.example.com", "path")),
        ("https://abc.r2.example.com/other", S3Endpoint("https://abc.r2.example.com/other", "path")),
        ("https://finrag.nyc3.example.com", S3Endpoint("https://nyc3.example.com", "virtual")),
        ("http://finrag.local:9000", S3Endpoint("http://finrag.local:9000", "path")),
        ("http://finrag:9000", S3Endpoint("http://finrag:9000", "path")),
        ("http://127.0.0.1:9000", S3Endpoint("http://127.0.0.1:9000", "path")),
    ],
)
def test_bucket_in_the_address_is_understood(url: str | None, expected: S3Endpoint) -> None:
    assert s3_endpoint(url, "finrag") == expected


def test_bucket_is_reached_by_its_own_host(moto_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = new_bucket(moto_endpoint)
    asked: list[str] = []
    look_up = socket.getaddrinfo

    def here(host: str, *arguments: object, **more: object) -> object:
        asked.append(host)
        return look_up("127.0.0.1", *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", here)
    check_reached(f"http://{bucket}.s3.example.com:{urlsplit(moto_endpoint).port}", bucket, moto_endpoint, tmp_path)
    assert f"{bucket}.s3.example.com" in asked
    assert "s3.example.com" not in asked


def test_bucket_is_reached_by_an_address_that_ends_with_it(moto_endpoint: str, tmp_path: Path) -> None:
    bucket = new_bucket(moto_endpoint)
    check_reached(f"{moto_endpoint}/{bucket}", bucket, moto_endpoint, tmp_path)


def check_reached(url: str, bucket: str, endpoint: str, folder: Path) -> None:
    """Write by the address, and read the same by the service's own."""
    with closing(S3Store(bucket, "finrag", load_config(environ=s3_settings(url), folder=folder))) as store:
        store.put("a/b", b"1", if_absent=True)
        with pytest.raises(PreconditionFailedError):
            store.put("a/b", b"2", if_absent=True)
        assert [entry.key for entry in store.list("")] == ["a/b"]
    with closing(S3Store(bucket, "finrag", load_config(environ=s3_settings(endpoint), folder=folder))) as store:
        assert store.get("a/b").data == b"1"
