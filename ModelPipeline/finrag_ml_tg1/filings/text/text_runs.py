"""Text gathered from many elements, each with a look of its own, and the look of a stretch of it."""

from __future__ import annotations

from bisect import bisect_right

from finrag_ml_tg1.filings.text.marked_text import MARK, collapse
from finrag_ml_tg1.filings.text.styles import Style

__all__ = ["TextRuns", "run_in", "usual_style"]


class TextRuns:
    """Stretches of text of one look each, and the text that they make up."""

    def __init__(self) -> None:
        self._runs: list[tuple[str, Style]] = []
        self._starts: list[int] = []
        self._length = 0

    def append(self, text: str, style: Style) -> None:
        """Add text of one look."""
        self._runs.append((text, style))
        self._starts.append(self._length)
        self._length += len(text)

    def text(self) -> str:
        """Return all of the text."""
        return "".join(text for text, _ in self._runs)

    def style_at(self, offset: int) -> Style:
        """Return the look of the character at a place in the text."""
        return self._runs[bisect_right(self._starts, offset) - 1][1]

    def between(self, start: int, end: int) -> list[tuple[str, Style]]:
        """Return the runs of a stretch of the text, cut to it."""
        inside = []
        for index in range(max(0, bisect_right(self._starts, start) - 1), len(self._runs)):
            offset = self._starts[index]
            if offset >= end:
                break
            text, style = self._runs[index]
            if offset + len(text) > start:
                inside.append((text[max(0, start - offset) : end - offset], style))
        return inside


def _shown_chars(text: str) -> int:
    return len("".join(text.split())) - text.count(MARK)


def usual_style(runs: list[tuple[str, Style]]) -> Style:
    """Return the look of most of the characters; bold only where nine tenths are."""
    chars: dict[Style, int] = {}
    for text, style in runs:
        chars[style] = chars.get(style, 0) + _shown_chars(text)
    total = sum(chars.values())
    bold = sum(count for style, count in chars.items() if style.bold)
    usual = max(chars, key=chars.__getitem__)
    return usual._replace(bold=total > 0 and bold >= 0.9 * total)


def run_in(runs: list[tuple[str, Style]]) -> int:
    """Return how many characters of the collapsed text stand out in bold or underlined before the first that do not."""
    leading = []
    for text, style in runs:
        if not (style.bold or style.underlined) and text.strip(f" {MARK}\u00a0\n"):
            break
        leading.append(text)
    else:
        return 0
    return len(collapse("".join(leading)))
