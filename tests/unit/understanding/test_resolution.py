"""Which filings a question is looked for in, and what is said of those it cannot be."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from finrag_ml_tg1.index.catalog import PARTS_SCHEMA, Catalog
from finrag_ml_tg1.scope import Filters, Question, Scope
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.understanding.resolution import ScopeResolver, describe_coverage
from finrag_ml_tg1.vocabulary.metrics import load_metrics

# (cik, ticker, company, form, fiscal year): the accession is "ticker-form-year".
FILINGS = [
    (1, "AAPL", "Apple Inc.", "10-K", 2021),
    (1, "AAPL", "Apple Inc.", "10-K", 2022),
    (1, "AAPL", "Apple Inc.", "10-K", 2023),
    (2, "BA", "BOEING CO", "10-Q", 2023),
    (2, "BA", "BOEING CO", "10-K", 2023),
    (2, "BA", "BOEING CO", "10-K", 2024),
    (3, "MRX", "MEDICIS PHARMACEUTICAL CORPORATION", "10-K405", 1999),
    (4, "ORQN", "Orquenna Instruments, Inc. (fictional)", "10-Q", 2024),
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    rows = [
        {
            "cik": cik,
            "tickers": [ticker],
            "company": company,
            "form": form,
            "accession": f"{ticker}-{form}-{year}",
            "fiscal_year": year,
            "period_end": date(year, 6 if form == "10-Q" else 12, 30),
        }
        for cik, ticker, company, form, year in FILINGS
    ]
    return Catalog(pl.DataFrame(rows), pl.DataFrame(schema=PARTS_SCHEMA))


@pytest.fixture(scope="module")
def resolver(catalog: Catalog) -> ScopeResolver:
    return ScopeResolver(catalog, lambda word: word.lower() not in {"tesla"}, MetricNames(load_metrics()))


def searched(scope: Scope) -> list[str]:
    return [accession for group in scope.accessions for accession in group]


def test_latest_year_is_searched_with_a_note_when_none_is_named(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("What was Apple's revenue?"))
    assert searched(scope) == ["AAPL-10-K-2023"]
    assert scope.fiscal_years == (2023,)
    assert any("no year was named" in note and "2023" in note for note in scope.notes)


def test_nothing_is_noted_when_company_and_year_are_named(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("What was Apple's revenue in 2022?"))
    assert (searched(scope), scope.notes, scope.obstacle) == (["AAPL-10-K-2022"], (), None)


@pytest.mark.parametrize("year", [2015, 2020, 2024, 2030])
def test_uncovered_year_is_an_obstacle_and_no_other_year_is_searched(resolver: ScopeResolver, year: int) -> None:
    scope = resolver.resolve(Question(f"What was Apple's revenue in {year}?"))
    assert scope.accessions == ()
    assert scope.obstacle is not None
    assert str(year) in scope.obstacle
    assert "2021–2023" in scope.obstacle


def test_partly_covered_years_are_searched_and_the_others_noted(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("Apple's revenue from 2022 to 2025"))
    assert searched(scope) == ["AAPL-10-K-2022", "AAPL-10-K-2023"]
    assert scope.obstacle is None
    assert any("2024, 2025 is not covered" in note for note in scope.notes)


def test_last_years_are_the_latest_covered_ones(resolver: ScopeResolver) -> None:
    assert searched(resolver.resolve(Question("Apple's revenue over the last two years"))) == [
        "AAPL-10-K-2022",
        "AAPL-10-K-2023",
    ]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Boeing's backlog in 2023", ["BA-10-K-2023"]),
        ("Boeing's quarterly dividend in 2023", ["BA-10-K-2023"]),
        ("Boeing's backlog in the fourth quarter of 2023", ["BA-10-K-2023"]),
        ("Boeing's backlog in Q2 2023", ["BA-10-Q-2023"]),
        ("Boeing's backlog in the second quarter of 2023", ["BA-10-Q-2023"]),
        ("What does Boeing's 10-Q say about the 737?", ["BA-10-Q-2023"]),
        ("What does Boeing's 10-K of 2023 say about the 737?", ["BA-10-K-2023"]),
        ("Boeing's latest quarter", ["BA-10-Q-2023"]),
        ("Boeing's backlog", ["BA-10-K-2024"]),
        ("What does Medicis' 10-K say?", ["MRX-10-K405-1999"]),
    ],
)
def test_annual_report_is_preferred_unless_a_quarter_is_meant(
    resolver: ScopeResolver, question: str, expected: list[str]
) -> None:
    assert searched(resolver.resolve(Question(question))) == expected


@pytest.mark.parametrize(
    ("question", "kind", "form"),
    [("Apple's revenue in Q2 2022", "quarterly", "10-K"), ("Orquenna's revenue in 2024", "annual", "10-Q")],
)
def test_search_of_the_other_kind_of_report_is_noted(
    resolver: ScopeResolver, question: str, kind: str, form: str
) -> None:
    scope = resolver.resolve(Question(question))
    assert len(searched(scope)) == 1
    assert any(f"no {kind} report" in note and f"Form {form} was searched" in note for note in scope.notes)


def test_form_that_no_filing_has_is_an_obstacle(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("What does Apple's 10-Q say?"))
    assert scope.accessions == ()
    assert "no Form 10-Q is covered; covered: 10-K" in (scope.obstacle or "")


def test_filters_win_over_the_text(resolver: ScopeResolver) -> None:
    filters = Filters(tickers=("ba",), fiscal_years=(2023,), items=("1a",), forms=("10-q",))
    scope = resolver.resolve(Question("What does Item 7 of Apple's 10-K for 2021 say?", filters))
    assert searched(scope) == ["BA-10-Q-2023"]
    assert [company.name for company in scope.companies] == ["BOEING CO"]
    assert (scope.fiscal_years, scope.items) == ((2023,), ("1A",))


def test_unknown_ticker_in_the_filter_is_an_obstacle_that_says_what_is_covered(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("Revenue of Apple", Filters(tickers=("TSLA",))))
    assert scope.accessions == ()
    assert "TSLA" in (scope.obstacle or "")
    assert "Apple Inc. (2021–2023)" in (scope.obstacle or "")


def test_unknown_ticker_beside_a_known_one_is_noted(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("Revenue in 2023", Filters(tickers=("TSLA", "AAPL"))))
    assert searched(scope) == ["AAPL-10-K-2023"]
    assert any("TSLA" in note for note in scope.notes)


def test_uncovered_company_alone_is_an_obstacle(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("What was Tesla's revenue in 2023?"))
    assert (scope.accessions, scope.companies) == ((), ())
    assert "Tesla is not among the companies covered" in (scope.obstacle or "")


def test_uncovered_company_beside_a_covered_one_is_noted_and_leaves_the_topic(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("Compare the margins of Apple and Tesla in 2023"))
    assert searched(scope) == ["AAPL-10-K-2023"]
    assert "Tesla is not among the companies covered." in scope.notes
    assert "Tesla" not in scope.topic
    assert "margins" in scope.topic


@pytest.mark.parametrize(
    ("question", "items"),
    [
        ("What does Item 1A of Apple say?", ("1A",)),
        ("Apple Item 9 a", ("9A",)),
        ("Compare items 1, 1A and 7 of Apple", ("1", "1A", "7")),
        ("Apple's item 7 and item 7A", ("7", "7A")),
        ("Apple's main risk", ()),
        ("Apple's cash flow", ()),
        ("demand for Apple's products", ()),
        ("Apple's risk factors", ()),
        ("Apple's item 99", ()),
    ],
)
def test_only_an_item_named_by_number_restricts(resolver: ScopeResolver, question: str, items: tuple[str, ...]) -> None:
    assert resolver.resolve(Question(question)).items == items


def test_item_number_stands_for_its_title_in_the_topic(resolver: ScopeResolver) -> None:
    assert "Controls and Procedures" in resolver.resolve(Question("What does Apple's Item 9A say?")).topic


def test_every_filing_is_searched_when_nothing_is_named(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("Which companies mention tariffs?"))
    assert (scope.accessions, scope.companies, scope.fiscal_years, scope.obstacle) == ((), (), (), None)


def test_every_filing_of_a_year_is_searched_when_only_a_year_is_named(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("Which companies mentioned tariffs in 2023 and 2019?"))
    assert set(searched(scope)) == {"AAPL-10-K-2023", "BA-10-Q-2023", "BA-10-K-2023"}
    assert scope.notes == ("No filing covered is of fiscal year 2019.",)


def test_year_that_no_filing_has_is_an_obstacle(resolver: ScopeResolver) -> None:
    scope = resolver.resolve(Question("Which companies mentioned tariffs in 2010?"))
    assert scope.accessions == ()
    assert "1999, 2021, 2022, 2023, 2024" in (scope.obstacle or "")


def test_coverage_names_every_company_of_a_small_index(catalog: Catalog) -> None:
    assert describe_coverage(catalog) == (
        "Covered: Apple Inc. (2021–2023); BOEING CO (2023, 2024); MEDICIS PHARMACEUTICAL CORPORATION (1999); "
        "Orquenna Instruments, Inc. (fictional) (2024)."
    )
