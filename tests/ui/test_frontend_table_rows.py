"""Headings over the right columns: the text of a filing leaves empty cells out."""

from serving.frontend.markup.table_rows import count_headings, is_amount, lay_out, split_rows


def read_grid(lead: str, text: str) -> list[list[str]]:
    """Return what stands in each column, row by row; a cell over several columns is repeated."""
    headers, rows = lay_out(split_rows(lead), split_rows(text))
    return [[cell.text for cell in row.cells for _ in range(cell.span)] for row in [*headers, *rows]]


def test_years_stand_over_their_numbers() -> None:
    assert read_grid("", "Year ended\n2024 | 2023\nRevenue | 5 | 4\nCosts | 3 | 2")[1] == ["", "2024", "2023"]
    assert read_grid("2024 | 2023", "Revenue | 5 | 4")[0] == ["", "2024", "2023"]


def test_years_in_the_middle_of_a_table_stand_over_their_numbers() -> None:
    assert read_grid("", "Revenue | 5 | 4\nMAY 31, 2025 | MAY 31, 2024\nDebt | 3 | 2")[1] == [
        "",
        "MAY 31, 2025",
        "MAY 31, 2024",
    ]


def test_heading_of_several_columns_spans_them() -> None:
    assert read_grid("", "Assets | Debts\n2024 | 2023 | 2024 | 2023\nSwaps | 1 | 2 | 3 | 4")[0] == [
        "",
        "Assets",
        "Assets",
        "Debts",
        "Debts",
    ]


def test_row_with_a_missing_number_keeps_its_name_first() -> None:
    assert read_grid(" | 2024 | 2023", "Revenue | 5 | 4\nGoodwill | 7")[2] == ["Goodwill", "7"]
    assert read_grid(" | 2024 | 2023", "Goodwill | 7\nRevenue | 5 | 4")[1] == ["Goodwill", "7"]


def test_table_of_words_has_no_headings_to_move() -> None:
    rows = split_rows("Jane | Director\nJohn | Officer | since May")
    assert count_headings(rows) == 0
    assert read_grid("", "Jane | Director\nJohn | Officer | since May")[0] == ["Jane", "Director"]


def test_amounts_are_told_from_words() -> None:
    assert [text for text in ("1,234", "$(5.1)", "—", "", "12 %", "Note 4", "x") if not is_amount(text)] == [
        "Note 4",
        "x",
    ]
