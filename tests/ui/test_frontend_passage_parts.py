import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.frontend.contract.passages import Passage
from serving.frontend.evidence.passage_parts import find_places, is_spread, split_passage

SENTENCE = "Forty chars of words that end right here. "
CAPTION = "A long caption that takes several lines where a window is narrow, as telephones are. "


def build_passage(text: str, kind: str = "prose", lead: str = "") -> Passage:
    return Passage("p1", kind, lead, "", text)


@pytest.mark.parametrize(
    ("ranges", "places"),
    [
        ([(0, 3), (4, 7)], [(0, 7)]),
        ([(8, 13), (0, 3)], [(0, 3), (8, 13)]),
        ([(2, 2), (9, 99), (-4, 1)], [(0, 1), (9, 13)]),
        ([], []),
    ],
)
def test_places_are_ranges_that_words_part(ranges: list[tuple[int, int]], places: list[tuple[int, int]]) -> None:
    assert find_places("one two three", ranges) == places


def test_places_are_spread_when_one_window_cannot_hold_them() -> None:
    assert is_spread([(0, 5), (900, 905)])
    assert not is_spread([(0, 5), (90, 95)])
    assert not is_spread([(900, 905)])


def test_long_beginning_is_folded_at_a_sentence() -> None:
    text = SENTENCE * 20 + "MARKED words."
    start = text.index("MARKED")
    parts = split_passage(build_passage(text, lead="Lead"), [(0, 5), (start, start + 6)], (start, start + 6))
    assert parts.folded
    assert parts.folded.text + parts.shown.text == text
    assert parts.folded.text.endswith("here. ")
    assert parts.shown.text[slice(*parts.shown_highlights[0])] == "MARKED"
    assert parts.shown_highlights[0][0] <= 180
    assert parts.folded.text[slice(*parts.folded_highlights[0])] == "Forty"
    assert (parts.folded.lead, parts.shown.lead) == ("Lead", "")


def test_place_near_the_top_or_none_folds_nothing() -> None:
    passage = build_passage(SENTENCE * 20)
    assert split_passage(passage, [(50, 60)], (50, 60)).folded is None
    assert split_passage(passage, [], None).shown == passage


def test_table_keeps_its_column_headings_above_the_shown_rows() -> None:
    rows = [f"Name of row {row} | {row}00 | {row}50" for row in range(10, 40)]
    text = "\n".join(["(In millions)", "2024 | 2023", *rows])
    start = text.index("3000")
    parts = split_passage(build_passage(text, "table", "Caption"), [(start, start + 4)], (start, start + 4))
    assert parts.folded
    assert "2024 | 2023" in parts.shown.lead
    assert parts.shown.text[slice(*parts.shown_highlights[0])] == "3000"
    assert parts.shown.text.splitlines().index("Name of row 30 | 3000 | 3050") <= 3
    assert parts.folded.text + parts.shown.text == text


def test_long_caption_of_a_table_is_folded_but_not_its_columns() -> None:
    passage = build_passage("Revenue | 5 | 4\nCost | 3 | 2", "table", f"{CAPTION * 5}\n | 2024 | 2023")
    parts = split_passage(passage, [(10, 11)], (10, 11))
    assert parts.folded
    assert parts.folded.lead.startswith(CAPTION)
    assert [line for line in parts.shown.lead.splitlines() if line] == [" | 2024 | 2023"]
    assert parts.shown.text == passage.text


@settings(deadline=None)
@given(
    st.text(alphabet="ab. |\n1", max_size=900),
    st.integers(0, 900),
    st.integers(1, 50),
    st.sampled_from(["prose", "table"]),
)
def test_cut_loses_neither_words_nor_marks(text: str, start: int, length: int, kind: str) -> None:
    places = find_places(text, [(start, start + length)])
    parts = split_passage(build_passage(text, kind), places, places[0] if places else None)
    folded = parts.folded.text if parts.folded else ""
    assert folded + parts.shown.text == text
    marked = [folded[slice(*each)] for each in parts.folded_highlights]
    marked += [parts.shown.text[slice(*each)] for each in parts.shown_highlights]
    assert "".join(marked) == "".join(text[slice(*place)] for place in places)
