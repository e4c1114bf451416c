"""An answer graded against a gold one: correct, wrong, or refused, with the reason.

The rules are those of the kind of gold answer; none knows a question.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from finrag_ml_tg1.answering.models.language_model import LanguageModel
from finrag_ml_tg1.evaluation.answers.asserted import read_asserted
from finrag_ml_tg1.evaluation.answers.gold_answers import Gold, Kind, read_gold
from finrag_ml_tg1.evaluation.answers.judge import judge_answer
from finrag_ml_tg1.evaluation.answers.number_rules import Ruling, by_number
from finrag_ml_tg1.evaluation.answers.refusals import is_refusal, is_without_access
from finrag_ml_tg1.evaluation.answers.stated_numbers import stated_numbers
from finrag_ml_tg1.evaluation.answers.word_rules import (
    by_choice,
    by_direction,
    by_items,
    by_name,
    by_no_use,
    by_nothing,
    by_polarity,
    by_words,
)

__all__ = ["Grade", "Verdict", "grade"]

Verdict = Literal["correct", "wrong", "refused"]

# In characters.
_MOST_READ = 4_000


@dataclass(frozen=True, slots=True)
class Grade:
    """A verdict, why, and which kind of gold answer it was judged by."""

    verdict: Verdict
    reason: str
    kind: Kind


def grade(
    question: str,
    gold_answer: str | None,
    given: str,
    *,
    is_answered: bool = True,
    is_quoted: bool = False,
    judge: LanguageModel | None = None,
) -> Grade:
    """Return the grade of an answer; to a question without a gold answer a refusal is the right one.

    An answer refuses when it is none (`is_answered`) or says so in words, unless it is quoted from filings: what these
    do not disclose is no refusal. `judge` decides of lists, names and text; without it words in common do. Raises
    ModelError when it cannot be asked.
    """
    gold = read_gold(question, gold_answer)
    answer = _beginning(given)
    refuses = not is_answered or (not is_quoted and is_refusal(answer))
    if gold.kind == "unanswerable":
        return Grade("correct" if refuses else "wrong", "there is no answer to give", gold.kind)
    if not is_answered:
        return Grade("refused", "abstained", gold.kind)
    if judge is not None and gold.kind in ("list", "name", "text"):
        verdict, reason = judge_answer(judge, question, gold.text, given)
        return Grade(verdict, reason, gold.kind)
    if refuses and gold.kind != "number" and is_without_access(answer):
        return Grade("refused", "has seen no filing", gold.kind)
    is_right, reason = _RULES[gold.kind](question, gold, answer)
    if is_right:
        return Grade("correct", reason, gold.kind)
    return Grade("refused" if refuses and not _concludes(gold, answer) else "wrong", reason, gold.kind)


def _concludes(gold: Gold, answer: str) -> bool:
    """Whether a number is concluded to in the end, whatever was said to be missing on the way."""
    conclusions = read_asserted(answer).conclusions
    return gold.kind == "number" and any(
        True for sentence in conclusions if not is_refusal(sentence) for _ in stated_numbers(sentence)
    )


def _beginning(answer: str) -> str:
    """So much of an answer as a reader reads: a filing copied out holds everything and answers nothing."""
    return answer if len(answer) <= _MOST_READ else answer[:_MOST_READ].rpartition(" ")[0]


_RULES: Mapping[Kind, Callable[[str, Gold, str], Ruling]] = {
    "number": by_number,
    "yes/no": by_polarity,
    "direction": by_direction,
    "choice": by_choice,
    "nothing": by_nothing,
    "no useful metric": by_no_use,
    "list": by_items,
    "name": by_name,
    "text": by_words,
}
