"""What `finrag bench` runs: each measure of the table in benchmarks/README.md, with the command that reproduces it.

Indexes of each size are made once in the work folder, from the parts of a store where one is given, else generated.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import shown

__all__ = ["MEASURES", "REQUESTS", "RESULTS", "Measure", "Place", "run"]

RESULTS = Path(__file__).parent / "results"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run finds and keeps things: `source` is a store with an index, `filings` a folder of 10-K documents."""

    work: Path
    source: Path | None = None
    filings: Path | None = None

    def index(self, rows: int) -> Path:
        """Return where the index of so many rows is kept."""
        return self.work / f"index-{rows}"


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of the table: what is measured, what it should be, and by which command; `shown` says what it was."""

    name: str
    title: str
    target: str
    command: tuple[str, ...]
    shown: Callable[[Mapping[str, Any]], str]
    rows: int | None = None
    options: tuple[str, ...] = ()
    of_filings: bool = False

    @property
    def result(self) -> Path:
        """The file the last result is in."""
        return RESULTS / f"{self.name}.json"

    def arguments(self, place: Place) -> list[str]:
        """Return the command's arguments; raises LookupError, with what is missing, where it cannot be run."""
        if self.of_filings:
            if place.filings is None:
                raise LookupError("needs --filings")
            return [*self.command, str(place.filings), *self.options]
        store = place.source if self.rows is None else place.index(self.rows)
        if store is None:
            raise LookupError("needs --from")
        return [*self.command, "--store", str(store), *self.options]


def run(names: Iterable[str], place: Place, tell: Tell) -> list[str]:
    """Run measures, one after another; return the names of those that failed or could not be run."""
    failed = []
    for name in names:
        measure = MEASURES[name]
        try:
            arguments = measure.arguments(place)
        except LookupError as error:
            tell(f"{name}: left out, {error}")
            failed.append(name)
            continue
        if measure.rows is not None:
            _make_index(place, measure.rows, tell)
        tell(f"{name}: {measure.title}")
        RESULTS.mkdir(exist_ok=True)
        command = [sys.executable, "-m", *arguments, "--out", str(measure.result)]
        if subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode:
            failed.append(name)
    return failed


def _make_index(place: Place, rows: int, tell: Tell) -> None:
    folder = place.index(rows)
    if (folder / "index" / "CURRENT").exists():
        return
    tell(f"making an index of {rows:,} passages in {folder}")
    origin = ["--from", str(place.source)] if place.source and rows < _ONLY_GENERATED else []
    command = [sys.executable, "-m", "benchmarks.synthetic_index", "--rows", str(rows), "--out", str(folder), *origin]
    subprocess.run(command, check=True)


# So many are generated even where there are real ones: they would be repeated too often.
_ONLY_GENERATED = 2_000_000
_RETRIEVAL = ("benchmarks.pod_retrieval",)
_THROUGHPUT = ("benchmarks.answer_throughput",)


def _listed(*measures: Measure) -> dict[str, Measure]:
    return {measure.name: measure for measure in measures}


MEASURES = _listed(
    Measure(
        "memory_150k",
        "150,000 passages: memory of a pod under load (control group, page cache included)",
        "peak ≤ 350 MB; passes inside 400 MB",
        _THROUGHPUT,
        shown.memory,
        rows=150_000,
        options=("--memory-mb", "350"),
    ),
    Measure(
        "retrieval_15k",
        "15,000 passages in 512 MB",
        "",
        _RETRIEVAL,
        shown.retrieval,
        rows=15_000,
        options=("--memory-mb", "512"),
    ),
    Measure(
        "retrieval_150k",
        "150,000 passages in 512 MB",
        "recall@10 ≥ .97",
        _RETRIEVAL,
        shown.retrieval,
        rows=150_000,
        options=("--memory-mb", "512"),
    ),
    Measure(
        "retrieval_615k",
        "615,000 passages in 512 MB, dense and lexical",
        "filtered p50/p95 ≤ 6/12 ms; unfiltered ≤ 25/45 ms (goal 15/30) at recall@10 ≥ .97",
        _RETRIEVAL,
        shown.retrieval,
        rows=615_000,
        options=("--memory-mb", "512"),
    ),
    Measure(
        "retrieval_10m",
        "10,000,000 passages in 2 GB, unfiltered dense only",
        "filtered p95 ≤ 30 ms; unfiltered p95 ≤ 150 ms; no kill",
        _RETRIEVAL,
        shown.retrieval,
        rows=10_000_000,
        options=("--memory-mb", "2048", "--invented"),
    ),
    Measure(
        "cold_parts_10m",
        "10,000,000 passages in 2 GB: filtered, the part fetched from a stand-in for S3",
        "p95 ≤ 400 ms",
        ("benchmarks.cold_parts",),
        shown.cold_parts,
        rows=10_000_000,
    ),
    Measure(
        "start_150k",
        "150,000 passages: process start to ready",
        "warm ≤ 1.5 s; cold ≤ 3 s and ≤ 100 MB",
        ("benchmarks.pod_start",),
        shown.start,
        rows=150_000,
    ),
    Measure(
        "throughput",
        "answers a second, 1 CPU, 80 % filtered, extractive, nothing kept",
        "≥ 60",
        _THROUGHPUT,
        shown.throughput,
    ),
    Measure(
        "ingest_index",
        "filings read and indexed on two cores",
        "≤ 7 s a filing, flat memory",
        ("benchmarks.ingest_index",),
        shown.ingest,
        of_filings=True,
    ),
)
REQUESTS = (
    "S3 requests: warm questions; first of a cold part",
    "0; ≤ 4 requests, ≤ 3 MB",
    "start_150k",
    shown.requests,
)
