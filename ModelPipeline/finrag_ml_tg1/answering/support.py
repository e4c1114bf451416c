"""Whether the sentences a language model wrote rest on what they cite: a mark for each, and words in common with it.

The words decide only where there are almost none: a paraphrase is no error, and a false alarm costs more trust than a
miss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from finrag_ml_tg1.answering.answer import Flag
from finrag_ml_tg1.answering.cited_sentences import cited_sentence_spans
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["flag_unsupported"]

_MARK = re.compile(r"\[(\d{1,3})\]")
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s|(?:\*\*|__)[^*_]+(?:\*\*|__):?\s*$|[-=*_\s]{3,}$)")
_LIST_MARK = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+|\s*>\s*")
_ABSENCE = re.compile(
    r"\b(?:no|not|none|nothing|neither|cannot|can['’]t|don['’]t|doesn['’]t|isn['’]t|aren['’]t|didn['’]t|unable|without|lacks?|absent)\b"
    r"[^.]{0,120}\b(?:filings?|passages?|sources?|texts?|excerpts?|documents?|context|blocks?|provided|supplied|information"
    r"|disclos\w+|stated?|mention\w*|answer\w*|determin\w+|found|given|specif\w+|detail\w*|data|available)\b"
    r"|\b(?:filings?|passages?|sources?|texts?|excerpts?|documents?|context|blocks?|information)\b[^.]{0,60}"
    r"\b(?:no|not|cannot|don['’]t|doesn['’]t|isn['’]t|aren['’]t|didn['’]t|lacks?|silent)\b",
    re.IGNORECASE,
)
_LINKING = re.compile(
    r"(?:in (?:summary|short|conclusion|sum)|overall|to summari[sz]e|here (?:is|are)|below (?:is|are)|the following)\b",
    re.IGNORECASE,
)
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
    end of a paragraph or list item cover all of it when its other sentences have none. Headings, table rows, questions,
    introductions of a list and statements that something is not in the filings need no mark.
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
    return not (is_short or plain.endswith(("?", ":")) or _ABSENCE.search(plain) or _LINKING.match(plain))


def _sentences(markdown: str) -> Iterator[_Sentence]:
    """The sentences of an answer outside headings, tables and code, in order."""
    start, is_code = 0, False
    paragraph: list[tuple[int, int]] = []
    for line in markdown.split("\n"):
        end = start + len(line)
        is_fence = line.lstrip().startswith("```")
        is_code ^= is_fence
        mark = _LIST_MARK.match(line)
        is_outside = is_fence or is_code or not line.strip() or "|" in line or bool(_HEADING.match(line))
        if is_outside or mark:
            yield from _of_paragraph(markdown, paragraph)
            paragraph = []
        if not is_outside:
            paragraph.append((start + (mark.end() if mark else 0), end))
        start = end + 1
    yield from _of_paragraph(markdown, paragraph)


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
