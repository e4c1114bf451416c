"""Documents to take away hold what the page shows, written by hand here."""

from __future__ import annotations

import time
from typing import Any

import pytest
from lxml import html

from serving.frontend.contract.json_row import JsonRow
from serving.frontend.contract.passages import read_citation
from serving.frontend.contract.query import Filters, Query
from serving.frontend.contract.stream_events import SourcesFound
from serving.frontend.conversation.asking import Failure, Progress, Stopped
from serving.frontend.conversation.conversation import Turn
from serving.frontend.takeaway.blocks import Table
from serving.frontend.takeaway.quotation import quote_passage
from serving.frontend.takeaway.web_address import encode_address
from tests.ui.stub_backend import COMPANY, RISK_SENTENCE, build_citation
from tests.ui.takeaway_turns import build_turn, export_html, export_markdown

# The stubs of lxml make a union of everything an expression may find.
Element = Any
SALES = "How large were net sales?"


def parse(page: str) -> Element:
    return html.document_fromstring(page)


def text_of(element: Element) -> str:
    return " ".join(element.text_content().split())


def test_markdown_holds_the_answer_with_citations_linked_to_its_sources() -> None:
    lines = export_markdown(build_turn(SALES)).splitlines()
    assert lines[0] == "# Answer by FinRAG"
    assert lines[2].startswith("Made by FinRAG from filings with the SEC; saved on 2024-07-01 (UTC). Index 2024-07-01T")
    assert '## <a id="question-1"></a>How large were net sales?' in lines
    sales = r"Net sales were **\$412.3 million** in fiscal 2024, against \$389.8 million in fiscal 2023"
    assert rf"{sales} [\[1\]](#source-1-1)." in lines
    assert lines[lines.index(r"| Net sales | \$412.3 million | \$389.8 million |") - 1] == "| --- | ---: | ---: |"
    assert r"- All sensors come from one supplier [\[2\]](#source-1-2)" in lines
    assert "Calculation: (412.3 - 389.8) / 389.8 = 5.8 %" in lines


def test_markdown_quotes_the_source_with_the_cited_words_in_bold() -> None:
    lines = export_markdown(build_turn(SALES)).splitlines()
    start = lines.index(
        rf'#### <a id="source-1-2"></a>\[2\] {COMPANY} (VLMR), Form 10-K, fiscal year 2024',
    )
    assert lines[start + 2] == (
        "Item 1A. Risk Factors · Accession number 0009990001-24-000001 · "
        "[Open the filing](<https://filings.example/velmora-2024.htm>)"
    )
    assert lines[start + 4 : start + 9] == [
        "> We buy parts from few makers.",
        ">",
        f"> **{RISK_SENTENCE}** A stop at that maker would halt our lines for up to nine months.",
        ">",
        r"> We keep stock for about six weeks of output \& test a second \<source\>.",
    ]
    table = lines.index(r"> | **Net sales** | **\$ 412,300** | **\$ 389,750** |")
    assert lines[table + 1] == "> | Cost of sales | 251,100 | 240,020 |"


def test_markdown_tells_how_the_answer_came_about() -> None:
    lines = export_markdown(build_turn(SALES)).splitlines()
    about = lines.index("### About this answer")
    assert lines[about + 2 :] == [
        f"- Understood as: {COMPANY} · fiscal 2024, 2023 · Item 7, Item 1A",
        "- Note: Fiscal 2024 ends on 2024-06-30.",
        "- Time, model and cost: 1.2 s · quoted, no language model · no model cost",
        "- Index version: 2024-07-01T00-00-00",
        "- Request: req-0001",
    ]


