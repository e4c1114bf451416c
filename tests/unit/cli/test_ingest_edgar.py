"""`finrag ingest --ticker` against a server that behaves as EDGAR does: what is stored, fetched and told."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.local_processes import SETTINGS, clean_environment, wait_until
from tests.unit.cli.edgar_companies import (
    ALDER,
    BIRCH,
    companyfacts,
    document_path,
    list_companies,
    list_company,
    list_years,
)
from tests.unit.filings.documents import cover_html, filing_html
from tests.unit.filings.edgar.edgar_server import EdgarServer, serve_edgar
from tests.unit.filings.edgar.filer import CONTACT, old_submission
from tests.unit.filings.plain_documents import plain_cover, plain_table

FINRAG = str(Path(sys.executable).with_name("finrag"))


@pytest.fixture
def edgar() -> Iterator[EdgarServer]:
    with serve_edgar() as server:
        list_companies(server)
        yield server


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_folder: Path, edgar: EdgarServer) -> None:
    """Ask the stand-in; the cache is the test's own, but for the encoder."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "encoders").symlink_to(encoder_folder.parent)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(cache))
    monkeypatch.setenv("FINRAG_SEC_CONTACT", CONTACT)
    monkeypatch.setenv("FINRAG_SEC_URL", edgar.url)
    monkeypatch.setenv("FINRAG_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)


def ingest(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["ingest", *arguments])


def rows(folder: Path) -> list[dict[str, Any]]:
    """Return the store's filings, by company and year."""
    store = LocalFolderStore(folder / "store")
    found = [
        pl.read_parquet(io.BytesIO(store.get(entry.key).data)).row(0, named=True)
        for entry in store.list("tables/filings/")
    ]
    return sorted(found, key=lambda row: (row["cik"], row["fiscal_year"]))


def held(folder: Path) -> list[tuple[int, int]]:
    return [(row["cik"], row["fiscal_year"]) for row in rows(folder)]


def facts(folder: Path) -> pl.DataFrame:
    store = LocalFolderStore(folder / "store")
    (entry,) = store.list("tables/facts/")
    return pl.read_parquet(io.BytesIO(store.get(entry.key).data))


def documents_fetched(edgar: EdgarServer) -> Counter[str]:
    return Counter(request.path for request in edgar.received if request.path.startswith("/Archives/"))


@pytest.mark.parametrize(
    "named", [("--ticker", "ALD", "BIR"), ("--ticker", "ald,bir"), ("--ticker", str(ALDER), "BIR")]
)
def test_store_holds_the_filings_of_the_asked_companies_and_years(
    tmp_path: Path, edgar: EdgarServer, named: tuple[str, ...]
) -> None:
    for cik in (ALDER, BIRCH):
        list_years(edgar, cik, range(2019, 2025))

    done = ingest(*named, "--years", "2021-2022,2024")

    assert done.exit_code == 0, done.output
    assert held(tmp_path) == [(cik, year) for cik in (ALDER, BIRCH) for year in (2021, 2022, 2024)]
    newest = rows(tmp_path)[2]
    assert (newest["filed"], newest["tickers"]) == (date(2025, 2, 20), ["ALD"])
    assert newest["source_url"] == edgar.url + document_path(ALDER, 2024)
    assert "6 filings read, 0 unchanged, 0 skipped" in done.stdout


def test_filing_whose_cover_names_another_year_is_left_out_and_counted(tmp_path: Path, edgar: EdgarServer) -> None:
    """A year that ends in January may be labelled by either calendar year: only the cover tells."""
    listed = [
        (f"{ALDER}-24-000001", "2024-03-20", "2024-01-28", "10-K", "a.htm"),
        (f"{ALDER}-23-000001", "2023-03-20", "2023-01-29", "10-K", "b.htm"),
    ]
    list_company(edgar, ALDER, listed)
    for (accession, *_, name), year in zip(listed, (2024, 2023), strict=True):
        path = f"/Archives/edgar/data/{ALDER}/{accession.replace('-', '')}/{name}"
        edgar.files[path] = filing_html(
            "ALD Corp", cik=ALDER, DocumentFiscalYearFocus=str(year), DocumentPeriodEndDate=f"January 28, {year}",
            end=f"{year}-01-28",
        )  # fmt: skip

    done = ingest("--ticker", "ALD", "--years", "2023")

    assert done.exit_code == 0, done.output
    assert held(tmp_path) == [(ALDER, 2023)]
    assert "1 filings read, 0 unchanged, 0 skipped, 1 of other fiscal years" in done.stdout


def test_run_without_contact_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, edgar: EdgarServer) -> None:
    monkeypatch.delenv("FINRAG_SEC_CONTACT")
    refused = ingest("--ticker", "ALD", "--years", "2023")
    assert refused.exit_code == 2
    assert refused.stderr.count("\n") == 1
    assert "FINRAG_SEC_CONTACT" in refused.stderr
    assert edgar.received == []


