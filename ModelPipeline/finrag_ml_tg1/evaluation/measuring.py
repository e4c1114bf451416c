"""Many filings read at once, in processes that are not to be trusted: one that dies takes one filing with it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.evaluation.filing_measures import FilingMeasures, measure_filing
from finrag_ml_tg1.filings.reading_process import describe_fault
from finrag_ml_tg1.index.encoder import load_token_offsets

__all__ = ["Measured", "measure_files", "reading_metrics"]

_Task = Callable[[str], "FilingMeasures | str"]


@dataclass(frozen=True, slots=True)
class Measured:
    """The measures of each file that could be read, and why the others could not, in the order they were named."""

    readings: Mapping[str, FilingMeasures]
    failures: Mapping[str, str]

    def misses(self) -> list[dict[str, object]]:
        """Return the files that could not be read, with the reasons."""
        return [{"file": file, "reason": reason} for file, reason in self.failures.items()]


def measure_files(folder: Path, files: Sequence[str], encoder_folder: Path, *, workers: int) -> Measured:
    """Read every file of a folder; none keeps the others from being read, nor the command from ending."""
    task = partial(_measure_file, folder, encoder_folder)
    readings: dict[str, FilingMeasures] = {}
    failures: dict[str, str] = {}
    for file, result in _results(task, files, workers).items():
        if isinstance(result, str):
            failures[file] = result
        else:
            readings[file] = result
    return Measured(readings, failures)


def reading_metrics(measured: Measured) -> dict[str, float]:
    """Return what tells of the reading itself: text lost, seconds a filing, and memory."""
    readings = measured.readings.values()
    seconds = [reading.seconds for reading in readings] or [0.0]
    return {
        "unreadable": len(measured.failures),
        "lost_characters": sum(reading.lost_characters for reading in readings),
        "seconds_median": round(statistics.median(seconds), 3),
        "seconds_worst": round(max(seconds), 3),
        "peak_rss_mb": max((reading.peak_rss_mb for reading in readings), default=0),
    }


def _results(task: _Task, files: Sequence[str], workers: int) -> dict[str, FilingMeasures | str]:
    futures: dict[str, Future[FilingMeasures | str]] = {}
    results: dict[str, FilingMeasures | str] = {}
    with _executor(workers) as pool:
        with suppress(BrokenProcessPool):
            futures.update((file, pool.submit(task, file)) for file in files)
        for file, future in futures.items():
            with suppress(BrokenProcessPool):
                results[file] = future.result()
    # A process that dies breaks its pool: what was left is read again, one file to a pool, to tell which file it was.
    for file in [file for file in files if file not in results]:
        with _executor(1) as pool:
            try:
                results[file] = pool.submit(task, file).result()
            except BrokenProcessPool:
                results[file] = "reading it ended its process, most likely for want of memory"
    return {file: results[file] for file in files}


def _executor(workers: int) -> ProcessPoolExecutor:
    # Spawned, not forked: threads of the table engine would be copied in an unknown state.
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"))


def _measure_file(folder: Path, encoder_folder: Path, file: str) -> FilingMeasures | str:
    try:
        return measure_filing(folder / file, file, load_token_offsets(encoder_folder))
    except OSError as error:
        return error.strerror or str(error)
    except FilingError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a fault of the reader is this filing's failure; it is told with its place
        return describe_fault(error)