def test_calculation_is_told_step_by_step_down_to_where_its_inputs_are_printed() -> None:
    text = export_markdown(build_turn("gross margin?"))
    origin = r"us-gaap\:GrossProfit · 2023-07-01 to 2024-06-30 · filing 0009990001-24-000001 · printed in"
    assert (
        "### Calculation\n\n"
        f"#### {COMPANY}: Gross margin, fiscal 2024\n\n"
        "- Result: **0.3909774436090226**, or 39.09774436090226 %\n"
        "- Formula: Gross profit ÷ Revenue\n"
        "- With the numbers: 161,200 ÷ 412,300 (thousands)\n"
        "- Inputs:\n\n"
        "  - Gross profit, FY2024: **161,200,000 USD**  \n"
        rf"    {origin} [\[1\]](#source-1-1)"
    ) in text
    assert (
        "### Exact numbers\n\n"
        "- Gross profit, FY2024: **161,200,000 USD**  \n"
        rf"  {origin} [\[1\]](#source-1-1)"
    ) in text


def flag(answer: dict[str, Any]) -> dict[str, Any]:
    doubted = {"kind": "number", "start": 17, "end": 31, "text": "$412.3 million", "reason": "It stands in no source."}
    return {**answer, "flags": [doubted]}


def test_doubted_words_are_marked_and_explained() -> None:
    turn = build_turn(SALES, change=flag)
    assert r"> - “\$412.3 million”: It stands in no source." in export_markdown(turn).splitlines()
    page = parse(export_html(turn))
    assert "Net sales were $412.3 million ⚠" in text_of(page)
    warning = page.find_class("warning")[0]
    assert text_of(warning) == "⚠ Check this before you use it “$412.3 million”: It stands in no source."


def test_html_stands_by_itself() -> None:
    page = parse(export_html(build_turn(SALES)))
    assert page.get("lang") == "en"
    assert page.findtext("head/title") == "How large were net sales? · FinRAG"
    policy = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert [heading.text_content() for heading in page.iter("h1", "h2", "h3")] == [
        "Answer by FinRAG",
        SALES,
        "Answer",
        "Sources",
        "Also found, not cited by the answer",
        "About this answer",
    ]
    assert not list(page.iter("script", "link", "img", "iframe", "object", "form", "base"))


def test_html_links_citations_to_their_sources_and_sources_to_the_filing() -> None:
    page = parse(export_html(build_turn(SALES)))
    links = [(link.text_content(), link.get("href")) for link in page.iter("a")]
    filing = ("Open the filing", "https://filings.example/velmora-2024.htm")
    assert links == [("[1]", "#source-1-1"), ("[2]", "#source-1-2"), filing, filing, filing]
    assert page.get_element_by_id("source-1-2").text_content() == f"[2] {COMPANY} (VLMR), Form 10-K, fiscal year 2024"
    assert [mark.text_content() for mark in page.iter("mark")] == [
        "Net sales",
        "$ 412,300",
        "$ 389,750",
        RISK_SENTENCE,
    ]


def test_html_shows_the_table_of_the_answer() -> None:
    table = next(parse(export_html(build_turn(SALES))).iter("table"))
    rows = [[cell.text_content() for cell in row] for row in table.iter("tr")]
    assert rows == [
        ["", "Fiscal 2024", "Fiscal 2023"],
        ["Net sales", "$412.3 million", "$389.8 million"],
        ["Change", "+5.8 %", ""],
    ]


def test_conversation_lists_its_questions_and_keeps_sources_apart() -> None:
    turns = [build_turn(SALES, 3), build_turn("gross margin?", 4)]
    page = parse(export_html(*turns))
    contents = next(page.iter("ol"))
    assert contents.get("start") == "3"
    assert [link.get("href") for link in contents.iter("a")] == ["#question-3", "#question-4"]
    assert [heading.text_content() for heading in page.iter("h2")] == [f"3. {SALES}", "4. gross margin?"]
    assert {"source-3-1", "source-3-2", "source-4-1"} <= {element.get("id") for element in page.iter("h4")}


