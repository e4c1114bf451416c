"""Filings that order their text their own way, and tell in an index of pages which item stands where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.filings.item_documents import TITLES, bold, items_of, para, spans_of, texts_of, words

# Page of the annual report: the heading printed on its top, and whose words follow.
PAGES = [
    ("About the orchard", "1"),
    ("Our people", "1"),
    ("Financial review", "7"),
    ("Harvest by region", "7"),
    ("Market risk", "7A"),
    ("Risk factors", "1A"),
    ("Risks of frost", "1A"),
    ("Land and buildings", "2"),
    ("Legal proceedings", "3"),
    ("Statement of income", "8"),
    ("Balance sheet", "8"),
    ("Notes", "8"),
    ("Controls and procedures", "9A"),
    ("Exhibits", "15"),
]
NUMBERED = dict(zip(("1", "7", "7A", "1A", "2", "3", "8", "9A", "15"), range(9), strict=True))


def pages_of(item: str) -> list[int]:
    return [place for place, (_, owner) in enumerate(PAGES, start=1) if owner == item]


def ranged(item: str) -> str:
    pages = pages_of(item)
    return f"{pages[0]}–{pages[-1]}" if len(pages) > 1 else str(pages[0])


def first_page(item: str) -> str:
    return str(pages_of(item)[0])


def index(
    reference: Callable[[str], str], row: str = "<tr><td>Item {item}.</td><td>{title}</td><td>{pages}</td></tr>"
) -> str:
    rows = ""
    for item, title in TITLES.items():
        pages = reference(item) if pages_of(item) else "Not applicable"
        rows += row.format(item=item, title=title, pages=pages)
    return f"<p><b>Form 10-K Cross-Reference Index</b></p><table><tr><td></td><td></td><td>Page</td></tr>{rows}</table>"


BREAK = '<hr style="page-break-after:always">'


def page(number: int | str, heading: str, item: str, *, breaks: bool = True, mark: str = "") -> str:
    text = para(f"{words(item, 20)} Page {number}.") + para(f"More of {item}.")
    return f"{mark}{bold(heading)}{text}{para(str(number))}{BREAK if breaks else ''}"


def report(*, breaks: bool = True) -> str:
    return "".join(
        page(number, heading, item, breaks=breaks, mark=f'<a id="p{number}"></a>')
        for number, (heading, item) in enumerate(PAGES, start=1)
    )


COVER = para("Orchard Holdings, Inc. Annual Report on Form 10-K.") + BREAK


def check_pages(body: str, form: str = "10-K") -> dict[str, str]:
    """Every page's words stand in the item that the index gives the page to, and in no other."""
    found = items_of(body, form)
    for item in NUMBERED:
        assert item in found, f"{item} of {list(found)}"
        for number, (_, owner) in enumerate(PAGES, start=1):
            assert (f" Page {number}." in found[item]) == (owner == item), (
                f"page {number} in {item}: {found[item][:80]}"
            )
    return found


@pytest.mark.parametrize("at_front", [True, False], ids=["in front", "at the end"])
@pytest.mark.parametrize("reference", [ranged, first_page], ids=["pages from-to", "first pages"])
@pytest.mark.parametrize("breaks", [True, False], ids=["page breaks", "page numbers alone"])
def test_items_stand_on_the_pages_that_the_index_names(
    at_front: bool, reference: Callable[[str], str], breaks: bool
) -> None:
    table = index(reference) + BREAK * breaks
    body = COVER + (table if at_front else "") + report(breaks=breaks) + ("" if at_front else table)
    found = check_pages(body)
    assert found["4"] == "Item 4. | Mine Safety Disclosures | Not applicable"


def test_pages_may_be_named_as_words() -> None:
    check_pages(COVER + report() + index(lambda item: f"Pages {ranged(item)}"))
    check_pages(COVER + report() + index(lambda item: ranged(item).replace("–", " to ")))


def test_an_index_may_leave_out_the_word_item() -> None:
    row = "<tr><td>{item}.</td><td>{title}</td><td>{pages}</td></tr>"
    check_pages(COVER + index(ranged, row) + BREAK + report())


def test_an_index_may_name_headings_instead_of_pages() -> None:
    def named(item: str) -> str:
        return next(heading for heading, owner in PAGES if owner == item)

    check_pages(COVER + index(named) + BREAK + report(breaks=False))


def test_an_index_may_link_to_the_places_without_page_breaks() -> None:
    check_pages(COVER + index(lambda item: f'<a href="#p{first_page(item)}">here</a>') + report(breaks=False))


def test_pages_of_the_statements_may_be_numbered_apart() -> None:
    own = [place for place in PAGES if place[1] != "8"]
    report_pages = "".join(page(number, heading, item) for number, (heading, item) in enumerate(own, start=1))
    statements = "".join(page(f"F-{number}", f"Statement {number}", "8") for number in range(1, 6))

    def reference(item: str) -> str:
        pages = [number for number, (_, owner) in enumerate(own, start=1) if owner == item]
        return "F-1 to F-5" if item == "8" else f"{pages[0]}-{pages[-1]}"

    found = items_of(COVER + index(reference) + BREAK + report_pages + statements)
    assert all(f" Page F-{number}." in found["8"] for number in range(1, 6))
    assert " Page 1." not in found["8"]
    assert " Page 1." in found["1"]


def test_an_item_that_shares_all_its_pages_is_found_with_little_confidence() -> None:
    def reference(item: str) -> str:
        return "1" if item == "2" else ranged(item)

    _, spans = spans_of(COVER + index(reference) + BREAK + report())
    assert [span.confidence < 0.7 for span in spans if span.item == "2"] == [True]


def test_a_single_page_without_the_items_title_is_found_with_little_confidence() -> None:
    _, spans = spans_of(COVER + index(first_page) + BREAK + report())
    sure = {span.item: span.confidence for span in spans if span.basis == "pages"}
    assert sure["7A"] < 0.7 <= sure["1A"]


def test_statements_on_pages_that_the_index_leaves_out_join_the_others() -> None:
    def reference(item: str) -> str:
        return "11–12" if item == "8" else ranged(item)

    found = items_of(COVER + index(reference) + BREAK + report())
    assert " Page 10." in found["8"]


def test_the_index_is_no_items_text() -> None:
    for item, text in texts_of(COVER + report() + index(ranged)):
        assert "Cross-Reference" not in text
        assert pages_of(item) == [] or "Item 1." not in text


def test_an_index_beside_printed_headings_changes_nothing() -> None:
    headed = "".join(bold(f"Item {item}. {title}") + para(words(item)) for item, title in TITLES.items())
    with_index, without = items_of(COVER + index(ranged) + headed), items_of(COVER + headed)
    assert with_index == without


def test_items_that_send_the_reader_to_the_annual_report_keep_their_own_words() -> None:
    body = COVER + bold("PART I") + bold("Item 1. Business") + para(words("1"))
    for item in ("7", "7A", "8"):
        body += bold(f"Item {item}. {TITLES[item]}")
        body += para(f"The information on pages 3{len(item)}-85 of the annual report is incorporated by reference.")
    body += bold("Item 9A. Controls and Procedures") + para(words("9A"))
    guide = "".join(f"<tr><td>Statistical table {row}</td><td>{row}, {row + 40}</td></tr>" for row in range(1, 20))
    body += para("Guide 3 information") + f"<table>{guide}</table>"
    found = items_of(body)
    assert list(found) == ["1", "7", "7A", "8", "9A"]
    assert found["8"].endswith("is incorporated by reference.")
