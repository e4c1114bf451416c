"""Whether the sentences a language model wrote rest on what they cite: a mark for each, and words in common with it.

The words decide only where there are almost none: a paraphrase is no error, and a false alarm costs more trust than a
miss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.answering.absence import says_only_absence
from finrag_ml_tg1.answering.answer import Flag
from finrag_ml_tg1.answering.cited_sentences import cited_sentence_spans
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["flag_unsupported"]

_MARK = re.compile(r"\[(\d{1,3})\]")
_HEADING = re.compile(
    r"\s{0,3}(?:#{1,6}\s+(?P<words>.*)|(?P<bold>\*\*|__)(?P<inside>[^*_]+)(?P=bold):?\s*$|[-=*_\s]{3,}$)"
)
_LIST_MARK = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+|\s*>\s*")
_ROW = re.compile(r"\s*\|[^|]*\|")
_RULE_SIGNS = frozenset("|-: \t\r")
_FULL_STOP = re.compile(r"(?<!\bInc)(?<!\bCorp)(?<!\bCo)(?<!\bLtd)(?<!\bU\.S)[.!]$")
_LONGEST_TITLE_WORDS = 8
_LEAST_WORDS = 3
_TELLING_WORDS = 5
_LEAST_SHARE = 0.15
# Said of any filing, so they tie a sentence to none.
_COMMON = frozenset(
    split_terms("company fiscal year report state filing million billion thousand percent increase decrease")
)


def flag_unsupported(markdown: str, texts: Mapping[int, str]) -> tuple[Flag, ...]:
    """Return a flag for each sentence that nothing is cited for, or that has almost no word in common with what is.

    `texts` are the cited blocks by number, as the model was shown them. A mark covers its sentence; the marks at the
    end of a paragraph or list item cover all of it when its other sentences have none, those of a row
    its cells. Titles, questions, introductions of a list and statements that something is not in the filings need no
    mark. A heading, a cell of a table or a line of code that has a full stop, or more words than a title, is a
    statement.
    """
    terms = {number: frozenset(split_terms(text)) for number, text in texts.items()}
    return tuple(flag for part in _sentences(markdown) if (flag := _flag(markdown, part, terms)) is not None)


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A stretch of an answer with the numbers cited for it."""

    start: int
    end: int
    marks: tuple[int, ...]


def _flag(markdown: str, part: _Sentence, terms: Mapping[int, frozenset[str]]) -> Flag | None:
    text = markdown[part.start : part.end]
    if not part.marks:
        reason = "Nothing is cited for this sentence."
        return Flag("unsupported", part.start, part.end, text, reason) if _needs_mark(text) else None
    own = {term for term in split_terms(_MARK.sub(" ", text)) if not term[0].isdigit()} - _COMMON
    cited = frozenset().union(*(terms.get(number, frozenset()) for number in part.marks))
    if len(own) < _TELLING_WORDS or not _needs_mark(text) or len(own & cited) >= _LEAST_SHARE * len(own):
        return None
    reason = "What is cited for this sentence hardly speaks of it."
    return Flag("unsupported", part.start, part.end, text, reason)


def _needs_mark(text: str) -> bool:
    plain = text.strip("*_`\"“”'() ")
    is_short = len(re.findall(r"[^\W\d_]{2,}", plain)) < _LEAST_WORDS
    return not (is_short or plain.endswith(("?", ":")) or says_only_absence(_MARK.sub("", plain)))


def _sentences(markdown: str) -> Iterator[_Sentence]:
    """The sentences of an answer in order, without what only names something."""
    start, is_code = 0, False
    paragraph: list[tuple[int, int]] = []
    lines = markdown.split("\n")
    rows = _rows(lines)
    for place, line in enumerate(lines):
        end = start + len(line)
        is_fence = line.lstrip().startswith("```")
        is_code ^= is_fence
        heading = None if is_code else _HEADING.match(line)
        mark = None if heading else _LIST_MARK.match(line)
        is_apart = is_fence or is_code or heading or place in rows or not line.strip()
        if is_apart or mark:
            yield from _of_paragraph(markdown, paragraph)
            paragraph = []
        if is_fence:
            pass
        elif heading or is_code:
            first = start + (heading.start("words") if heading and heading["words"] else 0)
            yield from () if _is_title(markdown[first:end]) else _of_paragraph(markdown, [(first, end)])
        elif place in rows:
            yield from _of_row(line, start)
        elif line.strip():
            paragraph.append((start + (mark.end() if mark else 0), end))
        start = end + 1
    yield from _of_paragraph(markdown, paragraph)


def _rows(lines: Sequence[str]) -> set[int]:
    """Which lines are rows of a table: with bars around a cell, or with bars beside a rule of hyphens."""
    rows = {place for place, line in enumerate(lines) if _ROW.match(line)}
    for place, line in enumerate(lines):
        if {"|", "-"} <= set(line) <= _RULE_SIGNS:
            rows |= {place - 1, place} if place and "|" in lines[place - 1] else {place}
        elif place - 1 in rows and "|" in line:
            rows.add(place)
    return rows


def _of_row(line: str, start: int) -> Iterator[_Sentence]:
    """The cells of a row that state something, each with all marks of the row."""
    marks = tuple(int(mark) for mark in _MARK.findall(line))
    for cell in re.finditer(r"[^|]+", line):
        words = cell[0].strip()
        if not _is_title(words):
            first = start + cell.start() + cell[0].index(words)
            yield _Sentence(first, first + len(words), marks)


def _is_title(words: str) -> bool:
    """Whether words only name something: few, without a full stop."""
    plain = _MARK.sub("", words).strip("*_` ")
    return len(plain.split()) <= _LONGEST_TITLE_WORDS and not _FULL_STOP.search(plain)


def _of_paragraph(markdown: str, lines: Sequence[tuple[int, int]]) -> Iterator[_Sentence]:
    """The sentences of a paragraph with their marks, those at its end for all where the others have none."""
    if not lines:
        return
    start = lines[0][0]
    text = markdown[start : lines[-1][1]]
    spans = list(cited_sentence_spans(text))
    cited = [tuple(int(mark) for mark in _MARK.findall(text[first:last])) for first, last in spans]
    covers_all = len(spans) > 1 and bool(cited[-1]) and not any(cited[:-1])
    for (first, last), marks_of in zip(spans, cited, strict=True):
        yield _Sentence(start + first, start + last, cited[-1] if covers_all else marks_of)
