"""Whether numbers of a gold answer are those an answer comes to."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from finrag_ml_tg1.evaluation.answers.asserted import read_asserted, sentences
from finrag_ml_tg1.evaluation.answers.gold_answers import Gold
from finrag_ml_tg1.evaluation.answers.number_match import QuestionUnits, is_same_number
from finrag_ml_tg1.evaluation.answers.stated_numbers import StatedNumber, stated_numbers
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["Ruling", "by_number", "rests_on_others", "states_numbers"]

# Whether an answer is right, and why.
Ruling = tuple[bool, str]

_BOTH = 2
_SHARED_WORDS = 3
_FROM_TO = re.compile(r"\bfrom\b.*\bto\b", re.IGNORECASE | re.DOTALL)


def by_number(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether the gold number is what the answer comes to, not merely one of the numbers in it."""
    units = QuestionUnits(question)
    change = _change(gold)
    if change and change != gold.numbers and by_number(question, replace(gold, numbers=change), given)[0]:
        return True, "the change between the gold numbers is stated"
    asserted = read_asserted(given)
    telling = frozenset(split_terms(question))

    def is_about(sentence: str) -> bool:
        return len(telling & frozenset(split_terms(sentence))) >= _SHARED_WORDS

    is_headed = asserted.opens_with_head and (asserted.is_bold or is_about(asserted.head))
    if is_headed and states_numbers(gold.numbers, [asserted.head], units):
        return True, "the number stands in the first sentence"
    if any(True for _ in stated_numbers(" ".join(asserted.conclusions))):
        is_stated = states_numbers(gold.numbers, [*asserted.conclusions, *asserted.results[-1:]], units)
        return is_stated, "the number is concluded to" if is_stated else "another number is concluded to"
    if states_numbers(gold.numbers, [asserted.head, asserted.last, *asserted.results[-1:]], units):
        return True, "the number stands first, last, or as the result"
    if states_numbers(gold.numbers, filter(is_about, sentences(given)), units):
        return True, "the number stands in a sentence about what is asked"
    return False, "the number is not stated as the answer"


def states_numbers(gold: Iterable[StatedNumber], parts: Iterable[str], units: QuestionUnits) -> bool:
    """Return whether all gold numbers are stated in some of the parts of an answer."""
    stated = [number for part in parts for number in stated_numbers(part)]
    return all(any(is_same_number(wanted, given, units) for given in stated) for wanted in gold)


def rests_on_others(gold: Gold, given: str) -> bool:
    """Return whether levels are given where the gold answer gives levels, and none of them is one of those.

    A gold answer with one number tells how much something changed by, which may be told in other measures as well.
    """
    levels = [number for number in gold.numbers if number.sign == 0]
    stated = [number for number in stated_numbers(given) if any(number.unit == level.unit for level in levels)]
    return (
        len(levels) > 1
        and bool(stated)
        and not any(
            is_same_number(level, replace(number, sign=0), QuestionUnits("")) for level in levels for number in stated
        )
    )


def _change(gold: Gold) -> tuple[StatedNumber, ...]:
    """Of a gold answer "from 24.6% to 21.6%" the number between both; nothing of any other."""
    if len(gold.numbers) != _BOTH or not _FROM_TO.search(gold.text):
        return ()
    first, last = gold.numbers
    if (first.unit, first.scale) != (last.unit, last.scale):
        return ()
    sign = -1 if last.printed < first.printed else 1
    return (replace(last, printed=abs(last.printed - first.printed), sign=sign),)
