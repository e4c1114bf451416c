from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.tabular.labels import PathReader

_NAMES = st.lists(st.sampled_from(["Alpha", "Bravo", "Delta", "Gamma", "Omega"]), min_size=1, max_size=4, unique=True)


def paths_of(*rows: tuple[str, float, bool]) -> list[tuple[str, ...]]:
    reader = PathReader()
    return [
        (reader.read_row if has_numbers else reader.read_section)(label, indent).path
        for label, indent, has_numbers in rows
    ]


def test_a_flat_balance_sheet_is_nested_by_its_totals() -> None:
    paths = paths_of(
        ("ASSETS:", 0, False),
        ("Current assets:", 0, False),
        ("Cash", 0, True),
        ("Total current assets", 0, True),
        ("Non-current assets:", 0, False),
        ("Goodwill", 0, True),
        ("Total non-current assets", 0, True),
        ("Total assets", 0, True),
        ("LIABILITIES AND EQUITY:", 0, False),
        ("Payables", 0, True),
    )
    assert paths == [
        (),
        ("ASSETS:",),
        ("ASSETS:", "Current assets:"),
        ("ASSETS:",),
        ("ASSETS:",),
        ("ASSETS:", "Non-current assets:"),
        ("ASSETS:",),
        (),
        (),
        ("LIABILITIES AND EQUITY:",),
    ]


def test_a_section_ends_where_rows_are_no_longer_indented() -> None:
    paths = paths_of(
        ("Earnings per share:", 1, False), ("Basic", 8, True), ("Diluted", 8, True), ("Dividends", 1, True)
    )
    assert paths == [(), ("Earnings per share:",), ("Earnings per share:",), ()]


def test_a_section_takes_the_place_of_one_on_its_level() -> None:
    paths = paths_of(("Basic:", 0, False), ("Net income", 0, True), ("Diluted:", 0, False), ("Net income", 0, True))
    assert paths[-1] == ("Diluted:",)


def test_a_total_of_a_part_does_not_close_the_whole() -> None:
    paths = paths_of(("Assets", 0, False), ("Cash", 0, True), ("Total current assets", 0, True), ("Land", 0, True))
    assert paths[-1] == ("Assets",)


@given(
    st.lists(st.tuples(_NAMES, st.integers(1, 3)), min_size=1, max_size=5),
)
def test_indented_tables_are_read_as_they_were_made(groups: list[tuple[list[str], int]]) -> None:
    """Sections nest as deep as their names go; rows stand one step deeper than their section."""
    rows: list[tuple[str, float, bool]] = []
    expected: list[tuple[str, ...]] = []
    for names, count in groups:
        for depth, name in enumerate(names):
            rows.append((f"{name}:", 10.0 * depth, False))
            expected.append(tuple(f"{outer}:" for outer in names[:depth]))
        rows.extend((f"Row {row}", 10.0 * len(names), True) for row in range(count))
        expected.extend([tuple(f"{name}:" for name in names)] * count)
    assert paths_of(*rows) == expected


def test_lines_of_words_without_numbers_do_not_pile_up_as_sections() -> None:
    paths = paths_of(*((f"Line {number}", 0, False) for number in range(5_000)), ("Cash", 0, True))
    assert max(len(path) for path in paths) <= 12
