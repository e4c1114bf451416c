"""What a gold answer is: a number, yes or no, one of two directions, nothing at all, a list, a name, or text."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from finrag_ml_tg1.evaluation.answers.directions import direction_asked, direction_of
from finrag_ml_tg1.evaluation.answers.stated_numbers import StatedNumber, stated_numbers
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["Gold", "Kind", "read_gold", "telling_terms"]

Kind = Literal[
    "number", "yes/no", "direction", "choice", "nothing", "no useful metric", "list", "name", "text", "unanswerable"
]

# What annotators add about their own answer.
_REMARK = re.compile(r"\s*\b(?:the |this )?answer (?:here )?assum\w+\b.*", re.IGNORECASE | re.DOTALL)
_POLAR = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_NO_USE = re.compile(
    r"\b(?:not|n't)\b[^.]{0,40}\b(?:measured|useful|relevant|meaningful|applicable|appropriate)\b", re.IGNORECASE
)
_NOTHING = re.compile(
    r"\W*(?:there (?:are|is|were|was) (?:none|no\b)|none\b|nothing\b)|\b(?:did|does|do|has|have|had|is|are|were|was)"
    r"(?: not|n't) (?:\w+ ){0,2}any\b",
    re.IGNORECASE,
)
_ASKS_AMOUNT = re.compile(
    r"\bhow (?:much|many|large|big|high|low|long|old|often)\b|\bwhat\b[^?]{0,20}\b(?:percent|percentage|share|amount|"
    r"number|value|ratio|rate|total|level)\b",
    re.IGNORECASE,
)
_ASKS_WHAT = re.compile(r"\bwhat (?:is|was|were|are)\b", re.IGNORECASE)
# Stemmed, as terms are.
_UNIT_TERMS = frozenset("million billion thousand mn bn usd dollar percent approxim roughli time fy adj adjust".split())
_AMONG = re.compile(
    r"\b(?:among|out of|which of)\b\s+(?P<list>[^?]{1,200}?)(?:,\s*(?:which|what|who)\b|\?)", re.IGNORECASE
)
_ALTERNATIVES = re.compile(r",\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+")
_ASKS_NAME = re.compile(r"\b(?:which|who|whom|whose|where)\b|\bwhat (?:is|was|were|are)\b", re.IGNORECASE)
_ITEM_MARK = re.compile(r"(?:^|\n)\s*(?:[-*•]|\(?\d{1,2}[.)])\s*|\(\d{1,2}\)\s*|;\s*")
_COMMAS = re.compile(r",\s*(?:and\s+)?|\s+and\s+")
_INTRODUCTION = re.compile(r"^[^:]{0,160}:\s*", re.DOTALL)

_FEW_WORDS = 4
_LONGEST_ITEM = 9
_FEWEST_ITEMS = 3
_FEWEST_CHOICES = 2


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold answer, taken apart as its kind needs: `numbers` with their signs, `polarity`, `items` of a list.

    `choices` are the stemmed words of the alternatives in the question, `terms` those that it does not hold.
    """

    kind: Kind
    text: str
    numbers: tuple[StatedNumber, ...] = ()
    polarity: bool = False
    direction: int = 0
    items: tuple[str, ...] = ()
    choices: tuple[frozenset[str], ...] = ()
    terms: frozenset[str] = frozenset()

    @property
    def choice(self) -> frozenset[str]:
        """The alternative it names; nothing unless it names just one."""
        named = [choice for choice in self.choices if choice & frozenset(split_terms(self.text))]
        return named[0] if len(named) == 1 else frozenset()


def read_gold(question: str, answer: str | None) -> Gold:
    """Return what kind of answer is wanted; None or nothing stands for a question that has no answer."""
    text = _REMARK.sub("", answer or "").strip()
    if not text:
        return Gold("unanswerable", "")
    polar = _POLAR.match(text)
    gold = Gold(
        "text",
        text,
        tuple(stated_numbers(text)),
        polarity=polar is not None and polar[1].lower() == "yes",
        direction=direction_of(text),
        items=_items(text, question),
        choices=_choices(question),
        terms=telling_terms(text, question),
    )
    return replace(gold, kind=next(kind for kind, holds in _KINDS if holds(question, gold)))


def _is_number(question: str, gold: Gold) -> bool:
    """A bare number, or a sentence that says little beside the number asked for."""
    if not gold.numbers:
        return False
    spoken = [term for term in split_terms(gold.text) if not any(map(str.isdigit, term))]
    said = len(gold.terms - _UNIT_TERMS)
    if len(spoken) <= 1:
        return True
    most = _FEW_WORDS if _ASKS_AMOUNT.search(question) else 1 if _ASKS_WHAT.search(question) else -1
    return said <= most


def _is_list(question: str, gold: Gold) -> bool:
    return len(gold.items) >= _FEWEST_ITEMS or (len(gold.items) > 1 and bool(_ITEM_MARK.search(gold.text)))


def _is_name(question: str, gold: Gold) -> bool:
    return not gold.numbers and 0 < len(gold.terms) <= _FEW_WORDS and bool(_ASKS_NAME.search(question))


# The first that holds.
_KINDS: Sequence[tuple[Kind, Callable[[str, Gold], bool]]] = (
    ("yes/no", lambda question, gold: bool(_POLAR.match(gold.text))),
    ("no useful metric", lambda question, gold: bool(_NO_USE.search(gold.text))),
    ("nothing", lambda question, gold: bool(_NOTHING.search(gold.text))),
    ("direction", lambda question, gold: direction_asked(question) and gold.direction != 0),
    ("choice", lambda question, gold: bool(gold.choice)),
    ("number", _is_number),
    ("list", _is_list),
    ("name", _is_name),
    ("text", lambda question, gold: True),
)


def telling_terms(text: str, question: str) -> frozenset[str]:
    """Return the stemmed words of a text, numbers aside, that the question does not hold."""
    return frozenset(term for term in split_terms(text) if not any(map(str.isdigit, term))) - frozenset(
        split_terms(question)
    )


def _choices(question: str) -> tuple[frozenset[str], ...]:
    """The words of each of the alternatives: "Among operations, investing, and financing activities, which ..."."""
    among = _AMONG.search(question)
    parts = [split_terms(part) for part in _ALTERNATIVES.split(among["list"])] if among else []
    if len(parts) < _FEWEST_CHOICES:
        return ()
    # The noun behind the last one belongs to all of them.
    longest = max(map(len, parts[:-1]))
    return tuple(frozenset(part) for part in (*parts[:-1], parts[-1][:longest]) if part)


def _items(text: str, question: str) -> tuple[str, ...]:
    marked = [part.strip() for part in _ITEM_MARK.split(text) if part.strip()]
    if len(marked) > 1:
        listed = marked if _starts_with_mark(text) else marked[1:]
        return tuple(item for item in listed if telling_terms(item, question))
    parts = [part.strip(" .") for part in _COMMAS.split(_INTRODUCTION.sub("", text)) if part.strip(" .")]
    if any(len(part.split()) > _LONGEST_ITEM for part in parts):
        return ()
    return tuple(part for part in parts if telling_terms(part, question))


def _starts_with_mark(text: str) -> bool:
    mark = _ITEM_MARK.match(text)
    return mark is not None and bool(mark.group().strip())
