"""Whether what answers a question stands in the answer itself: the gold number, or words of an evidence page."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.evaluation.answers.asking import Given
from finrag_ml_tg1.evaluation.answers.asserted import sentences
from finrag_ml_tg1.evaluation.answers.gold_answers import read_gold
from finrag_ml_tg1.evaluation.answers.number_match import QuestionUnits
from finrag_ml_tg1.evaluation.answers.number_rules import states_numbers
from finrag_ml_tg1.evaluation.answers.questions import AnswerQuestion
from finrag_ml_tg1.index.lexical import split_terms

__all__ = ["gold_place"]

_MARK = re.compile(r"\[\d+\]")
_WORD = re.compile(r"[a-z0-9]+")
_FEWEST_WORDS = 6
_FEWEST_DIGITS = 3


def gold_place(question: AnswerQuestion, given: Given) -> str:
    """Return as what the gold stands in the answer: number, sentence, row, words or figure; "" for not at all.

    A gold answer that is a number has to stand there as the number. Of any other it is enough that a sentence or a
    table row of an evidence page does, or all words of the gold answer that the question does not hold. "figure" is the
    weakest: a figure of an evidence page is cited and repeated, such as what a growth rate was calculated from.
    """
    if not given.is_answered or question.gold is None:
        return ""
    gold = read_gold(question.text, question.gold)
    if gold.kind == "number":
        return "number" if states_numbers(gold.numbers, [given.answer], QuestionUnits(question.text)) else ""
    pages = [_even(page.text) for page in question.evidence]
    for kind, words in _pieces(given):
        if any(f" {words} " in page for page in pages):
            return kind
    is_told = bool(gold.terms) and gold.terms <= frozenset(split_terms(given.answer))
    if is_told and states_numbers(gold.numbers, [given.answer], QuestionUnits(question.text)):
        return "words"
    return "figure" if any(f" {words} " in page for words in _figures(given) for page in pages) else ""


def _pieces(given: Given) -> Iterator[tuple[str, str]]:
    """What an answer may have from a page: its sentences and its table rows."""
    for line in given.answer.splitlines():
        words = _even(_MARK.sub(" ", line)).strip()
        if line.lstrip().startswith("|"):
            if re.search(r"\d", words) and re.search(r"[a-z]", words):
                yield "row", words
            continue
        for sentence in sentences(_MARK.sub(" ", line)):
            words = _even(sentence).strip()
            if len(words.split()) >= _FEWEST_WORDS:
                yield "sentence", words


def _figures(given: Given) -> Iterator[str]:
    """The figures an answer highlights in what it cites, and repeats."""
    answer = _even(given.answer)
    for citation in given.citations:
        for start, end in citation.highlights if citation.is_cited else ():
            words = _even(citation.text[start:end]).strip()
            if len(re.sub(r"\D", "", words)) >= _FEWEST_DIGITS and f" {words} " in answer:
                yield words


def _even(text: str) -> str:
    """The words alone, with a space around each: line breaks and punctuation differ between a page and a passage."""
    return f" {' '.join(_WORD.findall(text.lower()))} "
