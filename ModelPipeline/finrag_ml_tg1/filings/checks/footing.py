"""Whether a filing's statements keep the identities of accounting, period by period."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, combinations, product

from finrag_ml_tg1.filings.checks.amounts import Amount, Footing, PeriodAndUnit, agrees
from finrag_ml_tg1.filings.checks.identities import IDENTITIES, Identity
from finrag_ml_tg1.filings.checks.statement_amounts import StatementAmounts

__all__ = ["identities_judged"]

_Concepts = tuple[str, ...]


def identities_judged(amounts: StatementAmounts) -> list[Footing]:
    """Return each identity in each period that states all it needs.

    Unless it holds by definition, an identity that fails is left out where another row of the statements states the
    very gap, or where the filer keeps it in no other period: the filer's total is of something else then.
    """
    return [footing for identity in IDENTITIES for footing in _judged(identity, amounts)]


def _judged(identity: Identity, amounts: StatementAmounts) -> Iterator[Footing]:
    kept: set[_Concepts] = set()
    broken: list[tuple[PeriodAndUnit, dict[_Concepts, Footing]]] = []
    for period in amounts.periods:
        nearest = _nearest(identity, amounts, period)
        holding = {concepts: footing for concepts, footing in nearest.items() if footing.holds}
        kept.update(holding)
        if holding:
            yield next(iter(holding.values()))
        elif nearest:
            broken.append((period, nearest))
    for period, nearest in broken:
        if identity.is_definition:
            yield next(iter(nearest.values()))
            continue
        known = [footing for concepts, footing in nearest.items() if concepts in kept]
        if known and not _is_explained(known[0], amounts.rows(period)):
            yield known[0]


def _nearest(identity: Identity, amounts: StatementAmounts, period: PeriodAndUnit) -> dict[_Concepts, Footing]:
    """For each choice of concepts that a period states, the footing with the smallest gap."""
    found: dict[_Concepts, Footing] = {}
    terms = (identity.total, *identity.addends)
    stated = [
        [(concept, held[concept]) for concept in term.concepts if concept in held]
        for term in terms
        for held in [amounts.at(period, term.at)]
    ]
    others = [
        (term.sign, next(held[concept] for concept in term.concepts if concept in held))
        for term in identity.others
        for held in [amounts.at(period, term.at)]
        if not held.keys().isdisjoint(term.concepts)
    ]
    for chosen in product(*stated):
        concepts, (total, *addends) = zip(*chosen, strict=True)
        signed = [(term.sign, addend) for term, addend in zip(identity.addends, addends, strict=True)]
        found[concepts] = min(
            (Footing(identity.name, period, total, (*signed, *included)) for included in _subsets(others)),
            key=lambda footing: abs(footing.gap),
        )
    return found


def _subsets(others: Sequence[tuple[int, Amount]]) -> Iterator[tuple[tuple[int, Amount], ...]]:
    return chain.from_iterable(combinations(others, count) for count in range(len(others) + 1))


def _is_explained(footing: Footing, rows: Sequence[Amount]) -> bool:
    """Whether a row beside those that were summed states the very gap: the filer's total has another addend."""
    used = [footing.total, *(addend for _, addend in footing.addends)]
    return any(
        row not in used and row.value and agrees(abs(footing.gap) - abs(Fraction(row.value)), [*used, row])
        for row in rows
    )
