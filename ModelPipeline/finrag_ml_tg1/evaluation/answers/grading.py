"""An answer graded against a gold one: correct, wrong, or refused, with the reason.

The rules are those of the kind of gold answer; none knows a question.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from finrag_ml_tg1.answering.models.language_model import LanguageModel
from finrag_ml_tg1.evaluation.answers.asserted import read_asserted, sentences
from finrag_ml_tg1.evaluation.answers.directions import directions_in
from finrag_ml_tg1.evaluation.answers.gold_answers import Gold, Kind, read_gold, telling_terms
from finrag_ml_tg1.evaluation.answers.judge import judge_answer
from finrag_ml_tg1.evaluation.answers.number_match import QuestionUnits, is_same_number
from finrag_ml_tg1.evaluation.answers.polarity import polarity_of
from finrag_ml_tg1.evaluation.answers.refusals import is_refusal
from finrag_ml_tg1.evaluation.answers.stated_numbers import StatedNumber, stated_numbers
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["Grade", "Verdict", "grade", "states_numbers"]

Verdict = Literal["correct", "wrong", "refused"]

_ITEMS_NEEDED = 0.6
_ITEM_WORDS_NEEDED = 0.5
_NAME_WORDS_NEEDED = 0.75
_TEXT_WORDS_NEEDED = 0.4

_NO_USE = re.compile(
    r"(?:\bnot|n't|\bless|\brarely|\bno)\b[^.\n]{0,60}\b(?:measured|useful|relevant|meaningful|applicable|appropriate|"
    r"typical|typically|primary|key|report|reports|reported|disclose|use|uses|standard|common|commonly)\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\b(?:none|nothing|no|zero)\b|\b(?:not|n't)\b[^.\n]{0,60}\b(?:any|have|has|make|made|list|report|complete|register)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict, why, and which kind of gold answer it was judged by."""

    verdict: Verdict
    reason: str
    kind: Kind


def grade(
    question: str, gold_answer: str | None, given: str, *, is_answered: bool = True, judge: LanguageModel | None = None
) -> Grade:
    """Return the grade of an answer; to a question without a gold answer a refusal is the right one.

    `judge` decides of lists, names and text; without it words in common do. Raises ModelError when it cannot be asked.
    """
    gold = read_gold(question, gold_answer)
    refuses = not is_answered or is_refusal(given)
    if gold.kind == "unanswerable":
        verdict: Verdict = "correct" if refuses else "wrong"
        return Grade(verdict, "there is no answer to give", gold.kind)
    if not is_answered:
        return Grade("refused", "abstained", gold.kind)
    if judge is not None and gold.kind in ("list", "name", "text"):
        verdict, reason = judge_answer(judge, question, gold.text, given)
        return Grade(verdict, reason, gold.kind)
    is_right, reason = _RULES[gold.kind](question, gold, given)
    if is_right and (not refuses or gold.kind in ("number", "nothing", "no useful metric")):
        return Grade("correct", reason, gold.kind)
    return Grade("refused" if refuses else "wrong", reason, gold.kind)


_Ruling = tuple[bool, str]


def _by_number(question: str, gold: Gold, given: str) -> _Ruling:
    units = QuestionUnits(question)
    asserted = read_asserted(given)
    for place, parts in (
        ("head", [asserted.head]),
        ("conclusion", asserted.conclusions),
        ("result of a calculation", asserted.results[-1:]),
    ):
        if states_numbers(gold.numbers, parts, units):
            return True, f"the number stands in the {place}"
    telling = frozenset(split_terms(question))
    near = [each for each in sentences(given) if len(telling & frozenset(split_terms(each))) >= _SHARED_WORDS]
    if states_numbers(gold.numbers, near, units):
        return True, "the number stands in a sentence about what is asked"
    return False, "the number is not stated as the answer"


_SHARED_WORDS = 3


def states_numbers(gold: Iterable[StatedNumber], parts: Iterable[str], units: QuestionUnits) -> bool:
    """Return whether all gold numbers are stated in some of the parts of an answer."""
    stated = [number for part in parts for number in stated_numbers(part)]
    return all(any(is_same_number(wanted, given, units) for given in stated) for wanted in gold)


def _by_polarity(question: str, gold: Gold, given: str) -> _Ruling:
    polarity = polarity_of(question, given)
    if polarity is None:
        return False, "neither yes nor no"
    return polarity == gold.polarity, f"says {'yes' if polarity else 'no'}"


def _by_direction(question: str, gold: Gold, given: str) -> _Ruling:
    asserted = read_asserted(given)
    for claim in (asserted.head, *reversed(asserted.conclusions)):
        told = set(directions_in(claim))
        if len(told) == 1:
            return told == {gold.direction}, "says which way it went"
    told_all = directions_in(given)
    return bool(told_all) and sum(told_all) * gold.direction > 0, "words of direction on the whole"


def _by_no_use(question: str, gold: Gold, given: str) -> _Ruling:
    is_said = bool(_NO_USE.search(given.replace("’", "'")))
    return is_said, "says that the metric is of no use" if is_said else "takes the metric for useful"


def _by_nothing(question: str, gold: Gold, given: str) -> _Ruling:
    claims = read_asserted(given.replace("’", "'")).claims
    is_said = any(_NOTHING.search(claim) for claim in claims)
    return is_said, "says that there is nothing" if is_said else "names something"


def _by_items(question: str, gold: Gold, given: str) -> _Ruling:
    terms = frozenset(split_terms(given))
    present = sum(_share(telling_terms(item, question), terms) >= _ITEM_WORDS_NEEDED for item in gold.items)
    return present >= _ITEMS_NEEDED * len(gold.items), f"{present} of {len(gold.items)} items"


def _by_name(question: str, gold: Gold, given: str) -> _Ruling:
    claims = frozenset(split_terms(" ".join(read_asserted(given).claims)))
    share = _share(gold.terms, claims)
    return share >= _NAME_WORDS_NEEDED, f"{share:.0%} of the name"


def _by_words(question: str, gold: Gold, given: str) -> _Ruling:
    if gold.numbers and not states_numbers(gold.numbers, [given], QuestionUnits(question)):
        return False, "a number of the gold answer is missing"
    share = _share(gold.terms, frozenset(split_terms(given)))
    return share >= _TEXT_WORDS_NEEDED, f"{share:.0%} of the words"


def _share(wanted: frozenset[str], given: frozenset[str]) -> float:
    return len(wanted & given) / len(wanted) if wanted else 1.0


_RULES: Mapping[Kind, Callable[[str, Gold, str], _Ruling]] = {
    "number": _by_number,
    "yes/no": _by_polarity,
    "direction": _by_direction,
    "nothing": _by_nothing,
    "no useful metric": _by_no_use,
    "list": _by_items,
    "name": _by_name,
    "text": _by_words,
}
