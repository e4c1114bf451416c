"""Numbers where they stand: the years, the scale and the line a text gives them, in sentences and in tables."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.answering.cited_sentences import cited_sentence_spans
from finrag_ml_tg1.answering.number_columns import TableReader
from finrag_ml_tg1.answering.number_signs import Direction, direction_of
from finrag_ml_tg1.answering.number_years import tied_years
from finrag_ml_tg1.answering.placed_number import PlacedNumber
from finrag_ml_tg1.answering.written_numbers import read_numbers
from finrag_ml_tg1.answering.written_years import read_years

__all__ = ["placed_numbers"]

_LONGEST_WORDS = 200


def placed_numbers(text: str, *, words: bool = False) -> Iterator[PlacedNumber]:
    """Yield the numbers of a text in order, line by line; `words` adds those written as words."""
    table = TableReader()
    start = 0
    for line in text.split("\n"):
        if "|" in line:
            yield from table.row(line, start, words=words)
        else:
            table.heading(line)
            for first, last in cited_sentence_spans(line):
                yield from _of_sentence(line[first:last], start + first, words=words)
        start += len(line) + 1


def _of_sentence(sentence: str, start: int, *, words: bool) -> Iterator[PlacedNumber]:
    numbers = read_numbers(sentence, words=words)
    if not numbers:
        return
    tied = tied_years(sentence, numbers, read_years(sentence))
    previous: Direction = ""
    for place, number in enumerate(numbers):
        between = sentence[numbers[place - 1].end : number.start] if place else ""
        is_same = place and re.fullmatch(r"\s?,?\s?(?:or|\()\s?(?:approximately\s|about\s)?", between)
        direction = previous if is_same else direction_of(sentence, number.start, number.end)
        previous = direction
        years, year = tied[place]
        words_before = sentence[max(0, number.start - _LONGEST_WORDS) : number.start]
        yield PlacedNumber(
            number, start + number.start, start + number.end, years, year, start, (), words_before, direction
        )
