"""One sentence for what is missing of several periods for the same reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from finrag_ml_tg1.facts.fact_set import Missing
from finrag_ml_tg1.facts.periods import FiscalPeriod

__all__ = ["joined"]

_PLACE = "\0"
_FEW = 3


def joined(missing: Sequence[tuple[FiscalPeriod, Missing]]) -> tuple[Missing, ...]:
    """Return what is missing, each reason once: of those that differ in the period alone one that names them all."""
    periods: dict[Missing, list[FiscalPeriod]] = {}
    for period, part in missing:
        same = replace(part, fiscal_year=None, reason=part.reason.replace(str(period), _PLACE))
        periods.setdefault(same, []).append(period)
    years = {part.reason: part.fiscal_year for _, part in missing}
    parts: list[Missing] = []
    for same, named in periods.items():
        reason = same.reason.replace(_PLACE, _list_of(named))
        parts.append(replace(same, fiscal_year=years.get(reason), reason=reason))
    return tuple(parts)


def _list_of(periods: Sequence[FiscalPeriod]) -> str:
    """All of them; of a long run of years the first and the last."""
    names = list(dict.fromkeys(map(str, periods)))
    years = {period.fiscal_year for period in periods}
    if len(names) > _FEW and len(years) == len(names) == max(years) - min(years) + 1:
        return f"{names[0]} to {names[-1]}"
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
