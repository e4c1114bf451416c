"""Which numbers were looked up, found and missed, for the log at `debug`: names of metrics and concepts, no values."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from finrag_ml_tg1.facts.fact_set import FactSet
from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import CompanyReference

__all__ = ["log_facts"]

_MOST_TOLD = 12
_log = logging.getLogger(__name__)


def log_facts(plan: Plan, companies: Sequence[CompanyReference], found: FactSet) -> None:
    """Tell what came of a plan, of each number by itself up to a dozen."""
    if not _log.isEnabledFor(logging.DEBUG):
        return
    _log.debug(
        "%s of %s for %d companies: %d found, %d of them calculated, %d missing, %d candidates",
        plan.operation,
        ", ".join(plan.metrics) or "-",
        len(companies),
        len(found.results),
        len(found.calculations),
        len(found.missing),
        len(found.candidates),
    )
    for used in found.facts[:_MOST_TOLD]:
        fact = used.fact
        _log.debug(
            "found: cik %d, %s, %s %d to %s, %s in %s",
            fact.cik,
            fact.concept,
            fact.fiscal_period,
            fact.fiscal_year,
            fact.period_end,
            fact.source,
            fact.accession,
        )
    names = [company.name for company in companies]
    has_own_words = bool(plan.qualifier or plan.loose or plan.line_item.strip())
    for missing in found.missing[:_MOST_TOLD]:
        _log.debug(
            "missing: cik %d, %s, fiscal year %s: %s",
            missing.cik,
            missing.metric or "-",
            missing.fiscal_year or "-",
            # A reason may repeat the words that name a part or a line, and names the company.
            "no such part or line" if has_own_words else _without(names, missing.reason),
        )


def _without(names: Sequence[str], reason: str) -> str:
    for name in names:
        reason = reason.replace(name, "the company")
    return reason
