"""Follow-ups that set what was asked beside something else: another company, another year."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from finrag_ml_tg1.understanding.conversation import phrases as said
from finrag_ml_tg1.understanding.conversation import templates as made
from finrag_ml_tg1.understanding.conversation.change_words import change_word
from finrag_ml_tg1.understanding.conversation.leaning import Leaning
from finrag_ml_tg1.understanding.conversation.message_words import has_only
from finrag_ml_tg1.understanding.conversation.period_places import find_shift, in_words
from finrag_ml_tg1.understanding.conversation.sentences import changed
from finrag_ml_tg1.understanding.conversation.turns import NamedCompany, ReadTurn
from finrag_ml_tg1.understanding.other_names import NOT_NAMES
from finrag_ml_tg1.understanding.periods import find_periods

__all__ = ["comparison", "with_names_compared"]

_MORE_OR_LESS = re.compile(
    r"\b(?:more|less|higher|lower|larger|smaller|bigger|greater|better|worse|fewer)\b", re.IGNORECASE
)
_WHICH_YEAR = re.compile(r"\b(?:which|what)\s+(?:fiscal\s+)?(?:year|quarter)\b|^when\b", re.IGNORECASE)
_BESIDE = re.compile(r"(?:compared\s+(?:to|with)|versus|vs\.?|relative\s+to|against|than)(?=\s)", re.IGNORECASE)
_COMPARED = re.compile(r"\b(?:from|than|over|compared|versus|vs)\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\b(?:together|combined)\b", re.IGNORECASE)
_DEGREES = {
    "more": "higher",
    "less": "lower",
    "fewer": "lower",
    "most": "highest",
    "least": "lowest",
    "fewest": "lowest",
}
_AMOUNT = re.compile(r"\bhow (?:much|many)\b", re.IGNORECASE)
_THAN = re.compile(r"\bthan\b", re.IGNORECASE)
_NAME = re.compile(r"\b((?!I\b)[A-Z][\w&.-]*\w(?:\s+(?:&\s+)?[A-Z][\w&.-]*\w)*)(?:'s|')?")
_MOST_NAME_WORDS = 4


def comparison(leaning: Leaning) -> str | None:
    """Return what is meant by "compare that with Microsoft", "is that more than in 2021?", "which of them was larger?".

    None for a message of another kind.
    """
    frame, turn, rest = leaning.frame, leaning.turn, leaning.rest
    is_beside = _BESIDE.match(leaning.body) is not None
    if turn.metrics or not (has_only(rest, "change") or (is_beside and has_only(rest, "nothing"))):
        return None
    compares = is_beside or has_only(rest, "comparison") or _COMPARED.search(turn.text) is not None
    if turn.companies:
        own_keys = {named.key for named in turn.companies}
        both = (*(named for named in frame.distinct if named.key not in own_keys), *turn.distinct)
        return _of_companies(leaning, both) if compares else None
    if leaning.period:
        return _of_periods(leaning) if compares else changed(leaning)
    return _among_those_asked(leaning)


def with_names_compared(turn: ReadTurn) -> ReadTurn:
    """Return a message that compares with names of no covered company with these as companies: "vs Tesla?"."""
    bare = turn.bare()
    names = [match for match in _NAME.finditer(bare) if match.start() and match[1].lower() not in NOT_NAMES]
    chars = list(bare)
    for match in names:
        chars[match.start() : match.end()] = " " * len(match.group())
    if turn.companies or not names or not has_only("".join(chars), "comparison"):
        return turn
    return replace(turn, companies=tuple(NamedCompany(match.start(), match.end(), match[1]) for match in names))


def _among_those_asked(leaning: Leaning) -> str | None:
    """Which of the years or companies asked about already is meant, where the message names none."""
    frame, text = leaning.frame, leaning.turn.text
    if _WHICH_YEAR.search(text) and frame.companies:
        extreme = said.EXTREME.search(text) or _MORE_OR_LESS.search(text)
        word = extreme.group() if extreme else "highest"
        return made.appended(f"In which year was {made.measure_of(frame)} the {word}?", made.period_of(frame))
    if has_only(leaning.rest, "extreme") and not frame.companies:
        return None
    return _of_both(leaning) if has_only(leaning.rest, "comparison") else changed(leaning)


def _of_both(leaning: Leaning) -> str | None:
    """ "compare the two", "what is the difference?": of the companies or the years asked about one after the other."""
    frame, earlier = leaning.frame, leaning.earlier
    several = frame.distinct
    if len(several) == 1 and earlier is not None:
        before = [named for named in earlier.distinct if named.key != several[0].key]
        several = (*before, *several)
        years = sorted({*earlier.periods.years, *frame.periods.years})
        if not before and len(years) > 1 and frame.metrics:
            return f"How did {made.measure_of(frame)} change in {years[-1]} compared to {years[0]}?"
    if len(several) < 2:
        return None
    if frame.metrics and re.search(r"\bdifference\b", leaning.rest, re.IGNORECASE):
        asking = f"What was the difference in {frame.metric} between {made.joined(several)}?"
        return made.appended(asking, leaning.period or made.period_of(frame))
    text = _of_companies(leaning, several)
    return made.appended(text, "together") if _TOGETHER.search(leaning.rest) else text


def _of_companies(leaning: Leaning, companies: Sequence[NamedCompany]) -> str:
    """The question asked of several companies beside one another."""
    frame, period = leaning.frame, leaning.period
    more = _MORE_OR_LESS.search(leaning.body) or said.EXTREME.search(leaning.body)
    what = frame.metric or made.subject_of(frame)
    if more and len(what.split()) <= _MOST_NAME_WORDS:
        degree = _DEGREES.get(more.group().lower(), more.group().lower())
        which = made.appended(f"Which had the {degree} {what}?", period or made.period_of(frame))
        return f"{which.rstrip('?')}, {' or '.join(named.name for named in companies)}?"
    return made.with_slots(frame, companies, period)


def _of_periods(leaning: Leaning) -> str | None:
    """The question asked of two periods beside one another: that of the question before and the one now named."""
    frame, own = leaning.frame, _years_named(leaning)
    before, part = frame.periods.years, frame.periods.fiscal_period
    if len(own) != 1:
        return changed(leaning) if own else None
    years = sorted({*own, *before})
    if not before and frame.metrics:
        return f"How did {made.measure_of(frame)} change compared to {in_words(own, part).removeprefix('in ')}?"
    if len(before) != 1 or not frame.metrics:
        return made.with_slots(frame, period=in_words(years, part))
    return _of_two_years(leaning, before, own)


def _of_two_years(leaning: Leaning, before: Sequence[int], own: Sequence[int]) -> str:
    text, what, part = leaning.turn.text, made.measure_of(leaning.frame), leaning.frame.periods.fiscal_period
    more = _MORE_OR_LESS.search(text)
    is_amount = _AMOUNT.search(text) is not None
    if more and not is_amount:
        first, second = (before, own) if _THAN.search(text) else (own, before)
        return f"Was {what} {in_words(first, part)} {more.group().lower()} than {in_words(second, part)}?"
    by = "By how much" if is_amount else "How"
    earlier, later = (in_words((year,), part) for year in sorted((*before, *own)))
    return f"{by} did {what} {change_word(text) or 'change'} {later} compared to {earlier.removeprefix('in ')}?"


def _years_named(leaning: Leaning) -> tuple[int, ...]:
    """The years a message names, or tells from those of the question before."""
    own = leaning.turn.periods.years
    shift = find_shift(leaning.turn.text)
    if own or shift is None:
        return own
    return find_periods(shift.words_from(leaning.frame.periods) or "").years
