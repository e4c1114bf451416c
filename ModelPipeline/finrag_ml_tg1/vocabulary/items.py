"""The items of Forms 10-K, 10-KSB and 10-Q in filing order, from the SEC's form instructions.

10-K: 17 CFR 249.310; 10-Q: 17 CFR 249.308a; 10-KSB: 17 CFR 249.310b, in use until March 2009. `wording` recognises an
item's title where a filer leaves out the word "Item"; it is matched against the whole heading. A number may have stood
for something else in earlier years: `item_title` takes the fiscal year for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = [
    "FORM_10KSB_ITEMS",
    "FORM_10K_ITEMS",
    "FORM_10Q_ITEMS",
    "STATEMENT_ITEMS",
    "ItemSpec",
    "item_code",
    "item_title",
    "items_of_form",
    "items_worded_in",
]


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One item: its identifier ("7A"; "II-1A" in a 10-Q), the number a heading prints, its title and title pattern."""

    identifier: str
    number: str
    title: str
    wording: re.Pattern[str]


def _item(identifier: str, title: str, wording: str) -> ItemSpec:
    return ItemSpec(identifier, identifier.rpartition("-")[2], title, re.compile(wording, re.IGNORECASE))


_MDA = "Management’s Discussion and Analysis of Financial Condition and Results of Operations"
_MDA_WORDING = r"management.{0,3}s?.{0,3} discussion and analysis"
_MARKET_RISK = "Quantitative and Qualitative Disclosures About Market Risk"
_MARKET_RISK_WORDING = r"(?:quantitative (?:and|&) qualitative )?disclosures? (?:about|of|on) market risks?"

_EXHIBITS = r"exhibits?(?:,| and).{0,20}(?:financial statement|reports on form)|financial statement schedules"
_MARKET_WORDING = (
    r"market (?:for|price|information).{0,60}?(?:equity|stock|securities|shares|units)"
    r"(?:.{0,40}related .{0,20}matters)?(?:.{0,10}issuer purchases of .{0,10}securities)?"
)

_ACCOUNTANTS_WORDING = r"changes in and disagreements? with(?: (?:independent )?accountants)?"
_OWNERSHIP_WORDING = r"security ownership(?: of certain beneficial owners(?: and management)?)?"
_RELATIONSHIPS_WORDING = r"certain relationships(?: and related (?:party |person )?transactions)?"

FORM_10K_ITEMS: tuple[ItemSpec, ...] = (
    _item("1", "Business", r"(?:our |description of (?:the )?)?business"),
    _item("1A", "Risk Factors", r"risk factors"),
    _item("1B", "Unresolved Staff Comments", r"unresolved (?:sec )?staff comments"),
    _item("1C", "Cybersecurity", r"cybersecurity"),
    _item("2", "Properties", r"(?:description of )?propert(?:y|ies)"),
    _item("3", "Legal Proceedings", r"legal proceedings"),
    _item("4", "Mine Safety Disclosures", r"mine safety|submission of matters|\(?removed and reserved"),
    _item("5", "Market for Registrant’s Common Equity", _MARKET_WORDING),
    _item("6", "[Reserved] / Selected Financial Data", r"\[?\(?reserved|selected (?:consolidated )?financial data"),
    _item("7", _MDA, _MDA_WORDING),
    _item("7A", _MARKET_RISK, _MARKET_RISK_WORDING),
    _item("8", "Financial Statements and Supplementary Data", r"(?:consolidated )?financial statements and supplement"),
    _item("9", "Changes in and Disagreements with Accountants", _ACCOUNTANTS_WORDING),
    _item("9A", "Controls and Procedures", r"(?:disclosure )?controls and procedures"),
    _item("9B", "Other Information", r"other information"),
    _item(
        "9C", "Disclosure Regarding Foreign Jurisdictions that Prevent Inspections", r"disclosures? regarding foreign"
    ),
    _item(
        "10",
        "Directors, Executive Officers and Corporate Governance",
        r"directors.{0,6} (?:and )?(?:executive )?officer",
    ),
    _item("11", "Executive Compensation", r"executive compensation"),
    _item("12", "Security Ownership of Certain Beneficial Owners and Management", _OWNERSHIP_WORDING),
    _item("13", "Certain Relationships and Related Transactions", _RELATIONSHIPS_WORDING),
    _item("14", "Principal Accountant Fees and Services", rf"principal account(?:ant|ing) (?:firm )?fees|{_EXHIBITS}"),
    _item("15", "Exhibits and Financial Statement Schedules", _EXHIBITS),
    _item("16", "Form 10-K Summary", r"form 10-?k summary"),
)

