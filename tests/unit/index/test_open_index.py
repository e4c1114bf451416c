from __future__ import annotations

import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from finrag_ml_tg1.errors import EncoderMismatchError, IndexCorruptError, IndexMissingError
from finrag_ml_tg1.filings.ingest import ingest_file
from finrag_ml_tg1.index.encoder import read_identity
from finrag_ml_tg1.index.manifest import CURRENT_KEY, manifest_key, part_key
from finrag_ml_tg1.index.reader import Index, open_index
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.indexing.build import build_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.unit.filings.documents import filing_html
from tests.unit.index.fake_encoder import FakeEncoder
from tests.unit.loaders.remote_store import RemoteStore

FILINGS = [
    ("9990000100-23-000001", "Alpha Corp.", 9_990_000_100, 2022),
    ("9990000100-23-000002", "Alpha Corp.", 9_990_000_100, 2022),
    ("9990000100-24-000001", "Alpha Corp.", 9_990_000_100, 2023),
    ("9990000200-24-000001", "Beta Corp.", 9_990_000_200, 2023),
]
SECTIONS = 4


def build(folder: Path, scratch: Path, encoder: FakeEncoder, encoder_folder: Path) -> LocalFolderStore:
    store = LocalFolderStore(folder)
    for accession, company, cik, year in FILINGS:
        body = "".join(f"<p><b>Section {n}</b></p><p>Words {n} of {accession}.</p>" for n in range(SECTIONS - 1))
        path = scratch / f"X_10-K_{accession}.html"
        path.write_bytes(filing_html(company, cik=cik, year=year, body=body))
        ingest_file(path, store, encoder.token_offsets)
    build_index(store, cache_of(store, scratch), encoder, encoder_folder, lambda done, total: None)
    return store


def cache_of(store: LocalFolderStore, scratch: Path) -> DiskCache:
    return DiskCache(scratch / "cache", store, 2**30)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> LocalFolderStore:
    folder = tmp_path_factory.mktemp("built")
    return build(folder / "store", folder, FakeEncoder(read_identity(encoder_folder)), encoder_folder)


@pytest.fixture(scope="module")
def index(built: LocalFolderStore, tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder = tmp_path_factory.mktemp("opened")
    return open_index(built, cache_of(built, folder), folder=folder)


@pytest.fixture
def copied(built: LocalFolderStore, tmp_path: Path) -> LocalFolderStore:
    return LocalFolderStore(Path(shutil.copytree(built.url, tmp_path / "store")))


@pytest.fixture
def reopen(copied: LocalFolderStore, tmp_path: Path) -> Callable[[], Index]:
    return lambda: open_index(copied, cache_of(copied, tmp_path), folder=tmp_path / "folder")


def test_an_index_gives_every_passage_with_its_filing(index: Index) -> None:
    records = [index.record(row) for row in range(index.manifest.passages)]
    assert [record.passage_id for record in records] == [
        f"{accession}-{position:05d}" for accession, *_ in FILINGS for position in range(SECTIONS)
    ]
    last = records[-1]
    assert (last.company, last.cik, last.fiscal_year) == ("Beta Corp.", 9_990_000_200, 2023)
    assert (last.form, last.ticker, last.heading) == ("10-K", "BET", "Section 2")
    assert last.text == "Section 2\n\nWords 2 of 9990000200-24-000001."


def test_a_passage_is_found_by_its_id(index: Index) -> None:
    for row in range(index.manifest.passages):
        assert index.find_passage(index.record(row).passage_id) == row


@pytest.mark.parametrize("passage_id", ["", "-", "9990000100-23-000001", "9990000100-23-000001-99999", "x-00000"])
def test_no_passage_is_found_when_the_index_holds_none_of_that_id(index: Index, passage_id: str) -> None:
    assert index.find_passage(passage_id) is None


def test_neighbours_are_those_of_the_same_filing(index: Index) -> None:
    for row in range(index.manifest.passages):
        record = index.record(row)
        before, after = index.neighbours(row, 2)
        near = [*before, record, *after]
        assert {other.accession for other in near} == {record.accession}
        first, last = max(0, record.position - 2), min(SECTIONS - 1, record.position + 2)
        assert [other.position for other in near] == list(range(first, last + 1))


@pytest.mark.parametrize("what", ["texts", "records", "facts"])
def test_parts_that_are_needed_together_are_read_at_the_same_time(
    built: LocalFolderStore, tmp_path: Path, what: str
) -> None:
    remote = RemoteStore(built)
    index = open_index(remote, DiskCache(tmp_path / "cache", remote, 2**30), folder=tmp_path)
    together = threading.Barrier(3, timeout=5)  # which one read after the other never passes

    def wait_for_the_others(read: str, data: bytes) -> bytes:
        together.wait()
        return data

    remote.change = wait_for_the_others
    remote.reads.clear()
    match what:
        case "texts":
            assert index.texts([0, 8, 12]) == [index.record(row).text for row in (0, 8, 12)]
        case "records":
            assert [record.fiscal_year for record in index.records([12, 0, 8])] == [2023, 2022, 2023]
        case _:
            index.companies.open_all([9_990_000_100, 9_990_000_200])
            assert index.companies.facts(9_990_000_100).cik == 9_990_000_100
    assert sorted(remote.reads) == sorted(part_key(part.sha256) for part in index.catalog.parts)
    index.close()


def test_parts_are_read_one_after_the_other_in_a_cache_with_room_for_one(
    built: LocalFolderStore, tmp_path: Path
) -> None:
    remote = RemoteStore(built)
    cache = DiskCache(tmp_path / "large", remote, 2**30)
    with closing(open_index(remote, cache, folder=tmp_path)) as index:
        room = cache.counts.bytes + max(part.size for part in index.catalog.parts)
        texts = [index.record(row).text for row in (0, 8, 12)]
    cache = DiskCache(tmp_path / "small", remote, room)
    with closing(open_index(remote, cache, folder=tmp_path)) as index:
        assert index.texts([0, 8, 12]) == texts


def test_rows_of_parts_run_on_without_gaps(index: Index) -> None:
    assert [(part.row_start, part.rows) for part in index.catalog.parts] == [(0, 8), (8, 4), (12, 4)]
    assert index.corpus.rows == index.manifest.passages == 16


def test_a_store_without_an_index_names_the_commands(tmp_path: Path) -> None:
    store = LocalFolderStore(tmp_path / "empty")
    with pytest.raises(IndexMissingError, match=r"finrag ingest .*finrag index"):
        open_index(store, cache_of(store, tmp_path), folder=tmp_path)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"../../elsewhere", b"<html>", b"0123456789abcdef"])
