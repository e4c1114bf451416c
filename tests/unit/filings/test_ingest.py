from __future__ import annotations

import gzip
import io
import re
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import FilingError, StoreUnavailableError
from finrag_ml_tg1.filings import extraction, ingest, writing
from finrag_ml_tg1.filings.ingest import FilingTablesStore, find_sources, ingest_file
from finrag_ml_tg1.filings.keys import FILINGS_PREFIX, FilingKeys, filing_keys
from finrag_ml_tg1.filings.table_schemas import FACTS_SCHEMA, FILINGS_SCHEMA, PASSAGES_SCHEMA, READER_VERSION
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.unit.filings.documents import cover_html, filing_html
from tests.unit.filings.recording_store import RecordingStore, contents

NAME = "PLA_10-K_9990000100-24-000001.html"
ROW = "tables/filings/cik=9990000100/9990000100-24-000001.parquet"
DOCUMENT = "raw/cik=9990000100/9990000100-24-000001/document.html.gz"
FIRST, SECOND = filing_html(), filing_html(body="<p>Other words.</p><p><b>Notes</b></p><p>More of them.</p>")


def words(text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(r"\S+", text)]


@pytest.fixture
def store(tmp_path: Path) -> LocalFolderStore:
    return LocalFolderStore(tmp_path / "store")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(FIRST)
    return path


def table(store: ObjectStore, key: str) -> pl.DataFrame:
    return pl.read_parquet(io.BytesIO(store.get(key).data))


def keys_of_row(store: ObjectStore) -> FilingKeys:
    row = table(store, ROW).row(0, named=True)
    return filing_keys(row["cik"], row["accession"], row["sha256"], row["reader_version"])


def check_whole(store: ObjectStore) -> None:
    """Check that the filing is in the tables whole: its row, its passages and its text belong together."""
    row = table(store, ROW).row(0, named=True)
    text = gzip.decompress(store.get(keys_of_row(store).text).data).decode()
    passages = table(store, keys_of_row(store).passages)
    assert (row["characters"], row["passages"]) == (len(text), passages.height)
    assert all(
        passage["text"] == text[passage["char_start"] : passage["char_end"]]
        for passage in passages.iter_rows(named=True)
    )


def test_a_filing_is_written_with_its_row_last(store: LocalFolderStore, file: Path) -> None:
    recording = RecordingStore(store)
    done = ingest_file(file, recording, words)
    keys = keys_of_row(store)
    assert recording.puts == [DOCUMENT, keys.text, keys.passages, keys.facts, ROW]
    assert not done.unchanged
    assert done.description == "Plain Example Corp. 10-K FY2023"
    check_whole(store)
    assert table(store, ROW).schema == FILINGS_SCHEMA
    passages = table(store, keys_of_row(store).passages)
    assert passages.schema == PASSAGES_SCHEMA
    assert table(store, keys_of_row(store).facts).schema == FACTS_SCHEMA
    assert passages["passage_id"].to_list() == ["9990000100-24-000001-00000", "9990000100-24-000001-00001"]
    assert passages["item"].to_list() == ["", "1"]


def test_nothing_is_written_when_the_filing_is_known(store: LocalFolderStore, file: Path, tmp_path: Path) -> None:
    first = ingest_file(file, store, words)
    before = contents(store)
    recording = RecordingStore(store)
    packed = tmp_path / f"{NAME}.gz"
    packed.write_bytes(gzip.compress(FIRST))
    for path in (file, packed):
        again = ingest_file(path, recording, words)
        assert again.unchanged
        assert again.passages == first.passages
    assert (recording.puts, recording.deletes) == ([], [])
    assert contents(store) == before


def test_other_bytes_under_the_same_accession_replace_the_filing(store: LocalFolderStore, file: Path) -> None:
    ingest_file(file, store, words)
    file.write_bytes(SECOND)
    assert not ingest_file(file, store, words).unchanged
    check_whole(store)
    keys = keys_of_row(store)
    assert sorted(contents(store)) == sorted([DOCUMENT, keys.text, keys.passages, keys.facts, ROW]), (
        "nothing of the old is left"
    )
    assert "Other words." in table(store, keys_of_row(store).passages)["text"].str.join("\n").item()


