"""The labels of rows and the sections they stand in: "Assets" > "Current assets" > "Inventories".

A section is a row without numbers. It reaches down to a row that is its total, to a section on its level, or to a row
indented no deeper than itself where its own rows were indented deeper.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from finrag_ml_tg1.filings.tabular.numbers import without_footnotes

__all__ = ["LabelledRow", "PathReader", "label_words"]

_TOTAL = re.compile(
    r"^(?:sub-?)?total\b|^(?:net\s+)?(?:cash\s+)?(?:flows?\s+)?\(?(?:provided|generated|used|from)\b|"
    r"^net (?:cash|change)\b|"
    r"^cash (?:flows? )?\(?(?:provided|generated|used|from)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+")
_SMALL_WORDS = frozenset(
    "a an and the of to in for by from at on or net total cash flows flow used provided activities other s".split()
)
# "Total current assets" is no total of "Assets".
_NARROWING = frozenset("current noncurrent non long term other fixed".split())
_INDENT_TOLERANCE = 0.6

# More than any table prints: lines of words below one another without a number between them are no sections.
_MAX_OPEN_SECTIONS = 12


@dataclass(frozen=True, slots=True)
class LabelledRow:
    """A row's label without footnote marks, the marks, and the labels of the sections around it, outermost first."""

    label: str
    footnotes: tuple[str, ...]
    path: tuple[str, ...]


@dataclass(slots=True)
class _Section:
    label: str
    words: frozenset[str]
    indent: float
    is_capitals: bool
    rows: int = 0
    sections: int = 0
    child_indent: float = 0.0

    def add(self, indent: float, *, is_section: bool) -> None:
        """Count a row or section inside this one; the first tells how deep its content stands."""
        if not self.rows + self.sections:
            self.child_indent = indent
        self.rows += not is_section
        self.sections += is_section


class PathReader:
    """Reads the rows of a table from top to bottom and keeps the sections that are open."""

    def __init__(self) -> None:
        self._open: list[_Section] = []

    def read_section(self, text: str, indent: float) -> LabelledRow:
        """Open a section; return it as a row."""
        label, footnotes = without_footnotes(text)
        section = _Section(label, label_words(label), indent, _is_capitals(label))
        self._close_deeper(indent)
        if section.is_capitals:
            while self._open and not self._open[-1].is_capitals:
                self._open.pop()
        if self._open and self._is_followed_by_sibling(self._open[-1], section):
            self._open.pop()
        del self._open[_MAX_OPEN_SECTIONS - 1 :]
        path = self.path
        if self._open:
            self._open[-1].add(indent, is_section=True)
        self._open.append(section)
        return LabelledRow(label, footnotes, path)

    def read_row(self, text: str, indent: float) -> LabelledRow:
        """Return a row that holds numbers; a total closes the section it totals."""
        label, footnotes = without_footnotes(text)
        self._close_deeper(indent)
        while self._open and _is_left_of(indent, self._open[-1]):
            self._open.pop()
        if _TOTAL.match(label):
            self._close_totalled(label_words(label))
        path = self.path
        if self._open:
            self._open[-1].add(indent, is_section=False)
        return LabelledRow(label, footnotes, path)

    def close_all(self) -> None:
        """Forget the open sections: a header begins the table anew."""
        self._open.clear()

    @property
    def path(self) -> tuple[str, ...]:
        """The labels of the open sections, outermost first."""
        return tuple(section.label for section in self._open)

    def _close_deeper(self, indent: float) -> None:
        while self._open and self._open[-1].indent > indent + _INDENT_TOLERANCE:
            self._open.pop()

    def _is_followed_by_sibling(self, innermost: _Section, section: _Section) -> bool:
        """Whether a section on the level of the innermost takes its place: where that one has had rows of its own."""
        if section.indent > innermost.indent + _INDENT_TOLERANCE:
            return False
        if innermost.is_capitals and not section.is_capitals:
            return False
        if innermost.rows == 0 and innermost.sections == 0:
            return False
        return innermost.sections == 0 or section.is_capitals or _is_left_of(section.indent, innermost)

    def _close_totalled(self, words: frozenset[str]) -> None:
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth].words == words:
                del self._open[depth:]
                return
        # "Total" alone, and "Total revenue, net of interest expense" below "Revenue", total what is innermost.
        if self._open and self._open[-1].words <= words and not (words - self._open[-1].words) & _NARROWING:
            self._open.pop()


def label_words(label: str) -> frozenset[str]:
    """Return the words of a label that carry its meaning, as a total repeats them."""
    return frozenset(_stemmed(word for word in _WORD.findall(label.lower()) if word not in _SMALL_WORDS))


def _stemmed(words: Iterable[str]) -> Iterable[str]:
    return (word.rstrip("s") for word in words)


def _is_left_of(indent: float, section: _Section) -> bool:
    return indent <= section.indent + _INDENT_TOLERANCE < section.child_indent


def _is_capitals(label: str) -> bool:
    return len(label) > 3 and label.upper() == label and any(char.isalpha() for char in label)
