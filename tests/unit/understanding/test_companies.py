"""Company names as people write them, against the registrant names of real filers (names are facts)."""

from __future__ import annotations

import pytest

from finrag_ml_tg1.index.catalog import Company
from finrag_ml_tg1.understanding.companies import CompanyMentions, CompanyNames
from finrag_ml_tg1.understanding.metric_names import MetricNames
from finrag_ml_tg1.vocabulary.metrics import load_metrics

REGISTRANTS = {
    "JNJ": "JOHNSON & JOHNSON",
    "PG": "PROCTER & GAMBLE CO",
    "WFC": "WELLS FARGO & COMPANY/MN",
    "AMZN": "AMAZON.COM, INC.",
    "AI": "C3.ai, Inc.",
    "META": "Meta Platforms, Inc.",
    "IBM": "INTERNATIONAL BUSINESS MACHINES CORPORATION",
    "GD": "GENERAL DYNAMICS CORPORATION",
    "GE": "GENERAL ELECTRIC COMPANY",
    "HD": "HOME DEPOT, INC.",
    "AMD": "ADVANCED MICRO DEVICES, INC.",
    "NVDA": "NVIDIA CORP",
    "WBA": "WALGREENS BOOTS ALLIANCE, INC.",
    "MCD": "McDONALD’S CORPORATION",
    "RKT": "Rocket Companies, Inc.",
    "RIOT": "RIOT PLATFORMS, INC.",
    "AAPL": "Apple Inc.",
    "ORQN": "Orquenna Instruments, Inc. (fictional)",
    "HBLW": "Hibbelwick Kitchen Stores, Inc. (fictional)",
    "TDRY": "Tarrendray Freight Technologies, Inc. (fictional)",
}
METRICS = MetricNames(load_metrics())
NAMES = CompanyNames(
    [Company(number, name, (ticker,), (), (2023,)) for number, (ticker, name) in enumerate(REGISTRANTS.items())],
    METRICS,
)
# Words that stand in filings without being companies, and a company that filings mention as a competitor.
FILING_WORDS = frozenset(
    "azure bitcoin board brexit cybersecurity directors goodwill greater china iphone microsoft pro the vision "
    "revenue risk tariffs".split()
)


def find(question: str) -> CompanyMentions:
    return NAMES.find(question, lambda word: word.lower().strip(".,?'") in FILING_WORDS)


def tickers(question: str) -> list[str]:
    return [company.tickers[0] for company in find(question).companies]


@pytest.mark.parametrize("ticker", REGISTRANTS)
@pytest.mark.parametrize("phrase", ["Revenue of {}", "{}'s revenue", "How did {} do in 2023?"])
def test_registered_name_is_found(ticker: str, phrase: str) -> None:
    assert tickers(phrase.format(REGISTRANTS[ticker].removesuffix(" (fictional)"))) == [ticker]


@pytest.mark.parametrize("ticker", [ticker for ticker in REGISTRANTS if ticker != "AI"])
@pytest.mark.parametrize("phrase", ["{} revenue", "{}'s revenue", "What was {} revenue?", "revenue (NYSE: {})"])
def test_ticker_in_capitals_is_found(ticker: str, phrase: str) -> None:
    assert tickers(phrase.format(ticker)) == [ticker]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What was J&J's revenue?", ["JNJ"]),
        ("Johnson and Johnson revenue", ["JNJ"]),
        ("P&G's net sales", ["PG"]),
        ("Procter and Gamble's net sales", ["PG"]),
        ("What did Procter say?", ["PG"]),
        ("What are Wells Fargo's total assets?", ["WFC"]),
        ("what are wells fargo's total assets", ["WFC"]),
        ("Amazon's revenue", ["AMZN"]),
        ("what is amazon.com's revenue", ["AMZN"]),
        ("C3 AI's revenue", ["AI"]),
        ("What was Meta's revenue?", ["META"]),
        ("International Business Machines' revenue", ["IBM"]),
        ("what was ibm's revenue", ["IBM"]),
        ("General Dynamics backlog", ["GD"]),
        ("General Electric backlog", ["GE"]),
        ("The Home Depot's stores", ["HD"]),
        ("home depot employees", ["HD"]),
        ("what was amd's revenue in 2023", ["AMD"]),
        ("What is nvidia's export control risk?", ["NVDA"]),
        ("Walgreens stores", ["WBA"]),
        ("McDonald’s franchisees", ["MCD"]),
        ("McDonalds franchisees", ["MCD"]),
        ("mcdonald's franchisees", ["MCD"]),
        ("Rocket Companies' revenue", ["RKT"]),
        ("What is Rocket's revenue?", ["RKT"]),
        ("Summarize Riot's bitcoin mining", ["RIOT"]),
        ("what does apple say about growth?", ["AAPL"]),
        ("Compare Orquenna with Hibbelwick and Tarrendray", ["ORQN", "HBLW", "TDRY"]),
        ("compare nvidia and AMD", ["NVDA", "AMD"]),
        ("GE or GD, and J&J", ["GE", "GD", "JNJ"]),
    ],
)
def test_short_names_are_found_in_the_order_named(question: str, expected: list[str]) -> None:
    assert tickers(question) == expected


@pytest.mark.parametrize("question", ["What was $AI revenue?", "What was revenue (AI)?", "AI's revenue"])
def test_ticker_that_is_a_word_is_found_when_marked(question: str) -> None:
    assert tickers(question) == ["AI"]


