"""The commands say in one line what went wrong, name every file they skip, and exit with 0, 1 or 2."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from finrag_ml_tg1.filings.document_bytes import MAX_DOCUMENT_BYTES
from tests.local_processes import SETTINGS
from tests.sample_index import SAMPLES, ground_truth, sample_store
from tests.unit.filings.documents import cover_html, filing_html
from tests.unit.filings.tagged_filings import fact, tagged_filing

__all__ = ["sample_store"]

EMPLOYEES = "How many employees does Orquenna have in fiscal 2024?"
FILING = "ORQN_10-K_9990000001-25-000001.html"


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_folder: Path) -> None:
    """Run in an empty folder without settings; the cache has the encoder, so that nothing is fetched."""
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(encoder_folder.parents[1]))
    monkeypatch.chdir(tmp_path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def assert_refused(result: Result, *words: str) -> None:
    """Check for exit code 2 and one line for the person, with these words in it."""
    assert result.exit_code == 2, result.output
    assert result.stderr.startswith("finrag: ")
    assert result.stderr.count("\n") == 1
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("name", sorted(main.commands))
def test_command_has_help_with_an_example(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert f"Example: finrag {name}" in " ".join(result.stdout.split())


def test_all_commands_of_the_contract_are_there() -> None:
    assert isinstance(main, click.Group)
    assert {"up", "ingest", "index", "ask", "catalog", "eval", "doctor"} <= set(main.commands)


def test_ingest_names_the_files_it_skips_and_reads_the_others(tmp_path: Path) -> None:
    filings = tmp_path / "filings"
    filings.mkdir()
    shutil.copy(SAMPLES / FILING, filings)
    (filings / "empty.html").write_bytes(b"")
    (filings / "broken.html").write_bytes(b"<html><body><table><tr><td>no filing")
    (filings / "noise.html").write_bytes(bytes(range(256)) * 20)

    result = run("ingest", filings, "--store", tmp_path / "store")

    assert result.exit_code == 1
    skipped = [line for line in result.stderr.splitlines() if line.startswith("skipped: ")]
    assert [line.split(":")[1].strip() for line in skipped] == ["broken.html", "empty.html", "noise.html"]
    assert "1 filings read, 0 unchanged, 3 skipped" in result.stdout


@pytest.mark.parametrize("workers", ["1", "2"])
def test_ingest_tells_one_line_of_each_file_it_cannot_read(tmp_path: Path, workers: str) -> None:
    filings = tmp_path / "filings"
    filings.mkdir()
    good = filing_html()
    bombs = b"".join(b'<!ENTITY l%d "%s">' % (level, b"&l%d;" % (level - 1) * 10) for level in range(1, 12))
    bad = {
        "archive.html": b"PK\x03\x04" + bytes(1000),
        "cut-gzip.html.gz": gzip.compress(good)[:-20],
        "cut.html": good[:40],
        "empty.txt": b"",
        "entities.html": b'<!DOCTYPE html [<!ENTITY l0 "lol">' + bombs + b"]><html><body><p>&l11;</p></body></html>",
        "huge.html": b" " * (MAX_DOCUMENT_BYTES + 1),
        "inflated.html.gz": gzip.compress(bytes(MAX_DOCUMENT_BYTES + 1), 1),
        "nested.html": filing_html(body="<div>" * 500_000 + "x"),
        "numbers.json": b'{"facts": {"us-gaap": {}}}',
        "other-form.html": cover_html(form="8-K").encode(),
        "recipe.txt": b"Take two eggs.\n" * 100,
        "report.pdf.html": b"%PDF-1.7\n" + bytes(range(256)) * 10,
        "utf-16.html": good.decode().encode("utf-16"),
    }
    for name, document in bad.items():
        (filings / name).write_bytes(document)
    (filings / "good.html").write_bytes(good)

    result = run("ingest", filings, filings / "numbers.json", "--workers", workers, "--store", tmp_path / "store")

    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == sorted(bad)
    assert all(line.startswith("skipped: ") and len(line) < 200 for line in lines)
    assert f"1 filings read, 0 unchanged, {len(bad)} skipped" in result.stdout
    assert len(list((tmp_path / "store").rglob("tables/filings/*/*.parquet"))) == 1


def test_ingest_reads_windows_quotes_as_what_they_are(tmp_path: Path) -> None:
    words = "We sell plain examples, “so called”, to the café."
    (tmp_path / "quotes.html").write_bytes(filing_html(body=f"<p>{words}</p>").decode().encode("windows-1252"))
    assert run("ingest", tmp_path / "quotes.html", "--store", tmp_path / "store").exit_code == 0
    (text,) = (tmp_path / "store").rglob("text/*/*.txt.gz")
    assert words in gzip.decompress(text.read_bytes()).decode()


def test_ingest_of_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """Reading a pipe would never end."""
    os.mkfifo(tmp_path / "pipe.html")
    assert_refused(run("ingest", tmp_path / "pipe.html", "--store", tmp_path / "store"), "pipe.html", "no such file")


def test_ingest_leaves_what_it_has_read_before_alone(tmp_path: Path) -> None:
    arguments = ("ingest", SAMPLES / FILING, "--store", tmp_path / "store")
    assert run(*arguments).exit_code == 0
    again = run(*arguments)
    assert again.exit_code == 0
    assert "0 filings read, 1 unchanged, 0 skipped" in again.stdout


def test_ingest_of_a_missing_folder_is_refused(tmp_path: Path) -> None:
    assert_refused(run("ingest", tmp_path / "nowhere", "--store", tmp_path / "store"), "nowhere")


def test_ingest_of_a_folder_without_filings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("nothing to read")
    assert_refused(run("ingest", tmp_path, "--store", tmp_path / "store"), str(tmp_path), ".html")


def test_ingest_into_a_store_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert_refused(run("ingest", SAMPLES / FILING, "--store", tmp_path / "file" / "store"), "store")


def test_index_of_an_empty_store_is_refused(tmp_path: Path) -> None:
    assert_refused(run("index", "--store", tmp_path / "store"), str(tmp_path / "store"), "finrag ingest")


@pytest.mark.parametrize("arguments", [("ask", EMPLOYEES), ("catalog",)])
def test_store_without_index_is_refused_naming_the_commands(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments, "--store", tmp_path / "store")
    assert_refused(refused, str(tmp_path / "store"), "finrag ingest", "finrag index")


def test_index_without_changes_encodes_nothing(tmp_path: Path, sample_store: Path) -> None:
    shutil.copytree(sample_store, tmp_path / "store")
    result = run("index", "--store", tmp_path / "store")
    assert result.exit_code == 0
    assert "9 filings" in result.stdout
    assert "0 texts newly encoded; already current" in result.stdout


@pytest.mark.parametrize("command", [("catalog",), ("index",), ("ask", EMPLOYEES), ("ingest", "x"), ("up",)])
def test_wrong_store_setting_is_named(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setenv("FINRAG_STORE", "s3://")
    assert_refused(run(*command), "FINRAG_STORE")


def test_wrong_store_option_is_refused() -> None:
    assert_refused(run("catalog", "--store", "s3://UPPER/x"), "store")


def test_ask_answers_from_the_filing_and_cites_it(sample_store: Path) -> None:
    result = run("ask", EMPLOYEES, "--store", sample_store)
    assert result.exit_code == 0
    assert "2,475 employees" in result.stdout
    assert "[1] Orquenna Instruments, Inc. (fictional), 10-K FY2024, Item 1 " in result.stdout


def test_ask_prints_the_response_of_the_api_as_json(sample_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FINRAG_STORE", str(sample_store))
    response = json.loads(run("ask", EMPLOYEES, "--json").stdout)
    assert response["status"] == "answered"
    assert "2,475 employees" in response["answer"]
    assert response["citations"][0]["accession"] == "9990000001-25-000001"
    assert set(response) == {
        "request_id",
        "query",
        "status",
        "answer",
        "flags",
        "citations",
        "facts",
        "calculations",
        "resolved",
        "metadata",
    }


def test_ask_takes_company_and_year_from_its_options(sample_store: Path) -> None:
    question = "How many employees are there?"
    response = run("ask", question, "--ticker", "TDRY", "--year", "2023", "--json", "--store", sample_store)
    citations = json.loads(response.stdout)["citations"]
    assert {(citation["ticker"], citation["fiscal_year"]) for citation in citations} == {("TDRY", 2023)}


def test_ask_about_an_uncovered_company_says_what_is_covered(sample_store: Path) -> None:
    result = run("ask", "What was Apple's revenue in fiscal 2023?", "--store", sample_store)
    assert result.exit_code == 0
    assert "Not in the filings." in result.stdout
    for filing in ground_truth():
        assert filing["company"] in result.stdout


def test_catalog_lists_every_filing(sample_store: Path) -> None:
    result = run("catalog", "--store", sample_store)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    for filing in ground_truth():
        start = f"{filing['company']} ({filing['ticker']})  10-K FY{filing['fiscal_year']} to {filing['period_end']} "
        assert [line.endswith(filing["accession"]) for line in lines if line.startswith(start)] == [True]


def test_catalog_lists_the_items_of_each_filing_with_coverage(sample_store: Path) -> None:
    lines = run("catalog", "--coverage", "--store", sample_store).stdout.splitlines()
    for filing in ground_truth():
        [place] = [position for position, line in enumerate(lines) if line.endswith(filing["accession"])]
        counts, share, found = lines[place + 1].strip().split("; ")
        assert set(found.removeprefix("found: ").split(", ")) == set(filing["items"])
        assert counts.split()[0] == counts.split()[2], "all expected items"
        assert int(share.split("%")[0]) > 80
        held, _, made, *_ = next(line for line in lines[place:] if "are the sum of their parts" in line).split()
        assert held == made


def test_catalog_tells_of_totals_that_fail_and_tags_that_are_not_printed(tmp_path: Path) -> None:
    rate = fact("12", concept="x:Rate", unitRef="pure")
    pure = '<xbrli:unit id="pure"><xbrli:measure>xbrli:pure</xbrli:measure></xbrli:unit>'
    held, owed = (
        fact(text, concept=f"us-gaap:{concept}", contextRef="end")
        for text, concept in (("900", "Assets"), ("905", "LiabilitiesAndStockholdersEquity"))
    )
    body = f"<p>We hold {held} and owe {owed}. The rate is {rate}%.</p>"
    (tmp_path / "made-up.html").write_bytes(tagged_filing(body, extra=pure))
    for command in (("ingest", tmp_path / "made-up.html"), ("index",)):
        assert run(*command, "--store", tmp_path / "store").exit_code == 0
    told = run("catalog", "--coverage", "--store", tmp_path / "store").stdout
    assert "0 of 1 totals are the sum of their parts" in told
    assert "note: the statements do not add up at 2023-12-31 (assets = liabilities and equity): 'Assets' is 900" in told
    assert "note: not tagged as printed in the text: x:Rate: 0.12 is printed, 12 tagged (pure) (passage " in told