def test_unknown_ticker_is_told_and_others_go_on(tmp_path: Path, edgar: EdgarServer) -> None:
    list_years(edgar, BIRCH, [2023])
    done = ingest("--ticker", "NONE", "BIR", "--years", "2023")
    assert done.exit_code == 1
    assert [line for line in done.stderr.splitlines() if line.startswith("skipped: NONE: ")]
    assert held(tmp_path) == [(BIRCH, 2023)]


def test_company_without_a_filing_of_the_years_is_told(edgar: EdgarServer) -> None:
    list_years(edgar, ALDER, [2023])
    done = ingest("--ticker", "ALD", "--years", "2015")
    assert done.exit_code == 1
    assert "skipped: ALD: EDGAR lists no 10-K for these fiscal years" in done.stderr


def test_broken_document_is_told_and_others_go_on(tmp_path: Path, edgar: EdgarServer) -> None:
    list_years(edgar, ALDER, range(2020, 2024))
    edgar.files[document_path(ALDER, 2021)] = b"%PDF-1.7"
    del edgar.files[document_path(ALDER, 2022)]

    done = ingest("--ticker", "ALD", "--years", "2020-2023")

    assert done.exit_code == 1
    assert len([line for line in done.stderr.splitlines() if line.startswith("skipped: ")]) == 2
    assert held(tmp_path) == [(ALDER, 2020), (ALDER, 2023)]


def test_throttling_in_between_is_survived(tmp_path: Path, edgar: EdgarServer) -> None:
    list_years(edgar, ALDER, range(2020, 2024))
    throttled = (429, {"Retry-After": "0"}, b"too many")
    edgar.fail(document_path(ALDER, 2022), throttled, throttled)
    edgar.fail(document_path(ALDER, 2021), (503, {"Retry-After": "0"}, b""))

    assert ingest("--ticker", "ALD", "--years", "2020-2023").exit_code == 0
    assert held(tmp_path) == [(ALDER, year) for year in range(2020, 2024)]
    assert edgar.statuses(document_path(ALDER, 2022)) == [429, 429, 200]


def test_edgar_that_sends_us_elsewhere_ends_the_run_with_what_was_read_told(tmp_path: Path, edgar: EdgarServer) -> None:
    list_years(edgar, ALDER, range(2015, 2024))
    edgar.fail(document_path(ALDER, 2015), (302, {"Location": "http://127.0.0.1:9/"}, b""))

    ended = ingest("--ticker", "ALD", "--years", "2015-2023", "--workers", "1")

    assert ended.exit_code == 2
    assert ended.stderr.count("\n") == 1
    assert "not followed" in ended.stderr
    assert f"{len(held(tmp_path))} filings read" in ended.stdout
    assert len(held(tmp_path)) >= 6


