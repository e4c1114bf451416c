"""Tagged numbers out of made-up documents: values, periods, dimensions, units, and what is reported instead."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.text.canonical import parse_html
from finrag_ml_tg1.filings.xbrl.facts import TaggedFacts, read_tagged_facts
from tests.unit.filings.xbrl.inline_document import (
    DURATION,
    NAMESPACES,
    USD,
    context,
    document,
    fact,
    read_all,
    read_one,
)

EXPLICIT = '<xbrldi:explicitMember dimension="srt:ProductAxis">acme:WidgetMember</xbrldi:explicitMember>'
TYPED = (
    '<xbrldi:typedMember dimension="acme:StartAxis"><acme:StartAxis.domain>2024-01-01</acme:StartAxis.domain>'
    "</xbrldi:typedMember>"
)

MUTABLE = ("contextRef", "unitRef", "decimals", "scale", "sign", "format", "xsi_nil")


def only_issue(found: TaggedFacts) -> str:
    assert not found.facts
    (issue,) = found.issues
    return issue.reason


def instant(text: str) -> str:
    return f"<xbrli:instant>{text}</xbrli:instant>"


def test_fact_carries_concept_period_unit_value_and_element() -> None:
    root = document(fact("1,234.5", format="ixt:num-dot-decimal", scale="6", decimals="-5", sign="-", id="f1"))
    (found,) = read_tagged_facts(root).facts
    assert found.concept == "us-gaap:Assets"
    assert (found.period_start, found.period_end) == (date(2023, 1, 1), date(2023, 12, 31))
    assert found.dimensions == ()
    assert found.unit == "USD"
    assert found.value == Decimal(-1_234_500_000)
    assert str(found.value) == "-1234500000"
    assert found.decimals == "-5"
    assert found.element.get("id") == "f1"


@given(
    value=st.decimals(min_value=0, allow_nan=False, allow_infinity=False, places=4, max_value=10**30),
    scale=st.integers(-12, 15),
    negative=st.booleans(),
)
def test_scale_and_sign_are_exact(value: Decimal, scale: int, negative: bool) -> None:
    attributes = {"scale": str(scale), "decimals": "INF"} | ({"sign": "-"} if negative else {})
    found = read_one(fact(f"{value:f}", **attributes))
    whole, _, fraction = f"{value:f}".partition(".")
    power = scale - len(fraction)
    exact = int(whole + fraction) * 10 ** max(power, 0)
    expected = Decimal(f"{'-' if negative else ''}{exact}E{min(power, 0)}")
    assert found.value == expected
    assert "E" not in str(found.value) or scale < 0


def test_facts_come_in_document_order() -> None:
    found = read_all("".join(fact(str(number), id=f"f{number}") for number in range(20)))
    assert [item.value for item in found.facts] == list(range(20))


def test_negative_zero_is_zero() -> None:
    assert str(read_one(fact("0", sign="-")).value) == "0"


@pytest.mark.parametrize("attribute", ["xsi_nil", "xs_nil"])
@pytest.mark.parametrize("written", ["true", "1"])
def test_nil_fact_has_no_value(attribute: str, written: str) -> None:
    namespaces = NAMESPACES | {"xs": NAMESPACES["xsi"]}
    assert read_one(fact("", **{attribute: written}), namespaces=namespaces).value is None


def test_empty_nil_element_does_not_swallow_what_follows() -> None:
    empty = '<ix:nonFraction name="us-gaap:Goodwill" contextRef="c" unitRef="usd" xsi:nil="true"/>'
    found = read_all(empty + fact("5"))
    assert [(item.concept, item.value) for item in found.facts] == [("us-gaap:Goodwill", None), ("us-gaap:Assets", 5)]


def test_nested_facts_are_facts_of_their_own() -> None:
    inner = fact("12", concept="us-gaap:Liabilities", scale="3")
    found = read_all(fact(f"<span>{inner}</span>", scale="3"))
    assert [item.concept for item in found.facts] == ["us-gaap:Assets", "us-gaap:Liabilities"]
    assert [item.value for item in found.facts] == [12_000, 12_000]


def test_markup_inside_a_number_is_no_part_of_it() -> None:
    assert read_one(fact("<b>1,2</b><span>34</span>", format="ixt:num-dot-decimal")).value == 1234


def test_dimensions_of_segment_and_scenario_are_sorted_with_typed_members_as_text() -> None:
    declared = context(segment=EXPLICIT, scenario=TYPED)
    assert read_one(fact("1"), contexts=declared).dimensions == (
        ("acme:StartAxis", "2024-01-01"),
        ("srt:ProductAxis", "acme:WidgetMember"),
    )


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (instant("2023-12-31"), None, date(2023, 12, 31)),
        (instant(" 2023-12-31\n"), None, date(2023, 12, 31)),
        (instant("2024-01-01T00:00:00"), None, date(2023, 12, 31)),
        (instant("2023-12-31T24:00:00"), None, date(2023, 12, 31)),
        (DURATION.replace("2023-12-31", "2024-01-01T00:00:00"), date(2023, 1, 1), date(2023, 12, 31)),
        (DURATION.replace("2023-01-01", "2023-01-01T00:00:00"), date(2023, 1, 1), date(2023, 12, 31)),
        (DURATION.replace("2023-01-01", "2022-12-31T24:00:00.000"), date(2023, 1, 1), date(2023, 12, 31)),
    ],
)
def test_midnight_belongs_to_the_day_that_ends_or_begins(period: str, start: date | None, end: date) -> None:
    found = read_one(fact("1"), contexts=context(period))
    assert (found.period_start, found.period_end) == (start, end)


@pytest.mark.parametrize(
    ("period", "reason"),
    [
        ("<xbrli:forever/>", "forever"),
        ("", "no single period"),
        (instant("2023-12-31") + instant("2024-12-31"), "no single period"),
        (instant("2023-02-30"), "no day"),
        (instant("31.12.2023"), "no day"),
        (instant("2023-12-31T12:00:00"), "no day"),
        (instant("0001-01-01T00:00:00"), "no day"),
        (DURATION.replace("2023-12-31", "2022-12-31"), "before it starts"),
    ],
)
def test_period_without_two_days_is_reported(period: str, reason: str) -> None:
    assert reason in only_issue(read_all(fact("1"), contexts=context(period)))


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("", "no context 'c'"),
        (context() + context(instant("2023-12-31")), "two contexts"),
        (context(segment="<acme:Region>North</acme:Region>"), "other than dimensions"),
        (context(segment=EXPLICIT + EXPLICIT), "one dimension twice"),
    ],
)
def test_context_that_cannot_be_used_is_reported(declared: str, reason: str) -> None:
    assert reason in only_issue(read_all(fact("1"), contexts=declared))


def unit(inside: str) -> str:
    return f'<xbrli:unit id="usd">{inside}</xbrli:unit>'


def measures(*names: str) -> str:
    return "".join(f"<xbrli:measure>{name}</xbrli:measure>" for name in names)


def divided(above: str, below: str) -> str:
    return (
        f"<xbrli:divide><xbrli:unitNumerator>{above}</xbrli:unitNumerator>"
        f"<xbrli:unitDenominator>{below}</xbrli:unitDenominator></xbrli:divide>"
    )


@pytest.mark.parametrize(
    ("inside", "written"),
    [
        (measures("iso4217:USD"), "USD"),
        (measures(" xbrli:pure "), "pure"),
        (measures("acme:Restaurant"), "Restaurant"),
        (measures("utr:h", "utr:MW"), "MW*h"),
        (divided(measures("iso4217:USD"), measures("xbrli:shares")), "USD/shares"),
        (divided(measures("iso4217:USD"), measures("utr:h", "utr:MW")), "USD/MW*h"),
    ],
)
def test_unit_is_written_by_its_measures(inside: str, written: str) -> None:
    assert read_one(fact("1"), units=unit(inside)).unit == written


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        ("", "no unit 'usd'"),
        (unit(""), "no measure"),
        (unit(divided(measures("iso4217:USD"), "")), "no measure"),
        (USD + unit(measures("iso4217:EUR")), "two units"),
    ],
)
def test_unit_that_cannot_be_used_is_reported(declared: str, reason: str) -> None:
    assert reason in only_issue(read_all(fact("1"), units=declared))


@pytest.mark.parametrize(
    "attributes",
    [
        {"format": "ixt:num-dot-decimal", "text": "n/a"},
        {"format": "ixt:date-month-day", "text": "12/31"},
        {"format": "foreign:num-dot-decimal", "text": "5"},
        {"scale": "1.5", "text": "5"},
        {"scale": "999999", "text": "5"},
        {"sign": "+", "text": "5"},
        {"concept": "", "text": "5"},
        {"text": "1,234"},
    ],
)
def test_value_that_cannot_be_read_is_reported_and_costs_no_other_fact(attributes: dict[str, str]) -> None:
    found = read_all(fact(**attributes) + fact("7"))
    assert [item.value for item in found.facts] == [7]
    (issue,) = found.issues
    assert issue.text == attributes["text"]
    assert "\n" not in issue.reason


def test_unknown_precision_is_reported_and_the_number_kept() -> None:
    found = read_all(fact("7", decimals="many"))
    assert [item.value for item in found.facts] == [7]
    assert [item.decimals for item in found.facts] == [None]
    assert "many" in found.issues[0].reason


def test_fraction_is_reported() -> None:
    body = (
        '<ix:fraction name="us-gaap:Ratio" contextRef="c" unitRef="usd"><ix:numerator>1</ix:numerator>'
        "<ix:denominator>3</ix:denominator></ix:fraction>"
    )
    assert "fraction" in only_issue(read_all(body))


def test_prefixes_are_what_the_document_declares() -> None:
    page = (
        '<html xmlns:T="http://www.xbrl.org/2013/inlineXBRL" '
        'xmlns:n="http://www.xbrl.org/inlineXBRL/transformation/2022-02-16"><body>'
        '<xbrl xmlns="http://www.xbrl.org/2003/instance"><context id="c"><entity><segment>'
        '<D:explicitMember xmlns:D="http://xbrl.org/2006/xbrldi" dimension="a:Axis">a:B</D:explicitMember>'
        "</segment></entity><period><instant>2023-12-31</instant></period></context>"
        '<unit id="u"><measure>shares</measure></unit></xbrl>'
        '<T:nonFraction name="dei:Shares" contextRef="c" unitRef="u" format="N:num-dot-decimal-apos">'
        "1'000</T:nonFraction></body></html>"
    )
    found = read_tagged_facts(parse_html(page.encode()))
    assert not found.issues
    (only,) = found.facts
    assert only.value == 1000
    assert only.unit == "shares"
    assert only.dimensions == (("a:Axis", "a:B"),)


def test_customary_prefixes_are_understood_where_none_is_declared() -> None:
    assert read_one(fact("1,000", format="ixt:num-dot-decimal"), namespaces={}).value == 1000


def test_prefix_declared_for_something_else_tags_nothing() -> None:
    found = read_all(fact("1"), namespaces=NAMESPACES | {"ix": "http://example.com/other"})
    assert found == TaggedFacts((), ())


def test_document_without_tags_has_no_facts() -> None:
    assert read_tagged_facts(parse_html(b"<html><body><p>Assets 5</p></body></html>")) == TaggedFacts((), ())


@given(
    st.lists(st.sampled_from([*NAMESPACES.values(), "http://example.com/"]), max_size=4),
    st.lists(st.text("abx:*{}%$!?()[]'é0", max_size=6), min_size=4, max_size=4),
    st.fixed_dictionaries({name: st.text("0129-+.INFxe:\u00e9\u0663 ", max_size=5) for name in MUTABLE}),
)
def test_whatever_is_declared_and_tagged_is_read_or_reported(
    declared: list[str], prefixes: list[str], attributes: dict[str, str]
) -> None:
    namespaces = NAMESPACES | dict(zip(prefixes, declared, strict=False))
    found = read_all(fact("5", **attributes) + fact("7"), namespaces=namespaces)
    assert len(found.facts) + len(found.issues) >= 2
    assert found.facts[-1].value == 7