FORM_10Q_ITEMS: tuple[ItemSpec, ...] = (
    _item("I-1", "Financial Statements", r"(?:condensed |consolidated )*financial statements"),
    _item("I-2", _MDA, _MDA_WORDING),
    _item("I-3", _MARKET_RISK, _MARKET_RISK_WORDING),
    _item("I-4", "Controls and Procedures", r"(?:disclosure )?controls and procedures"),
    _item("II-1", "Legal Proceedings", r"legal proceedings"),
    _item("II-1A", "Risk Factors", r"risk factors"),
    _item("II-2", "Unregistered Sales of Equity Securities", r"unregistered sales|issuer purchases"),
    _item("II-3", "Defaults Upon Senior Securities", r"defaults upon"),
    _item("II-4", "Mine Safety Disclosures", r"mine safety"),
    _item("II-5", "Other Information", r"other information"),
    _item("II-6", "Exhibits", r"exhibits"),
)

FORM_10KSB_ITEMS: tuple[ItemSpec, ...] = (
    _item("SB-1", "Description of Business", r"(?:description of (?:the )?)?business"),
    _item("SB-2", "Description of Property", r"(?:description of )?propert(?:y|ies)"),
    _item("SB-3", "Legal Proceedings", r"legal proceedings"),
    _item("SB-4", "Submission of Matters to a Vote of Security Holders", r"submission of matters"),
    _item("SB-5", "Market for Common Equity and Related Stockholder Matters", _MARKET_WORDING),
    _item("SB-6", f"{_MDA} or Plan of Operation", rf"{_MDA_WORDING}|plan of operation"),
    _item("SB-7", "Financial Statements", r"(?:consolidated )?financial statements"),
    _item("SB-8", "Changes in and Disagreements with Accountants", _ACCOUNTANTS_WORDING),
    _item("SB-8A", "Controls and Procedures", r"(?:disclosure )?controls and procedures"),
    _item("SB-8B", "Other Information", r"other information"),
    _item("SB-9", "Directors, Executive Officers, Promoters and Control Persons", r"directors.{0,6} (?:and )?exec"),
    _item("SB-10", "Executive Compensation", r"executive compensation"),
    _item("SB-11", "Security Ownership of Certain Beneficial Owners and Management", _OWNERSHIP_WORDING),
    _item("SB-12", "Certain Relationships and Related Transactions", _RELATIONSHIPS_WORDING),
    _item("SB-13", "Exhibits and Reports on Form 8-K", r"exhibits"),
    _item("SB-14", "Principal Accountant Fees and Services", r"principal account(?:ant|ing) (?:firm )?fees"),
)

# "Business" is a word of many questions that ask for no item.
_TITLED_BY_COMMON_WORDS = frozenset(("1", "SB-1"))
# Where the financial statements and their notes stand, by form.
STATEMENT_ITEMS = frozenset(("8", "SB-7", "I-1"))

_ALL_ITEMS = (*FORM_10K_ITEMS, *FORM_10Q_ITEMS, *FORM_10KSB_ITEMS)
_CODES = {spec.identifier: code for code, spec in enumerate(_ALL_ITEMS, start=1)}
_TITLES = {spec.identifier: spec.title for spec in _ALL_ITEMS}

# What a number of Form 10-K stood for up to and including a fiscal year (SEC Releases 33-8124, 33-8183, 33-9089,
# 33-9286, 33-10890).
_EARLIER_TITLES: dict[str, tuple[tuple[int, str], ...]] = {
    "4": (
        (2009, "Submission of Matters to a Vote of Security Holders"),
        (2010, "[Removed and Reserved]"),
    ),
    "6": ((2020, "Selected Financial Data"),),
    "14": (
        (2001, "Exhibits, Financial Statement Schedules, and Reports on Form 8-K"),
        (2002, "Controls and Procedures"),
    ),
}


def item_code(identifier: str) -> int:
    """Return a number from 1 to 255 for an item, 0 for text in none; the index stores it."""
    return _CODES.get(identifier, 0)


def items_of_form(form: str) -> tuple[ItemSpec, ...]:
    """Return the items of a form in filing order; amendments and variants ("10-K/A", "10-K405") follow their form.

    None of a current report (8-K) and what is furnished with it: what they hold stands under no such headings.
    """
    form = form.upper()
    if form.startswith("8-K"):
        return ()
    if form.startswith("10-KSB"):
        return FORM_10KSB_ITEMS
    return FORM_10Q_ITEMS if form.startswith("10-Q") else FORM_10K_ITEMS


def items_worded_in(question: str) -> frozenset[str]:
    """Return the items whose title a question uses ("risk factors", "legal proceedings"), of either form.

    A hint where the answer may stand, never a reason to look nowhere else.
    """
    question = re.sub(r"\brisks\b", "risk factors", question, flags=re.IGNORECASE)
    return frozenset(
        spec.identifier
        for spec in _ALL_ITEMS
        if spec.identifier not in _TITLED_BY_COMMON_WORDS and spec.wording.search(question)
    )


def item_title(identifier: str, fiscal_year: int | None = None) -> str:
    """Return the item's title in a fiscal year's form, today's when no year is given.

    An empty string for text outside every item (the cover, signatures).
    """
    if fiscal_year is not None:
        for last_year, title in _EARLIER_TITLES.get(identifier, ()):
            if fiscal_year <= last_year:
                return title
    return _TITLES.get(identifier, "")
