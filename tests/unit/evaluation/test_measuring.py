"""Filings are measured in processes, and none of them keeps the others from being measured."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from finrag_ml_tg1.evaluation import measuring
from finrag_ml_tg1.evaluation.filing_measures import FilingMeasures
from finrag_ml_tg1.evaluation.measuring import measure_files, reading_metrics
from tests.unit.evaluation.folders import annual_report, write_filing


def _measure_or_die(folder: Path, encoder_folder: Path, file: str) -> FilingMeasures | str:
    if file.startswith("deadly"):
        os.kill(os.getpid(), signal.SIGKILL)
    return "read" if encoder_folder == folder else "read elsewhere"


def test_a_process_that_dies_takes_one_filing_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "_measure_file", _measure_or_die)
    files = ["a.html", "deadly.html", "b.html", "c.html"]
    measured = measure_files(tmp_path, files, tmp_path, workers=2)
    assert measured.failures == {
        "a.html": "read",
        "deadly.html": "reading it ended its process, most likely for want of memory",
        "b.html": "read",
        "c.html": "read",
    }


def test_each_readable_filing_is_measured_and_the_others_are_told(tmp_path: Path, encoder_folder: Path) -> None:
    for name in ("a.html", "b.html.gz", "html/c.txt"):
        write_filing(tmp_path, name, annual_report())
    write_filing(tmp_path, "refused.html", b"<html><body><p>A letter.</p></body></html>")
    files = ["a.html", "b.html.gz", "html/c.txt", "refused.html", "absent.html"]
    measured = measure_files(tmp_path, files, encoder_folder, workers=2)
    assert list(measured.readings) == files[:3]
    assert measured.failures == {
        "refused.html": "neither its tags nor its first page name Form 10-K or 10-Q",
        "absent.html": "No such file or directory",
    }
    metrics = reading_metrics(measured)
    assert (metrics["unreadable"], metrics["lost_characters"]) == (2, 0)
    assert metrics["peak_rss_mb"] > 0
    printed = {row.concept: row.printed for row in measured.readings["a.html"].facts}
    assert printed == {"us-gaap:Assets": "1,204", "x:Plants": "5"}
