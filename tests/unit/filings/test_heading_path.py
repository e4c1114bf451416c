from __future__ import annotations

import pytest

from finrag_ml_tg1.filings.passages.heading_path import HeadingPath, names_a_place, without_continued


def path_of(*headings: tuple[int, str, bool]) -> list[str]:
    path = HeadingPath()
    for level, text, follows in headings:
        path = path.under(level, text, follows_heading=follows)
    return [text for _, text in path.headings]


def test_a_heading_closes_those_of_its_level_and_deeper() -> None:
    assert path_of((3, "Liquidity", False), (5, "Debt", False), (5, "Leases", False)) == ["Liquidity", "Leases"]
    assert path_of((3, "Liquidity", False), (5, "Debt", False), (3, "Risk", False)) == ["Risk"]


def test_a_heading_directly_under_another_of_its_level_refines_it() -> None:
    assert path_of((4, "Debt", False), (4, "Notes due 2030", True)) == ["Debt", "Notes due 2030"]


def test_a_heading_repeated_on_a_new_page_closes_what_was_opened_below_it() -> None:
    assert path_of((4, "Debt", False), (5, "Notes", False), (6, "Debt", False)) == ["Debt"]


def test_the_two_nearest_headings_are_shown() -> None:
    path = HeadingPath()
    for level, text in enumerate("abc", start=3):
        path = path.under(level, text, follows_heading=False)
    assert path.shown() == ["b", "c"]


@pytest.mark.parametrize(
    "heading",
    [
        "________",
        "* * *",
        "/s/ Plain Auditor LLP",
        "(in millions, except per share data)",
        "(Unaudited)",
        "(Continued)",
        "(215) 555-0100",
        "PLAIN EXAMPLE CORP.",
        "Plain Example Corp. and Subsidiaries",
        "December 31, 2023 and 2022",
        "For the years ended December 31, 2023",
    ],
)
def test_a_line_that_heads_nothing_names_no_place(heading: str) -> None:
    assert not names_a_place(heading, "Plain Example Corp.")


@pytest.mark.parametrize(
    "heading",
    [
        "(2) Investments",
        "Fiscal 2023 Compared to Fiscal 2022",
        "Leases (Continued)",
        "Plain Example Foundation",
        "資産",
    ],
)
def test_a_line_that_says_what_follows_names_a_place(heading: str) -> None:
    assert names_a_place(heading, "Plain Example Corp.")


@pytest.mark.parametrize(
    "heading", ["Note 3. Leases (Continued)", "Note 3. Leases — continued", "Note 3. Leases (cont’d)"]
)
def test_continued_is_no_part_of_a_heading(heading: str) -> None:
    assert without_continued(heading) == "Note 3. Leases"
