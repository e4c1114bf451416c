"""How well tagged numbers are read: against a reference, and whether their places in the text show them."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.evaluation.facts_extraction import compare_facts
from finrag_ml_tg1.evaluation.manifest import read_manifest, read_reference
from finrag_ml_tg1.evaluation.measuring import measure_files, reading_metrics
from finrag_ml_tg1.evaluation.report import Outcome, share

__all__ = ["evaluate_facts_extraction"]


def evaluate_facts_extraction(folder: Path, encoder_folder: Path, *, workers: int) -> Outcome:
    """Compare every tagged number with the reference `ixbrl_facts.parquet`, and its place in the text with its digits.

    `range_ok_rate` is over the reference's numbers that are met and printed: the share whose every place shows the
    digits that the reference gives. `fiscal_year_right` is the share of filings labelled as the reference labels them.
    """
    manifest = read_manifest(folder)
    reference = read_reference(folder, manifest.files)
    measured = measure_files(folder, manifest.files, encoder_folder, workers=workers)
    compared = compare_facts((fact for reading in measured.readings.values() for fact in reading.facts), reference.rows)
    years = {
        file: (reading.row["fiscal_year"], reference.fiscal_years[file])
        for file, reading in measured.readings.items()
        if file in reference.fiscal_years
    }
    wrong_years = [
        {"file": file, "fiscal_year": found, "expected": wanted}
        for file, (found, wanted) in years.items()
        if found != wanted
    ]
    metrics = {
        "expected": compared.expected,
        "equal": compared.equal,
        "missing": compared.missing,
        "different": compared.different,
        "equal_rate": share(compared.equal, compared.expected),
        "range_ok_rate": share(compared.shown - len(compared.misplaced), compared.shown),
        "printed": compared.shown,
        "fiscal_year_right": share(len(years) - len(wrong_years), len(years)),
        **reading_metrics(measured),
    }
    unmet = [
        {"file": miss.row.file, "fact": list(miss.row.key[1:]), "expected": miss.row.value, "found": list(miss.found)}
        for miss in compared.misses
    ]
    misplaced = [
        {"file": row.file, "fact": list(row.key[1:]), "expected": row.value, "printed": printed}
        for row, printed in compared.misplaced
    ]
    return Outcome(len(manifest.files), metrics, [*measured.misses(), *unmet, *misplaced, *wrong_years])
