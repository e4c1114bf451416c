"""Whatever comes back instead of an answer of S3 leaves the store as an error that says what to check, and soon."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import boto3
import pytest

from finrag_ml_tg1.errors import StoreError, StoreUnavailableError
from finrag_ml_tg1.loaders import s3_body
from finrag_ml_tg1.loaders import s3_store as s3_store_module
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.s3_store import S3Store
from tests.contract.served_stores import s3_settings
from tests.faults.kinds import KINDS
from tests.faults.proxy import Exchange, FaultProxy

DATA = bytes(range(256)) * 40
OPERATIONS: dict[str, Callable[[S3Store], object]] = {
    "get_range": lambda store: store.get_range("key", 100, 5000),
    "head": lambda store: store.head("key"),
    "list": lambda store: list(store.list("")),
    "put": lambda store: store.put("written", b"1"),
}
# The length of an object is not S3's to tell twice: only a hash tells that these bytes are others.
UNNOTICED = {"corrupt body", "another object's bytes", "longer object", "longer than declared", "slow"}


@pytest.fixture(scope="module")
def proxy(moto_endpoint: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(moto_endpoint)
    yield proxy
    proxy.close()


@pytest.fixture(scope="module")
def bucket(moto_endpoint: str) -> str:
    """A bucket that holds `key`."""
    name = f"faults-{uuid.uuid4().hex}"
    session = boto3.session.Session("testing", "testing-secret", region_name="us-east-1")
    with closing(session.client("s3", endpoint_url=moto_endpoint)) as client:
        client.create_bucket(Bucket=name)
        client.put_object(Bucket=name, Key="some/prefix/key", Body=DATA)
        client.put_object(Bucket=name, Key="some/prefix/larger", Body=DATA * 3)
    return name


@pytest.fixture(scope="module")
def distant(proxy: FaultProxy, bucket: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Store]:
    """A store that is reached through the proxy, and is not waited for long."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(s3_store_module, "_READING_TIMEOUT_S", 0.3)
        patch.setattr(s3_body, "_PATIENCE_S", 0.3)
        config = load_config(environ=s3_settings(proxy.endpoint), folder=tmp_path_factory.mktemp("config"))
        with closing(S3Store(bucket, "some/prefix", config)) as store:
            yield store


@pytest.mark.parametrize("name", [name for name in KINDS if name not in UNNOTICED])
def test_fault_is_told_with_what_to_check_and_is_over_when_it_ends(
    distant: S3Store, proxy: FaultProxy, name: str
) -> None:
    kind = KINDS[name]
    began = time.monotonic()
    with kind.on(proxy), pytest.raises(StoreError) as caught:
        distant.get("key")
    assert time.monotonic() - began < 6
    assert isinstance(caught.value, StoreUnavailableError) == kind.is_away
    if kind.is_away:
        assert kind.advice in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "testing-secret" not in str(caught.value)
    assert distant.get("key").data == DATA


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ["HTML page, status 200", "503 that breaks off", "garbage"])
def test_what_is_no_answer_of_s3_fails_every_operation(
    distant: S3Store, proxy: FaultProxy, operation: str, name: str
) -> None:
    with KINDS[name].on(proxy), pytest.raises(StoreUnavailableError):
        OPERATIONS[operation](distant)


def test_bytes_beyond_the_declared_length_are_not_taken_for_the_next_answer(
    distant: S3Store, proxy: FaultProxy
) -> None:
    with KINDS["longer than declared"].on(proxy):
        assert [distant.get("key").data == DATA for _ in range(4)] == [True] * 4


def test_steady_slow_body_is_read_to_its_end(distant: S3Store, proxy: FaultProxy) -> None:
    """Slower than the patience as a whole, and always faster than the slowest that is waited for."""

    def in_pieces(exchange: Exchange) -> None:
        answer = exchange.answered()
        exchange.send_bytes(exchange.head_of(answer))
        for start in range(0, len(answer.body), 2048):
            time.sleep(0.05)
            exchange.send_bytes(answer.body[start : start + 2048])

    with proxy.failing(in_pieces):
        began = time.monotonic()
        assert distant.get("larger").data == DATA * 3
        assert time.monotonic() - began > 0.6


def test_renewed_credentials_of_a_profile_are_taken_without_a_restart(
    proxy: FaultProxy, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    expired = KINDS["400 ExpiredToken"].fault
    assert expired is not None

    def checking(exchange: Exchange) -> None:
        key_id = exchange.header("authorization").partition("Credential=")[2].partition("/")[0]
        seen.append(key_id)
        if key_id == "OLD":
            expired(exchange)
        else:
            exchange.send(exchange.answered())

    profile = tmp_path / "credentials"

    def write(key_id: str) -> None:
        profile.write_text(f"[default]\naws_access_key_id={key_id}\naws_secret_access_key=testing-secret\n")

    write("OLD")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(profile))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
    config = load_config(folder=tmp_path)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    with closing(S3Store(bucket, "some/prefix", config)) as store, proxy.failing(checking):
        with pytest.raises(StoreUnavailableError, match=r"expired.*profile.*environment variables"):
            store.get("key")
        write("NEW")
        assert store.get("key").data == DATA
    assert seen == ["OLD", "NEW"]
