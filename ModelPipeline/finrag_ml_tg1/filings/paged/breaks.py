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
_WORD_ALONE_SHARE = 0.4
_MIN_WORDS_ALONE = 10
# Headings of a statement's parts, run together with the first row below them.
_SECTION = re.compile(
    r"(?:(?:ASSETS|Assets|LIABILITIES|Liabilities|Current (?:Assets|assets|Liabilities|liabilities)|"
    r"(?:LIABILITIES AND|Liabilities and) (?:(?:\w+[’']?\w?) )?(?:EQUITY|Equity|equity)|"
    r"(?:(?:Share|Stock)(?:holder|owner)s[’'] )(?:Equity|equity)|"
    r"(?:(?:Cash [Ff]lows? [Ff]rom )?(?:Operating|Investing|Financing) [Aa]ctivities)|"
    r"(?:Operating|Costs and) [Ee]xpenses|Revenues?) )+(?=\(?[A-Z][A-Za-z’',&-]+ )"
)
_UNITS = re.compile(r" (?=\((?:[Ii]n|[Dd]ollars|[Aa]mounts) )")
_HEADING_END = re.compile(r"(?<=[A-Za-z)]:) (?=\(?[A-Z])")
_DATES_END = re.compile(
    r"(?:[A-Z][a-z]{2,8}\.? \d{1,2} ?, ?(?:19|20)\d\d(?: and)? ){2,}(?=[A-Z(])(?!\(?(?:January|February|March|April|May|"
    r"June|July|August|September|October|November|December)\b)"
)
_YEARS_END = re.compile(r"(?<!\d)(?:(?:19|20)\d\d ){2,}(?=[A-Z(])")
_MAX_CHARS = 20_000


def page_lines(page: str) -> Iterator[str]:
    """Yield the lines of a page that show something, white space collapsed, at most one row of a table in each."""
    printed = [line.split() for line in page.splitlines() if line.strip()]
    alone = sum(len(words) == 1 for words in printed)
    if alone >= max(_MIN_WORDS_ALONE, _WORD_ALONE_SHARE * len(printed)):
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
        return first[:1].islower() or first[:1].isdigit()
    if first.startswith("("):
        return not last.isupper()
    is_apart = last.isalpha() and first.isalpha() and len(first) > 1 and last.isupper() != first.isupper()
    return not (is_apart and not first.islower())


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
    if len(line) > _MAX_CHARS or not line[-1].isdigit() and not line.endswith((")", "—", "–", "%", "-")):
        yield line
        return
    units = _UNITS.search(line)
    if units and statement_of_title(line[: units.start()]) != "none":
        yield line[: units.start()]
        line = line[units.end() :]
    start = 0
    for pattern in (_DATES_END, _YEARS_END):
        for match in pattern.finditer(line):
            if match.start() >= start:
                yield line[start : match.end()].strip()
                start = match.end()
    rest = line[start:]
    ends = [match.end() for match in _HEADING_END.finditer(rest)]
    if ends:
        yield rest[: ends[-1]].strip()
        rest = rest[ends[-1] :]
    section = _SECTION.match(rest)
    if section:
        yield section.group().strip()
        rest = rest[section.end() :]
    if rest.strip():
        yield rest
