"""How well filings are read: items against section files, tagged numbers against a reference, speed and memory."""

from __future__ import annotations

import csv
import json
import re
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.evaluation.facts_extraction import FactRow, compare_facts
from finrag_ml_tg1.evaluation.filing_measures import FilingMeasures, measure_filing
from finrag_ml_tg1.evaluation.report import Outcome
from finrag_ml_tg1.filings.table_schemas import FILINGS_SCHEMA
from finrag_ml_tg1.index.coverage import FilingCoverage, coverage_of_filings
from finrag_ml_tg1.index.encoder import load_token_offsets
from finrag_ml_tg1.vocabulary.items import items_of_form

__all__ = ["evaluate_facts_extraction", "evaluate_items"]

_QUARTERLY_ID = re.compile(r"part([12])item(\w+)", re.IGNORECASE)
_SHORT_CHARS = 500
_NEIGHBOUR_RANGE = (0.4, 2.5)


@dataclass(frozen=True, slots=True)
class _Manifest:
    """The filings of a folder: manifest.csv's `file` and, where it has one, `sections_file`."""

    folder: Path
    rows: tuple[Mapping[str, str], ...]

    @classmethod
    def read(cls, folder: Path) -> _Manifest:
        path = folder / "manifest.csv"
        try:
            with path.open(newline="") as file:
                rows = tuple(csv.DictReader(file))
        except OSError as error:
            raise FilingError(f"{path}: {error.strerror or error}") from error
        if not rows or "file" not in rows[0]:
            raise FilingError(f"{path}: it has no rows with a column `file`")
        return cls(folder, rows)

    def expected_items(self, row: Mapping[str, str]) -> tuple[str, ...]:
        """The item identifiers of the section file, in its order; () without one."""
        name = row.get("sections_file")
        if not name:
            return ()
        sections = json.loads((self.folder / name).read_text())
        return tuple(_identifier(str(section["identifier"])) for section in sections)


def _identifier(section: str) -> str:
    match = _QUARTERLY_ID.fullmatch(section)
    return f"{'I' * int(match[1])}-{match[2].upper()}" if match else section.upper()


def evaluate_items(folder: Path, encoder_folder: Path, *, workers: int) -> Outcome:
    """Compare the items found with the section files, and check that what looks wrong is reported.

    `in_order` is the share of filings whose items stand in the expected order: that of the text, or of the filing's
    own cross-reference index where it has one.
    """
    manifest = _Manifest.read(folder)
    measured, failures = _measure(manifest, encoder_folder, workers)
    coverage = coverage_of_filings(pl.DataFrame([reading.row for reading in measured.values()], schema=FILINGS_SCHEMA))
    expected = found = ordered = judged = 0
    misses: list[dict[str, object]] = [{"file": file, "reason": reason} for file, reason in failures.items()]
    for row in manifest.rows:
        wanted = manifest.expected_items(row)
        reading = measured.get(row["file"])
        if not wanted:
            continue
        expected += len(wanted)
        judged += 1
        have = _items_in_order(reading.row) if reading else []
        missing = [item for item in wanted if item not in have]
        found += len(wanted) - len(missing)
        in_order = _in_order(have, wanted)
        ordered += in_order
        if missing or not in_order:
            misses.append({"file": row["file"], "missing": missing, "in_order": in_order, "found": have})
    unreported = [doubt for reading in measured.values() for doubt in _unreported(reading, measured, coverage)]
    metrics = {
        "expected": expected,
        "found": found,
        "found_rate": _share(found, expected),
        "in_order": _share(ordered, judged),
        "suspicious_unreported": len(unreported),
        "reported": sum(len(report.doubts) + len(report.pointers()) for report in coverage.values()),
        **_reading_metrics(measured),
    }
    return Outcome(len(manifest.rows), metrics, [*misses, *unreported])


