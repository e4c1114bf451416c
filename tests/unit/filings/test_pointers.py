from __future__ import annotations

import pytest

from finrag_ml_tg1.filings.items.pointers import MAX_POINTER_CHARS, pointer_in

MATTER = "Our pickers brought in more pears than in any year since the orchard was planted. "


@pytest.mark.parametrize(
    "text",
    [
        "Item 10. Directors\n\nThe names are incorporated by reference from our proxy statement.",
        "Item 7. Discussion\n\nPages 30 to 85 of Exhibit 13 are incorporated herein by reference.",
        "Item 11. Compensation\n\nThis stands in the definitive proxy statement for the spring meeting.",
        "Item 11. | Executive Compensation | (a)",
        "Item 12. Ownership\n\nThe table will be in Schedule 14A.\n\nWe incorporate that table by this reference.",
    ],
)
def test_an_item_incorporated_by_reference_says_so(text: str) -> None:
    assert pointer_in(text) == "incorporated by reference"


@pytest.mark.parametrize(
    "text",
    [
        "Item 1B. Unresolved Staff Comments\n\nNone.",
        "Item 4. Mine Safety Disclosures\n\nNot applicable.",
        "Item 6. [Reserved]",
        "Item 3. Legal Proceedings\n\nWe are not a party to any lawsuit.",
        "Item 9. Changes in Accountants\n\nThere were no such changes.",
        "Item 4. Submission of Matters\n\nNo matters were put to a vote last quarter.",
    ],
)
def test_an_item_with_nothing_to_report_says_so(text: str) -> None:
    assert pointer_in(text) == "nothing to report"


@pytest.mark.parametrize(
    "text",
    [
        "Item 3. Legal Proceedings\n\nSee Note 12 to the financial statements.",
        "Item 8. Statements\n\nThe statements begin on page F-1.",
        "Item 7A. Market Risk\n\nThis is discussed under “Rates” above.",
        "Item 8. Financial Statements | Pages 40-60",
    ],
)
def test_an_item_that_sends_the_reader_elsewhere_says_so(text: str) -> None:
    assert pointer_in(text) == "elsewhere in this filing"


@pytest.mark.parametrize(
    "text",
    [
        "Item 2. Properties\n\n" + MATTER,
        "Item 7. Discussion",
        "Item 1A. Risk Factors\n\n" + MATTER * 20 + "None.",
        "Item 1A. Risk Factors\n\n" + MATTER * 4 + "We have not lost a tree.",
        "Item 10. Directors\n\n" + MATTER * 9 + "More is in the proxy statement.",
        "Item 2. Properties\n\n" + MATTER * 9 + "See Note 4.",
    ],
    ids=["matter", "heading alone", "long", "matter before a denial", "matter beside a reference", "matter and a note"],
)
def test_an_item_with_matter_of_its_own_points_nowhere(text: str) -> None:
    assert pointer_in(text) == ""


def test_an_item_longer_than_the_bound_points_nowhere() -> None:
    reference = "The list is incorporated by reference from the proxy statement. "
    text = "Item 10. Directors\n\n" + reference * 40
    assert pointer_in(text[:MAX_POINTER_CHARS]) == "incorporated by reference"
    assert pointer_in(text[: MAX_POINTER_CHARS + 1]) == ""
