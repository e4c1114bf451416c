"""What the index covers, and what can be asked for by name, as `GET /catalog` gives it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from finrag_ml_tg1.answering.models.opening import EXTRACTIVE, ModelChoice
from finrag_ml_tg1.index.catalog import Catalog
from finrag_ml_tg1.index.coverage import FilingCoverage
from finrag_ml_tg1.vocabulary.items import item_code, item_title
from finrag_ml_tg1.vocabulary.metrics import load_metrics
from serving.backend.schemas.catalog import (
    CatalogResponse,
    CompanyOut,
    FilingCoverageOut,
    FilingOut,
    ItemDoubt,
    ItemOut,
    MetricOut,
    ModelOut,
)

__all__ = ["catalog_response"]


def catalog_response(catalog: Catalog, index_version: str, models: ModelChoice) -> CatalogResponse:
    """Return what an index covers, companies by name, filings newest first, items in the order of the forms."""
    filings: dict[int, list[FilingOut]] = {}
    for row in catalog.filings.sort("period_end", descending=True).iter_rows(named=True):
        filings.setdefault(row["cik"], []).append(
            FilingOut(
                form=row["form"],
                fiscal_year=row["fiscal_year"],
                period_end=row["period_end"].isoformat(),
                accession=row["accession"],
                items=[item.item for item in catalog.coverage(row["cik"])[row["accession"]].items],
                coverage=_coverage(row, catalog.coverage(row["cik"])[row["accession"]]),
            )
        )
    companies = [
        CompanyOut(cik=company.cik, name=company.name, tickers=list(company.tickers), filings=filings[company.cik])
        for company in catalog.companies
    ]
    metrics = [MetricOut(name=metric.name, label=metric.label, unit=metric.unit) for metric in load_metrics().values()]
    covered = {item for company in companies for filing in company.filings for item in filing.items}
    return CatalogResponse(
        index_version=index_version,
        companies=companies,
        items=[ItemOut(item=item, title=item_title(item)) for item in sorted(covered, key=item_code)],
        metrics=metrics,
        models=_models_on_offer(models),
    )


def _models_on_offer(models: ModelChoice) -> list[ModelOut]:
    default = models.resolve(None)
    quoting = ModelOut(
        key=EXTRACTIVE, model_id=EXTRACTIVE, input_price=0, output_price=0, is_default=default == EXTRACTIVE
    )
    return [
        quoting,
        *(
            ModelOut(
                key=profile.key,
                model_id=profile.model_id,
                input_price=float(profile.input_price) if profile.price_known else None,
                output_price=float(profile.output_price) if profile.price_known else None,
                is_default=profile.key == default,
            )
            for profile in models.profiles
        ),
    ]


def _coverage(row: Mapping[str, Any], coverage: FilingCoverage) -> FilingCoverageOut:
    return FilingCoverageOut(
        characters=row["characters"],
        passages=row["passages"],
        facts=row["facts"],
        checks_made=row["checks_made"],
        checks_held=row["checks_held"],
        items_expected=len(coverage.expected),
        items_found=coverage.found,
        items_missing=list(coverage.missing),
        share_in_items=coverage.share_in_items,
        pointers=coverage.pointers(),
        doubts=[ItemDoubt(item=item, reason=reason) for item, reason in coverage.doubts],
        notes=row["notes"],
    )
