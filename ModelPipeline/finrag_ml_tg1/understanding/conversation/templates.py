"""A question read before, with other companies, periods or metrics put where it names its own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from finrag_ml_tg1.understanding.conversation.turns import NamedCompany, ReadTurn
from finrag_ml_tg1.understanding.operations import asks_for_words, operation_of

__all__ = [
    "appended",
    "joined",
    "measure_of",
    "opened",
    "owned",
    "period_of",
    "say_about",
    "subject_of",
    "was",
    "with_metric",
    "with_slots",
]

_JOINING = re.compile(r"[\s,]*(?:(?:and|or|&|vs\.?|versus)\s*)?")
_LEADING_JOINT = re.compile(r"(?:,|\b(?:and|or|with|to|vs\.?|versus|than))\s*$", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"(?:in|for|from|between|since|ever|as|at|by|over|during|of|on|compared|versus|vs|relative|than|starting|until|through)\b",
    re.IGNORECASE,
)
_IS_ORDER = re.compile(r"(?:break\s+down|explain|describe|summari[sz]e|show|list|tell)\b", re.IGNORECASE)
_NOUN_FOLLOWS = re.compile(r"\s+[\w&-]")
_FOR = re.compile(r"^(?:for|of)\s+(?=fy|fiscal\s+\d|\d)", re.IGNORECASE)
_LAST = re.compile(r"(?:the\s+|its\s+)?(?:last|past|latest|recent|previous)\b", re.IGNORECASE)
_ENDING = re.compile(r"[\s?.!]*$")
_SUBJECTS = (
    re.compile(r"\babout\s+(?P<what>.+)", re.IGNORECASE),
    re.compile(r"\b(?:describe|summari[sz]e|explain|discuss|exposure to)\s+(?P<what>.+)", re.IGNORECASE),
    re.compile(
        r"^(?:what|which|how many)\s+(?!(?:is|are|was|were|do|does|did|has|have)\b)(?P<what>.+?)\s+"
        r"(?:do|does|did|has|have|is|are|was|were)\b",
        re.IGNORECASE,
    ),
    re.compile(r"^(?:what|who)\s+(?:is|are|was|were)\s+(?P<what>.+)", re.IGNORECASE),
    re.compile(
        r"^(?:what|which|how|who|does|do|did|is|are|was|were)\s+(?:(?:does|do|did|is|are|was|were|much|many)\s+)*(?P<what>.+)",
        re.IGNORECASE,
    ),
)
_DONE = re.compile(r"^what\s+(?P<aux>did|does|do)\s+(?P<what>(?!.*\b(?:about|say)\b)\w+.*)", re.IGNORECASE)
_EDGES = re.compile(
    r"^(?:(?:the|its|their|his|of|at|for|by|in)\b\s*|'s\b\s*|[\s,])+|(?:\b(?:of|at|for|by|in|the)\b|[\s,.?!])+$",
    re.IGNORECASE,
)


def joined(companies: Sequence[NamedCompany]) -> str:
    """Return names as one writes them in a row."""
    names = [named.name for named in companies]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def owned(companies: Sequence[NamedCompany]) -> str:
    """Return the names as the owners of what follows."""
    names = joined(companies)
    return names + ("'" if names.endswith("s") else "'s")


def period_of(turn: ReadTurn) -> str:
    """Return the periods of a question as they can be added to another one, with a preposition; "" without any."""
    return _led(turn.period)


def appended(text: str, words: str) -> str:
    """Return a question with words added to its end."""
    ending = _ENDING.search(text)
    body = text[: ending.start()] if ending else text
    mark = "." if text.rstrip().endswith(".") or _IS_ORDER.match(text) else "?"
    return f"{body} {words.strip()}{mark}" if words.strip() else text


def with_slots(frame: ReadTurn, companies: Sequence[NamedCompany] = (), period: str = "") -> str:
    """Return a question with other companies and another period where these are given; the rest stays as it is."""
    edits: list[tuple[int, int, str]] = []
    if companies:
        edits += _company_edits(frame, companies)
    if period:
        edits += _period_edits(frame, period)
    text = _edited(frame.text, edits)
    if companies and not frame.companies:
        text = appended(text, f"at {joined(companies)}")
    return appended(text, _led(period)) if period and not frame.period_places else text


def with_metric(frame: ReadTurn, companies: Sequence[NamedCompany], metric: str, period: str) -> str:
    """Return what a question asks, asked of another metric: a number of the same kind, or why it is so."""
    years = max(len(frame.periods.years), frame.periods.latest)
    operation = operation_of(frame.bare(), years=years, companies=len(frame.distinct), is_qualified=False)
    # That it asks yes or no alone does not make it a question for words.
    is_plain = operation in ("lookup", "trend") and not asks_for_words(f"so {frame.bare().strip()}")
    if not frame.metrics or (is_plain and companies):
        period = period or period_of(frame)
        whose = f"{owned(companies)} " if companies else ""
        return appended(f"What {was(metric)} {whose}{metric}?", _led(period))
    first = frame.metrics[0]
    others = [(named.start, named.end, "") for named in frame.metrics[1:]] if operation != "share" else []
    edits = [(first.start, first.end, metric), *others]
    if companies and companies != frame.distinct:
        edits += _company_edits(frame, companies)
    if period:
        edits += _period_edits(frame, period)
    text = _edited(frame.text, edits)
    return appended(text, _led(period)) if period and not frame.period_places else text


def say_about(companies: Sequence[NamedCompany], what: str, period: str) -> str:
    """Return the question for what a report says of something."""
    asking = f"What {'do' if len(companies) > 1 else 'does'} {joined(companies)} say about {what}?"
    return appended(asking, _led(period))


def measure_of(frame: ReadTurn) -> str:
    """Return whose metric a question is about, or what else it is about, as words that can be asked of."""
    what = frame.metric or subject_of(frame)
    return f"{owned(frame.distinct)} {what}" if frame.companies else what


def subject_of(frame: ReadTurn) -> str:
    """Return what a question is about beside its companies and periods."""
    text = " ".join(frame.bare().split())
    done = _DONE.match(text)
    if done and frame.companies:
        return f"what {joined(frame.distinct)} {done['aux'].lower()} {_EDGES.sub('', done['what'])}"
    for pattern in _SUBJECTS:
        match = pattern.search(text)
        what = _EDGES.sub("", match["what"]) if match else ""
        if what:
            return what
    return _EDGES.sub("", text)


def opened(text: str) -> str:
    """Return a text with a capital first letter."""
    return text[:1].upper() + text[1:]


def was(metric: str) -> str:
    """Return the verb that goes with a metric's name."""
    last = metric.lower().split()[-1]
    return "were" if last.endswith("s") and not last.endswith(("ss", "eps")) else "was"


