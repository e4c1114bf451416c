from __future__ import annotations

import pytest

from finrag_ml_tg1.vocabulary.items import (
    FORM_10K_ITEMS,
    FORM_10Q_ITEMS,
    ItemSpec,
    item_title,
    items_of_form,
    items_worded_in,
)

# 17 CFR 249.310 and 249.308a.
ANNUAL = "1 1A 1B 1C 2 3 4 5 6 7 7A 8 9 9A 9B 9C 10 11 12 13 14 15 16".split()
SMALL = "SB-1 SB-2 SB-3 SB-4 SB-5 SB-6 SB-7 SB-8 SB-8A SB-8B SB-9 SB-10 SB-11 SB-12 SB-13 SB-14".split()
QUARTERLY = "I-1 I-2 I-3 I-4 II-1 II-1A II-2 II-3 II-4 II-5 II-6".split()


@pytest.mark.parametrize(
    ("form", "items"),
    [
        ("10-K", ANNUAL),
        ("10-K/A", ANNUAL),
        ("10-K405", ANNUAL),
        ("10-KSB40", SMALL),
        ("10-Q", QUARTERLY),
        ("10-q/A", QUARTERLY),
    ],
)
def test_items_stand_in_the_order_of_the_form(form: str, items: list[str]) -> None:
    assert [spec.identifier for spec in items_of_form(form)] == items


def test_the_printed_number_leaves_out_the_part() -> None:
    assert [spec.number for spec in FORM_10Q_ITEMS][:6] == ["1", "2", "3", "4", "1", "1A"]
    assert all(spec.number == spec.identifier for spec in FORM_10K_ITEMS)


def test_every_item_has_a_title_and_other_text_has_none() -> None:
    assert all(item_title(identifier) for identifier in ANNUAL + QUARTERLY)
    assert item_title("") == item_title("17") == ""


@pytest.mark.parametrize(
    ("identifier", "fiscal_year", "title"),
    [
        ("14", 1999, "Exhibits, Financial Statement Schedules, and Reports on Form 8-K"),
        ("14", 2002, "Controls and Procedures"),
        ("14", 2003, "Principal Accountant Fees and Services"),
        ("4", 2009, "Submission of Matters to a Vote of Security Holders"),
        ("4", 2012, "Mine Safety Disclosures"),
        ("6", 2020, "Selected Financial Data"),
        ("7", 1995, item_title("7")),
    ],
)
def test_an_item_has_the_title_it_had_in_the_filings_year(identifier: str, fiscal_year: int, title: str) -> None:
    assert item_title(identifier, fiscal_year) == title


@pytest.mark.parametrize("spec", [*FORM_10K_ITEMS, *FORM_10Q_ITEMS], ids=lambda spec: spec.identifier)
def test_an_items_wording_recognises_its_title(spec: ItemSpec) -> None:
    title = item_title(spec.identifier).partition(" / ")[0]
    assert spec.wording.match(title)


@pytest.mark.parametrize(
    ("question", "items"),
    [
        ("What are the main risk factors?", {"1A", "II-1A"}),
        ("Summarise the LEGAL PROCEEDINGS.", {"3", "II-1", "SB-3"}),
        ("How does management’s discussion and analysis explain sales?", {"7", "I-2", "SB-6"}),
        ("What business is it in?", set()),
        ("What was revenue in 2023?", set()),
    ],
)
def test_a_question_names_items_by_their_titles(question: str, items: set[str]) -> None:
    assert items_worded_in(question) == items
