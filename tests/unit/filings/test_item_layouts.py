"""Each way in which filers print items: which are found, and that each has the text put under it and no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.filings.item_documents import TITLES, annual_report, bold, items_of, para, prose, texts_of, words

COVER = para("Orchard Holdings, Inc. Annual Report on Form 10-K for the fiscal year ended December 31, 2019.")
Heading = Callable[[str, str], str]


def check(body: str, items: list[str], form: str = "10-K", keys: dict[str, str] | None = None) -> dict[str, str]:
    """The items found are these, and each begins with its heading and ends with the last words put under it."""
    found = items_of(body, form)
    assert list(found) == items
    for item, text in found.items():
        key = (keys or {}).get(item, item)
        assert text.count("Here begins") == 1, f"{item}: {text[:200]!r}"
        assert f"Here begins what the orchard says under {key}." in text
        assert text.endswith(f"Here ends what the orchard says under {key}."), f"{item}: {text[-200:]!r}"
        assert len(text) <= len(words(key)) + 300, f"{item}: {text[:200]!r}"
    return found


def spaced(text: str) -> str:
    return " ".join(text)


STYLES: dict[str, Heading] = {
    "bold": lambda number, title: bold(f"Item {number}. {title}"),
    "plain": lambda number, title: para(f"Item {number}. {title}"),
    "underlined": lambda number, title: para(f"<u>Item {number}. {title}</u>"),
    "capitals": lambda number, title: para(f"ITEM {number}. {title.upper()}"),
    "em dash": lambda number, title: bold(f"ITEM {number}—{title}"),
    "hyphen": lambda number, title: bold(f"Item {number} - {title}"),
    "dot and hyphen": lambda number, title: bold(f"Item {number}. - {title}"),
    "colon": lambda number, title: bold(f"Item {number}: {title}"),
    "no space": lambda number, title: bold(f"ITEM{number}.{title}"),
    "number sign": lambda number, title: bold(f"Item No. {number} {title}"),
    "nothing between": lambda number, title: bold(f"Item {number} {title}"),
    "comma": lambda number, title: bold(f"Item {number}, {title}"),
    "hard spaces": lambda number, title: bold(f"Item&#160;{number}.&#160;&#160;{title}"),
    "letter in brackets": lambda number, title: bold(
        f"ITEM {number[:-1]}({number[-1].lower()}) {title}" if number[-1].isalpha() else f"ITEM {number} {title}"
    ),
    "letter after a dot": lambda number, title: bold(
        f"Item {number[:-1]}.{number[-1]}. {title}" if number[-1].isalpha() else f"Item {number}. {title}"
    ),
    "letter apart": lambda number, title: bold(
        f"Item {number[:-1]} {number[-1]}. {title}" if number[-1].isalpha() else f"Item {number}. {title}"
    ),
    "letters apart": lambda number, title: bold(f"{spaced('ITEM')}  {spaced(number)} . {spaced(title.upper())}"),
    "two blocks": lambda number, title: bold(f"ITEM {number}") + bold(title),
    "two plain blocks": lambda number, title: para(f"Item {number}.") + para(title),
    "two lines": lambda number, title: f"<p><b>Item {number}.<br>{title}</b></p>",
    "with its part": lambda number, title: bold(f"PART {part_of(number)}, Item {number}. {title}"),
    "table of one row": lambda number, title: (
        f"<table><tr><td><b>Item {number}.</b></td><td><b>{title}</b></td></tr></table>"
    ),
    "table of one row without space": lambda number, title: (
        f"<table><tr><td>ITEM{number}.</td><td>{title}</td></tr></table>"
    ),
    "table row over other rows": lambda number, title: (
        f"<table><tr><td>Item {number}.</td><td>{title}</td></tr>"
        "<tr><td>Row</td><td>Crates</td><td>9</td></tr><tr><td>Sum</td><td>of all</td><td>9</td></tr></table>"
    ),
    "run-in bold": lambda number, title: f"<p><b>Item {number}. {title}.</b> {words('filler', 3)}</p>",
    "run-in plain": lambda number, title: para(f"Item {number}. {title}. {words('filler', 9)}"),
    "heading element": lambda number, title: f"<h2>Item {number}. {title}</h2>",
    "list element": lambda number, title: f"<ul><li>Item {number}. {title}</li></ul>",
    "Roman": lambda number, title: bold(f"Item {roman(number)}. {title}"),
    "in brackets": lambda number, title: bold(f"(Item {number}) {title}"),
}


def part_of(number: str) -> str:
    figure = int(number.rstrip("ABC"))
    return "I" if figure < 5 else "II" if figure < 10 else "III" if figure < 15 else "IV"


def roman(number: str) -> str:
    figure = int(number.rstrip("ABC"))
    numerals = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV".split()
    return numerals[figure - 1] + number[len(str(figure)) :]


@pytest.mark.parametrize("style", STYLES)
def test_items_are_found_when_their_headings_are_printed(style: str) -> None:
    body = "".join(STYLES[style](number, title) + prose(number) for number, title in TITLES.items())
    found = items_of(COVER + body)
    assert list(found) == list(TITLES)
    for number, text in found.items():
        assert f"Here begins what the orchard says under {number}." in text
        assert text.endswith(f"Here ends what the orchard says under {number}.")


def contents_lines(page: str = " ..... {}") -> list[str]:
    return [
        f"Item {number}. {title}{page.format(3 * place + 1)}" for place, (number, title) in enumerate(TITLES.items())
    ]


def linked_contents(target: Callable[[str], str]) -> str:
    return "".join(f'<p><a href="#{target(number)}">Item {number}. {title}</a></p>' for number, title in TITLES.items())


CONTENTS = {
    "none": "",
    "plain paragraphs with dots": "".join(map(para, contents_lines())),
    "bold paragraphs with page numbers": "".join(map(bold, contents_lines(" {}"))),
    "bold paragraphs without page numbers": "".join(map(bold, contents_lines(""))),
    "page numbers in blocks of their own": "".join(para(line) + para("7") for line in contents_lines("")),
    "numbers, titles and pages in blocks of their own": "".join(
        para(f"Item {number}.") + para(title) + para("12") for number, title in TITLES.items()
    ),
    "one list of lines": "<p>" + "<br><br>".join(contents_lines(" {}")) + "</p>",
    "a table": "<table>"
    + "".join(
        f"<tr><td>Item {number}.</td><td>{title}</td><td>{place + 1}</td></tr>"
        for place, (number, title) in enumerate(TITLES.items())
    )
    + "</table>",
    "a table with links": "<table>"
    + "".join(
        f'<tr><td><a href="#i{number}">Item {number}.</a></td><td><a href="#i{number}">{title}</a></td><td>3</td></tr>'
        for number, title in TITLES.items()
    )
    + "</table>",
    "paragraphs with links": linked_contents(lambda number: f"i{number}"),
    "links that all lead to one place": linked_contents(lambda number: "i1"),
    "links that lead nowhere": linked_contents(lambda number: f"missing{number}"),
    "twice": "".join(map(bold, contents_lines(" {}")))
    + para("Words of caution.")
    + "".join(map(para, contents_lines())),
}


@pytest.mark.parametrize("style", ["bold", "plain", "two blocks", "capitals", "table of one row", "run-in plain"])
@pytest.mark.parametrize("at_end", [False, True], ids=["in front", "at the end"])
@pytest.mark.parametrize("contents", CONTENTS)
def test_items_begin_at_their_text_when_there_is_a_table_of_contents(contents: str, at_end: bool, style: str) -> None:
    body = "".join(
        f'<a id="i{number}"></a>' + STYLES[style](number, title) + prose(number) for number, title in TITLES.items()
    )
    signed = bold("SIGNATURES") + para("Pursuant to the requirements of Section 13 the registrant has signed.")
    front, end = ("", CONTENTS[contents]) if at_end else (CONTENTS[contents], "")
    found = items_of(COVER + front + body + signed + end)
    assert list(found) == list(TITLES)
    for number, text in found.items():
        assert f"Here begins what the orchard says under {number}." in text, f"{number} {text[:200]!r}"
        assert text.endswith(f"Here ends what the orchard says under {number}."), f"{number} {text[-200:]!r}"


def test_links_to_page_tops_leave_the_beginning_at_the_heading() -> None:
    pages = []
    previous = "cover"
    for number, title in TITLES.items():
        rest = para(f"Here ends what the orchard says under {previous}.") if previous != "cover" else ""
        pages.append(f'<div id="page{number}"></div>{rest}{bold(f"Item {number}. {title}")}{para(words(number))}')
        previous = number
    contents = linked_contents(lambda number: f"page{number}")
    body = COVER + contents + "".join(pages) + para(f"Here ends what the orchard says under {previous}.")
    check(body, list(TITLES))


def test_headings_that_link_back_to_the_table_of_contents_are_no_table_of_contents() -> None:
    body = '<p id="toc">Table of contents</p>' + linked_contents(lambda number: f"i{number}")
    for number, title in TITLES.items():
        body += f'<p id="i{number}"><a href="#toc"><b>Item {number}. {title}</b></a></p>' + prose(number)
    check(body, list(TITLES))


@pytest.mark.parametrize(
    ("printed", "items"),
    [
        ("Items 1 and 2. Business and Properties", ["1", "2"]),
        ("Items 1. and 2. Business and Properties", ["1", "2"]),
        ("Items 1 & 2. Business and Properties", ["1", "2"]),
        ("Item 1 and Item 2. Business and Properties", ["1", "2"]),
        ("ITEMS 1, 1A AND 2. BUSINESS, RISK FACTORS AND PROPERTIES", ["1", "1A", "2"]),
        ("Items 7, 7A and 8. Management’s Discussion and Analysis", ["7", "7A", "8"]),
        ("Items 7 and 7A. Management’s Discussion and Analysis", ["7", "7A"]),
        ("Items 10 through 14. Directors, Executive Officers and others", ["10", "11", "12", "13", "14"]),
        ("Items 10-14. Directors, Executive Officers and others", ["10", "11", "12", "13", "14"]),
        ("ITEMS 10, 11, 12, 13 and 14. DIRECTORS AND EXECUTIVE OFFICERS", ["10", "11", "12", "13", "14"]),
    ],
)
def test_a_heading_over_several_items_gives_each_its_text(printed: str, items: list[str]) -> None:
    found = items_of(COVER + bold(printed) + prose("all"))
    assert list(found) == items
    assert len(set(found.values())) == 1


def test_a_heading_repeated_as_continued_does_not_cut_the_item() -> None:
    pages = "".join(
        bold("Item 1A. Risk Factors (continued)") + para(f"Risks of page {page}. " + words("1A", 4))
        for page in range(9)
    )
    body = bold("Item 1. Business") + prose("1") + bold("Item 1A. Risk Factors") + pages
    body += bold("Item 2. Properties") + prose("2") + bold("Item 2. Properties, cont’d") + para("More.")
    found = items_of(body)
    assert list(found) == ["1", "1A", "2"]
    assert all(f"Risks of page {page}." in found["1A"] for page in range(9))
    assert found["2"].endswith("More.")


@pytest.mark.parametrize("head", ["PART {part} Item {number}", "Item {number}. {title}", "Part {part}, Item {number}"])
@pytest.mark.parametrize("breaks", [True, False])
def test_running_heads_on_every_page_do_not_cut_items(head: str, breaks: bool) -> None:
    page_break = '<hr style="page-break-after:always">' if breaks else ""
    body = ""
    for number, title in TITLES.items():
        body += bold(f"Item {number}. {title}")
        for page in range(4):
            body += para(f"Page {page} of {number}. " + words("any", 15)) + page_break
            body += para(head.format(part=part_of(number), number=number, title=title))
        body += para(f"The end of {number}.")
    found = items_of(body)
    assert list(found) == list(TITLES)
    for number, text in found.items():
        assert all(f"Page {page} of {number}." in text for page in range(4))
        assert text.count("Page 0 of") == 1


REFERENCES = [
    "Item 7 of this report describes the harvest.",
    "Item 1A. Risk Factors of this Annual Report on Form 10-K tells of the frost.",
    "Item 8, below, holds the statements.",
    "Item 3 and other items tell of the neighbours.",
    "Item 405 of Regulation S-K asks for late reports.",
    "Item 2 describes the land we hold.",
    "“Item 9A. Controls and Procedures” tells how we count.",
    "Items 7 and 8 of this report go together.",
    "See Item 1A. Risk Factors.",
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_cross_reference_at_a_paragraphs_beginning_is_no_heading(reference: str) -> None:
    body = bold("Item 1. Business") + para("Words.") + para(reference) + prose("1")
    body += bold("Item 15. Exhibits and Financial Statement Schedules") + para(reference) + prose("15")
    assert list(items_of(body)) == ["1", "15"]


def test_an_exhibit_list_that_names_items_again_does_not_cut_the_last_item() -> None:
    body = annual_report({"7": bold(f"Item 7. {TITLES['7']}"), "8": bold(f"Item 8. {TITLES['8']}")})
    listed = para("(a)(1) Financial statements") + para("Item 8. Financial Statements and Supplementary Data")
    body += bold(f"Item 15. {TITLES['15']}") + listed + para("(a)(3) Exhibits") + para(words("15"))
    body += para("Here ends what the orchard says under 15.")
    check(body, ["7", "8", "15"])


def test_captions_of_parts_are_in_no_item() -> None:
    body = ""
    for part, number in (("I", "1"), ("II", "7"), ("III", "10"), ("IV", "15")):
        body += bold(f"PART {part}") + bold(f"Item {number}. {TITLES[number]}") + prose(number)
    assert all("PART" not in text for text in check(body, ["1", "7", "10", "15"]).values())


def test_items_of_an_early_filing_in_capitals_are_found() -> None:
    titles = {
        number: title for number, title in TITLES.items() if number not in ("1A", "1B", "7A", "9A", "9B", "14", "15")
    }
    titles |= {"4": "Submission of Matters to a Vote of Security Holders", "6": "Selected Financial Data"}
    titles |= {"14": "Exhibits, Financial Statement Schedules, and Reports on Form 8-K"}
    ordered = dict(sorted(titles.items(), key=lambda pair: int(pair[0])))
    contents = "".join(para(f"ITEM {number}. {title.upper()} {9 + int(number)}") for number, title in ordered.items())
    body = "".join(para(f"ITEM {number}. {title.upper()}") + prose(number) for number, title in ordered.items())
    check(COVER + contents + body, list(ordered), form="10-K405")


def test_schedules_of_an_early_filing_stay_in_its_item_14() -> None:
    body = bold("Item 13. Certain Relationships") + prose("13")
    body += bold("Item 14. Exhibits, Financial Statement Schedules and Reports on Form 8-K") + para("Lists follow.")
    body += bold("Financial Statement Schedules") + prose("14")
    check(body, ["13", "14"])


def test_risk_factors_stay_in_item_1_when_the_filing_numbers_no_item_1a() -> None:
    body = bold("Item 1. Business") + para("Words.") + bold("Risk Factors") + prose("1")
    body += bold("Item 2. Properties") + prose("2") + bold("Item 3. Legal Proceedings") + prose("3")
    check(body, ["1", "2", "3"])


QUARTERLY = {
    "I-1": ("1", "Financial Statements"),
    "I-2": ("2", "Management’s Discussion and Analysis of Financial Condition and Results of Operations"),
    "I-3": ("3", "Quantitative and Qualitative Disclosures About Market Risk"),
    "I-4": ("4", "Controls and Procedures"),
    "II-1": ("1", "Legal Proceedings"),
    "II-1A": ("1A", "Risk Factors"),
    "II-2": ("2", "Unregistered Sales of Equity Securities and Use of Proceeds"),
    "II-5": ("5", "Other Information"),
    "II-6": ("6", "Exhibits"),
}


def quarterly_body(order: list[str], titled: bool = True) -> str:
    body, part = "", ""
    for item in order:
        if item.partition("-")[0] != part:
            part = item.partition("-")[0]
            body += bold("PART I - FINANCIAL INFORMATION" if part == "I" else "PART II - OTHER INFORMATION")
        number, title = QUARTERLY[item]
        body += bold(f"Item {number}. {title}" if titled else f"Item {number}.") + prose(item)
    return body


@pytest.mark.parametrize("titled", [True, False], ids=["with titles", "numbers alone"])
def test_items_of_both_parts_of_a_quarterly_report_are_found(titled: bool) -> None:
    check(COVER + quarterly_body(list(QUARTERLY), titled), list(QUARTERLY), form="10-Q")


def test_items_of_a_quarterly_report_are_found_when_some_are_left_out() -> None:
    order = ["I-1", "I-2", "I-4", "II-1", "II-6"]
    check(COVER + quarterly_body(order, titled=False), order, form="10-Q")


@pytest.mark.parametrize(
    "order",
    [
        ["I-2", "I-1", "I-3", "I-4", "II-1", "II-6"],
        ["I-1", "I-2", "I-4", "I-3", "II-1", "II-6"],
        ["I-1", "I-2", "II-6", "II-1", "II-1A"],
    ],
)
def test_items_out_of_order_are_found(order: list[str]) -> None:
    check(COVER + quarterly_body(order), order, form="10-Q")


def test_items_of_a_small_business_report_are_found() -> None:
    titles = {
        "SB-1": "Description of Business",
        "SB-2": "Description of Property",
        "SB-3": "Legal Proceedings",
        "SB-4": "Submission of Matters to a Vote of Security Holders",
        "SB-5": "Market for Common Equity and Related Stockholder Matters",
        "SB-6": "Management’s Discussion and Analysis or Plan of Operation",
        "SB-7": "Financial Statements",
        "SB-8": "Changes in and Disagreements With Accountants on Accounting and Financial Disclosure",
        "SB-9": "Directors, Executive Officers, Promoters and Control Persons",
        "SB-13": "Exhibits and Reports on Form 8-K",
    }
    body = "".join(bold(f"Item {item[3:]}. {title}") + prose(item) for item, title in titles.items())
    check(COVER + body, list(titles), form="10-KSB")


def test_an_amendment_with_part_iii_alone_has_its_items() -> None:
    titles = {number: TITLES[number] for number in ("10", "11", "12", "13", "14", "15")}
    contents = "".join(para(f"Item {number}. {title} {number}") for number, title in titles.items())
    body = "".join(para(f"Item {number}. {title}") + prose(number) for number, title in titles.items())
    check(COVER + contents + body, list(titles), form="10-K/A")


def test_items_printed_for_each_of_several_registrants_keep_their_text() -> None:
    body = bold("Item 1. Business") + prose("1") + bold("Item 2. Properties") + prose("2")
    numbers = ("7", "7A", "8")
    for registrant in ("North", "South", "West"):
        body += bold(f"{registrant} Orchard Company")
        body += "".join(
            bold(f"Item {number}. {TITLES[number]}") + prose(f"{number} of {registrant}") for number in numbers
        )
    body += bold("Item 9A. Controls and Procedures") + prose("9A")
    found = items_of(body)
    assert list(found) == ["1", "2", "7", "7A", "8", "9A"]
    for number in numbers:
        for registrant in ("North", "South", "West"):
            assert f"Here begins what the orchard says under {number} of {registrant}." in found[number]
        assert found[number].count("Here begins") == 3


SIGNED = bold("SIGNATURES") + para("Pursuant to the requirements of Section 13 or 15(d), the registrant has signed.")


def appended_statements() -> str:
    return (
        bold("INDEX TO FINANCIAL STATEMENTS")
        + bold("Report of Independent Registered Public Accounting Firm")
        + para(words("audit"))
        + bold("Consolidated Balance Sheets")
        + "<table><tr><td>Pears</td><td>5</td></tr><tr><td>Plums</td><td>7</td></tr></table>"
        + bold("Notes to Consolidated Financial Statements")
        + para(words("notes"))
    )


@pytest.mark.parametrize(
    ("pointer", "owner"),
    [
        ("The financial statements begin on page F-1 and are included herein.", "8"),
        ("The financial statements are listed in Item 15 and included herein.", "15"),
        (words("8", 40), "15"),
    ],
    ids=["pointing to pages", "pointing to Item 15", "holding statements itself"],
)
@pytest.mark.parametrize("signed_first", [True, False])
def test_statements_after_the_last_item_belong_to_an_item(pointer: str, owner: str, signed_first: bool) -> None:
    body = bold("Item 1. Business") + prose("1") + bold(f"Item 8. {TITLES['8']}") + para(pointer)
    body += bold(f"Item 15. {TITLES['15']}") + prose("15") + bold("Item 16. Form 10-K Summary") + para("None.")
    body += SIGNED + appended_statements() if signed_first else appended_statements() + SIGNED
    found = items_of(body)
    assert "Here begins what the orchard says under notes." in found[owner]
    assert "INDEX TO FINANCIAL STATEMENTS" in found[owner]
    assert found["16"] == "Item 16. Form 10-K Summary\n\nNone."
    assert not any("has signed" in text for text in found.values())


def test_exhibits_and_schedules_after_the_signatures_belong_to_the_exhibits() -> None:
    body = bold("Item 1. Business") + prose("1") + bold(f"Item 8. {TITLES['8']}") + para(words("8", 40))
    body += bold(f"Item 15. {TITLES['15']}") + para("Lists follow.") + SIGNED
    body += bold("Report of Independent Registered Public Accounting Firm on Schedule") + para(words("audit"))
    body += bold("Schedule II - Valuation and Qualifying Accounts") + para(words("schedule"))
    body += bold("EXHIBIT INDEX") + para(words("exhibits"))
    found = items_of(body)
    assert [key for key in ("audit", "schedule", "exhibits") if f"under {key}." in found["15"]] == [
        "audit",
        "schedule",
        "exhibits",
    ]
    assert "under schedule" not in found["8"]


def test_an_annual_report_bound_in_fills_the_items_that_point_to_it() -> None:
    incorporated = para("The information is incorporated by reference to the annual report bound in below.")
    body = "".join(bold(f"Item {number}. {TITLES[number]}") + prose(number) for number in ("1", "2", "3"))
    body += "".join(bold(f"Item {number}. {TITLES[number]}") + incorporated for number in ("7", "7A", "8"))
    body += bold(f"Item 15. {TITLES['15']}") + prose("15") + SIGNED
    body += bold("Management’s Discussion and Analysis") + para(words("discussion", 60)) + appended_statements()
    found = items_of(body)
    assert "under discussion" in found["7"]
    assert "under notes" in found["8"]
    assert "under" not in found["7A"]


def test_every_span_of_an_item_is_told_when_its_text_is_appended() -> None:
    body = bold("Item 1. Business") + prose("1") + bold(f"Item 8. {TITLES['8']}") + para("See pages F-1 to F-9.")
    body += bold(f"Item 15. {TITLES['15']}") + prose("15") + SIGNED + appended_statements()
    assert [item for item, _ in texts_of(body)] == ["1", "8", "15", "8"]


@pytest.mark.parametrize("contents", [name for name in CONTENTS if name != "none"])
def test_titles_head_items_when_only_the_table_of_contents_numbers_them(contents: str) -> None:
    body = "".join(f'<a id="i{number}"></a>' + bold(title) + prose(number) for number, title in TITLES.items())
    found = items_of(COVER + CONTENTS[contents] + body)
    assert list(found) == list(TITLES)
    for number, text in found.items():
        assert text.startswith(TITLES[number])
        assert text.endswith(f"Here ends what the orchard says under {number}.")


@pytest.mark.parametrize(
    "printed",
    ["{title} (Item {number})", "{number}. {title}", "({number}) {title}"],
)
def test_titles_with_the_number_elsewhere_head_items(printed: str) -> None:
    body = "".join(bold(printed.format(number=number, title=title)) + prose(number) for number, title in TITLES.items())
    assert len(items_of(COVER + body)) >= len(TITLES) - 2


def test_items_of_one_large_table_are_found() -> None:
    rows = "".join(
        f"<tr><td>Item {number}.</td><td>{title}</td></tr><tr><td></td><td>{words(number)}</td></tr>"
        for number, title in TITLES.items()
    )
    found = items_of(COVER + f"<table>{rows}</table>")
    assert list(found) == list(TITLES)
    assert all(f"under {number}." in text and text.count("Here begins") == 1 for number, text in found.items())


def test_an_item_of_headings_alone_ends_before_the_next() -> None:
    body = bold("Item 10. Directors") + bold("Item 11. Executive Compensation") + bold("Item 12. Security Ownership")
    found = items_of(bold("Item 1. Business") + prose("1") + body + para("All are in the proxy statement."))
    assert list(found) == ["1", "10", "11", "12"]
    assert found["10"] == "Item 10. Directors"
    assert found["12"].endswith("proxy statement.")