def _led(period: str) -> str:
    period = _FOR.sub("in ", period.strip())
    if not period or _PREPOSITION.match(period):
        return period
    if _LAST.match(period):
        return f"over {period}" if period.lower().startswith(("the ", "its ")) else f"over the {period}"
    return f"in {period}"


def _period_edits(frame: ReadTurn, period: str) -> list[tuple[int, int, str]]:
    """The first period named gives way to another, the others go; "2022 10-K" becomes "2021 10-K"."""
    edits = []
    for place, (start, end) in enumerate(frame.period_places):
        words = frame.text[start:end].strip()
        stands_before = not _PREPOSITION.match(words) and _NOUN_FOLLOWS.match(frame.text, end)
        written = _led(period)
        if stands_before and written.lower().startswith("in "):
            written = written[3:]
        edits.append((start, end, f" {written} " if place == 0 else ""))
    return edits


def _company_edits(frame: ReadTurn, companies: Sequence[NamedCompany]) -> list[tuple[int, int, str]]:
    """The first companies named in a row give way to the others, those named apart from them go."""
    runs: list[list[NamedCompany]] = []
    for named in frame.companies:
        between = frame.text[runs[-1][-1].end : named.start] if runs else None
        if between is not None and _JOINING.fullmatch(between):
            runs[-1].append(named)
        else:
            runs.append([named])
    edits = []
    for place, run in enumerate(runs):
        start, end = run[0].start, run[-1].end
        is_owner = frame.text[start:end].endswith(("'s", "'"))
        if place == 0:
            edits.append((start, end, owned(companies) if is_owner else joined(companies)))
        else:
            joint = _LEADING_JOINT.search(frame.text[:start])
            edits.append((joint.start() if joint else start, end, ""))
    return edits


def _edited(text: str, edits: Sequence[tuple[int, int, str]]) -> str:
    for start, end, words in sorted(edits, reverse=True):
        text = text[:start] + words + text[end:]
    text = re.sub(r"\s+([?.!,])", r"\1", " ".join(text.split()))
    return re.sub(r",+([?.!])", r"\1", text)
