"""Every derived metric of every annual report, as the product gives it and as formulas written by hand give it."""

from __future__ import annotations

import math
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from finrag_ml_tg1.evaluation.hand_comparisons import COMPARISONS
from finrag_ml_tg1.evaluation.hand_formulas import DERIVED
from finrag_ml_tg1.evaluation.hand_year import FiscalYear, NotStatedError
from finrag_ml_tg1.evaluation.report import Outcome, share
from finrag_ml_tg1.evaluation.scratch_index import open_scratch_index
from finrag_ml_tg1.evaluation.tagged_years import read_companies
from finrag_ml_tg1.facts.fact_set import FactSet, result_value
from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question
from finrag_ml_tg1.vocabulary.metrics import load_metrics

__all__ = ["evaluate_derived_metrics"]

# Formulas by hand calculate in binary fractions, the product in decimals.
_SAME = 1e-9
_ABSENT = "neither"


@dataclass(frozen=True, slots=True)
class _Compared:
    """One value by both ways (None: not to be had), and what the product says of it."""

    metric: str
    company: str
    fiscal_year: int
    by_hand: float | None
    by_product: float | None
    said: str

    @property
    def verdict(self) -> str:
        if self.by_hand is None and self.by_product is None:
            return _ABSENT
        if self.by_hand is None or self.by_product is None:
            return "only_product" if self.by_hand is None else "only_by_hand"
        is_same = math.isclose(self.by_hand, self.by_product, rel_tol=_SAME, abs_tol=_SAME)
        return "equal" if is_same else "different"


def evaluate_derived_metrics(folder: Path, encoder_folder: Path, *, progress: Callable[[str], None]) -> Outcome:
    """Compare every derived metric and comparison over years, for each annual report's own year and the one before.

    By hand it is calculated from the folder's ixbrl_facts.parquet alone, with neither the product's facts, its choice
    among them, its formulas nor its arithmetic. `equal` is the share of the values that either way gives.
    """
    companies = read_companies(folder)
    with tempfile.TemporaryDirectory() as scratch:
        finrag, _ = open_scratch_index(folder, encoder_folder, Path(scratch), progress)
        covered = {company.cik: company for company in finrag.index.catalog.companies}
        compared = [
            value
            for numbers in companies
            if numbers.cik in covered
            for year in sorted({year for report in numbers.reports for year in (report - 1, report)})
            for value in _of_year(finrag, covered[numbers.cik], FiscalYear(numbers, year))
        ]
    return _outcome(compared)


def _of_year(finrag: FinRAG, company: Company, year: FiscalYear) -> Iterator[_Compared]:
    name = company.tickers[0] if company.tickers else company.name
    for metric, formula in DERIVED.items():
        found = finrag.facts.look_up([company], [metric], [year.year])
        yield _Compared(metric, name, year.year, _by_hand(formula, year), _first(found), _said(found))
    for metric, comparison in COMPARISONS.items():
        text = comparison.question.format(
            company=company.name, year=year.year, before=year.year - 1, first=year.year - 2
        )
        found = finrag.ask(Question(text, include_passages=False)).found
        yield _Compared(metric, name, year.year, _by_hand(comparison.formula, year), _first(found), _said(found))


def _by_hand(formula: Callable[[FiscalYear], float], year: FiscalYear) -> float | None:
    try:
        return formula(year)
    except (NotStatedError, ZeroDivisionError):
        return None


def _first(found: FactSet) -> float | None:
    return float(result_value(found.results[0])[0]) if found.results else None


def _said(found: FactSet) -> str:
    if found.calculations:
        calculation = found.calculations[0]
        tags = ", ".join(dict.fromkeys(used.fact.concept for used in calculation.inputs))
        return f"{calculation.formula} = {calculation.expression}; {tags}"
    return " ".join([*(used.fact.concept for used in found.facts), *(missing.reason for missing in found.missing)])


def _outcome(compared: list[_Compared]) -> Outcome:
    verdicts = Counter(value.verdict for value in compared)
    told = [value for value in compared if value.verdict != _ABSENT]
    by_metric: dict[str, Counter[str]] = defaultdict(Counter)
    for value in told:
        by_metric[value.metric][value.verdict] += 1
    derived = {metric.name for metric in load_metrics().values() if metric.formula or metric.fallbacks}
    metrics = {
        "equal": share(verdicts["equal"], len(told)),
        "equal_count": verdicts["equal"],
        "different": verdicts["different"],
        "only_product": verdicts["only_product"],
        "only_by_hand": verdicts["only_by_hand"],
        "neither": verdicts[_ABSENT],
        "metrics_compared": len(by_metric),
        "metrics_without_formula_by_hand": len(derived - DERIVED.keys()),
    }
    misses: list[dict[str, object]] = [
        {
            "metric": value.metric,
            "company": value.company,
            "fiscal_year": value.fiscal_year,
            "verdict": value.verdict,
            "by_hand": value.by_hand,
            "by_product": value.by_product,
            "product_says": value.said,
        }
        for value in told
        if value.verdict != "equal"
    ]
    misses += [{"metric": name, "verdict": "no formula by hand"} for name in sorted(derived - DERIVED.keys())]
    by_type = {name: {key: float(count) for key, count in counts.items()} for name, counts in by_metric.items()}
    return Outcome(len(told), metrics, misses, by_type=by_type)
