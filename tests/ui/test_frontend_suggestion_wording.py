"""Names and figures as they stand inside a suggested question."""

import pytest

from serving.frontend.suggestions.offered import split_offered
from serving.frontend.suggestions.wording import be_in_the_past, of_company, spoken_figure, spoken_name


@pytest.mark.parametrize(
    ("registered", "spoken"),
    [
        ("Velmora Instruments, Inc. (fictional)", "Velmora Instruments"),
        ("ADVANCED MICRO DEVICES, INC.", "Advanced Micro Devices"),
        ("AMAZON.COM, INC.", "Amazon.com"),
        ("C3.ai, Inc.", "C3.ai"),
        ("PROCTER & GAMBLE CO", "Procter & Gamble"),
        ("WELLS FARGO & COMPANY/MN", "Wells Fargo"),
        ("INTERNATIONAL BUSINESS MACHINES CORPORATION", "International Business Machines"),
        ("McDONALD’S CORPORATION", "McDONALD’S"),
        ("3M CO", "3M"),
        ("Co", "Co"),
        ("two\nlines  Ltd", "two lines"),
    ],
)
def test_company_is_named_as_people_say_it(registered: str, spoken: str) -> None:
    assert spoken_name(registered) == spoken


@pytest.mark.parametrize(
    ("name", "possessive"),
    [("Apple Inc.", "Apple's"), ("Meta Platforms, Inc.", "Meta Platforms'"), ("McDonald's Corp", "McDonald's")],
)
def test_possessive_is_written_by_the_last_letter(name: str, possessive: str) -> None:
    assert of_company(name) == possessive


@pytest.mark.parametrize(
    ("label", "verb", "spoken"),
    [
        ("Revenue", "was", "revenue"),
        ("Total assets", "were", "total assets"),
        ("Income before income taxes", "was", "income before income taxes"),
        ("Dividends paid", "were", "dividends paid"),
        ("Accounts receivable, net", "were", "accounts receivable, net"),
        ("Goodwill", "was", "goodwill"),
        ("EBITDA margin", "was", "EBITDA margin"),
        ("R&D as a share of revenue", "was", "R&D as a share of revenue"),
        ("Net cash from operating activities", "was", "net cash from operating activities"),
        ("Capital expenditures", "were", "capital expenditures"),
    ],
)
def test_figure_agrees_with_its_verb(label: str, verb: str, spoken: str) -> None:
    assert be_in_the_past(label) == verb
    assert spoken_figure(label) == spoken


def test_questions_an_abstention_ends_with_are_taken_off_its_text() -> None:
    text = "Not in the filings. Apple is not covered.\n\nYou could ask:\n\n- What is A?\n- Describe B."
    assert split_offered(text) == ("Not in the filings. Apple is not covered.", ("What is A?", "Describe B."))


@pytest.mark.parametrize("text", ["Not in the filings.", "", "You could ask:\n\n", "You could ask:\n\nanybody."])
def test_text_that_ends_with_no_list_of_questions_is_left_whole(text: str) -> None:
    assert split_offered(text) == (text, ())
