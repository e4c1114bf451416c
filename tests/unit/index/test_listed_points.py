"""A list is quoted from the sentence that introduces it to the last point that fits."""

from __future__ import annotations

from finrag_ml_tg1.index.listed_points import list_spans

LIST = "Our sources of cash include:\n\n• sales of pumps;\n\n• loans; and\n\n• cash on hand"


def quoted(text: str) -> list[str]:
    return [text[start:end] for start, _, end in list_spans(text)]


def test_list_is_one_stretch_without_what_stands_around_it() -> None:
    text = f"Liquidity\n\nWe are liquid. {LIST}\n\nWe also lend."
    assert quoted(text) == [LIST]


def test_opening_is_told_from_the_points() -> None:
    assert [LIST[start:end] for start, end, _ in list_spans(LIST)] == ["Our sources of cash include:"]


def test_points_too_far_down_are_left_out() -> None:
    point = "\n\n• " + " ".join(["word"] * 40)
    assert quoted("We name:" + 4 * point) == ["We name:" + 2 * point]


def test_one_point_is_no_list() -> None:
    assert quoted("We name:\n\n• one thing\n\nThen we stop.") == []
