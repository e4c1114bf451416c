"""`finrag eval` on folders that others made: counts that are known, one line for what cannot be, the agreed report."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from finrag_ml_tg1.cli import main
from tests.local_processes import SETTINGS
from tests.unit.evaluation.folders import (
    annual_report,
    reference_row,
    write_filing,
    write_manifest,
    write_reference,
    write_sections,
)

REPORT_KEYS = set("command dataset n metrics ci95 by_type misses index_version git_commit hardware seconds".split())


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoder_folder: Path) -> None:
    for name in [name for name in os.environ if name.startswith(SETTINGS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FINRAG_CACHE_DIR", str(encoder_folder.parents[1]))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made up"
    made.mkdir()
    return made


def evaluate(name: str, folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["eval", name, "--filings", str(folder), "--workers", "1", *options])


def report_of(name: str, folder: Path) -> dict[str, Any]:
    result = evaluate(name, folder, "--out", "result.json")
    assert result.exit_code == 0, result.output
    report: dict[str, Any] = json.loads(Path("result.json").read_text())
    assert set(report) == REPORT_KEYS
    assert report["dataset"] == "made up"
    assert report["command"] == f"finrag eval {name} --filings '{folder}' --workers 1"
    assert report["index_version"] is None
    return report


def test_items_are_counted_against_the_section_files(folder: Path) -> None:
    write_filing(folder, "whole.html", annual_report())
    write_filing(folder, "lacking.html.gz", annual_report(items=["1", "2", "7", "8"]))
    write_filing(folder, "turned.txt", annual_report(items=["1", "1A", "2", "7", "8"]))
    write_filing(folder, "refused.html", b"<html><body><p>A letter.</p></body></html>")
    write_filing(folder, "unjudged.html", annual_report(year=2022))
    ids = ["1", "1A", "2", "7", "8"]
    write_sections(folder, "sections/whole.json", ids)
    write_sections(folder, "s/lacking.json", ids)
    write_sections(folder, "s/turned.json", ["1", "2", "1A", "7", "8"])
    write_sections(folder, "s/refused.json", ["1", "2"])
    named = {"whole.html": "", "lacking.html.gz": "s/lacking.json", "turned.txt": "s/turned.json"}
    named |= {"refused.html": "s/refused.json", "unjudged.html": ""}
    write_manifest(folder, [{"file": file, "sections_file": name, "odd": "1"} for file, name in named.items()])

    report = report_of("items", folder)

    metrics = report["metrics"]
    assert report["n"] == 5
    assert (metrics["expected"], metrics["found"], metrics["found_rate"]) == (17, 14, round(14 / 17, 6))
    assert metrics["in_order"] == 0.5
    assert (metrics["suspicious_unreported"], metrics["unreadable"]) == (0, 1)
    misses = {miss["file"]: miss for miss in report["misses"] if "missing" in miss}
    assert misses["lacking.html.gz"]["missing"] == ["1A"]
    assert misses["turned.txt"]["in_order"] is False
    assert misses["refused.html"]["missing"] == ["1", "2"]
    assert {"file": "refused.html", "reason": "neither its tags nor its first page name Form 10-K or 10-Q"} in (
        report["misses"]
    )


def test_a_section_file_that_is_missing_is_told_and_does_not_stop_the_others(folder: Path) -> None:
    write_filing(folder, "a.html", annual_report())
    write_filing(folder, "b.html", annual_report())
    write_sections(folder, "b.json", ["1"])
    write_manifest(
        folder, [{"file": "a.html", "sections_file": "gone.json"}, {"file": "b.html", "sections_file": "b.json"}]
    )
    report = report_of("items", folder)
    assert (report["metrics"]["expected"], report["metrics"]["found"]) == (1, 1)
    (miss,) = report["misses"]
    assert miss["file"] == "a.html"
    assert miss["reason"].endswith("gone.json: No such file or directory")


def test_tagged_numbers_are_counted_as_equal_missing_or_different(folder: Path) -> None:
    for file in ("a.html", "b.html.gz"):
        write_filing(folder, file, annual_report())
    write_filing(folder, "refused.html", b"<html><body><p>A letter.</p></body></html>")
    write_manifest(folder, [{"file": file} for file in ("a.html", "b.html.gz", "refused.html")])
    write_reference(
        folder,
        [
            reference_row("a.html"),
            reference_row("a.html", concept="x:Plants", start="2023-01-01", unit="shares", value=5.0),
            reference_row("a.html", concept="x:Nothing"),
            reference_row("b.html.gz", value=1_205_000_000.0, fiscal_year=2024.0),
            reference_row("refused.html", fiscal_year=None),
            reference_row("another.html"),
        ],
    )

    report = report_of("facts-extraction", folder)

    metrics = report["metrics"]
    assert (metrics["expected"], metrics["equal"], metrics["missing"], metrics["different"]) == (5, 2, 2, 1)
    assert (metrics["range_ok_rate"], metrics["printed"], metrics["fiscal_year_right"]) == (1.0, 2, 0.5)
    facts = [(miss["file"], miss["fact"][0], miss["found"]) for miss in report["misses"] if "fact" in miss]
    assert facts == [
        ("a.html", "x:Nothing", []),
        ("b.html.gz", "us-gaap:Assets", [1_204_000_000.0]),
        ("refused.html", "us-gaap:Assets", []),
    ]
    assert {"file": "b.html.gz", "fiscal_year": 2023, "expected": 2024} in report["misses"]


def test_a_folder_of_which_no_filing_can_be_read_is_judged_too(folder: Path) -> None:
    write_manifest(folder, [{"file": "absent.html"}])
    write_reference(folder, [reference_row("absent.html")])
    metrics = report_of("facts-extraction", folder)["metrics"]
    assert (metrics["expected"], metrics["missing"], metrics["range_ok_rate"]) == (1, 1, 0.0)
    assert report_of("items", folder)["metrics"]["expected"] == 0


@pytest.mark.parametrize(
    ("name", "manifest", "options", "words"),
    [
        ("items", None, (), "manifest.csv: No such file"),
        ("facts-extraction", "file\na.html\n", (), "ixbrl_facts.parquet: no such file"),
        ("items", "file\na.html\n", ("--out", "no/such/folder.json"), "there is no folder no/such"),
    ],
)
def test_what_cannot_be_measured_is_told_in_one_line(
    folder: Path, name: str, manifest: str | None, options: tuple[str, ...], words: str
) -> None:
    if manifest:
        (folder / "manifest.csv").write_text(manifest)
    result = evaluate(name, folder, *options)
    assert result.exit_code == 2
    assert result.stderr.startswith("finrag: ")
    assert result.stderr.count("\n") == 1
    assert words in result.stderr
