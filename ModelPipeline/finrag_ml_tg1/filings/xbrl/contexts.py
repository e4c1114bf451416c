"""The contexts of a document: the period a fact is about and the dimensions that narrow it (XBRL 2.1 §4.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from lxml import html

from finrag_ml_tg1.filings.xbrl.issues import Unreadable
from finrag_ml_tg1.filings.xbrl.names import XBRL_DIMENSIONS, XBRL_INSTANCE, Names

__all__ = ["Context", "read_contexts"]

_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T(00|24):00:00(?:\.0+)?)?")
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Context:
    """First and last day (`period_start` None for an instant) and the (axis, member) pairs, sorted."""

    period_start: date | None
    period_end: date
    dimensions: tuple[tuple[str, str], ...]


def read_contexts(root: html.HtmlElement, names: Names) -> dict[str, Context | Unreadable]:
    """Return every context by its id, or why it cannot be used."""
    reader = _ContextReader(names)
    contexts: dict[str, Context | Unreadable] = {}
    for element in root.iter(*names.tags(XBRL_INSTANCE, "context")):
        identifier = element.get("id") or ""
        try:
            context: Context | Unreadable = reader.read(element)
        except Unreadable as reason:
            context = reason
        if identifier in contexts and contexts[identifier] != context:
            context = Unreadable(f"two contexts bear the id {identifier}")
        contexts[identifier] = context
    return contexts


class _ContextReader:
    """Knows the document's spellings of the elements inside a context."""

    def __init__(self, names: Names) -> None:
        self._start = names.tags(XBRL_INSTANCE, "startDate")
        self._end = names.tags(XBRL_INSTANCE, "endDate", "instant")
        self._forever = names.tags(XBRL_INSTANCE, "forever")
        self._holders = names.tags(XBRL_INSTANCE, "segment", "scenario")
        self._members = names.tags(XBRL_DIMENSIONS, "explicitMember", "typedMember")

    def read(self, element: html.HtmlElement) -> Context:
        starts = [_first_day(child.text or "") for child in element.iter(*self._start)]
        ends = [_last_day(child.text or "") for child in element.iter(*self._end)]
        if next(element.iter(*self._forever), None) is not None:
            raise Unreadable("its period is forever")
        if len(ends) != 1 or len(starts) > 1:
            raise Unreadable("its context states no single period")
        start = starts[0] if starts else None
        if start is not None and start > ends[0]:
            raise Unreadable(f"its period ends on {ends[0]}, before it starts on {start}")
        return Context(start, ends[0], self._dimensions(element))

    def _dimensions(self, element: html.HtmlElement) -> tuple[tuple[str, str], ...]:
        pairs = []
        for holder in element.iter(*self._holders):
            for child in holder:
                axis = (child.get("dimension") or "").strip()
                if child.tag not in self._members or not axis:
                    raise Unreadable("its context is narrowed by something other than dimensions")
                pairs.append((axis, " ".join("".join(child.itertext()).split())))
        if len({axis for axis, _ in pairs}) < len(pairs):
            raise Unreadable("its context gives one dimension twice")
        return tuple(sorted(pairs))


def _first_day(text: str) -> date:
    """A start date is the midnight its day begins with; 24:00 is the midnight the next day begins with."""
    day, hour = _day(text)
    return day + _ONE_DAY if hour == "24" else day


def _last_day(text: str) -> date:
    """An end date or instant without a time is the end of that day; 00:00 is the end of the day before."""
    day, hour = _day(text)
    return day - _ONE_DAY if hour == "00" else day


def _day(text: str) -> tuple[date, str | None]:
    match = _DAY.fullmatch(text.strip())
    if not match:
        raise Unreadable(f"its period names {text.strip()[:40]!r}, which is no day")
    try:
        day = date.fromisoformat(match.group(1))
    except ValueError as error:
        raise Unreadable(f"its period names {match.group(1)}, which is no day") from error
    if not date.min < day < date.max:
        raise Unreadable(f"its period names {match.group(1)}, which is no day of a report")
    return day, match.group(2)
