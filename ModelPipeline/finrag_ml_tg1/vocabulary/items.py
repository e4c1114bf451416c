"""The items of Forms 10-K and 10-Q in filing order, from the SEC's form instructions (17 CFR 249.310 and 249.308a).

`wording` recognises an item's title where a filer leaves out the word "Item"; it is matched against the whole heading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FORM_10K_ITEMS", "FORM_10Q_ITEMS", "ItemSpec", "item_title", "items_of_form", "items_worded_in"]


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

FORM_10K_ITEMS: tuple[ItemSpec, ...] = (
    _item("1", "Business", r"(?:our |description of (?:the )?)?business"),
    _item("1A", "Risk Factors", r"risk factors"),
    _item("1B", "Unresolved Staff Comments", r"unresolved (?:sec )?staff comments"),
    _item("1C", "Cybersecurity", r"cybersecurity"),
    _item("2", "Properties", r"(?:description of )?propert(?:y|ies)"),
    _item("3", "Legal Proceedings", r"legal proceedings"),
    _item("4", "Mine Safety Disclosures", r"mine safety|submission of matters|\(?removed and reserved"),
    _item("5", "Market for Registrant’s Common Equity", r"market (?:for|price|information).{0,60}(?:equity|stock)"),
    _item("6", "[Reserved] / Selected Financial Data", r"\[?\(?reserved|selected (?:consolidated )?financial data"),
    _item("7", _MDA, _MDA_WORDING),
    _item("7A", _MARKET_RISK, _MARKET_RISK_WORDING),
    _item("8", "Financial Statements and Supplementary Data", r"(?:consolidated )?financial statements and supplement"),
    _item("9", "Changes in and Disagreements with Accountants", r"changes in and disagreements? with"),
    _item("9A", "Controls and Procedures", r"(?:disclosure )?controls and procedures"),
    _item("9B", "Other Information", r"other information"),
    _item(
        "9C", "Disclosure Regarding Foreign Jurisdictions that Prevent Inspections", r"disclosures? regarding foreign"
    ),
    _item(
        "10",
        "Directors, Executive Officers and Corporate Governance",
        r"directors.{0,5} (?:and )?(?:executive )?officer",
    ),
    _item("11", "Executive Compensation", r"executive compensation"),
    _item("12", "Security Ownership of Certain Beneficial Owners and Management", r"security ownership"),
    _item("13", "Certain Relationships and Related Transactions", r"certain relationships"),
    _item("14", "Principal Accountant Fees and Services", r"principal account(?:ant|ing) (?:firm )?fees"),
    _item("15", "Exhibits and Financial Statement Schedules", r"exhibits?(?:,| and).{0,20}financial statement"),
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

_TITLES = {spec.identifier: spec.title for spec in (*FORM_10K_ITEMS, *FORM_10Q_ITEMS)}


def items_of_form(form: str) -> tuple[ItemSpec, ...]:
    """Return the items of a form in filing order; amendments ("10-K/A") follow their form."""
    return FORM_10Q_ITEMS if form.upper().startswith("10-Q") else FORM_10K_ITEMS


def items_worded_in(question: str) -> frozenset[str]:
    """Return the items whose title a question uses ("risk factors", "legal proceedings"), of either form.

    A hint where the answer may stand, never a reason to look nowhere else.
    """
    specs = (*FORM_10K_ITEMS, *FORM_10Q_ITEMS)
    question = re.sub(r"\brisks\b", "risk factors", question, flags=re.IGNORECASE)
    return frozenset(spec.identifier for spec in specs if spec.title != "Business" and spec.wording.search(question))


def item_title(identifier: str) -> str:
    """Return the item's title, or an empty string for text outside every item (the cover, signatures)."""
    return _TITLES.get(identifier, "")