def test_question_without_answer_says_why() -> None:
    failed = Turn(1, Query(SALES), outcome=Failure("No answer arrived.", "The back end cannot be reached.", "req-7"))
    assert (
        export_markdown(failed)
        .rstrip()
        .endswith("> **No answer arrived.**  \n> The back end cannot be reached.  \n> Request req-7")
    )
    assert "This question had no answer yet when this was saved." in export_html(Turn(2, Query(SALES)))


def test_stopped_answer_is_told_as_far_as_it_came() -> None:
    found = SourcesFound(
        citations=(read_citation(JsonRow(build_citation(1, "vlmr/2024:r1", [[0, 6]]))),), facts=(), calculations=()
    )
    stopped = Stopped(Progress(sources=found, text="Parts come from **one** maker [1] and"))
    text = export_markdown(Turn(1, Query(SALES), outcome=stopped))
    assert "> **This answer was stopped.**  \n> What is here is not the whole answer." in text
    assert r"Parts come from **one** maker [\[1\]](#source-1-1) and" in text
    assert "> **We buy** parts from few makers." in text


def test_limits_set_by_hand_are_told() -> None:
    limited = Turn(1, Query(SALES, Filters(tickers=("VLMR",), fiscal_years=(2024,))), outcome=build_turn(SALES).outcome)
    assert "Limited to VLMR · fiscal 2024" in export_markdown(limited).splitlines()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Ended\nMay 1, 2024 | May 2, 2023\nSales | $ 5 | 4",
            [["", "May 1, 2024", "May 2, 2023"], ["Sales", "$ 5", "4"]],
        ),
        ("2024 | 2023\nSales | 5 | 4", [["", "2024", "2023"], ["Sales", "5", "4"]]),
        ("(thousands) | 2024\nNet:\nSales | 5", [["(thousands)", "2024"], ["Net:"], ["Sales", "5"]]),
        (" | 2024 | 2023\nSales | 5", [["", "2024", "2023"], ["Sales", "5"]]),
        ("Sales | (5) | —\nCosts | 4 | 3", [["Sales", "(5)", "—"], ["Costs", "4", "3"]]),
    ],
)
def test_quoted_table_has_its_cells_under_their_columns(text: str, expected: list[list[str]]) -> None:
    [table] = [block for block in quote_passage(text, ()) if isinstance(block, Table)]
    rows = [row for row in (table.header, *table.rows) if row]
    assert [["".join(run.text for run in cell) for cell in row] for row in rows] == expected


def test_abstention_is_told_as_one() -> None:
    assert "**The filings covered here do not hold this answer.**" in export_markdown(build_turn("abstain"))


def test_long_question_is_told_whole_below_a_short_heading() -> None:
    question = "\n".join(["Why?", *["and why so?"] * 40])
    page = parse(export_html(Turn(1, Query(question))))
    heading = page.get_element_by_id("question-1").text_content()
    assert len(heading) <= 160
    assert heading.endswith("…")
    assert text_of(page).count("and why so?") >= 40


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://www.sec.gov/a/b.htm#c", "https://www.sec.gov/a/b.htm#c"),
        ("http://x.example/a<c>\"'", "http://x.example/a%3Cc%3E%22'"),
        ("http://x.example/a b", ""),
        ("https://x.example/?a=1&b=%20", "https://x.example/?a=1&b=%20"),
        ("javascript:alert(1)", ""),
        ("JAVASCRIPT://x.example/%0aalert(1)", ""),
        ("data:text/html,<b>", ""),
        ("//x.example/a", ""),
        ("https://www.sec.gov@x.example/a", ""),
        ("https://www.sec.gov\\@x.example/a", ""),
        ("https:", ""),
        ("https://[", ""),
        ("", ""),
    ],
)
def test_only_web_addresses_are_linked(address: str, expected: str) -> None:
    assert encode_address(address) == expected


def test_twenty_turns_are_written_in_well_under_a_second() -> None:
    turns = [build_turn("gross margin?", number) for number in range(1, 21)]
    begun = time.perf_counter()
    export_html(*turns)
    export_markdown(*turns)
    assert time.perf_counter() - begun < 1.0