@pytest.mark.parametrize(
    "question",
    [
        "How does AI affect revenue?",
        "what does a rocket launch cost",
        "what follows a riot",
        "the apple harvest",
        "What is the general outlook?",
        "How are home prices?",
        "What do meta-analyses say?",
        "Revenue of General Motors",
        "Johnson Controls revenue",
        "What does Rocket Lab do?",
    ],
)
def test_words_and_longer_names_of_others_are_no_covered_company(question: str) -> None:
    assert tickers(question) == []


def test_lower_case_word_beside_capitalised_names_is_no_company() -> None:
    assert tickers("What does Amazon say about apple pie and a riot?") == ["AMZN"]


def test_first_word_shared_by_two_companies_names_neither() -> None:
    names = CompanyNames(
        [Company(1, "Abbott Laboratories", (), (), (2023,)), Company(2, "Abbott Foods, Inc.", (), (), (2023,))],
        METRICS,
    )
    assert names.find("Abbott's revenue", lambda word: True).companies == ()
    assert [company.cik for company in names.find("Abbott Foods' revenue", lambda word: True).companies] == [2]


def test_former_name_is_found() -> None:
    names = CompanyNames([Company(1, "Meta Platforms, Inc.", ("META",), ("Facebook, Inc.",), (2023,))], METRICS)
    assert [company.cik for company in names.find("Facebook's revenue", lambda word: True).companies] == [1]


@pytest.mark.parametrize(
    ("question", "covered", "unknown"),
    [
        ("Compare Apple and Tesla", ["AAPL"], ("Tesla",)),
        ("Compare Tesla and Apple", ["AAPL"], ("Tesla",)),
        ("Compare Apple, Tesla and Microsoft revenue", ["AAPL"], ("Tesla", "Microsoft")),
        ("Compare Apple's revenue with Tesla's revenue", ["AAPL"], ("Tesla",)),
        ("Apple vs. Microsoft", ["AAPL"], ("Microsoft",)),
        ("How does Apple compare to Samsung?", ["AAPL"], ("Samsung",)),
        ("What was Tesla's revenue?", [], ("Tesla",)),
        ("What was Microsoft's net income?", [], ("Microsoft",)),
        ("what was tesla's revenue", [], ("tesla",)),
        ("Did Tesla grow?", [], ("Tesla",)),
        ("What was the revenue of Microsoft in 2023?", [], ("Microsoft",)),
        ("Revenue for Tesla", [], ("Tesla",)),
        ("What happened at Tesla?", [], ("Tesla",)),
        ("Tesla revenue 2023", [], ("Tesla",)),
        ("What did Bank of America earn?", [], ("Bank of America",)),
        ("Coca-Cola's margin", [], ("Coca-Cola",)),
    ],
)
def test_company_that_is_not_covered_is_named(question: str, covered: list[str], unknown: tuple[str, ...]) -> None:
    assert tickers(question) == covered
    assert find(question).unknown == unknown


@pytest.mark.parametrize(
    "question",
    [
        "How did Apple do in Greater China?",
        "What are Apple's iPhone sales?",
        "How is Azure growing for Apple?",
        "What does Apple say about the Vision Pro?",
        "What is Apple's agreement with Microsoft?",
        "What was the effect of COVID-19?",
        "What changed in January at Apple?",
        "What is Item 1A of Apple?",
        "Who is Pat Quillon at Apple?",
        "Compare Apple and Amazon in Europe and Asia",
        "What is the impact of Brexit?",
        "How does Bitcoin affect revenue?",
        "What is the role of the Board of Directors?",
        "What is GAAP net income of Apple?",
        "Is Bitcoin a risk?",
        "Cybersecurity incidents",
        "What are the main risks?",
        "Which companies mention tariffs?",
    ],
)
def test_topics_are_not_taken_for_companies(question: str) -> None:
    assert find(question).unknown == ()


@pytest.mark.parametrize(
    ("question", "remainder"),
    [
        ("What was J&J's revenue?", "What was revenue?"),
        ("Compare the risk factors of Apple and Tesla", "Compare the risk factors of and"),
        ("What was $AI revenue?", "What was revenue?"),
        ("the weather", "the weather"),
    ],
)
def test_remainder_holds_no_company_name(question: str, remainder: str) -> None:
    assert find(question).remainder == remainder


@pytest.mark.parametrize(
    "phrase",
    [
        "{} revenue FY24",
        "revenue of {} in 2024",
        "What COGS did {} report?",
        "2024 net income {}",
        "total assets for {} in 2023",
    ],
)
def test_ticker_that_is_a_word_is_found_where_the_company_of_a_number_stands(phrase: str) -> None:
    assert tickers(phrase.format("AI")) == ["AI"]


@pytest.mark.parametrize("term", ["COGS", "SBC", "D&A", "PP&E", "EBIT", "Net Sales", "Total Net Revenue", "ROE"])
@pytest.mark.parametrize("phrase", ["{} of Apple, FY2024", "What {} did Apple post?", "Show {} for AAPL in 2023"])
def test_terms_of_the_field_are_taken_for_no_company(term: str, phrase: str) -> None:
    mentions = find(phrase.format(term))
    assert [company.tickers[0] for company in mentions.companies] == ["AAPL"]
    assert mentions.unknown == ()
    assert term in mentions.remainder