def test_a_filing_is_read_again_when_the_reader_changed(
    store: LocalFolderStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest_file(file, store, words)
    for module in (ingest, extraction, writing):
        monkeypatch.setattr(module, "READER_VERSION", READER_VERSION + 1)
    assert not ingest_file(file, store, words).unchanged
    assert ingest_file(file, store, words).unchanged
    assert table(store, ROW)["reader_version"].to_list() == [READER_VERSION + 1]


def test_a_filing_in_the_store_is_read_again_out_of_it_when_the_reader_changed(
    store: LocalFolderStore, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest_file(file, store, words)
    assert list(FilingTablesStore(store).outdated()) == []
    for module in (ingest, extraction, writing):
        monkeypatch.setattr(module, "READER_VERSION", READER_VERSION + 1)
    tables = FilingTablesStore(store)
    (read,) = tables.outdated()
    source = read()
    tables.write(source, extraction.extract_tables(source.document, source.name, words, source.provenance))
    check_whole(store)
    assert table(store, ROW)["reader_version"].to_list() == [READER_VERSION + 1]
    assert sorted(contents(store)) == sorted([DOCUMENT, ROW, *_reading(keys_of_row(store))])


def _reading(keys: FilingKeys) -> list[str]:
    return [keys.text, keys.passages, keys.facts]


def test_a_filing_stated_for_another_company_leaves_nothing_under_the_first(
    store: LocalFolderStore, file: Path
) -> None:
    ingest_file(file, store, words)
    file.write_bytes(filing_html(cik=9_990_000_200))
    ingest_file(file, store, words)
    assert {key.split("cik=")[1][:10] for key in contents(store)} == {"9990000200"}


@pytest.mark.parametrize("fail_at", [0, 1, 2, 3, 4])
def test_no_row_is_left_when_a_put_fails(store: LocalFolderStore, file: Path, fail_at: int) -> None:
    with pytest.raises(StoreUnavailableError):
        ingest_file(file, RecordingStore(store, fail_at), words)
    assert list(store.list(FILINGS_PREFIX)) == []
    assert not ingest_file(file, store, words).unchanged
    check_whole(store)


@pytest.mark.parametrize("fail_at", [0, 1, 2, 3, 4])
def test_the_filing_stays_as_it_was_when_a_put_fails_at_its_replacement(
    store: LocalFolderStore, file: Path, fail_at: int
) -> None:
    ingest_file(file, store, words)
    before = keys_of_row(store)
    file.write_bytes(SECOND)
    with pytest.raises(StoreUnavailableError):
        ingest_file(file, RecordingStore(store, fail_at), words)
    assert keys_of_row(store) == before
    check_whole(store)
    ingest_file(file, store, words)
    assert keys_of_row(store) != before
    check_whole(store)


def test_a_filing_without_an_accession_number_gets_one_from_its_content(
    store: LocalFolderStore, tmp_path: Path
) -> None:
    for name in ("report.html", "copy of report.html"):
        (tmp_path / name).write_bytes(FIRST)
        ingest_file(tmp_path / name, store, words)
    (row,) = store.list(FILINGS_PREFIX)
    assert table(store, row.key)["accession"].item().startswith("local-")


@pytest.mark.parametrize(
    "data",
    [b"", b"%PDF-1.7", b"\x1f\x8b\x00", cover_html(form="8-K").encode(), b"<p>3</p>"],
    ids=["empty", "PDF", "gzip", "another form", "nothing"],
)
def test_a_broken_file_is_named_and_nothing_is_written(store: LocalFolderStore, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.html"
    path.write_bytes(data)
    recording = RecordingStore(store)
    with pytest.raises(FilingError, match=r"^broken\.html: "):
        ingest_file(path, recording, words)
    assert recording.puts == []


def test_a_filing_of_page_numbers_alone_is_refused(store: LocalFolderStore, tmp_path: Path) -> None:
    path = tmp_path / "numbers.html"
    path.write_bytes(
        filing_html(body="<p>12</p>", DocumentType="10-K").replace(b"<p><ix:", b"<p style='display:none'><ix:")
    )
    with pytest.raises(FilingError, match=r"^numbers\.html: "):
        ingest_file(path, store, words)


@pytest.mark.parametrize("name", ["absent.html", "folder.html"])
def test_a_path_that_cannot_be_read_is_named(store: LocalFolderStore, tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(FilingError, match=f"^{re.escape(name)}: "):
        ingest_file(tmp_path / name, store, words)


def test_other_files_go_on_when_one_is_broken(store: LocalFolderStore, file: Path) -> None:
    broken = file.with_name("a broken one.html")
    broken.write_bytes(b"")
    failed = []
    for path in find_sources([file.parent]):
        try:
            ingest_file(path, store, words)
        except FilingError as error:
            failed.append(str(error))
    assert [message.partition(":")[0] for message in failed] == ["a broken one.html"]
    check_whole(store)


def test_sources_are_the_named_files_and_all_documents_below_folders(tmp_path: Path) -> None:
    names = ["b.htm", "a.html", "deep/er/c.HTML", "d.html.gz", "e.htm.gz", "f.txt", "no.html.bak", "deep/no.pdf"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = find_sources([tmp_path, tmp_path / "a.html", tmp_path / "deep/no.pdf"])
    assert [str(path.relative_to(tmp_path)) for path in found] == [
        "a.html",
        "b.htm",
        "d.html.gz",
        "deep/er/c.HTML",
        "deep/no.pdf",
        "e.htm.gz",
        "f.txt",
    ]


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_sources_that_hold_nothing_are_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(FilingError, match=name):
        find_sources([tmp_path / name])
