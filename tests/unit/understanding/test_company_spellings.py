"""Names in other letters than the registered ones, and words that only look like names (names of filers are facts)."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.companies import CompanyNames
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.vocabulary.metrics import load_metrics

REGISTRANTS = {
    "KO": "COCA COLA CO",
    "JPM": "JPMORGAN CHASE & CO",
    "PEP": "PepsiCo, Inc.",
    "PG": "PROCTER & GAMBLE CO",
    "UNH": "UnitedHealth Group Incorporated",
    "AAPL": "Apple Inc.",
    "AMZN": "AMAZON.COM, INC.",
    "HD": "HOME DEPOT, INC.",
    "BA": "BOEING CO",
    "WBA": "WALGREENS BOOTS ALLIANCE, INC.",
    "WFC": "WELLS FARGO & COMPANY/MN",
    "JNJ": "JOHNSON & JOHNSON",
    "RKT": "Rocket Companies, Inc.",
    "GE": "GENERAL ELECTRIC COMPANY",
    "CRM": "Salesforce, Inc.",
    "COST": "COSTCO WHOLESALE CORP /NEW",
    "CASH": "PATHWARD FINANCIAL, INC.",
    "NET": "Cloudflare, Inc.",
    "SNOW": "Snowflake Inc.",
    "AI": "C3.ai, Inc.",
    "GAN": "GAINSCO, INC.",
}
NAMES = CompanyNames(
    [Company(number, name, (ticker,), (), (2023,)) for number, (ticker, name) in enumerate(REGISTRANTS.items())],
    MetricNames(load_metrics()),
)


def tickers(question: str) -> list[str]:
    return [company.tickers[0] for company in NAMES.find(question, lambda word: True).companies]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Coca-Cola revenue 2024", ["KO"]),
        ("Coca Cola's revenue", ["KO"]),
        ("coca-cola revenue", ["KO"]),
        ("CocaCola revenue", ["KO"]),
        ("JP Morgan net income 2024", ["JPM"]),
        ("jp morgan net income 2024", ["JPM"]),
        ("J.P. Morgan Chase net income", ["JPM"]),
        ("United Health revenue", ["UNH"]),
        ("united health revenue", ["UNH"]),
        ("HOMEDEPOT revenue", ["HD"]),
        ("P & G net sales", ["PG"]),
        ("procter gamble net sales", ["PG"]),
        ("Procter and Gamble net sales", ["PG"]),
        ("Pepsi advertising expense", ["PEP"]),
        ("pepsi net revenue", ["PEP"]),
        ("compare pepsi and p&g advertising", ["PEP", "PG"]),
        ("C3 AI and Apple revenue", ["AI", "AAPL"]),
    ],
)
def test_name_is_found_however_its_words_are_joined(question: str, expected: list[str]) -> None:
    assert tickers(question) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what was aapl's net income growth?", ["AAPL"]),
        ("amzn property and equipment, net", ["AMZN"]),
        ("jnj net earnings from continuing operations 2023", ["JNJ"]),
        ("pg treasury stock", ["PG"]),
        ("pg segment share of net earnings", ["PG"]),
        ("what was ge's revenue", ["GE"]),
        ("net income of aapl in 2023", ["AAPL"]),
        ("revenue aapl 2023", ["AAPL"]),
        ("compare aapl and amzn revenue", ["AAPL", "AMZN"]),
        ("walgreens net loss", ["WBA"]),
        ("what did walgreens report as revenue", ["WBA"]),
        ("Walgreens Total assets 2024", ["WBA"]),
        ("Rocket Total liabilities", ["RKT"]),
        ("earnings of apple", ["AAPL"]),
        ("revenue of apple in 2023", ["AAPL"]),
        ("boeing cash at June 30, 2023", ["BA"]),
        ("apple Total Assets in December 2023", ["AAPL"]),
    ],
)
def test_name_in_lower_case_is_found_where_the_company_of_a_number_stands(question: str, expected: list[str]) -> None:
    assert tickers(question) == expected


@pytest.mark.parametrize(
    "question",
    [
        "cost of revenue 2023",
        "cash at the end of 2023",
        "net income 2023",
        "snow removal revenue",
        "ai revenue",
        "gains on sale of assets",
        "sales force expense",
        "the sales force",
        "how many oil wells did they drill, and at what cost",
        "johnson controls net income",
        "Johnson Controls net income",
        "rocket lab revenue",
        "general motors revenue",
        "what follows an apple harvest",
        "sales of apple juice",
        "the price of an apple",
        "what is a home",
        "what does walgreens rename",
        "General Motors Revenue",
        "united states revenue",
        "pepsi bottling revenue",
        "Pepsi Bottling revenue",
        "coca plants and cola drinks",
        "hd video revenue",
        "what is pg rated revenue",
        "a ba degree",
    ],
)
def test_words_of_the_language_and_names_of_others_are_no_covered_company(question: str) -> None:
    assert tickers(question) == []


def test_lower_case_ticker_beside_a_named_company_is_no_company() -> None:
    assert tickers("snow revenue of Apple") == ["AAPL"]
