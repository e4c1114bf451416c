"""The headings a stretch of text stands under, outermost first."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["HeadingPath", "names_a_place", "without_continued"]

_SHOWN = 2
_MAX_NAME_CHARS = 200
# Lines that are all printed like headings of one level are no outline, and would pile up.
_MAX_OPEN = 12

_CONTINUED = re.compile(r"[\s,–—-]*\(?\bcont(?:inued|['’]?d)\b\.?\)?\W*$", re.IGNORECASE)
# What is printed like a heading and heads nothing: a signature, and what qualifies the heading above.
_SIGNED = re.compile(r"\W*/s/", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()]*(?:\([^()]*\)[^()]*)*\)[.*]*")
_MONTHS = r"jan\w*|feb\w*|mar\w*|apr\w*|may|june?|july?|aug\w*|sep\w*|oct\w*|nov\w*|dec\w*"
_DATES = re.compile(
    rf"(?:(?:as|of|at|for|and|the|fiscal|years?|quarters?|three|six|nine|twelve|months?|weeks?|periods?|ended|ending|"
    rf"through|to|{_MONTHS})\b|[\d\W])+",
    re.IGNORECASE,
)
_AND_SUBSIDIARIES = re.compile(r"\W+and\W+(?:its\W+)?(?:consolidated\W+)?subsidiar(?:y|ies)(?:\W+compan(?:y|ies))?\W*$")
_NO_LETTERS = re.compile(r"[\W\d_]+")


def without_continued(heading: str) -> str:
    """Return a heading without the word that says that it is continued from the page before."""
    return _CONTINUED.sub("", heading)


def names_a_place(heading: str, company: str) -> bool:
    """Return whether a line printed as a heading says what stands under it.

    Not a ruler or telephone number, the company's letterhead, a signature, a date, or a remark in brackets.
    """
    text = without_continued(heading).strip()
    if not any(char.isalpha() for char in text) or _SIGNED.match(text) or _IN_BRACKETS.fullmatch(text):
        return False
    return _DATES.fullmatch(text) is None and _letterhead(text) != _letterhead(company)


def _letterhead(name: str) -> str:
    return _NO_LETTERS.sub("", _AND_SUBSIDIARIES.sub("", name[:_MAX_NAME_CHARS].casefold()))


@dataclass(frozen=True, slots=True)
class HeadingPath:
    """The open headings as (level, text), of falling rank; a heading closes those of its own level and deeper."""

    headings: tuple[tuple[int, str], ...] = ()

    def under(self, level: int, text: str, *, follows_heading: bool) -> HeadingPath:
        """Return the path below one more heading.

        A heading directly under another refines it even where both are printed alike. One that is open already is
        repeated, on a new page perhaps, and closes what was opened below it.
        """
        for depth, (_, open_text) in enumerate(self.headings):
            if open_text == text:
                return HeadingPath(self.headings[: depth + 1])
        kept = [open_heading for open_heading in self.headings if open_heading[0] < level]
        if follows_heading and self.headings and self.headings[-1][0] == level:
            kept = [*self.headings[-_MAX_OPEN:]]
        return HeadingPath((*kept, (level, text)))

    def shown(self) -> list[str]:
        """Return the texts of the nearest headings, outermost first."""
        return [text for _, text in self.headings[-_SHOWN:]]
