"""The committed filings, read with lxml alone: markup, facts, footing, and agreement between years."""

import json
import re
from collections import defaultdict
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from samples.cover import BANNER
from samples.generate import FILINGS_DIR, GROUND_TRUTH, main
from tests.unit.samples.filing_reader import IX, XBRLI, Fact, Filing, read_texts

SEGMENT_AXIS = "us-gaap:StatementBusinessSegmentsAxis"
REVENUE = {"us-gaap:Revenues", "us-gaap:RevenueFromContractWithCustomerExcludingAssessedTax"}


Days = tuple[str | None, str]


def read_truth() -> dict[str, dict[str, object]]:
    return {filing["file"]: filing for filing in json.loads(GROUND_TRUTH.read_text("utf-8"))["filings"]}


def index_plain(filing: Filing) -> dict[tuple[str, Days], Decimal]:
    """Undimensioned facts; the most precise when a rounded one repeats it."""
    facts = sorted((f for f in filing.read_facts() if not f.dimensions), key=lambda f: f.precision, reverse=True)
    return {(f.concept, f.period): f.value for f in facts}


def test_committed_files_are_what_the_generator_writes() -> None:
    assert main(["--check"]) == 0


def test_check_fails_when_a_file_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in FILINGS_DIR.iterdir():
        (tmp_path / path.name).write_text(path.read_text("utf-8"), "utf-8")
    (changed, *_) = sorted(tmp_path.iterdir())
    changed.write_text("changed", "utf-8")

    assert main(["--check", "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(changed.name)


def test_there_are_nine_filings_below_300_kilobytes(filings: list[Filing]) -> None:
    assert len(filings) == 9
    assert all(filing.path.stat().st_size < 300_000 for filing in filings)


def test_every_fact_refers_to_a_context_and_a_unit_that_exist(filings: list[Filing]) -> None:
    for filing in filings:
        contexts = {element.get("id") for element in filing.root.iter(f"{XBRLI}context")}
        units = {element.get("id") for element in filing.root.iter(f"{XBRLI}unit")}
        numbers = list(filing.root.iter(f"{IX}nonFraction"))
        texts = list(filing.root.iter(f"{IX}nonNumeric"))
        assert {e.get("contextRef") for e in [*numbers, *texts]} == contexts
        assert {e.get("unitRef") for e in numbers} == units
        identifiers = [e.get("id") for e in [*numbers, *texts]]
        assert len(identifiers) == len(set(identifiers))


def test_prefixes_of_concepts_and_members_are_declared(filings: list[Filing]) -> None:
    for filing in filings:
        named = {fact.concept for fact in filing.read_facts()}
        named |= {name for fact in filing.read_facts() for pair in fact.dimensions for name in pair}
        assert {name.split(":")[0] for name in named} <= set(filing.root.nsmap)


def test_facts_told_twice_agree_within_their_rounding(filings: list[Filing]) -> None:
    def key(fact: Fact) -> tuple[str, str, str, str]:
        return (fact.concept, str(fact.period), fact.unit, str(sorted(fact.dimensions)))

    for filing in filings:
        for _, group in groupby(sorted(filing.read_facts(), key=key), key=key):
            facts = list(group)
            for fact in facts[1:]:
                assert abs(fact.value - facts[0].value) <= max(fact.precision, facts[0].precision) / 2, fact


def test_facts_equal_the_ground_truth(filings: list[Filing]) -> None:
    truth = read_truth()
    for filing in filings:
        expected = truth[filing.path.name]
        plain = index_plain(filing)
        assert isinstance(expected["values"], dict)
        for concept, value in expected["values"].items():
            assert plain[concept, (value["period_start"], value["period_end"])] == Decimal(value["value"])
        assert filing.read_dei("EntityCentralIndexKey") == expected["cik"]
        assert filing.read_dei("DocumentFiscalYearFocus") == str(expected["fiscal_year"])
        assert filing.read_dei("CurrentFiscalYearEndDate") == f"--{str(expected['period_end'])[5:]}"
        assert filing.read_dei("EntityRegistrantName") == expected["company"]


def test_comparatives_agree_with_the_report_before(filings: list[Filing]) -> None:
    for _, group in groupby(filings, key=lambda filing: filing.ticker):
        reports = list(group)
        for earlier, later in pairwise(reports):
            before, after = index_plain(earlier), index_plain(later)
            shared = before.keys() & after.keys()
            assert len(shared) > 60
            assert {key: before[key] for key in shared} == {key: after[key] for key in shared}


def test_printed_totals_foot(filings: list[Filing]) -> None:
    for filing in filings:
        plain = index_plain(filing)

        def get(concept: str, period: Days, plain: dict[tuple[str, Days], Decimal] = plain) -> Decimal:
            return plain.get((f"us-gaap:{concept}", period), Decimal(0))

        instants = {period for concept, period in plain if concept == "us-gaap:Assets"}
        durations = {period for concept, period in plain if concept == "us-gaap:GrossProfit"}
        assert (len(instants), len(durations)) == (2, 3)
        for period in instants:
            assert get("Assets", period) == get("Liabilities", period) + get("StockholdersEquity", period)
            assert get("Assets", period) == get("LiabilitiesAndStockholdersEquity", period)
        for period in durations:
            (revenue,) = {plain[key] for key in plain if key[0] in REVENUE and key[1] == period}
            assert revenue - get("CostOfRevenue", period) == get("GrossProfit", period)
            assert get("GrossProfit", period) - get("OperatingExpenses", period) == get("OperatingIncomeLoss", period)
            flows = sum(
                get(f"NetCashProvidedByUsedIn{kind}Activities", period)
                for kind in ("Operating", "Investing", "Financing")
            )
            prefix = "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents"
            change = get(f"{prefix}PeriodIncreaseDecreaseIncludingExchangeRateEffect", period)
            assert flows + get(f"EffectOfExchangeRateOn{prefix}", period) == change


def test_segment_revenue_sums_to_total_revenue(filings: list[Filing]) -> None:
    for filing in filings:
        plain = index_plain(filing)
        sums: dict[tuple[str, Days], Decimal] = defaultdict(Decimal)
        for fact in filing.read_facts():
            if fact.concept in REVENUE and {axis for axis, _ in fact.dimensions} == {SEGMENT_AXIS}:
                sums[fact.concept, fact.period] += fact.value
        assert len(sums) == 3
        assert all(plain[key] == total for key, total in sums.items())


def test_negative_values_are_printed_in_parentheses_unless_the_concept_turns_the_sign(filings: list[Filing]) -> None:
    turned = ("IncreaseDecreaseIn", "PaymentsFor", "PaymentsOf", "PaymentsTo", "RepaymentsOf", "TaxCreditsResearch")
    for filing in filings:
        for fact in filing.read_facts():
            if fact.value < 0 and not any(word in fact.concept for word in turned):
                assert fact.parentheses, fact


def test_loss_year_has_negative_facts(filings: list[Filing]) -> None:
    (filing,) = [f for f in filings if f.path.name.startswith("TDRY_10-K_9990000002-23")]
    values = {concept: value for (concept, period), value in index_plain(filing).items() if period[1] == "2023-06-30"}

    assert values["us-gaap:NetIncomeLoss"] < 0
    assert values["us-gaap:EarningsPerShareDiluted"] == values["us-gaap:EarningsPerShareBasic"] < 0
    assert values["us-gaap:RetainedEarningsAccumulatedDeficit"] < 0


def test_item_headings_and_links_are_those_of_the_ground_truth(filings: list[Filing]) -> None:
    truth = read_truth()
    for filing in filings:
        headings = re.findall(r"font-weight:700\">Item (\w+)\. ", filing.path.read_text("utf-8"))
        anchors = {element.get("id") for element in filing.root.iter() if element.get("id")}
        links = {str(element.get("href")).removeprefix("#") for element in filing.root.iter("{*}a")}
        assert headings == truth[filing.path.name]["items"]
        assert links <= anchors


def test_cybersecurity_item_appears_once_the_rule_applied(filings: list[Filing]) -> None:
    with_item = {name for name, filing in read_truth().items() if "1C" in str(filing["items"])}

    assert {(name.split("_")[0], name[-14:-12]) for name in with_item} == {
        ("ORQN", "24"),
        ("ORQN", "25"),
        ("TDRY", "24"),
        ("HBLW", "24"),
        ("HBLW", "25"),
    }


def test_53_week_year_is_named_in_the_text(filings: list[Filing]) -> None:
    (filing,) = [f for f in filings if f.path.name.startswith("HBLW_10-K_9990000003-24")]

    assert "For the fiscal year (53 weeks) ended" in filing.visible_text
    assert (
        "Fiscal 2023 began on January 29, 2023 and ended on February 3, 2024, and had 53 weeks." in filing.visible_text
    )


def test_cover_says_that_the_company_is_fictional(filings: list[Filing]) -> None:
    for filing in filings:
        assert BANNER in filing.visible_text[:600]
        assert "(fictional)" in filing.read_dei("EntityRegistrantName")


def test_only_example_mail_addresses_and_no_unfilled_placeholders(filings: list[Filing]) -> None:
    for filing in filings:
        html = filing.path.read_text("utf-8")
        assert set(re.findall(r"[\w.+-]+@([\w.-]+\w)", html)) == {"example.com"}
        assert not re.search(r"[{}]|@-\d", filing.visible_text)


def test_length_is_that_of_a_short_annual_report(filings: list[Filing]) -> None:
    for filing in filings:
        assert 6_000 <= len(filing.visible_text.split()) <= 9_500


def test_prose_differs_from_year_to_year(filings: list[Filing]) -> None:
    for _, group in groupby(filings, key=lambda filing: filing.ticker):
        paragraphs = [
            {" ".join(read_texts(div)) for div in filing.root.iter("{*}div") if not div.findall(".//{*}td")}
            for filing in group
        ]
        for earlier, later in pairwise(paragraphs):
            assert len(later - earlier) > 60
