"""The filings that tests of this room read: the fictional samples, and the real ones where they are at hand."""

from __future__ import annotations

import csv
import fcntl
import json
import os
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from finrag_ml_tg1.filings.filing import Filing, read_filing

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Sample:
    filing: Filing
    truth: dict[str, Any]


@dataclass(frozen=True)
class RealFiling:
    """A filing as read, with its row of the manifest and the ids its sections file expects."""

    filing: Filing
    row: dict[str, str]
    expected_items: tuple[str, ...]


@pytest.fixture(scope="session")
def samples() -> list[Sample]:
    truths = json.loads((ROOT / "samples" / "ground_truth.json").read_text())["filings"]
    folder = ROOT / "samples" / "filings"
    return [Sample(read_filing((folder / truth["file"]).read_bytes(), truth["file"]), truth) for truth in truths]


@pytest.fixture(scope="session")
def real_filings(tmp_path_factory: pytest.TempPathFactory) -> list[RealFiling]:
    """All of them, read by one of the processes that test at the same time: it takes most of a minute."""
    if "FINRAG_EVAL_DATA" not in os.environ:
        pytest.skip("FINRAG_EVAL_DATA names no folder with real filings")
    folder = tmp_path_factory.getbasetemp()
    shared = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "real-filings.pickle"
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            shared.write_bytes(pickle.dumps(_read_all(Path(os.environ["FINRAG_EVAL_DATA"]) / "filings")))
    # Not as objects of this file: each folder's conftest.py may be the module of that name.
    return [RealFiling(*parts) for parts in pickle.loads(shared.read_bytes())]


def _read_all(folder: Path) -> list[tuple[Filing, dict[str, str], tuple[str, ...]]]:
    with (folder / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [_read(folder, row) for row in rows]


def _read(folder: Path, row: dict[str, str]) -> tuple[Filing, dict[str, str], tuple[str, ...]]:
    path = folder / row["file"]
    sections = json.loads((folder / row["sections_file"]).read_text()) if row["sections_file"] else []
    expected = tuple(section["identifier"] for section in sections)
    return read_filing(path.read_bytes(), path.name), row, expected
