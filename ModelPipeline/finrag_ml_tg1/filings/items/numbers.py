"""How filers print an item's number: "Item 7A.", "ITEM 1(b)", "Items 1, 1A and 2", "Part II – Item 5", "I T E M 3"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from finrag_ml_tg1.vocabulary.items import ItemSpec

__all__ = ["PART_CAPTION", "NumberedLine", "read_numbered_line", "without_page"]

PART_CAPTION = re.compile(
    r"part\s+(?P<part>i{1,3}|iv|[1-4])\b[\s.,:;|()–—-]*(?:(?:financial|other)\s+information)?\W*(?:\(?continued\)?)?\W*",
    re.IGNORECASE,
)
_ITEM = re.compile(
    r"[(\[*•·\s–—-]*"
    r"(?:part\s+(?P<part>i{1,3}|iv|[1-4])\b[\s.,:;|()–—-]*(?:(?:financial|other)\s+information[\s.,:;|–—-]*)?)?"
    r"item(?P<plural>s?)\s*(?:nos?\.|#)?[\s.:]*",
    re.IGNORECASE,
)
# A typewriter's "l" and Roman numerals stand for the figure too.
_NUMBER = re.compile(r"1[0-6]|[1-9]|XIV|XVI?|XI{0,3}|IX|VI{0,3}|IV|I{1,3}|l(?=[ABC.:\s])")
_LETTER = re.compile(
    r"(?:\.?\(?(?P<close>[A-Ca-c])\)?|\s\(?(?P<apart>[A-Ca-c])\)?(?=\s?[.:)|–—-]|\s*$|\s+[A-Z]))(?![A-Za-z])(?:\(T\))?"
)
_ROMAN = {
    numeral: str(value)
    for value, numeral in enumerate("I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI".split(), start=1)
} | {"l": "1"}
_PARTS = {"1": "I", "2": "II", "3": "III", "4": "IV"}
_AND = re.compile(r"\.?\s*(?:,\s*and|and|&|,|/)\s*(?:items?\s*)?(?=\d)", re.IGNORECASE)
_THROUGH = re.compile(r"\.?\s*(?:through|thru|to|[–—-])\s*(?:items?\s*)?(?=\d)", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s.:|/\]•·–—-]*")
_CLOSING = re.compile(r"\.?[)\]]")
_CONTINUED = re.compile(r"\(?\bcont(?:inued|[’']d|d)?\b\.?\)?\W*$", re.IGNORECASE)
_CONTINUED_CHARS = 400
_PAGE = re.compile(
    r"(?:[\s|.…_]*\bpages?\b.*|[\s|.…_]+(?:[FSA]-)?\d{1,3}(?:\s*(?:[-–,]|to)\s*(?:[FSA]-)?\d{1,3})*|[\s|]+[ivx]{1,5})\s*$",
    re.IGNORECASE,
)
_LETTER_SPACED = re.compile(r"(?:\w ){4}")
_SPACED_LETTERS = re.compile(r"(?<=\b\w) (?=\w\b)")


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line that begins with an item's number.

    `runs` are (first, last) numbers, equal but for "Items 10 through 14"; `title` is what follows them, "" when it is
    printed with letters apart; `part` is "I" to "IV" where the line names it.
    """

    part: str
    runs: tuple[tuple[str, str], ...]
    title: str
    is_continued: bool

    def orders(self, specs: Sequence[ItemSpec], start: int = 0) -> tuple[int, ...]:
        """Return the places in the form of the items that the line names, from place `start` on, first the first."""
        places = list(range(start, len(specs)))
        found: list[int] = []
        for first, last in self.runs:
            begin = next((place for place in places if specs[place].number == first), None)
            if begin is None:
                return ()
            end = next((place for place in places if place >= begin and specs[place].number == last), begin)
            found.extend(range(begin, end + 1))
        return tuple(found)


def read_numbered_line(text: str) -> NumberedLine | None:
    """Return what a line's beginning says of an item's number; None when it begins with none."""
    is_spaced = _LETTER_SPACED.match(text) is not None
    if is_spaced:
        text = _SPACED_LETTERS.sub("", text)
    start = _ITEM.match(text)
    if start is None:
        return None
    first = _one_number(text, start.end())
    if first is None:
        return None
    number, position = first
    runs = [(number, number)]
    while (further := _further_number(text, position, is_plural=bool(start["plural"]))) is not None:
        number, position, is_range = further
        runs.append((number, number))
        if is_range:
            runs[-2:] = [(runs[-2][0], number)]
    closing = _CLOSING.match(text, position) if start.group().lstrip()[:1] in ("(", "[") else None
    position = closing.end() if closing else position
    separators = _SEPARATORS.match(text, position)
    title = text[separators.end() if separators else position :].strip()
    part = (start["part"] or "").upper()
    return NumberedLine(
        part=_PARTS.get(part, part),
        runs=tuple(runs),
        title="" if is_spaced else title,
        is_continued=len(text) <= _CONTINUED_CHARS and _CONTINUED.search(text) is not None,
    )


def without_page(title: str) -> str:
    """Return a title without the page reference that ends its line in a table of contents."""
    return _PAGE.sub("", title.replace("|", " ")).strip(" .…_")


def _one_number(text: str, position: int) -> tuple[str, int] | None:
    match = _NUMBER.match(text, position)
    if match is None:
        return None
    number = _ROMAN.get(match.group(), match.group())
    position = match.end()
    letter = _LETTER.match(text, position)
    if letter:
        return number + (letter["close"] or letter["apart"]).upper(), letter.end()
    # "Item 405" is an item of Regulation S-K, "Item Intangibles" none.
    if position < len(text) and (
        text[position].isdigit() or (not match.group().isdigit() and text[position].isalpha())
    ):
        return None
    return number, position


def _further_number(text: str, position: int, *, is_plural: bool) -> tuple[str, int, bool] | None:
    for pattern, is_range in ((_AND, False), (_THROUGH, True)):
        join = pattern.match(text, position) if is_plural or not is_range else None
        further = _one_number(text, join.end()) if join else None
        if further:
            return (*further, is_range)
    return None
