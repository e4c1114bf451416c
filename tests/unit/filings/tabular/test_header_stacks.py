from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.tabular.cells import read_rows
from finrag_ml_tg1.filings.tabular.headers import TableSection, read_sections
from tests.unit.filings.tabular.tables import document_of, html_table


def sections_of(*rows: str) -> tuple[TableSection, ...]:
    document = document_of(html_table(*rows))
    block = document.blocks[0]
    assert block.table is not None
    return read_sections(read_rows(document.text, block.char_start, block.table))


def test_every_column_has_the_cells_above_it() -> None:
    (section,) = sections_of(
        "|Years ended December 31,*3||",
        "(In millions)|2023||2022||Change",
        "Net sales:",
        "Phones|5||4||1",
        "Pads|3||2||1",
    )
    assert section.body == 2
    assert section.stub == ("(In millions)",)
    assert [column.headings for column in section.columns] == [
        ("Years ended December 31,", "2023"),
        ("Years ended December 31,", "2022"),
        ("Change",),
    ]


def test_a_header_in_the_middle_begins_the_table_anew() -> None:
    first, second = sections_of(
        "|Three Months Ended*2", "|June 30, 2023|June 30, 2022", "Sales|5|4",
        "|Nine Months Ended*2", "|June 30, 2023|June 30, 2022", "Sales|15|14",
    )  # fmt: skip
    assert (first.start, first.body, first.stop) == (0, 2, 3)
    assert (second.start, second.body, second.stop) == (3, 5, 6)
    assert second.columns[0].headings == ("Nine Months Ended", "June 30, 2023")


def test_a_table_without_a_header_begins_with_its_rows() -> None:
    (section,) = sections_of("Sales|5|4", "Cost|3|2")
    assert (section.body, [column.headings for column in section.columns]) == (0, [(), ()])


def test_a_title_row_belongs_to_the_header() -> None:
    (section,) = sections_of("STATEMENT OF EARNINGS", "For the years ended December 31|2023|2022", "Sales|5|4")
    assert section.body == 2


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=4),
    st.integers(1, 3),
    st.integers(0, 2),
)
def test_generated_spans_stack_over_the_columns_they_cover(groups: list[int], span: int, gap: int) -> None:
    """Groups of year columns under one heading each; every column is `span` grid columns wide, `gap` apart."""
    spacer = [""] * gap
    top, years, row, expected = ["*1"], ["*1"], ["Sales*1"], []
    for place, width in enumerate(groups):
        top += [f"Group {place}*{width * span + (width - 1) * gap}", *spacer]
        for column in range(width):
            years += [f"{2023 - column}*{span}", *spacer]
            row += [f"{place + 1},{column}00*{span}", *spacer]
            expected.append((f"Group {place}", str(2023 - column)))
        years[-gap or len(years) :] = spacer
    (section,) = sections_of("|".join(top), "|".join(years), "|".join(row))
    assert [column.headings for column in section.columns] == expected


def test_table_wider_than_any_is_read_as_far_as_columns_go() -> None:
    (section,) = sections_of("|" + "|".join(["2023"] * 2_000), "Sales|" + "|".join(["5"] * 2_000))
    assert 100 < len(section.columns) < 1_000
    assert section.columns[0].headings == ("2023",)