def test_second_run_fetches_no_document_again(tmp_path: Path, edgar: EdgarServer) -> None:
    list_years(edgar, ALDER, [2022, 2023])
    arguments = ("--ticker", "ALD", "--years", "2022-2024")
    assert ingest(*arguments).exit_code == 0
    asked = len(edgar.received)

    again = ingest(*arguments)

    assert "0 filings read, 2 unchanged, 0 skipped" in again.stdout
    assert len(edgar.received) == asked
    assert held(tmp_path) == [(ALDER, 2022), (ALDER, 2023)]


@pytest.mark.parametrize("signal_number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_interrupted_run_goes_on_without_fetching_again(tmp_path: Path, edgar: EdgarServer, signal_number: int) -> None:
    years = range(2010, 2024)
    list_years(edgar, ALDER, years)
    command = [FINRAG, "ingest", "--ticker", "ALD", "--years", f"{min(years)}-{max(years)}", "--workers", "2"]
    environment = clean_environment(**{name: os.environ[name] for name in os.environ if name.startswith(SETTINGS)})
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    wait_until(lambda: bool(list((tmp_path / "store").rglob("tables/filings/**/*.parquet"))), "a filing is stored")
    if signal_number == signal.SIGINT:
        os.killpg(process.pid, signal_number)  # as a terminal does
    else:
        process.send_signal(signal_number)
    _, errors = process.communicate(timeout=30)
    wait_until(lambda: not _of_session(process.pid), "no process is left", timeout_s=15)

    if signal_number == signal.SIGINT:
        assert process.returncode == 130
        assert errors.decode().count("\n") == 1, errors
        assert b"interrupted" in errors
    before = held(tmp_path)
    assert 0 < len(before) < len(years)
    assert b"Traceback" not in errors
    fetched = documents_fetched(edgar)
    assert ingest(*command[2:]).exit_code == 0
    assert held(tmp_path) == [(ALDER, year) for year in years]
    again = documents_fetched(edgar) - fetched
    # Only a request that was under way when the process ended may be made again.
    assert sum(again.values()) <= len(years) - len(fetched) + 1
    assert max(documents_fetched(edgar).values()) <= 2


def _of_session(leader: int) -> list[int]:
    """Return the processes, the dead left out, of a session."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def test_old_filing_is_taken_from_its_complete_submission(tmp_path: Path, edgar: EdgarServer) -> None:
    """Its header says who filed it; read from a file before, the filing stood under a local number."""
    accession = "9990000200-96-000003"
    list_company(edgar, ALDER, [(accession, "1996-03-29", "1995-12-31", "10-K405", "")])
    report = plain_cover("10-K405", "For the fiscal year ended December 31, 1995", "POLAR LTD")
    text = f"{report}\n\nItem 1.  Business\n\n     The Company makes ice.\n".encode()
    submission = old_submission([("10-K405", text), ("EX-27", b"<TYPE>EX-27 numbers")])
    edgar.files[f"/Archives/edgar/data/{ALDER}/{accession}.txt"] = submission
    (tmp_path / f"{accession}.txt").write_bytes(text)
    assert ingest(f"{accession}.txt").exit_code == 0
    assert rows(tmp_path)[0]["cik"] > 9_999_999_999

    done = ingest("--ticker", "ALD", "--years", "1995")

    assert done.exit_code == 0, done.output
    (row,) = rows(tmp_path)
    assert (row["cik"], row["company"], row["form"]) == (9_990_000_200, "POLAR LTD", "10-K405")
    assert (row["filed"], row["accession"]) == (date(1996, 3, 29), accession)
    assert {path.parts[-2] for path in (tmp_path / "store" / "tables").rglob("*.parquet")} == {"cik=9990000200"}


def test_numbers_of_companyfacts_stand_in_for_tags_that_a_filing_lacks(tmp_path: Path, edgar: EdgarServer) -> None:
    own, other = f"{ALDER}-12-000001", f"{ALDER}-13-000001"
    list_company(edgar, ALDER, [(own, "2012-02-20", "2011-12-31", "10-K", "a.htm")])
    path = f"/Archives/edgar/data/{ALDER}/{own.replace('-', '')}/a.htm"
    edgar.files[path] = (cover_html("Alder Corp", period="December 31, 2011") + "<p>We sell.</p>").encode()
    edgar.files[f"/api/xbrl/companyfacts/CIK{ALDER:010d}.json"] = companyfacts(
        ALDER,
        [(own, 1_250, "2011-12-31"), (own, 1_100, "2010-12-31"), (other, 9_999, "2011-12-31")],
    )

    assert ingest("--ticker", "ALD", "--years", "2011").exit_code == 0

    found = facts(tmp_path).select("source", "concept", "value", "fiscal_year", "fiscal_period").sort("fiscal_year")
    assert found.rows() == [
        ("companyfacts", "us-gaap:Revenues", Decimal(1_100), 2010, "FY"),
        ("companyfacts", "us-gaap:Revenues", Decimal(1_250), 2011, "FY"),
    ]


def test_missing_companyfacts_are_noted_and_the_filing_is_read(tmp_path: Path, edgar: EdgarServer) -> None:
    own = f"{ALDER}-12-000001"
    list_company(edgar, ALDER, [(own, "2012-02-20", "2011-12-31", "10-K", "a.txt")])
    table = plain_table([("Net sales", "1,204", "1,100"), ("Net income", "12", "11")])
    text = f"{plain_cover(period='For the fiscal year ended December 31, 2011')}\n\n{table}\n"
    edgar.files[f"/Archives/edgar/data/{ALDER}/{own.replace('-', '')}/a.txt"] = text.encode()

    done = ingest("--ticker", "ALD", "--years", "2011")

    assert done.exit_code == 0, done.output
    assert f"note: CIK {ALDER}: no numbers from EDGAR's companyfacts" in done.stdout
    assert held(tmp_path) == [(ALDER, 2011)]


def test_numbers_of_companyfacts_are_kept_when_the_store_is_read_again(
    tmp_path: Path, edgar: EdgarServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_numbers_of_companyfacts_stand_in_for_tags_that_a_filing_lacks(tmp_path, edgar)
    before = facts(tmp_path)
    store = LocalFolderStore(tmp_path / "store")
    (entry,) = store.list("tables/filings/")
    row = pl.read_parquet(io.BytesIO(store.get(entry.key).data))
    (old,) = store.list("tables/facts/")
    outdated = old.key.rpartition("-")[0] + "-1.parquet"
    store.put(outdated, store.get(old.key).data)
    store.delete(old.key)
    buffer = io.BytesIO()
    row.with_columns(reader_version=pl.lit(1, pl.Int32)).write_parquet(buffer)
    store.put(entry.key, buffer.getvalue())
    monkeypatch.delenv("FINRAG_SEC_URL")
    monkeypatch.delenv("FINRAG_SEC_CONTACT")

    done = ingest("--again")

    assert "1 filings read" in done.stdout, done.output
    assert facts(tmp_path).equals(before)
    assert rows(tmp_path) == row.to_dicts()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("--ticker", "ALD"), "--years"),
        (("--ticker", "ALD", "report.html", "--years", "2023"), "report.html is a file"),
        (("--years", "2023", "report.html"), "--ticker"),
        (("--ticker", "ALD", "--again", "--years", "2023"), "--again"),
        ((), "--ticker"),
        (("--ticker", "ALD", "--years", "soon"), "2021-2025"),
        (("--ticker", "ALD", "--years", "2023", "--forms", "8-K"), "10-Q"),
    ],
)
def test_contradicting_arguments_are_refused(
    tmp_path: Path, edgar: EdgarServer, arguments: tuple[str, ...], word: str
) -> None:
    (tmp_path / "report.html").write_bytes(filing_html())
    refused = ingest(*arguments)
    assert refused.exit_code == 2
    assert word in refused.stderr
    assert edgar.received == []
