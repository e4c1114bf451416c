"""Questions for numbers with the values that are right, made from the filings' own tags and a hand-written list.

What is right does not come from the program that answers: see metric_truth.yaml.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from finrag_ml_tg1.errors import SettingsError

__all__ = ["BankRow", "common_metrics", "each_absent", "make_bank", "read_bank"]

# {company} is the registered name, the short one or the ticker in turn; {ends} the last day of the year.
_PHRASINGS = (
    "What was {company}'s {words} in fiscal {year}?",
    "{ticker} {words} FY{short}",
    "How much {words} did {company} report for {year}?",
    "what is the {words} of {company} for the {year} fiscal year",
    "In {year}, what were {company}'s {words}?",
    "Give me the {words} figure from {ticker}'s {year} annual report.",
    "{company} {words} {year}",
    "Tell me: {words} at {company}, fiscal {year}?",
    "I'd like to know {company}'s {words} for the year ended {ends}.",
    "Can you tell me what {company} reported as {words} for fiscal year {year}?",
    "According to its 10-K, what {words} did {company} have in {year}?",
    "{ticker}: {words} ({year})",
    "What did {company}'s {words} amount to in {year}?",
    "{year} {words} {ticker}",
    "Please provide {words} for {company} for FY'{short}.",
    "What {words} did {company} post for fiscal {year}?",
    "Looking at {company}'s annual report for {year}, what is the value of {words}?",
    "state the {words} that {company} recorded for the {year} fiscal year in USD",
    "As of the end of fiscal {year}, what was {company}'s {words}?",
    "Find {company}'s {year} {words} in the income statement, balance sheet or cash flow statement.",
    "What was the {words} for {company} in fiscal year {year} (in millions)?",
    "{company} FY{year} {words}: how much?",
    "{words}, {company}, {year}",
    "how big was {company}'s {words} in {year}",
)
_TURNS = 8
# Asks for what the report of that year said; the others may be answered with a later filing's value of the year.
_OF_THE_REPORT = 5
_ANNUAL_DAYS = (350, 380)


@dataclass(frozen=True, slots=True)
class BankRow:
    """One question; any of `accepted` is right, and with none of them the right answer is to abstain."""

    question: str
    ticker: str
    fiscal_year: int
    metric: str
    accepted: tuple[float, ...]


def read_bank(path: Path) -> list[BankRow]:
    """Return the rows of a JSON-lines file; raises SettingsError for a line that is none."""
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            accepted = tuple(float(value) for value in fields["accepted"])
            asked = str(fields["question"]), str(fields["ticker"]), int(fields["fiscal_year"]), str(fields["metric"])
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(
                f"{path}, line {number}: a row has question, ticker, fiscal_year, metric and accepted (numbers)"
            ) from error
        rows.append(BankRow(*asked, accepted))
    return rows


def make_bank(filings: pl.DataFrame, facts: pl.DataFrame) -> list[BankRow]:
    """Return eight questions on every metric that an annual report tags for its own year.

    Names, words for the metric and phrasings go round, so that all of them meet all companies and metrics.
    """
    truth = _truth()
    annual = filings.filter(pl.col("form").str.starts_with("10-K"))
    rows: list[BankRow] = []
    for place, filing in enumerate(annual.sort("cik", "fiscal_year").iter_rows(named=True)):
        values = _values_of(filing, facts)
        later = _values_of(filing, facts, any_filing=True)
        for number, (metric, told) in enumerate(truth.items()):
            concepts = _right_concepts(told, values)
            own = [value for concept in concepts for value in values.get(concept, ())]
            restated = [value for concept in concepts for value in later.get(concept, ())] if own else []
            turns = [(_TURNS * (place + number) + step) % len(_PHRASINGS) for step in range(_TURNS)]
            for turn in turns if own else ():
                accepted = own if turn == _OF_THE_REPORT else [*own, *restated]
                rows.append(_row(filing, metric, told, tuple(dict.fromkeys(accepted)), place + number, turn))
    return rows


def _right_concepts(told: Mapping[str, Any], values: Mapping[str, Sequence[float]]) -> Sequence[str]:
    """The concepts that mean a metric in one filing: `otherwise` counts only where none of `concepts` is tagged."""
    concepts: Sequence[str] = told["concepts"]
    otherwise: Sequence[str] = told.get("otherwise", ())
    return concepts if any(concept in values for concept in concepts) else otherwise


def _truth() -> Mapping[str, Any]:
    text = files("finrag_ml_tg1.evaluation").joinpath("metric_truth.yaml").read_text(encoding="utf-8")
    truth: Mapping[str, Any] = yaml.safe_load(text)["metrics"]
    return truth


def common_metrics() -> frozenset[str]:
    """Return the names of the metrics that are asked most."""
    return frozenset(name for name, told in _truth().items() if told.get("common"))


def _values_of(filing: Mapping[str, Any], facts: pl.DataFrame, *, any_filing: bool = False) -> dict[str, list[float]]:
    """Undimensioned values of the filing's own fiscal year, by concept: durations of a year, instants at its end.

    They are the filing's own, or with `any_filing` those that any filing of the company gives for that year.
    """
    of_filing = pl.col("cik") == filing["cik"] if any_filing else pl.col("accession") == filing["accession"]
    own = facts.filter(
        of_filing
        & (pl.col("dimensions") == "")
        & (pl.col("period_end") == filing["period_end"])
        & pl.col("value").is_not_null()
        & (pl.col("source") == "tagged")
    )
    days = (pl.col("period_end") - pl.col("period_start")).dt.total_days() + 1
    own = own.filter(pl.col("period_start").is_null() | days.is_between(*_ANNUAL_DAYS))
    values: dict[str, list[float]] = {}
    for concept, value in own.select("concept", "value").iter_rows():
        values.setdefault(concept, []).append(float(value))
    return values


def _row(
    filing: Mapping[str, Any], metric: str, told: Mapping[str, Any], accepted: tuple[float, ...], place: int, turn: int
) -> BankRow:
    words: Sequence[str] = told["words"]
    year = filing["fiscal_year"]
    ticker = filing["tickers"][0] if filing["tickers"] else filing["company"]
    asks: Sequence[str] = told.get("asks", ())
    form = asks[0] if asks and turn == 0 else _PHRASINGS[turn]
    question = form.format(
        company=(*_names(filing["company"]), ticker)[(place + turn) % 3],
        ticker=ticker,
        words=words[(place + turn) % len(words)],
        year=year,
        short=f"{year % 100:02d}",
        ends=f"{filing['period_end']:%B} {filing['period_end'].day}, {filing['period_end'].year}",
    )
    return BankRow(question, ticker, year, metric, accepted)


def _names(company: str) -> tuple[str, str]:
    """The registered name, and the name without its legal form."""
    words = company.split()
    while len(words) > 1 and words[-1].strip(".,").lower() in (
        "inc",
        "corp",
        "corporation",
        "co",
        "company",
        "plc",
        "ltd",
    ):
        words = words[:-1]
    return company, " ".join(words).strip(",")


def each_absent(filings: pl.DataFrame, bank: Sequence[BankRow]) -> Iterator[BankRow]:
    """Yield questions whose right answer is to abstain: years and companies not covered, metrics not held."""
    annual = filings.filter(pl.col("form").str.starts_with("10-K"))
    held = {(row.ticker, row.metric) for row in bank}
    truth = _truth()
    for place, filing in enumerate(annual.sort("cik", "fiscal_year").iter_rows(named=True)):
        for number, (metric, told) in enumerate(truth.items()):
            ticker = filing["tickers"][0] if filing["tickers"] else filing["company"]
            if (ticker, metric) in held and number % 5 == place % 5:
                end = filing["period_end"]
                later = {"fiscal_year": 2043, "period_end": date(2043, end.month, min(end.day, 28))}
                yield _row({**filing, **later}, metric, told, (), place, number % len(_PHRASINGS))
                unknown = {**filing, "company": _UNKNOWN[place % len(_UNKNOWN)], "tickers": []}
                yield _row(unknown, metric, told, (), place, number % len(_PHRASINGS))


# Names of no company, so that none can be covered.
_UNKNOWN = ("Vexholm Industries, Inc.", "Quarrowby Corp", "Tirandel Foods Company", "Ospreyline Ltd")
