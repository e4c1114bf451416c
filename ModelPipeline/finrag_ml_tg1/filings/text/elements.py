"""The elements of a document whose place in the canonical text is wanted: tagged numbers, link targets, links."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from lxml import html

from finrag_ml_tg1.filings.text.marked_text import MARK

__all__ = ["TracedElements"]


class TracedElements:
    """Gives out a mark wherever a traced element begins or ends, and afterwards turns the marks' offsets into spans.

    Elements are told apart by identity, so the caller keeps them alive; marks come back in the order they were given.
    One that is traced twice, a link that is another link's target, is marked once.
    """

    def __init__(self, elements: Sequence[html.HtmlElement]) -> None:
        self._numbers: dict[html.HtmlElement, int] = {}
        self._wanted = [self._numbers.setdefault(element, len(self._numbers)) for element in elements]
        self._given: list[tuple[int, Literal["start", "end"]]] = []

    def mark(self, element: html.HtmlElement, event: Literal["start", "end"]) -> str:
        """Return the mark to put into the text at this edge of an element, "" when nobody asked for it."""
        number = self._numbers.get(element)
        if number is None:
            return ""
        self._given.append((number, event))
        return MARK

    def spans(self, text: str, marks: Sequence[int]) -> tuple[tuple[int, int] | None, ...]:
        """Return (start, end) in the text of each traced element, in the order they were named; None for a hidden one.

        White space at its edges is left out. An element without text has an empty span, where its text would stand.
        """
        if len(marks) != len(self._given):
            raise AssertionError(f"{len(self._given)} marks were given, {len(marks)} came back")
        spans: list[tuple[int, int] | None] = [None] * len(self._numbers)
        starts: dict[int, int] = {}
        for (number, event), offset in zip(self._given, marks, strict=True):
            if event == "start":
                starts[number] = offset
                continue
            start, end = starts.pop(number), offset
            while start < end and text[start].isspace():
                start += 1
            while end > start and text[end - 1].isspace():
                end -= 1
            spans[number] = (start, end)
        return tuple(spans[number] for number in self._wanted)
