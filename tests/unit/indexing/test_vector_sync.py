"""An engine holds what the current version needs, in whatever state a run finds it and however one ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import StoreError, VectorIndexError, VectorIndexUnavailableError
from finrag_ml_tg1.index.manifest import manifest_key
from finrag_ml_tg1.index.outside import qdrant
from finrag_ml_tg1.index.outside.engine import VectorEngine
from finrag_ml_tg1.index.outside.ledger import ledger_key, read_ledger
from finrag_ml_tg1.index.outside.version_vectors import open_version_vectors
from finrag_ml_tg1.indexing import vector_sync
from finrag_ml_tg1.indexing.vector_sync import SyncReport, sync_vectors
from tests.s3_vectors_server import FakeIndex, FakeS3Vectors, serve_s3_vectors
from tests.unit.index.vector_engines import S3_ADDRESS, block_outside_network, open_local_qdrant, open_s3_vectors
from tests.unit.indexing.vector_library import Library


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[FakeS3Vectors, VectorEngine]]:
    with serve_s3_vectors() as service:
        engine = open_s3_vectors(service)
        yield service, engine
        engine.close()


@pytest.fixture
def service(served: tuple[FakeS3Vectors, VectorEngine], monkeypatch: pytest.MonkeyPatch) -> FakeS3Vectors:
    block_outside_network(monkeypatch)
    served[0].forget()
    return served[0]


@pytest.fixture
def engine(service: FakeS3Vectors, served: tuple[FakeS3Vectors, VectorEngine]) -> VectorEngine:
    return served[1]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library(tmp_path)
    library.add(5, 6, 7)
    return library


def index_of(service: FakeS3Vectors) -> FakeIndex:
    return service.indexes["bucket", "filings"]


def test_all_vectors_are_written_and_found(library: Library, service: FakeS3Vectors, engine: VectorEngine) -> None:
    steps: list[tuple[int, int]] = []
    report = sync_vectors(library.store, library.cache, engine, lambda done, total: steps.append((done, total)))
    total = library.manifest.passages
    assert report == SyncReport(library.manifest.version, total, written=total, removed=0, unreadable=())
    assert len(index_of(service).vectors) == total == steps[-1][0] == steps[-1][1]
    library.check(engine)


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect")
@pytest.mark.filterwarnings("ignore:Local mode performs exact")
def test_all_vectors_are_written_to_qdrant_and_found(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(qdrant, "_MOST_WRITTEN", 2)  # several calls beside each other
    with open_local_qdrant() as engine:
        assert library.sync(engine).written == library.manifest.passages
        library.check(engine)
        assert library.sync(engine).written == 0


def test_nothing_is_written_twice(library: Library, service: FakeS3Vectors, engine: VectorEngine) -> None:
    library.sync(engine)
    service.calls.clear()
    again = library.sync(engine)
    assert (again.written, again.removed) == (0, 0)
    assert set(service.calls) == {"GetIndex"}


def test_vectors_that_the_engine_lost_are_written_again_when_asked(
    library: Library, service: FakeS3Vectors, engine: VectorEngine
) -> None:
    library.sync(engine)
    index_of(service).vectors.popitem()
    assert library.sync(engine).written == 0
    report = sync_vectors(library.store, library.cache, engine, lambda done, total: None, again=True)
    assert report.written == library.manifest.passages
    library.check(engine)


def test_filing_that_is_added_is_written_alone_and_both_versions_are_served(
    library: Library, service: FakeS3Vectors, engine: VectorEngine
) -> None:
    library.sync(engine)
    before, before_parts = library.manifest, library.parts
    library.add(3)  # the first of all companies: every row stands elsewhere now
    assert library.sync(engine).written == library.manifest.passages - before.passages
    library.check(engine)
    library.check_rows(open_version_vectors(engine, library.store, before, before_parts), before_parts)


def test_vectors_of_no_version_are_removed(library: Library, service: FakeS3Vectors, engine: VectorEngine) -> None:
    old = library.manifest.version
    library.sync(engine)
    library.add(6, words="better")
    kept = library.sync(engine)
    assert (kept.written, kept.removed) == (3, 0)
    library.store.delete(manifest_key(old))
    assert library.sync(engine).removed == 3
    assert len(index_of(service).vectors) == library.manifest.passages
    library.check(engine)


def test_version_of_another_program_keeps_all(library: Library, engine: VectorEngine) -> None:
    old = library.manifest.version
    library.sync(engine)
    library.add(6, words="better")
    key = manifest_key(old)
    library.store.put(key, json.dumps(json.loads(library.store.get(key).data) | {"format": 1}).encode())
    report = library.sync(engine)
    assert (report.removed, report.unreadable) == (0, (old,))


def test_interrupted_run_is_gone_on_with(
    library: Library, service: FakeS3Vectors, engine: VectorEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_sync, "_VECTORS_A_NOTE", 1)  # a note for each part
    first = library.parts[0]

    def stop_after_the_first(done: int, total: int) -> None:
        service.faults["PutVectors"] = ["AccessDeniedException"]

    with pytest.raises(VectorIndexUnavailableError, match="allow it s3vectors:PutVectors"):
        sync_vectors(library.store, library.cache, engine, stop_after_the_first)
    ledger = read_ledger(library.store, engine.address)
    assert dict(ledger.held) == {first.sha256: first.rows}
    assert len(ledger.partial) == 1
    with pytest.raises(
        VectorIndexError, match=r"lacks 2 of the 3 parts of index version .*: run `finrag vectors sync`"
    ):
        library.check(engine)

    assert library.sync(engine).written == library.manifest.passages - first.rows
    library.check(engine)


def test_interrupted_removal_is_gone_on_with(library: Library, service: FakeS3Vectors, engine: VectorEngine) -> None:
    old = library.manifest.version
    library.sync(engine)
    library.add(6, words="better")
    library.sync(engine)
    library.store.delete(manifest_key(old))
    service.faults["DeleteVectors"] = ["AccessDeniedException"]
    with pytest.raises(VectorIndexUnavailableError):
        library.sync(engine)
    assert library.sync(engine).removed == 3
    assert len(index_of(service).vectors) == library.manifest.passages


def test_index_that_was_made_again_is_filled_again(
    library: Library, service: FakeS3Vectors, engine: VectorEngine
) -> None:
    library.sync(engine)
    del service.indexes["bucket", "filings"]
    with pytest.raises(VectorIndexError, match="does not exist: fill it with `finrag vectors sync`"):
        library.check(engine)
    engine.create(16)
    with pytest.raises(VectorIndexError, match="lacks 3 of the 3 parts"):
        library.check(engine)
    assert library.sync(engine).written == library.manifest.passages
    library.check(engine)


def test_index_for_other_vectors_is_left_alone(library: Library, service: FakeS3Vectors, engine: VectorEngine) -> None:
    engine.create(17)
    with pytest.raises(VectorIndexError, match="holds vectors of 17 values, the index has 16"):
        library.sync(engine)
    assert not index_of(service).vectors


def test_of_two_runs_at_once_one_is_told(library: Library, engine: VectorEngine) -> None:
    def another_run(done: int, total: int) -> None:
        library.store.put(ledger_key(S3_ADDRESS), b"{}")

    with pytest.raises(
        VectorIndexError, match="another `finrag vectors sync` is writing to s3vectors://bucket/filings"
    ):
        sync_vectors(library.store, library.cache, engine, another_run)


@pytest.mark.parametrize("text", [b"{", b"[]", b'{"format": 1, "held": {}}'])
def test_damaged_ledger_is_told(library: Library, engine: VectorEngine, text: bytes) -> None:
    library.store.put(ledger_key(S3_ADDRESS), text)
    with pytest.raises(StoreError, match="is damaged: delete it and the engine's index"):
        library.sync(engine)
