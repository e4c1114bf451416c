"""The sentence that asks, without the instructions around it: how to round, which statement to read, how to answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["AskedSentence", "places_asked", "read_asked_sentence", "without_instructions"]

_SENTENCE_END = re.compile(r"(?<=[?!])\s+|(?<=\w\w[.:])\s+(?=[A-Z(])")
_INSTRUCTION = re.compile(
    r"^(?:please\s+)?(?:round|answer|base|basing|give (?:a|your) (?:response|answer)|"
    r"provide (?:a|your) (?:response|answer)|"
    r"respond|address|calculate what|calculate \(or|we need to|i need to|assume|state (?:your|the) answer|use only|"
    r"if\b|do not|don't|show (?:your|the) work|express|be concise)",
    re.IGNORECASE,
)
_SOURCE = (
    r"(?:(?:(?:consolidated|annual|audited|financial|form|its|the|their|same)\s+)*(?:statements? of "
    r"(?:income|operations|earnings|cash flows?|financial (?:position|condition)|comprehensive income)|"
    r"(?:income|cash flow|earnings|financial|p&l|profit and loss) statements?|balance sheets?|p&l|"
    r"reports?|filings?|10-?[kq](?:\s+(?:report|filing))?))\b"
)
_SOURCES = rf"{_SOURCE}(?:\s*(?:,|,?\s*\b(?:and|or)\b|/)\s*{_SOURCE})*"
# "In agreement with the information outlined in the income statement, ...": where to look, not what to look for.
_WHERE_TO_LOOK = re.compile(
    rf"\b(?:in agreement with|according to|bas(?:ed|ing (?:your|the) \w+) (?:up)?(?:on|by)|"
    rf"as (?:shown|reported|stated|disclosed) in|in line with|looking at|"
    rf"(?:by )?(?:primarily )?(?:using|utilizing|relying on)|judging by)\b[^,.?;]{{0,90}}?\b{_SOURCES},?"
    rf"|\b(?:in|on|from|within|per|on the face of|under)\s+{_SOURCES},?",
    re.IGNORECASE,
)
_HOW_TO_ANSWER = re.compile(
    r"\((?:in|as|using|round)\b[^)]*\)|,?\s*\b(?:in|using)\s+(?:units of|us\s?d|us dollars|millions|billions|"
    r"thousands|percents?|percentages?)\b(?:\s+(?:millions|billions|thousands))?",
    re.IGNORECASE,
)
# What it is spent on is asked for, not how much cash there is.
_CASH_SPENT = re.compile(
    r"\bcash\s+(?:was\s+)?(?:paid|used|spent)\s+(?:for|on)\b(?!\s+(?:income\s+)?(?:taxes|interest)\b)", re.IGNORECASE
)
_PLACES = re.compile(
    r"\bround(?:ed)?\b[^.?!]{0,30}?\b(?:(?P<count>no|zero|one|two|three|four|[0-4])\s+decimals?|"
    r"nearest (?:whole|integer))\b",
    re.IGNORECASE,
)
_COUNTS = {"no": 0, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4}
_DEFINITION = re.compile(
    r"(?:^|(?<=[.?!]\s))(?P<what>[^.?!]{2,60}?)\s+(?:is|are)\s+(?:defined|calculated|computed)\s+as:?\s+"
    r"(?P<how>[^?]+?)(?:\.(?=\s|$)|$)"
    r"|\bdefine\s+(?P<name>[^.?!]{2,60}?)\s+as:?\s+(?P<words>[^?]+?)(?:\.(?=\s|$)|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class AskedSentence:
    """What is asked, and the formula that the question itself states for it, "" without one."""

    text: str
    formula: str


def read_asked_sentence(question: str) -> AskedSentence:
    """Return the asking part of a question; the whole of it when no sentence in it asks."""
    sentences, definition = _sentences(question)
    questions = [sentence for sentence in sentences if sentence.rstrip().endswith("?")]
    asking = [sentence for sentence in sentences if not _INSTRUCTION.match(sentence)]
    text = " ".join(questions or asking or sentences)
    text = _CASH_SPENT.sub("payments for", _HOW_TO_ANSWER.sub(" ", _WHERE_TO_LOOK.sub(" ", text)))
    formula = (definition["how"] or definition["words"]).strip() if definition else ""
    return AskedSentence(" ".join(text.split()), formula)


def without_instructions(question: str) -> str:
    """Return what a question tells of what it asks for: all of it but how to answer, where to look, what a ratio is."""
    sentences, _ = _sentences(question)
    telling = [sentence for sentence in sentences if not _INSTRUCTION.match(sentence)]
    text = _HOW_TO_ANSWER.sub(" ", _WHERE_TO_LOOK.sub(" ", " ".join(telling or sentences)))
    return " ".join(text.split())


def _sentences(question: str) -> tuple[list[str], re.Match[str] | None]:
    """The sentences of a question without the one that defines what is asked, and that definition."""
    definition = _DEFINITION.search(question)
    rest = question[: definition.start()] + " " + question[definition.end() :] if definition else question
    return [sentence for sentence in _SENTENCE_END.split(rest.strip()) if sentence], definition


def places_asked(question: str) -> int | None:
    """Return to how many decimal places an answer is to be rounded, None when nothing is said of it."""
    match = _PLACES.search(question)
    if not match:
        return None
    count = (match["count"] or "0").lower()
    return _COUNTS.get(count, int(count) if count.isdigit() else 0)
