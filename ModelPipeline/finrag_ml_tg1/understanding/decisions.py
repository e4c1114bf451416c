"""What was understood of a question and why, for the log at `debug`: identifiers and counts, none of its words."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable

from finrag_ml_tg1.plan import Plan
from finrag_ml_tg1.scope import Question, Scope

__all__ = ["log_plan", "log_scope"]

_log = logging.getLogger(__name__)


def log_scope(question: Question, meant: Collection[int], scope: Scope) -> None:
    """Tell where the answer is looked for: companies by cik, and what each part of it was taken from."""
    if not _log.isEnabledFor(logging.DEBUG):
        return
    filters = question.filters
    _log.debug(
        "companies %s (%s), fiscal years %s (%s), period %s, items %s (%s), forms %s (%s), metrics %s",
        _listed(company.cik for company in scope.companies),
        "as its numbers tell" if meant else _from(filters.tickers, scope.companies),
        _listed(scope.fiscal_years),
        _from(filters.fiscal_years, scope.named_years, otherwise="latest or all"),
        scope.fiscal_period,
        _listed(scope.items),
        _from(filters.items, scope.items),
        _listed(scope.forms),
        _from(filters.forms, scope.forms),
        _listed(scope.metrics),
    )
    _log.debug(
        "filings in scope: %s in %d groups, %d less likely; left out: %d; assumptions told: %d; %s",
        sum(map(len, scope.accessions)) or "all",
        len(scope.accessions),
        len(scope.preferences),
        len(scope.left_out),
        len(scope.notes),
        "nothing covered can answer" if scope.obstacle is not None else "may be answered",
    )


def log_plan(plan: Plan | None) -> None:
    """Tell what number is asked for, or that none is."""
    if not _log.isEnabledFor(logging.DEBUG):
        return
    if plan is None:
        _log.debug("no number is asked for")
        return
    _log.debug(
        "number asked for: %s of %s, fiscal years %s, period %s, formula %s, words name a part %s, a line %s; %s",
        plan.operation,
        _listed(plan.metrics),
        _listed(plan.years) if plan.years else f"the latest {plan.latest}",
        plan.fiscal_period,
        "yes" if plan.formula else "no",
        "yes" if plan.qualifier else "no",
        "yes" if plan.line_item.strip() else "no",
        "cannot be given" if plan.obstacle is not None else "beside sentences" if plan.supports_words else "to be read",
    )


def _from(filtered: Collection[object], found: Collection[object], otherwise: str = "none named") -> str:
    return "filter" if filtered else "named" if found else otherwise


def _listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values)) or "-"