def evaluate_facts_extraction(folder: Path, encoder_folder: Path, *, workers: int) -> Outcome:
    """Compare every tagged number with the reference `ixbrl_facts.parquet`, and its place in the text with its digits.

    `fiscal_year_right` is the share of filings labelled as the reference labels them.
    """
    manifest = _Manifest.read(folder)
    measured, failures = _measure(manifest, encoder_folder, workers)
    path = folder / "ixbrl_facts.parquet"
    if not path.exists():
        raise FilingError(f"{path}: no such file")
    reference = pl.read_parquet(path)
    files = {row["file"] for row in manifest.rows}
    rows = [_reference_row(row) for row in reference.iter_rows(named=True) if row["file"] in files]
    compared = compare_facts((fact for reading in measured.values() for fact in reading.facts), rows)
    years = {str(file): int(year) for file, year in reference.group_by("file").agg(pl.col("fiscal_year").max()).rows()}
    labelled = {file: reading.row["fiscal_year"] for file, reading in measured.items() if file in years}
    wrong_years = [{"file": file, "fiscal_year": year} for file, year in labelled.items() if year != years[file]]
    shown = sum(reading.shown for reading in measured.values())
    wrongly_shown = sum(reading.wrongly_shown for reading in measured.values())
    metrics = {
        "expected": compared.expected,
        "equal": compared.equal,
        "missing": compared.missing,
        "different": compared.different,
        "equal_rate": _share(compared.equal, compared.expected),
        "range_ok_rate": _share(shown - wrongly_shown, shown),
        "fiscal_year_right": _share(len(labelled) - len(wrong_years), len(labelled)),
        **_reading_metrics(measured),
    }
    misses: list[dict[str, object]] = [{"file": file, "reason": reason} for file, reason in failures.items()]
    misses += [
        {"file": miss.row.file, "fact": list(miss.row.key[1:]), "expected": miss.row.value, "found": list(miss.found)}
        for miss in compared.misses
    ]
    return Outcome(len(manifest.rows), metrics, [*misses, *wrong_years])


def _measure(
    manifest: _Manifest, encoder_folder: Path, workers: int
) -> tuple[dict[str, FilingMeasures], dict[str, str]]:
    """Each readable filing's measures, and why the others are not readable."""
    measured: dict[str, FilingMeasures] = {}
    failures: dict[str, str] = {}
    files = [row["file"] for row in manifest.rows]
    task = partial(_measure_one, manifest.folder, encoder_folder)
    # A process is replaced after some filings, so that its peak memory is not that of all filings together.
    with get_context("spawn").Pool(workers, maxtasksperchild=_FILINGS_A_PROCESS) as pool:
        for file, result in zip(files, pool.imap(task, files), strict=True):
            if isinstance(result, str):
                failures[file] = result
            else:
                measured[file] = result
    return measured, failures


_FILINGS_A_PROCESS = 8


def _measure_one(folder: Path, encoder_folder: Path, file: str) -> FilingMeasures | str:
    try:
        return measure_filing(folder / file, file, load_token_offsets(encoder_folder))
    except (FilingError, OSError) as error:
        return str(error)


def _reading_metrics(measured: Mapping[str, FilingMeasures]) -> dict[str, float]:
    seconds = [reading.seconds for reading in measured.values()] or [0.0]
    return {
        "lost_characters": sum(reading.lost_characters for reading in measured.values()),
        "seconds_median": round(statistics.median(seconds), 3),
        "seconds_worst": round(max(seconds), 3),
        "peak_rss_mb": max((reading.peak_rss_mb for reading in measured.values()), default=0),
    }


def _items_in_order(row: Mapping[str, Any]) -> list[str]:
    """The items found, once each: in text order, or in the form's order where an index lists them."""
    items = list(dict.fromkeys(span["item"] for span in row["items"]))
    if any(span["basis"] in ("pages", "index") for span in row["items"]):
        order = [spec.identifier for spec in items_of_form(row["form"])]
        items.sort(key=order.index)
    return items


def _in_order(found: Sequence[str], wanted: Sequence[str]) -> bool:
    places = [found.index(item) for item in wanted if item in found]
    return all(left < right for left, right in pairwise(places))


def _unreported(
    reading: FilingMeasures, measured: Mapping[str, FilingMeasures], coverage: Mapping[str, FilingCoverage]
) -> Iterator[dict[str, object]]:
    """Items too short, or far from the neighbouring year's length, that the coverage report does not name."""
    row: Mapping[str, Any] = reading.row
    report = coverage[row["accession"]]
    told = {item for item, _ in report.doubts} | set(report.pointers())
    neighbours = [
        _lengths(other.row)
        for other in measured.values()
        if (other.row["cik"], other.row["form"]) == (row["cik"], row["form"])
        and abs(int(str(other.row["fiscal_year"])) - row["fiscal_year"]) == 1
        and row["form"].startswith("10-K")
    ]
    for item, length in _lengths(row).items():
        low, high = _NEIGHBOUR_RANGE
        far = any(item in other and not low * other[item] <= length <= high * other[item] for other in neighbours)
        if (length < _SHORT_CHARS or far) and item not in told:
            yield {"file": reading.file, "unreported": item, "characters": length}


def _lengths(row: Mapping[str, Any]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for span in row["items"]:
        lengths[span["item"]] = lengths.get(span["item"], 0) + span["char_end"] - span["char_start"]
    return lengths


def _reference_row(row: Mapping[str, Any]) -> FactRow:
    return FactRow(row["file"], row["concept"], row["start"] or "", row["end"], row["dims"], row["unit"], row["value"])


def _share(part: int, whole: int) -> float:
    return round(part / whole, 6) if whole else 0.0
