"""What benchmarks ask of an index: questions about companies it covers, and questions about all of them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from itertools import cycle, islice, product

from finrag_ml_tg1.index.catalog import Catalog

__all__ = ["company_questions", "of_companies", "open_questions"]

_TEMPLATES = (
    "What are the main risk factors of {company} in {year}?",
    "What were {company}'s total revenues in {year}?",
    "How does {company} manage cybersecurity risk?",
    "Why did operating income of {company} change in fiscal {year}?",
    "What legal proceedings does {company} report for {year}?",
    "Describe the competition {company} faces.",
    "What is {company}'s exposure to interest rates in fiscal {year}?",
    "How many employees did {company} have in {year}?",
    "What was the net income of {company} in {year}?",
    "How did gross margin of {company} develop in {year}?",
    "Who are the main customers of {company} in {year}?",
    "What does {company} say about inflation in {year}?",
    "Which properties did {company} own or lease in {year}?",
    "How much did {company} spend on research and development in {year}?",
    "What dividends did {company} pay in {year}?",
    "Does {company} depend on few suppliers in {year}?",
    "What was {company}'s effective tax rate in {year}?",
    "What acquisitions did {company} make in {year}?",
)
_SUBJECTS = (
    "a shortage of semiconductors", "attacks on suppliers", "water use", "pension obligations", "goodwill impairment",
    "climate regulation", "the loss of a large customer", "export controls", "union contracts", "product recalls",
    "patent expiry", "rising interest rates", "data privacy laws", "a single supplier", "foreign currency hedging",
    "share repurchases", "lease obligations", "inventory write-downs", "drug approvals", "fuel prices",
    "generative artificial intelligence", "litigation over asbestos", "wage inflation", "freight costs", "tariffs",
)  # fmt: skip
_ASKING = (
    "Which companies mention {subject}?",
    "What is said about {subject}?",
    "Which filings discuss {subject} as a risk?",
    "How do companies deal with {subject}?",
)
_SEED = 46


def of_companies(covered: Iterable[tuple[str, int]]) -> list[str]:
    """Return all questions about these companies and years, each once, in an order that is always the same."""
    asked = [template.format(company=name, year=year) for template, (name, year) in product(_TEMPLATES, covered)]
    asked = list(dict.fromkeys(asked))
    random.Random(_SEED).shuffle(asked)
    return asked


def company_questions(catalog: Catalog, count: int) -> list[str]:
    """Return so many questions about companies and years that are covered; the same for the same catalog."""
    covered = [(company.name, year) for company in catalog.companies for year in company.fiscal_years]
    return list(islice(cycle(of_companies(covered)), count))


def open_questions(count: int) -> Sequence[str]:
    """Return so many questions that name no company."""
    asked = [form.format(subject=subject) for form, subject in product(_ASKING, _SUBJECTS)]
    random.Random(_SEED).shuffle(asked)
    return list(islice(cycle(asked), count))
