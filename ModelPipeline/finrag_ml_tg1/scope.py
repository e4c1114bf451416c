"""What is asked, and what it was understood to be about; imports nothing of ours.

A question travels one way: Question -> Scope -> passages -> answer. Everything here is frozen, so that what the user is
shown as "understood" is what was searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = [
    "MAX_QUESTION_CHARS",
    "MIN_QUESTION_CHARS",
    "CompanyReference",
    "Filters",
    "LeftOut",
    "Question",
    "Scope",
    "Turn",
]

MIN_QUESTION_CHARS = 3
MAX_QUESTION_CHARS = 3_500


@dataclass(frozen=True, slots=True)
class Filters:
    """What the user fixed by hand; an empty tuple leaves the choice to the question."""

    tickers: tuple[str, ...] = ()
    fiscal_years: tuple[int, ...] = ()
    items: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation, as the client sent it."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question as asked.

    `top_k` is how many passages may be cited or listed (None: the default). Without `include_passages` only those that
    show a number are, without `include_numbers` no number is looked up. `history` are the turns before it, the oldest
    first; of a question that leaned on them `text` is what it means alone and `as_asked` the user's own words, else "".
    """

    text: str
    filters: Filters = field(default_factory=Filters)
    top_k: int | None = None
    include_passages: bool = True
    include_numbers: bool = True
    history: tuple[Turn, ...] = ()
    as_asked: str = ""


@dataclass(frozen=True, slots=True)
class CompanyReference:
    """A covered company that the question is about."""

    cik: int
    name: str
    tickers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What is asked for and not covered, in a sentence: a company, or fiscal years of the one with this `cik`."""

    sentence: str
    cik: int = 0
    fiscal_years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """Where the answer is looked for.

    `accessions` are the filings to search, grouped by company and year in the order asked, of each group the likeliest
    first; empty means every filing.
    `preferences` are how much less likely than the others of its group one of them holds the answer, from -1 to 0 (not
    listed: 0). `named_years`, `fiscal_period` and `forms` are what the question itself names, covered or not.
    `topic` is the question without the company names, which tell nothing about what is asked of the company; `asked` is
    of that what asks, without instructions how to answer. `metrics` are the registered names of numbers in it.
    `notes` tell the user what was assumed or left out. `obstacle` is the reason why the filings cannot hold the answer,
    None when they can. `left_out` is what an answer has to say that it leaves out; the notes say it too.
    `period_problem` says of a day named as a period's end that none ends then.
    """

    topic: str
    companies: tuple[CompanyReference, ...] = ()
    fiscal_years: tuple[int, ...] = ()
    items: tuple[str, ...] = ()
    accessions: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    obstacle: str | None = None
    period_problem: str | None = None
    left_out: tuple[LeftOut, ...] = ()
    preferences: Mapping[str, float] = field(default_factory=dict)
    asked: str = ""
    metrics: tuple[str, ...] = ()
    named_years: tuple[int, ...] = ()
    fiscal_period: str = "FY"
    forms: tuple[str, ...] = ()
