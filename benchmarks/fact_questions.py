"""Questions for numbers in ten kinds, about the companies of benchmarks/synthetic_filings.py."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from benchmarks.synthetic_filings import SyntheticCompany
from benchmarks.synthetic_rows import note_words

__all__ = ["KINDS", "make_questions", "short_name"]

_METRICS = ("revenue", "net income", "total assets", "operating cash flow", "diluted EPS", "inventories", "capex")
_RATIOS = ("gross margin", "return on equity", "current ratio", "free cash flow", "days sales outstanding", "ROIC")
_TEMPLATES: Mapping[str, Sequence[str]] = {
    "lookup": ("What was {company}'s {metric} in fiscal {year}?", "{ticker} {metric} FY{year}"),
    "ratio": ("What was the {ratio} of {company} in {year}?", "{company} {ratio} {year}"),
    "growth": ("How much did {metric} of {company} grow in fiscal {year}?",),
    "CAGR": ("What was the CAGR of {metric} of {company} from fiscal {first} to fiscal {last}?",),
    "trend": ("Show the trend of {metric} of {company} from {first} to {last}.",),
    "ranking": (
        "Which company had the highest {metric} in fiscal {year}?",
        "Which company had the lowest {ratio} in {year}?",
    ),
    "breakdown": (
        "Break down {company}'s revenue by segment in fiscal {year}.",
        "{company} revenue by product in {year}",
    ),
    "abstention": ("What was {company}'s {metric} in fiscal 2043?", "What were {company}'s premiums earned in {year}?"),
    "line item": ("What was the {note} of {company} in fiscal {year}?",),
    "comparison": ("Compare {metric} of {company} and {other} in fiscal {year}.",),
}  # fmt: skip
KINDS = tuple(_TEMPLATES)


def make_questions(covered: Sequence[SyntheticCompany], years: range, count: int) -> list[tuple[str, str]]:
    """Return (kind, question) pairs in random order, the same for the same arguments."""
    chooser = random.Random(15)
    asked = []
    for kind, templates in _TEMPLATES.items():
        for turn in range(count):
            company, other = chooser.sample(covered, 2)
            first = chooser.choice(years[:-4])
            text = templates[turn % len(templates)].format(
                company=short_name(company),
                ticker=company.ticker,
                other=short_name(other),
                metric=chooser.choice(_METRICS),
                ratio=chooser.choice(_RATIOS),
                note=chooser.choice(note_words()).lower(),
                year=chooser.choice(years[2:]),
                first=first,
                last=first + chooser.randrange(2, 5),
            )
            asked.append((kind, text))
    chooser.shuffle(asked)
    return asked


def short_name(company: SyntheticCompany) -> str:
    """Return a company's name without its legal form."""
    return company.name.partition(",")[0]