def test_a_current_version_that_does_not_exist_is_refused(
    copied: LocalFolderStore, reopen: Callable[[], Index], content: bytes
) -> None:
    copied.put(CURRENT_KEY, content)
    with pytest.raises(IndexCorruptError, match="finrag index"):
        reopen()


def change(store: LocalFolderStore, key: str) -> None:
    data = bytearray(store.get(key).data)
    data[len(data) // 2] ^= 1
    store.put(key, bytes(data))


def test_every_file_of_a_version_is_refused_when_one_bit_was_changed(
    copied: LocalFolderStore, reopen: Callable[[], Index]
) -> None:
    version = current_version(copied)
    manifest = read_manifest(copied, version)
    names = [name for name in manifest.files if name != "encoder/model.onnx"]
    for key in [manifest_key(version), *(manifest.key_of(name) for name in names)]:
        whole = copied.get(key).data
        change(copied, key)
        with pytest.raises(IndexCorruptError):
            reopen()
        copied.put(key, whole)
    assert reopen().version == version


def test_a_part_is_refused_when_one_bit_was_changed(copied: LocalFolderStore, reopen: Callable[[], Index]) -> None:
    index = reopen()
    change(copied, part_key(index.catalog.parts[1].sha256))
    assert index.record(0).position == 0
    with pytest.raises(IndexCorruptError, match="index/parts/"):
        index.record(8)


def test_an_index_is_refused_when_its_encoder_is_not_the_one_it_names(encoder_folder: Path, tmp_path: Path) -> None:
    other = replace(read_identity(encoder_folder), name="another")
    store = build(tmp_path / "store", tmp_path, FakeEncoder(other), encoder_folder)
    with pytest.raises(EncoderMismatchError, match="another"):
        open_index(store, cache_of(store, tmp_path), folder=tmp_path / "folder")


def test_an_index_can_be_opened_by_several_at_once(built: LocalFolderStore, tmp_path: Path) -> None:
    def open_it(_: int) -> str:
        return open_index(built, cache_of(built, tmp_path), folder=tmp_path / "folder").version

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(open_it, range(6))) == {current_version(built)}
