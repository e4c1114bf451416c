"""Whether an answer says in words what a gold answer says: yes, no, which way, nothing, names, or the same words."""

from __future__ import annotations

import re

from finrag_ml_tg1.evaluation.answers.asserted import read_asserted
from finrag_ml_tg1.evaluation.answers.directions import directions_in
from finrag_ml_tg1.evaluation.answers.gold_answers import Gold, telling_terms
from finrag_ml_tg1.evaluation.answers.number_match import QuestionUnits
from finrag_ml_tg1.evaluation.answers.number_rules import Ruling, rests_on_others, states_numbers
from finrag_ml_tg1.evaluation.answers.polarity import polarity_of
from finrag_ml_tg1.evaluation.answers.refusals import is_refusal
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["by_choice", "by_direction", "by_items", "by_name", "by_no_use", "by_nothing", "by_polarity", "by_words"]

# Shares that agreed best with people on half of the questions of FinanceBench's graded answers.
_ITEMS_NEEDED = 0.7
_ITEM_WORDS_NEEDED = 0.5
_NAME_WORDS_NEEDED = 0.75
_TEXT_WORDS_NEEDED = 0.4
# Where the gold numbers stand, so many words beside them do.
_WORDS_BESIDE_NUMBERS = 0.2
# Fewer words of a gold answer could stand in any answer.
_FEWEST_TELLING = 3

_NO_USE = re.compile(
    r"(?:\bnot|n't|\bless|\brarely)\b[^.\n]{0,60}\b(?:measured|useful|meaningful|applicable|appropriate|typical|typically"
    r"|primary|standard|commonly"
    r"|relevant(?! (?:\w+ )?(?:information|data|details?|context|documents?|figures?|numbers?)))\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"\bthere (?:is|are|was|were|has been|have been) (?:none|no\b|not any)"
    r"(?! (?:\w+ ){0,3}(?:information|mention|indication|evidence|details?|data)\b)|\bnone\b|\b(?:has|have|had) no\b|"
    r"(?<!\bi )\b(?:did not|does not|do not|has not|have not|didn't|doesn't|hasn't|haven't|not appear to)"
    r"(?: appear to)? (?:have|hold|own|make|made|complete|acquire|issue)",
    re.IGNORECASE,
)


def by_polarity(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether yes or no is said as in the gold answer; the reason given for it is not graded."""
    polarity = polarity_of(question, given)
    if polarity is None:
        said = _share(gold.terms, frozenset(split_terms(given)))
        return len(gold.terms) >= _FEWEST_TELLING and said >= _TEXT_WORDS_NEEDED, "neither yes nor no"
    if is_refusal(read_asserted(given).last):
        return False, "cannot tell"
    if polarity == gold.polarity and rests_on_others(gold, given):
        return False, "rests on other numbers"
    return polarity == gold.polarity, f"says {'yes' if polarity else 'no'}"


def by_direction(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether the answer tells the same direction."""
    asserted = read_asserted(given)
    if rests_on_others(gold, given):
        return False, "rests on other numbers"
    for claim in (asserted.head, asserted.last, *reversed(asserted.conclusions)):
        told = set(directions_in(claim))
        if len(told) == 1:
            return told == {gold.direction}, "says which way it went"
    told_all = directions_in(given)
    return bool(told_all) and sum(told_all) * gold.direction > 0, "words of direction on the whole"


def by_choice(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether of the alternatives in the question the answer asserts the same one as the gold answer."""
    for claim in read_asserted(given).claims:
        named = {choice for choice in gold.choices if choice & frozenset(split_terms(claim))}
        if len(named) == 1:
            return named == {gold.choice}, "names one of the alternatives"
    return False, "names none of the alternatives, or several"


def by_no_use(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether the answer says that the metric tells nothing of such a company."""
    is_said = bool(_NO_USE.search(given.replace("’", "'")))
    return is_said, "says that the metric is of no use" if is_said else "takes the metric for useful"


def by_nothing(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether the answer says that there is nothing of what is asked for."""
    claims = read_asserted(given.replace("’", "'")).claims
    is_said = any(_NOTHING.search(claim) for claim in claims)
    return is_said, "says that there is nothing" if is_said else "names something"


def by_items(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether most items of the list are named."""
    terms = frozenset(split_terms(given))
    present = sum(_share(telling_terms(item, question), terms) >= _ITEM_WORDS_NEEDED for item in gold.items)
    return present >= _ITEMS_NEEDED * len(gold.items), f"{present} of {len(gold.items)} items"


def by_name(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether the name stands in what the answer asserts."""
    claims = frozenset(split_terms(" ".join(read_asserted(given).claims)))
    share = _share(gold.terms, claims)
    return share >= _NAME_WORDS_NEEDED, f"{share:.0%} of the name"


def by_words(question: str, gold: Gold, given: str) -> Ruling:
    """Return whether the gold numbers, and enough of the words the question does not hold, are in the answer."""
    if gold.numbers and not states_numbers(gold.numbers, [given], QuestionUnits(question)):
        return False, "a number of the gold answer is missing"
    share = _share(gold.terms, frozenset(split_terms(given)))
    return share >= (_WORDS_BESIDE_NUMBERS if gold.numbers else _TEXT_WORDS_NEEDED), f"{share:.0%} of the words"


def _share(wanted: frozenset[str], given: frozenset[str]) -> float:
    return len(wanted & given) / len(wanted) if wanted else 1.0
