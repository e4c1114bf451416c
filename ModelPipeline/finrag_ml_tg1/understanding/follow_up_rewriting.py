"""What a message that leans on a question means, as a question of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from finrag_ml_tg1.understanding import follow_up_words as said
from finrag_ml_tg1.understanding import turn_templates as made
from finrag_ml_tg1.understanding.operations import is_about_change
from finrag_ml_tg1.understanding.part_of_year import ORDINALS
from finrag_ml_tg1.understanding.period_places import find_shift, in_words
from finrag_ml_tg1.understanding.periods import Periods
from finrag_ml_tg1.understanding.turn_reading import NamedCompany, ReadTurn

__all__ = ["rewritten", "says_all"]

_CHANGE = re.compile(
    r"\b(?:(?:fall|grow|ris|drop|declin|increas|decreas|chang|improv|shrink|jump|surg|deteriorat)\w*|fell|grew|rose|risen|go(?:ne)?\s+(?:up|down))\b",
    re.IGNORECASE,
)
_BASE_FORMS = {"fell": "fall", "fallen": "fall", "grew": "grow", "grown": "grow", "rose": "rise", "risen": "rise", "growth": "grow"}
_ENDINGS = re.compile(r"(?:d|ed|ing|s)$")
_EXTREME = re.compile(r"\b(?:highest|lowest|largest|smallest|biggest|best|worst|most|least|fewest|greatest)\b", re.IGNORECASE)
_MORE_OR_LESS = re.compile(r"\b(?:more|less|higher|lower|larger|smaller|bigger|greater|better|worse|fewer)\b", re.IGNORECASE)
_WHICH_YEAR = re.compile(r"\b(?:which|what)\s+(?:fiscal\s+)?(?:year|quarter)\b|^when\b", re.IGNORECASE)
_AUXILIARY = re.compile(r"^(?:does|do|did|is|are|was|were|has|have|had)\b", re.IGNORECASE)
_BY_AXIS = re.compile(r"\b(?:by|per)\s+(?:\w+\s+)?(?:segment|product|region|geograph\w+|country|category|division|area)s?\b", re.IGNORECASE)
_NAME_ALONE = re.compile(r"[A-Z][\w&.'-]+(?:\s+(?:&\s+|of\s+)?[A-Z][\w&.'-]+){0,3}")
_ABBREVIATION = re.compile(r"[A-Z&]{2,5}")
_LEADING = re.compile(r"^(?:(?:about|to|on|for|from|at|of|with|in|the|its|their|his|a|an|any)\b\s*)+", re.IGNORECASE)
_ANNUAL = re.compile(r"\b10-?k\b|\bannual\s+report\b", re.IGNORECASE)
_BESIDE = re.compile(r"(?:compared\s+(?:to|with)|versus|vs\.?|relative\s+to|against|than)(?=\s)", re.IGNORECASE)
_COMPARED = re.compile(r"\b(?:from|than|over|compared|versus|vs)\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\b(?:together|combined)\b", re.IGNORECASE)
_DEGREES = {"more": "higher", "less": "lower", "fewer": "lower", "most": "highest", "least": "lowest", "fewest": "lowest"}
_NO_NOUN = re.compile(
    r"\s*(?:[?.!]|$)|\s+(?:(?:fall|grow|ris|drop|declin|increas|decreas|chang|improv|shrink|jump|fell|grew|rose|go|went|compare)\w*|"
    r"is|was|were|are|in|for|during|so|too|also|as)\b",
    re.IGNORECASE,
)
_LEFT_OPEN = re.compile(r"(?<=\s)(?:(?P<any>any\b\s*)|(?:this|that|it|them|those|these))(?=[\s?.!]*$)", re.IGNORECASE)
_MOST_NAME_WORDS = 4
_MOST_OPEN_WORDS = 6
_DUE = re.compile(r"\b(?:due|maturing)[\s?.!]*$", re.IGNORECASE)
_SINGULAR = {"do": "does", "are": "is", "were": "was", "have": "has"}
_THEY = re.compile(r"\b(do|are|were|have)(?=\s+they\b)", re.IGNORECASE)
_OTHER_QUARTER = re.compile(
    rf"(?:(?:in|for)\s+)?(?:the\s+)?({'|'.join(ORDINALS)})(?:\s+one)?[\s?.!]*", re.IGNORECASE
)
_QUARTERS = ("Q1", "Q2", "Q3", "Q4", "H1", "H2", "9M")


def says_all(turn: ReadTurn) -> bool:
    """Return whether a message names whom it asks about and what, so that it leans on nothing."""
    opening = said.read_opening(turn.text)
    if not turn.companies or opening.is_going_on:
        return False
    body, rest = turn.text[opening.length :], turn.bare()[opening.length :]
    shift = find_shift(rest)
    if shift:
        rest = rest[: shift.start] + rest[shift.end :]
    is_part = _is_left_open(turn) or said.RELATES.match(body) or said.BREAKDOWN.match(body) or (not turn.metrics and _ownerless(turn))
    words = said.REPORT.sub(" ", rest)
    has_subject = turn.metrics or not (said.has_only(words, "nothing") or said.has_only(words, "change"))
    return bool(has_subject and not is_part)


@dataclass(frozen=True, slots=True)
class _Leaning:
    """A message beside the question it leans on: its words without what only joins them, its own periods as words."""

    frame: ReadTurn
    earlier: ReadTurn | None
    turn: ReadTurn
    body: str
    rest: str
    period: str
    is_going_on: bool
    opening_words: str

    @property
    def companies(self) -> tuple[NamedCompany, ...]:
        return self.turn.distinct or self.frame.distinct


def rewritten(
    frame: ReadTurn, earlier: ReadTurn | None, turn: ReadTurn, is_word: Callable[[str], bool]
) -> str | None:
    """Return what a message asks after a question, as one that stands for itself; None when it does already.

    `earlier` is the question before `frame` that asked the same of others or of another year, if one did.
    """
    if said.is_small_talk(turn.text) or says_all(turn):
        return None
    leaning = _read_leaning(frame, earlier, turn)
    asks_of_all = said.ASKS_OF_ALL.search(turn.text) is not None and not said.has_only(leaning.rest, "comparison")
    if not turn.companies and asks_of_all:
        return None
    for form in (_comparison, _reasons, _exchange, _operation, _report):
        text = form(leaning)
        if text is not None:
            return text
    if turn.companies and frame.metrics and not turn.metrics and _ownerless(turn):
        return _of_the_same(leaning)
    if turn.companies and not leaning.is_going_on:
        return _sentence(leaning) if _is_left_open(turn) else None
    if said.IS_SENTENCE.match(leaning.body):
        return _sentence(leaning)
    return _new_subject(leaning, is_word)


def _read_leaning(frame: ReadTurn, earlier: ReadTurn | None, turn: ReadTurn) -> _Leaning:
    opening = said.read_opening(turn.text)
    bare = turn.bare()
    period = turn.period
    shift = find_shift(turn.text)
    other = _OTHER_QUARTER.fullmatch(turn.text[opening.length :])
    if other and frame.periods.fiscal_period in _QUARTERS[:4]:
        period = in_words(frame.periods.years, f"Q{ORDINALS[other[1].lower()]}") if frame.periods.years else ""
        bare = bare[: opening.length]
    if shift:
        told = shift.words_from(_of_part(frame.periods, turn.periods.fiscal_period))
        if not turn.periods.years and (not turn.period_places or shift.unit == "year"):
            period = told or bare[shift.start : shift.end]
        bare = bare[: shift.start] + " " * (shift.end - shift.start) + bare[shift.end :]
    if turn.period_places and (turn.periods.years or not shift):
        period = _completed(frame, turn)
    rest = " ".join(bare[opening.length :].split())
    rest = said.TRAILING.sub("", rest)
    body = said.TRAILING.sub("", turn.text[opening.length :])
    return _Leaning(frame, earlier, turn, body, rest, period, opening.is_going_on, turn.text[: opening.length].strip(" ,").lower())


def _of_part(periods: Periods, part: str) -> Periods:
    return replace(periods, fiscal_period=part) if part != "FY" else periods


def _completed(frame: ReadTurn, turn: ReadTurn) -> str:
    """The periods of a message; a part of a year without the year is one of the year asked before, and the reverse."""
    years, part = turn.periods.years, turn.periods.fiscal_period
    before = frame.periods
    if part != "FY" and not years and before.years:
        return in_words(before.years, part)
    is_same_part = part == "FY" and before.fiscal_period in _QUARTERS and len(years) > 0
    is_whole = re.search(r"\b(?:full|whole|entire|all\s+of)\b|\bfiscal year\b", turn.text, re.IGNORECASE) or _ANNUAL.search(turn.text)
    if is_same_part and not is_whole and turn.periods.latest == 1:
        return in_words(years, before.fiscal_period)
    return turn.period


def _comparison(leaning: _Leaning) -> str | None:
    """"compare that with Microsoft", "is that more than in 2021?", "which of them was larger?"."""
    frame, turn, rest = leaning.frame, leaning.turn, leaning.rest
    text = turn.text
    is_beside = _BESIDE.match(leaning.body) is not None
    if turn.metrics or not (said.has_only(rest, "change") or (is_beside and said.has_only(rest, "nothing"))):
        return None
    compares = is_beside or said.has_only(rest, "comparison") or _COMPARED.search(text) is not None
    own_keys = {named.key for named in turn.companies}
    if turn.companies:
        if not compares:
            return None
        both = (*(named for named in frame.distinct if named.key not in own_keys), *turn.distinct)
        return _of_companies(leaning, both)
    if leaning.period and compares:
        return _of_periods(leaning)
    if leaning.period:
        return _changed(leaning)
    if _WHICH_YEAR.search(text) and frame.companies:
        extreme = _EXTREME.search(text) or _MORE_OR_LESS.search(text)
        word = extreme.group() if extreme else "highest"
        return made.appended(f"In which year was {made.measure_of(frame)} the {word}?", made.period_of(frame))
    if said.has_only(rest, "extreme") and not frame.companies:
        return None
    return _of_both(leaning) if said.has_only(rest, "comparison") else _changed(leaning)


def _of_both(leaning: _Leaning) -> str | None:
    """"compare the two", "what is the difference?": of the companies or the years asked about one after the other."""
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


def _of_companies(leaning: _Leaning, companies: Sequence[NamedCompany]) -> str:
    """The question asked of several companies beside one another."""
    frame, period = leaning.frame, leaning.period
    more = _MORE_OR_LESS.search(leaning.body) or _EXTREME.search(leaning.body)
    what = frame.metric or made.subject_of(frame)
    if more and len(what.split()) <= _MOST_NAME_WORDS:
        degree = _DEGREES.get(more.group().lower(), more.group().lower())
        which = made.appended(f"Which had the {degree} {what}?", period or made.period_of(frame))
        return f"{which.rstrip('?')}, {' or '.join(named.name for named in companies)}?"
    return made.with_slots(frame, companies, period)


def _of_periods(leaning: _Leaning) -> str | None:
    """The question asked of two periods beside one another: that of the question before and the one now named."""
    frame, turn = leaning.frame, leaning.turn
    own = turn.periods.years
    shift = find_shift(turn.text) if not own else None
    if shift:
        told = shift.words_from(frame.periods)
        own = tuple(int(year) for year in re.findall(r"\b\d{4}\b", told or ""))
    before, part = frame.periods.years, frame.periods.fiscal_period
    if not own:
        return None
    years = sorted({*own, *before})
    if len(own) > 1:
        return _changed(leaning)
    if not frame.metrics:
        return made.with_slots(frame, period=in_words(years, part))
    what = made.measure_of(frame)
    more = _MORE_OR_LESS.search(turn.text)
    is_amount = re.search(r"\bhow (?:much|many)\b", turn.text, re.IGNORECASE) is not None
    if len(before) != 1:
        year = in_words(own, part).removeprefix("in ")
        return f"How did {what} change compared to {year}?" if not before else made.with_slots(frame, period=in_words(years, part))
    if more and not is_amount:
        first, second = (before, own) if re.search(r"\bthan\b", turn.text, re.IGNORECASE) else (own, before)
        return f"Was {what} {in_words(first, part)} {more.group().lower()} than {in_words(second, part)}?"
    change = _change_word(turn.text) or "change"
    by = "By how much" if is_amount else "How"
    earlier, later = (in_words((year,), part) for year in (years[0], years[-1]))
    return f"{by} did {what} {change} {later} compared to {earlier.removeprefix('in ')}?"


def _changed(leaning: _Leaning) -> str | None:
    """"how did it change?", "did it grow in 2021?": of the measure asked for before."""
    if not leaning.frame.metrics or not leaning.frame.companies or not _CHANGE.search(leaning.rest):
        return None
    if not re.search(r"\b(?:it|they|this|that|these|those)\b", leaning.body, re.IGNORECASE):
        return None
    return _sentence(leaning)


def _is_left_open(turn: ReadTurn) -> bool:
    """Whether a short question about another company ends on "any" or "that": "Does Boeing name any?"."""
    return len(turn.bare().split()) <= _MOST_OPEN_WORDS and _LEFT_OPEN.search(said.TRAILING.sub("", turn.text)) is not None


def _ownerless(turn: ReadTurn) -> re.Match[str] | None:
    """Where a company is said to own what is not said: "why did Nike's fall?"."""
    end = turn.companies[-1].end
    is_owner = turn.text[:end].endswith(("'s", "'"))
    return _NO_NOUN.match(turn.text, end) if is_owner else None


def _of_the_same(leaning: _Leaning) -> str:
    frame, end = leaning.frame, leaning.turn.companies[-1].end
    start = said.read_opening(leaning.turn.text).length
    text = f"{leaning.turn.text[start:end]} {frame.metric}{leaning.turn.text[end:]}"
    return _opened(made.appended(text, "" if leaning.turn.period_places else leaning.period or made.period_of(frame)))


def _reasons(leaning: _Leaning) -> str | None:
    """"why?", "what drove this?", "what caused the increase?"."""
    frame = leaning.frame
    period = leaning.period or made.period_of(frame)
    has_measure = bool(frame.metrics and frame.companies)
    if said.asks_more(leaning.body):
        return made.say_about(frame.distinct, made.subject_of(frame), period) if frame.companies else frame.text
    if said.asks_why(leaning.body):
        if has_measure:
            change = _change_word(frame.text) or "change"
            return made.appended(f"Why did {made.measure_of(frame)} {change}?", period)
        text = frame.text
        return f"Why {text[0].lower()}{text[1:]}" if _AUXILIARY.match(text) else f"What are the reasons: {text}"
    quality = said.QUALITY.search(leaning.body)
    if quality and has_measure and not leaning.turn.companies:
        how = quality["how"] or quality["so"]
        why = "Why " if leaning.body.lower().startswith("why") else ""
        return _opened(made.appended(f"{why}was {made.measure_of(frame)} {how}?", period))
    cause = said.CAUSE.search(leaning.body)
    if cause is None or leaning.turn.companies:
        return None
    what = cause["what"]
    if has_measure:
        is_pronoun = what.lower() in ("this", "that", "it", "these")
        change = "the change" if is_pronoun else what
        meant = f"{change} in {made.measure_of(frame)}"
    else:
        meant = made.measure_of(frame)
    body = leaning.body[: cause.start("what")] + meant + leaning.body[cause.end("what") :]
    return _opened(made.appended(body, "" if leaning.turn.period_places else period))


def _exchange(leaning: _Leaning) -> str | None:
    """"and in 2022?", "what about Microsoft?", "by region?": the question before with something else in its place."""
    frame, turn = leaning.frame, leaning.turn
    breakdown = said.BREAKDOWN.match(leaning.body)
    if breakdown:
        by = breakdown["by"]
        if _BY_AXIS.search(frame.text):
            return _BY_AXIS.sub(by, frame.text, count=1)
        if frame.metrics and frame.companies:
            return made.appended(f"Break down {made.measure_of(frame)} {by}?", made.period_of(frame))
        return made.appended(frame.text, by)
    if said.RELATES.match(leaning.body):
        return made.appended(frame.text, leaning.body.rstrip("?. !"))
    if turn.metrics or not said.has_only(leaning.rest, "nothing") or said.REPORT.search(leaning.body):
        return None
    if not frame.companies and frame.metrics and turn.companies:
        return made.with_metric(frame, turn.distinct, frame.metric, leaning.period)
    return made.with_slots(frame, turn.distinct, leaning.period)


def _operation(leaning: _Leaning) -> str | None:
    """"what's the average?", "and the lowest?": something else done with the same numbers."""
    frame, rest = leaning.frame, leaning.rest
    if leaning.turn.metrics or leaning.turn.companies or not frame.metrics:
        return None
    extreme = _EXTREME.search(rest)
    if extreme and said.has_only(rest, "extreme") and _EXTREME.search(frame.text):
        text = _EXTREME.sub(extreme.group(), frame.text, count=1)
        return text
    if said.has_only(rest, "operation") and frame.companies:
        what = " ".join(word for word in re.findall(r"[\w-]+", rest) if word.lower() in said.OPERATION_WORDS)
        period = leaning.period or made.period_of(frame)
        return made.appended(f"What was the {what} of {made.measure_of(frame)}?", period)
    return None


def _report(leaning: _Leaning) -> str | None:
    """"and Item 1A?", "and the 10-K for 2023?": the same of another report or item."""
    frame = leaning.frame
    own = [match.group() for match in said.REPORT.finditer(leaning.body)]
    if not own or leaning.turn.metrics or not said.has_only(said.REPORT.sub(" ", leaning.rest), "nothing"):
        return None
    text = made.with_slots(frame, leaning.turn.distinct, leaning.period)
    for words in own:
        is_item = words.lower().startswith("item")
        same = [match for match in said.REPORT.finditer(text) if match.group().lower().startswith("item") == is_item]
        if same:
            text = text[: same[0].start()] + words + text[same[0].end() :]
        else:
            text = made.appended(text, f"in {'' if is_item else 'the '}{words}")
    return text


def _sentence(leaning: _Leaning) -> str | None:
    """A whole sentence of which "its", "the company" or "it" stand for what was asked about, or that names nobody."""
    frame, turn = leaning.frame, leaning.turn
    period = "" if turn.period_places else leaning.period if find_shift(turn.text) else made.period_of(frame)
    body = leaning.body
    if turn.companies:
        about = made.subject_of(frame)
        return _opened(made.appended(_LEFT_OPEN.sub(lambda match: f"{'any ' if match['any'] else ''}{about}", body), period))
    if not frame.companies:
        return _opened(made.appended(body, period)) if leaning.is_going_on and period else None
    names_company = False
    is_of_number = bool(frame.metrics) and (_CHANGE.search(body) is not None or said.OF_A_NUMBER.search(body) is not None)
    has_metric = not turn.metrics and (is_of_number or said.CHANGES.search(body) is not None)

    # "Due in 2021" would tell when, not of which year's debt.
    is_due = has_metric and _DUE.search(body) is not None

    def meant(match: re.Match[str]) -> str:
        nonlocal names_company
        kind = match.lastgroup
        is_company = kind in ("owner", "company") or (kind == "it" and not has_metric)
        if is_company and names_company:
            return match.group()
        if kind == "it" and match.group().lower() in ("this", "that", "them") and not has_metric:
            return match.group()
        if kind == "any":
            return f"any {made.subject_of(frame)}"
        names_company = names_company or is_company or kind == "it"
        if kind == "owner":
            return made.owned(frame.distinct)
        if is_company:
            return made.joined(frame.distinct)
        if kind == "it":
            return f"{made.measure_of(frame)} {period}".strip() if is_due else made.measure_of(frame)
        return made.subject_of(frame)

    shift = find_shift(body) if not turn.period_places else None
    if shift and shift.words_from(frame.periods):
        body = body[: shift.start] + " " + body[shift.end :]
    if len(frame.distinct) == 1 and not has_metric:
        body = _THEY.sub(lambda match: _SINGULAR[match[1].lower()], body)
    text = said.REFERENCES.sub(meant, body)
    if not names_company:
        text = made.appended(text, f"at {made.joined(frame.distinct)}")
    completed = _completed(frame, turn) if turn.period_places else period
    if turn.period_places and completed != turn.period:
        text = made.appended(text, completed)
    return _opened(made.appended(" ".join(text.split()), "" if is_due else period))


def _new_subject(leaning: _Leaning, is_word: Callable[[str], bool]) -> str | None:
    """Words without a verb: another metric, another company, or another topic of the same reports."""
    frame, turn = leaning.frame, leaning.turn
    words = " ".join(leaning.rest.split()).strip(" ?.!,")
    what = re.sub(r"^'s\s+", "", _LEADING.sub("", words)).strip(" ?.!,'")
    companies = leaning.companies
    if not what:
        return None
    is_topic = not frame.metrics and leaning.opening_words.endswith("about")
    if turn.metrics and not (is_topic and companies):
        return made.with_metric(frame, companies, what, leaning.period)
    if not turn.companies and _is_name(what, words, leaning, is_word):
        return made.with_slots(frame, (NamedCompany(0, 0, what.removesuffix("'s")),), leaning.period)
    if not companies:
        return None
    return made.say_about(companies, what, leaning.period or made.period_of(frame))


def _is_name(what: str, words: str, leaning: _Leaning, is_word: Callable[[str], bool]) -> bool:
    """Whether the words are a name that stands where a company's would: of one that is not covered."""
    if not _NAME_ALONE.fullmatch(what) or _ABBREVIATION.fullmatch(what) or not leaning.frame.companies:
        return False
    if re.match(r"(?:about|to|on|from|in)\b", words, re.IGNORECASE):
        return False
    return leaning.is_going_on or not is_word(what.lower())


def _change_word(text: str) -> str:
    """The verb that says how something changed, as it follows "did"; "" when none does."""
    match = _CHANGE.search(text)
    if match is None or not is_about_change(text) and not re.search(r"\bgr[eo]w", text, re.IGNORECASE):
        return ""
    word = match.group().lower()
    if word in _BASE_FORMS:
        return _BASE_FORMS[word]
    for base in ("fall", "grow", "rise", "drop", "decline", "increase", "decrease", "change", "improve", "shrink", "jump", "surge"):
        if word.startswith(base.rstrip("e")):
            return base
    return "change"


def _opened(text: str) -> str:
    return text[:1].upper() + text[1:]
