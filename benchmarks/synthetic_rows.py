"""The rows of a fictional annual report's statements and notes: which concepts, by which members, in which years."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from samples.lines import BALANCE_LINES, CASH_LINES, INCOME_LINES

__all__ = ["Row", "note_words", "statement_rows"]

_SEGMENTS = ("Lathework", "Harbour Supply", "Field Survey", "Glazing")
_PRODUCTS = ("Spindles", "Winches", "Theodolites", "Panes", "Service Contracts")
_PLACES = ("country:US", "country:DE", "country:JP", "srt:AsiaPacificMember", "srt:EuropeMember")
_NOTE_FIRST = (
    "Warranty", "Pension", "Lease", "Derivative", "Deferred Tax", "Securities", "Receivable", "Acquisition", "Award",
    "Debt", "Inventory", "Contract", "Environmental", "Insurance", "Litigation",
)  # fmt: skip
_NOTE_LAST = (
    "Reserve", "Cost", "Gain", "Obligation", "Settlement", "Adjustment", "Contribution", "Charge", "Commitment",
    "Amortised Amount", "Unrecognised Balance", "Fair Value",
)  # fmt: skip
_CONCEPTS_BY_SEGMENT = (
    "Revenues", "OperatingIncomeLoss", "DepreciationDepletionAndAmortization",
    "PaymentsToAcquirePropertyPlantAndEquipment", "Assets", "CostOfRevenue", "InterestExpense", "Goodwill",
    "ResearchAndDevelopmentExpense", "SellingGeneralAndAdministrativeExpense", "GrossProfit", "ShareBasedCompensation",
    "AmortizationOfIntangibleAssets", "RestructuringCharges", "Liabilities", "IncomeTaxExpenseBenefit",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table in the filing: a concept in the years shown, newest first; a stock where `is_stock`."""

    concept: str
    label: str
    statement: str
    unit: str
    is_stock: bool
    dimensions: str = ""


def note_words() -> list[str]:
    """Return the names of the lines that stand in notes alone."""
    return [f"{first} {last}" for first in _NOTE_FIRST for last in _NOTE_LAST]


def statement_rows() -> Iterator[Row]:
    """Yield the rows of one report, about 1,300 numbers."""
    for lines, statement in ((INCOME_LINES, "income"), (BALANCE_LINES, "balance"), (CASH_LINES, "cash flow")):
        for line in lines:
            if line.figure:
                unit = {"shares": "shares", "per_share": "USD/shares"}.get(line.kind, "USD")
                yield Row(line.concept or "us-gaap:Revenues", line.label, statement, unit, statement == "balance")
    for place, words in enumerate(note_words()):
        yield Row(f"zzx:{words.replace(' ', '')}", words, "none", "USD", place % 2 == 0)
    for local in _CONCEPTS_BY_SEGMENT:
        for segment in _SEGMENTS:
            member = f"us-gaap:StatementBusinessSegmentsAxis=zzx:{segment.replace(' ', '')}SegmentMember"
            yield Row(
                f"us-gaap:{local}", segment, "none", "USD", local in ("Assets", "Goodwill", "Liabilities"), member
            )
    for product in _PRODUCTS:
        member = f"srt:ProductOrServiceAxis=zzx:{product.replace(' ', '')}Member"
        yield Row("us-gaap:Revenues", product, "none", "USD", False, member)
    for country in _PLACES:
        yield Row("us-gaap:Revenues", country, "none", "USD", False, f"srt:StatementGeographicalAxis={country}")
    for place, words in enumerate(note_words()):
        member = f"us-gaap:FairValueByFairValueHierarchyLevelAxis=us-gaap:FairValueInputsLevel{place % 3 + 1}Member"
        yield Row(f"zzx:{words.replace(' ', '')}", f"{words}, by level", "none", "USD", place % 2 == 0, member)
