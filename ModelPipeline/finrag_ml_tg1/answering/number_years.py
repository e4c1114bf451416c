"""Which years the numbers of a sentence are of: said with them, at the same place of a list, or in the sentence."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

from finrag_ml_tg1.answering.number_units import WrittenNumber
from finrag_ml_tg1.answering.placed_number import Year
from finrag_ml_tg1.answering.written_numbers import JOINING
from finrag_ml_tg1.answering.written_years import WrittenYear

__all__ = ["tied_years"]

_CLAUSE_BREAKS = re.compile(
    r"[;.]\s|=|\b(?:and|while|compared|versus|vs|from|since|after|before|than|due|until|through|but)\b", re.IGNORECASE
)
_PARTING = re.compile(r"[;.]\s|=|\b(?:and|while|from|but)\b", re.IGNORECASE)
_LONGEST_JOINT = 12
_FORWARD = 50
_BACKWARD = 80

_Part = TypeVar("_Part", WrittenNumber, WrittenYear)


def tied_years(
    sentence: str, numbers: Sequence[WrittenNumber], years: Sequence[WrittenYear]
) -> list[tuple[frozenset[Year], WrittenYear | None]]:
    """Return the years each number is of: the one said with it, its place in a list, or all years of the sentence.

    The year itself is given where it is one alone.
    """
    groups = _groups(sentence, years)
    single = [group[0] for group in groups if len(group) == 1]
    listed = _listed(_groups(sentence, numbers), groups)
    firm = [year for year in years if not year.is_loose]
    only = firm[0] if len({year.year for year in firm}) == 1 and len(firm) == len(years) else None
    all_years = frozenset((year.year, year.label) for year in years)
    tied: list[tuple[frozenset[Year], WrittenYear | None]] = []
    for place, number in enumerate(numbers):
        before = numbers[place - 1].end if place else 0
        after = numbers[place + 1].start if place + 1 < len(numbers) else len(sentence)
        year = listed.get(place) or _said_with(sentence, number, single, before, after) or only
        if year is None:
            tied.append((all_years, None))
        else:
            tied.append((frozenset({(year.year, year.label)}), None if year.is_loose else year))
    return tied


def _groups(sentence: str, parts: Sequence[_Part]) -> list[list[_Part]]:
    """Neighbours with nothing between them but a comma or "and"."""
    groups = [[part] for part in parts[:1]]
    for before, part in pairwise(parts):
        between = sentence[before.end : part.start]
        if len(between) < _LONGEST_JOINT and JOINING.fullmatch(between):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def _listed(
    lists: Sequence[Sequence[WrittenNumber]], groups: Sequence[Sequence[WrittenYear]]
) -> dict[int, WrittenYear]:
    """The year at the same place of the one list as long as the number's: "$5 and $4 million in 2023 and 2022"."""
    by_length: dict[int, list[Sequence[WrittenYear]]] = {}
    for group in groups:
        by_length.setdefault(len(group), []).append(group)
    found: dict[int, WrittenYear] = {}
    place = 0
    for numbers in lists:
        fitting = by_length.get(len(numbers), [])
        if len(numbers) > 1 and len(fitting) == 1:
            found |= {place + offset: year for offset, year in enumerate(fitting[0])}
        place += len(numbers)
    return found


def _said_with(
    sentence: str, number: WrittenNumber, single: Sequence[WrittenYear], number_before: int, number_after: int
) -> WrittenYear | None:
    """The single year right after the number, or else right before it, with no other number between."""
    place = bisect_left(single, number.end, key=lambda year: year.start)
    following = single[place] if place < len(single) else None
    is_near = following is not None and following.start <= min(number_after, number.end + _FORWARD)
    if following is not None and is_near and not _CLAUSE_BREAKS.search(sentence[number.end : following.start]):
        return following
    before = single[place - 1] if place else None
    if before is None or before.is_loose or not number_before <= before.start:
        return None
    between = sentence[before.end : number.start]
    return None if len(between) > _BACKWARD or _PARTING.search(between) else before
