"""Facts and calculations as the HTTP contract gives them."""

from __future__ import annotations

from collections.abc import Mapping

from finrag_ml_tg1.facts.fact_set import Calculation, FactSet, UsedFact
from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.facts import Fact
from finrag_ml_tg1.pipeline import FinRAG
from serving.backend.schemas.numbers import CalculationOut, FactOut, FactsResponse, MissingOut

__all__ = ["NumbersPresentation", "facts_response"]


class NumbersPresentation:
    """Presents numbers with the names of their companies; `shown_at` is the citation that shows each fact."""

    def __init__(self, catalog: Catalog, shown_at: Mapping[Fact, int | None]) -> None:
        self._companies = {company.cik: company for company in catalog.companies}
        self._shown_at = shown_at

    def facts(self, found: FactSet) -> list[FactOut]:
        """Return the facts used, the asked one first when nothing was calculated."""
        return [self._fact(used) for used in found.facts]

    def calculations(self, found: FactSet) -> list[CalculationOut]:
        """Return the calculations, the asked one first, then the steps they rest on."""
        steps = [step for calculation in found.calculations for step in calculation.steps]
        return [self._calculation(calculation) for calculation in dict.fromkeys((*found.calculations, *steps))]

    def missing(self, found: FactSet) -> list[MissingOut]:
        """Return what could not be given."""
        return [
            MissingOut(
                company=self._name(missing.cik),
                ticker=self._ticker(missing.cik),
                metric=missing.metric,
                fiscal_year=missing.fiscal_year,
                reason=missing.reason,
            )
            for missing in found.missing
        ]

    def _fact(self, used: UsedFact) -> FactOut:
        fact = used.fact
        return FactOut(
            metric=used.metric,
            concept=fact.concept,
            label=used.label,
            value=float(fact.value),
            unit=fact.unit,
            period_start=fact.period_start.isoformat() if fact.period_start else None,
            period_end=fact.period_end.isoformat(),
            fiscal_year=fact.fiscal_year,
            fiscal_period=fact.fiscal_period,
            dimensions=dict(fact.dimensions),
            accession=fact.accession,
            ticker=self._ticker(fact.cik),
            company=self._name(fact.cik),
            source=fact.source,
            citation=self._shown_at.get(fact),
        )

    def _calculation(self, calculation: Calculation) -> CalculationOut:
        return CalculationOut(
            name=calculation.name,
            metric=calculation.metric,
            formula=calculation.formula,
            expression=calculation.expression,
            inputs=[self._fact(used) for used in calculation.inputs],
            value=float(calculation.value),
            unit=calculation.unit,
            display=calculation.display,
            ticker=self._ticker(calculation.cik),
            company=self._name(calculation.cik),
            fiscal_year=calculation.fiscal_year,
            notes=list(calculation.notes),
        )

    def _name(self, cik: int) -> str:
        company = self._companies.get(cik)
        return company.name if company else ""

    def _ticker(self, cik: int) -> str:
        company = self._companies.get(cik)
        return company.tickers[0] if company and company.tickers else ""


def facts_response(finrag: FinRAG, tickers: list[str], metrics: list[str], fiscal_years: list[int]) -> FactsResponse:
    """Return the metrics of companies for fiscal years (the latest when none is given), and what is missing."""
    catalog = finrag.index.catalog
    known = {ticker.upper(): company for company in catalog.companies for ticker in company.tickers}
    numbers = NumbersPresentation(catalog, {})
    found = finrag.facts.look_up([known[ticker] for ticker in tickers if ticker in known], metrics, fiscal_years)
    unknown = [
        MissingOut(
            company="",
            ticker=ticker,
            metric="",
            fiscal_year=None,
            reason=f"No covered company has the ticker {ticker}.",
        )
        for ticker in tickers
        if ticker not in known
    ]
    return FactsResponse(
        index_version=finrag.index.version,
        facts=numbers.facts(found),
        calculations=numbers.calculations(found),
        missing=[*unknown, *numbers.missing(found)],
    )
