"""Where the lines of a page end: a PDF's text may run several rows together, or put each word on a line of its own.

A row ends with its numbers: words with a capital after two numbers and more begin the next one. Nothing is left out or
changed but the places of the breaks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from finrag_ml_tg1.filings.plain.lines import is_value
from finrag_ml_tg1.vocabulary.statements import statement_of_title

__all__ = ["SYMBOLS", "page_lines"]

SYMBOLS = frozenset(("$", "€", "£", "¥", "(", "$(", "($", ")", "%", ")%", "%)"))
_NUMBER = re.compile(r"\(?[$€£¥]?\(?\d{1,3}(?:,\d{3})+(?:\.\d+)?\)?")
_NOTE = re.compile(r"\(?notes?\b", re.IGNORECASE)
# So many words on lines of their own, one below the other, were one line.
_WORDS_ALONE = 4
# Headings of a statement's parts, run together with the first row below them.
_SECTION = re.compile(
    r"(?:(?:assets|liabilities|current (?:assets|liabilities)|liabilities and (?:\w+[’']?\w? )?equity|"
    r"(?:share|stock)(?:holder|owner)s[’'] equity|(?:cash flows? (?:from|used for|[-–—]) )?"
    r"(?:operating|investing|financing) activities|(?:operating|costs and) expenses|revenues?) )+"
    r"(?-i:(?=\(?[A-Z][A-Za-z’',&-]+ )(?!\(?USED|PROVIDED))",
    re.IGNORECASE,
)
_FLOWS = re.compile(
    r"cash flows? (?:from|used for|[-–—]) (?:operating|investing|financing) activities:? (?-i:(?=\(?[A-Z]))",
    re.IGNORECASE,
)
_TITLE = re.compile(
    r".{0,60}?\bconsolidated (?:balance sheets?|statements? of (?:income|operations|earnings|cash flows?|comprehensive "
    r"(?:income|loss))) (?-i:(?=[A-Z]))",
    re.IGNORECASE,
)
_UNITS = re.compile(r" (?=\((?:[Ii]n|[Dd]ollars|[Aa]mounts) )")
_HEADING_END = re.compile(r"(?<=[A-Za-z)]:) (?=\(?[A-Z])")
_MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\b"
# The periods over a table's columns, and then words that are of what stands below.
_PERIODS_END = re.compile(
    rf"(?<![\d,.])(?:(?:{_MONTH} \d{{1,2}} ?, ?)?(?:19|20)\d\d(?: and)? ){{2,}}(?=[A-Z(]|[a-z]+:$)(?!\(?{_MONTH})",
    re.IGNORECASE,
)
_ENDS_IN_NUMBER = re.compile(r"[\d)%—–-]$")
_MAX_CHARS = 20_000


def page_lines(page: str) -> Iterator[str]:
    """Yield the lines of a page that show something, white space collapsed, at most one row of a table in each."""
    printed = [line.split() for line in page.splitlines() if line.strip()]
    if any(
        all(len(words) == 1 for words in printed[at : at + _WORDS_ALONE]) for at in range(len(printed) - _WORDS_ALONE)
    ):
        printed = _put_together(printed)
    for words in printed:
        yield from _rows(words)


def _put_together(printed: Sequence[list[str]]) -> list[list[str]]:
    """Join words that stand on lines of their own to the line they were broken off."""
    lines: list[list[str]] = []
    is_open = False
    for words in printed:
        if is_open and _goes_on(lines[-1], words):
            lines[-1] = [*lines[-1], *words]
        else:
            lines.append(list(words))
        is_open = len(words) == 1 or (len(words) > 1 and _ends_open(words))
    return lines


def _ends_open(words: Sequence[str]) -> bool:
    """Whether a line ends in the first word of a heading whose others stand below: "2017 2016 2015 Cash"."""
    return is_value(words[-2]) and words[-1][:1].isupper() and words[-1].isalpha()


def _goes_on(before: Sequence[str], words: Sequence[str]) -> bool:
    last, first = before[-1], words[0]
    if last.endswith((")", ":")) or (is_value(last) and first[:1].isalpha()):
        return False
    if len(words) > 1:
        return first[:1].islower() or first[:1].isdigit() or _is_number_row(words[1:])
    if first.startswith("("):
        return not last.isupper()
    is_apart = last.isalpha() and first.isalpha() and len(first) > 1 and last.isupper() != first.isupper()
    return not (is_apart and not first.islower())


def _is_number_row(words: Sequence[str]) -> bool:
    return any(map(is_value, words)) and all(is_value(word) or word in SYMBOLS for word in words)


def _rows(words: Sequence[str]) -> Iterator[str]:
    """Cut a line where a row ends, then its headings from the first row below them."""
    start = 0
    values = 0
    cuts = 0
    for index, word in enumerate(words):
        if is_value(word):
            values += 1
            continue
        if word in SYMBOLS:
            continue
        is_one = values == 1 and cuts and _NUMBER.fullmatch(words[index - 1])
        if (values > 1 or is_one) and _may_begin(word) and index > start:
            yield from _without_headings(" ".join(words[start:index]))
            start = index
            cuts += 1
        values = 0
    yield from _without_headings(" ".join(words[start:]))


def _may_begin(word: str) -> bool:
    return word.lstrip("(“‘*")[:1].isupper() and not _NOTE.match(word)


def _without_headings(line: str) -> Iterator[str]:
    """Cut a line after the title of a statement, after the periods over its columns, and before its first row."""
    if len(line) > _MAX_CHARS:
        yield line
        return
    title = _TITLE.match(line)
    if title and not line.endswith("."):
        yield title.group().strip()
        line = line[title.end() :]
    units = _UNITS.search(line)
    if units and statement_of_title(line[: units.start()]) != "none":
        yield line[: units.start()]
        line = line[units.end() :]
    periods = _PERIODS_END.search(line)
    if periods:
        yield line[: periods.end()].strip()
        line = line[periods.end() :]
    flows = _FLOWS.match(line)
    if flows:
        yield flows.group().strip()
        line = line[flows.end() :]
    if _ENDS_IN_NUMBER.search(line):
        ends = [match.end() for match in _HEADING_END.finditer(line)]
        if ends:
            yield line[: ends[-1]].strip()
            line = line[ends[-1] :]
        section = _SECTION.match(line)
        if section:
            yield section.group().strip()
            line = line[section.end() :]
    if line:
        yield line
