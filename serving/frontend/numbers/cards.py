"""Which numbers of an answer stand out, how they are read, and against what. Pure; shows nothing itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from serving.frontend.contract.figures import Calculation, Fact
from serving.frontend.numbers.change import Arrow, describe_change
from serving.frontend.numbers.points import Point, select_asked
from serving.frontend.numbers.scale import write_rounded

__all__ = ["MOST_CARDS", "Card", "choose_cards"]

MOST_CARDS = 4


@dataclass(frozen=True, slots=True)
class Card:
    """One number: what and when, rounded, and how it moved; `change` and `against` are "" where that is not known."""

    label: str
    value: str
    change: str = ""
    arrow: Arrow = "off"
    against: str = ""


def choose_cards(facts: Sequence[Fact], calculations: Sequence[Calculation], metrics: Iterable[str] = ()) -> list[Card]:
    """Return a card for the newest period of each number that was asked for, at most `MOST_CARDS`.

    Of more companies than that, the first has a card where they are ranked, and none where they are not: some of them
    would look like all. The parts of a whole have none either. The year before is of the same answer, or not told.
    """
    lines: dict[tuple[str, str, str], list[Point]] = {}
    for point in select_asked(facts, calculations, metrics):
        lines.setdefault(point.line, []).append(point)
    newest = [max(line, key=lambda point: point.order) for line in lines.values()]
    if _are_parts(newest):
        return []
    if len(newest) > MOST_CARDS:
        newest = newest[:1] if _are_ranked(newest) else []
    is_named = len({point.company for line in lines.values() for point in line}) > 1
    return [
        _build_card(point, lines[point.line], is_named=is_named)
        for point in newest
        if [other.period for other in lines[point.line]].count(point.period) == 1
    ]


def _are_parts(points: Sequence[Point]) -> bool:
    """Whether the numbers are several parts of one whole."""
    wholes = [(point.company, point.measure) for point in points if point.member]
    return len(set(wholes)) < len(wholes)


def _are_ranked(points: Sequence[Point]) -> bool:
    """Whether one number of several companies is given in the order of its size."""
    values = [point.value for point in points]
    return len({point.measure for point in points}) == 1 and (
        values == sorted(values) or values == sorted(values, reverse=True)
    )


def _build_card(point: Point, line: Sequence[Point], *, is_named: bool) -> Card:
    label = f"{point.company}: {point.label}" if is_named else point.label
    value = write_rounded(point.value, point.unit, point.display)
    before = [other for other in line if other.period == point.year_before and _is_alike(other, point)]
    if len(before) != 1:
        return Card(label, value)
    change = describe_change(point, before[0])
    return Card(label, value, change.words, change.arrow, f"vs {before[0].period}")


def _is_alike(point: Point, other: Point) -> bool:
    return (point.unit, point.display) == (other.unit, other.display)
