"""Only what can be answered is offered: proposals in numbers are looked up, all in one call to the back end.

What is covered in words is known from the catalog, so those proposals need no call.
"""

from collections.abc import Callable, Collection, Iterable, Sequence

from serving.frontend.api_client import BackendClient
from serving.frontend.contract.answer import Answer
from serving.frontend.contract.figures import Figures
from serving.frontend.responses import ApiError, BackendAwayError
from serving.frontend.suggestions.questions import Kind, Proposal

__all__ = ["Numbers", "ground", "look_up", "numbers_of", "pick_varied"]

_MOST_OFFERED = 4
# A page waits for it, and can do without.
_READ_TIMEOUT_S = 2.0

Numbers = frozenset[tuple[str, str, int]]


def ground(proposals: Sequence[Proposal], look_up: Callable[[Sequence[Proposal]], Numbers]) -> list[Proposal]:
    """Return the proposals whose numbers are known; those in words alone when the numbers cannot be looked up."""
    try:
        known = look_up(proposals)
    except (ApiError, BackendAwayError):
        known = frozenset()
    return [proposal for proposal in proposals if proposal.numbers <= known]


def look_up(client: BackendClient, proposals: Sequence[Proposal]) -> Numbers:
    """Return which of the numbers that proposals need the back end has; raises what the client raises."""
    needed = frozenset[tuple[str, str, int]]().union(*(proposal.numbers for proposal in proposals))
    if not needed:
        return frozenset()
    tickers, metrics, years = (sorted(set(names)) for names in zip(*needed, strict=True))
    return needed & numbers_of(client.fetch_facts(tickers, metrics, years, read_timeout_s=_READ_TIMEOUT_S))


def numbers_of(figures: Answer | Figures) -> Numbers:
    """Return the annual numbers of whole companies: the part of a business or a quarter is another number."""
    facts = (
        (fact.ticker, fact.metric, fact.fiscal_year)
        for fact in figures.facts
        if fact.fiscal_year is not None and not fact.dimensions and fact.fiscal_period in {"", "FY"}
    )
    calculated = (
        (calculation.ticker, calculation.metric, calculation.fiscal_year)
        for calculation in figures.calculations
        if calculation.fiscal_year is not None
    )
    return frozenset((*facts, *calculated))


def pick_varied(proposals: Iterable[Proposal], asked: Collection[str] = ()) -> tuple[str, ...]:
    """Return up to four questions that were not asked already: the first of each kind, in their order."""
    first: dict[Kind, str] = {}
    for proposal in proposals:
        if proposal.question not in asked:
            first.setdefault(proposal.kind, proposal.question)
    return tuple(dict.fromkeys(first.values()))[:_MOST_OFFERED]
