"""Names from outside that want to be paths to elsewhere: refused, or taken for exactly the characters they are."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.types import Message, Receive, Scope, Send

from finrag_ml_tg1.errors import FilingError, StoreError
from finrag_ml_tg1.filings.stored_sources import stored_sources
from finrag_ml_tg1.index.manifest import is_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from serving.backend.schemas.usage import FeedbackRequest
from serving.http.request_id import RequestId
from serving.indexer.data_paths import data_path
from serving.indexer.records import JOB_ID
from serving.indexer.schemas import IngestRequest
from tests.event_loops import run

OUTSIDE = b"what lies outside"
# Whatever is made of it, a name of these characters alone is one segment of a key that leads nowhere.
HARMLESS = re.compile(r"[A-Za-z0-9._-]+")

_parts = st.sampled_from(
    ["..", ".", "%2e%2e", "%252e%252e", "..%2f", "%2e%2e%5c", "..\\", "\u2024\u2024", "\uff0e\uff0e", "\u2025", "..;",
     "\x00", "%00", "~", "C:", "file:", "outside.txt", "inside", "a" * 255, "a" * 256, "link", "etc", "passwd", " ",
     "\n", "\ud800", "\u202e", ".finrag-lock", "*"]
)  # fmt: skip
_separators = st.sampled_from(["/", "//", "\\", "%2f", "%252f", "%5c", "\u2215", "\uff0f", "/./", "", "?", "#"])
hostile_names = st.one_of(
    st.lists(st.tuples(_parts, _separators), min_size=1, max_size=12).map(lambda pairs: "".join(map("".join, pairs))),
    st.lists(st.tuples(_separators, _parts), min_size=1, max_size=12).map(lambda pairs: "".join(map("".join, pairs))),
    st.text(max_size=40),
)
many = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a file beside it and a link that leads out."""
    (tmp_path / "outside.txt").write_bytes(OUTSIDE)
    root = tmp_path / "root"
    (root / "inside").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path)
    (root / "circle").symlink_to(root / "circle")
    return root


def everything_outside(root: Path) -> list[tuple[str, bytes]]:
    files = (path for path in root.parent.rglob("*") if path.is_file() and root not in path.parents)
    return [(str(path), path.read_bytes()) for path in files]


@given(name=hostile_names)
@example(name="link/outside.txt")
@example(name="../outside.txt")
@example(name="inside/../../outside.txt")
@many
def test_key_reaches_nothing_outside_the_store(root: Path, name: str) -> None:
    store = LocalFolderStore(root)
    before = everything_outside(root)
    with suppress(StoreError):
        assert store.get(name).data == b"written by this test"
    with suppress(StoreError):
        store.put(name, b"written by this test")
        assert root in (root / name).resolve().parents
    with suppress(StoreError):
        store.delete(name)
    with suppress(StoreError):
        assert all(root in (root / entry.key).resolve().parents for entry in store.list(name))
    assert everything_outside(root) == before == [(str(root.parent / "outside.txt"), OUTSIDE)]


@given(name=hostile_names)
@example(name="link/outside.txt")
@example(name="circle")
@example(name="inside/" + "a" * 5_000)
@many
def test_data_of_an_evaluation_lies_inside_its_folder(root: Path, name: str) -> None:
    try:
        path = data_path(str(root), name)
    except FilingError:
        return
    assert path == root or root in path.parents


@given(name=hostile_names)
@example(name="link")
@example(name="link/outside.txt")
@many
def test_job_reads_nothing_outside_its_inbox(root: Path, name: str) -> None:
    try:
        names = IngestRequest(sources=[name]).sources
    except ValidationError:
        return
    assert ".." not in names[0].split("/")
    with pytest.raises((FilingError, StoreError)):  # the inbox holds no filing
        stored_sources(LocalFolderStore(root), names)


@given(name=hostile_names)
@many
def test_ids_are_single_harmless_names(name: str) -> None:
    with suppress(ValidationError):
        assert HARMLESS.fullmatch(FeedbackRequest(request_id=name, verdict="good").request_id)
    assert not is_version(name)
    assert not re.fullmatch(JOB_ID, name)


@given(given_id=st.binary(max_size=80) | hostile_names.map(lambda name: name.encode("utf-8", "replace")))
@many
def test_request_id_is_the_clients_only_when_it_is_a_harmless_name(given_id: bytes) -> None:
    sent: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive() -> Message:
        raise AssertionError

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "headers": [(b"x-request-id", given_id)]}
    run(RequestId(application)(scope, receive, send))
    returned = dict(sent[0]["headers"])[b"x-request-id"].decode("ascii")
    assert HARMLESS.fullmatch(returned)
    assert 8 <= len(returned) <= 64
