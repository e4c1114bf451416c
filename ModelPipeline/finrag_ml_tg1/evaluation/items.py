"""How well items are found: against section files, and whether what looks wrong is reported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.evaluation.filing_measures import FilingMeasures
from finrag_ml_tg1.evaluation.manifest import Manifest, read_manifest
from finrag_ml_tg1.evaluation.measuring import Measured, measure_files, reading_metrics
from finrag_ml_tg1.evaluation.report import Outcome, share
from finrag_ml_tg1.filings.table_schemas import FILINGS_SCHEMA
from finrag_ml_tg1.index.coverage import FilingCoverage, coverage_of_filings

__all__ = ["evaluate_items"]

_SHORT_CHARS = 500
_NEIGHBOUR_RANGE = (0.4, 2.5)
# Found through the filing's own index of pages: their places follow its layout, not the form's order.
_INDEXED = ("pages", "index")


def evaluate_items(folder: Path, encoder_folder: Path, *, workers: int) -> Outcome:
    """Compare the items found with the section files, and check that what looks wrong is reported.

    `in_order` is the share of filings whose items stand in the expected order in the text; a filing that cannot be read
    is not in order. Filings that are laid out otherwise and say so in an index are left out of it (`order_not_judged`).
    `suspicious_unreported` counts items shorter than 500 characters, or of a length that is not 0.4 to 2.5 times that
    of the same item in the filing's neighbouring years, which the coverage report does not name.
    """
    manifest = read_manifest(folder)
    measured = measure_files(folder, manifest.files, encoder_folder, workers=workers)
    coverage = coverage_of_filings(
        pl.DataFrame([reading.row for reading in measured.readings.values()], schema=FILINGS_SCHEMA)
    )
    unreported = [
        doubt for reading in measured.readings.values() for doubt in _unreported(reading, measured.readings, coverage)
    ]
    counts, misses = _compared(manifest, measured)
    metrics = {
        "expected": counts["expected"],
        "found": counts["found"],
        "found_rate": share(counts["found"], counts["expected"]),
        "in_order": share(counts["ordered"], counts["order_judged"]),
        "order_not_judged": counts["order_not_judged"],
        "suspicious_unreported": len(unreported),
        "reported": sum(len(report.doubts) + len(report.pointers()) for report in coverage.values()),
        **reading_metrics(measured),
    }
    return Outcome(len(manifest.files), metrics, [*measured.misses(), *misses, *unreported])


def _compared(manifest: Manifest, measured: Measured) -> tuple[dict[str, int], list[dict[str, object]]]:
    counts = dict.fromkeys(("expected", "found", "ordered", "order_judged", "order_not_judged"), 0)
    misses: list[dict[str, object]] = []
    for file in manifest.files:
        reading = measured.readings.get(file)
        row: Mapping[str, Any] = reading.row if reading else {"form": "", "items": ()}
        try:
            wanted = manifest.expected_items(file, row["form"])
        except FilingError as error:
            misses.append({"file": file, "reason": str(error)})
            continue
        if not wanted:
            continue
        have = list(dict.fromkeys(span["item"] for span in row["items"]))
        missing = [item for item in wanted if item not in have]
        in_order = reading is not None and _in_order(have, wanted)
        is_indexed = any(span["basis"] in _INDEXED for span in row["items"])
        counts["expected"] += len(wanted)
        counts["found"] += len(wanted) - len(missing)
        counts["order_not_judged"] += is_indexed
        counts["order_judged"] += not is_indexed
        counts["ordered"] += in_order and not is_indexed
        if missing or not (in_order or is_indexed):
            misses.append({"file": file, "missing": missing, "in_order": in_order, "found": have})
    return counts, misses


def _in_order(found: Sequence[str], wanted: Sequence[str]) -> bool:
    places = [found.index(item) for item in dict.fromkeys(wanted) if item in found]
    return all(left < right for left, right in pairwise(places))


def _unreported(
    reading: FilingMeasures, readings: Mapping[str, FilingMeasures], coverage: Mapping[str, FilingCoverage]
) -> Iterator[dict[str, object]]:
    """Items too short, or far from the neighbouring year's length, that the coverage report does not name."""
    row: Mapping[str, Any] = reading.row
    report = coverage[row["accession"]]
    told = {item for item, _ in report.doubts} | set(report.pointers())
    neighbours = [
        _lengths(other.row)
        for other in readings.values()
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
