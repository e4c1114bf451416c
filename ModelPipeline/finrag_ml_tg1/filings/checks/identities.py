"""The identities that financial statements keep, in concepts of the US GAAP taxonomy.

Sources: the calculation relationships of the taxonomy's statements (SFP-CLS, SOI, SCF-INDIR), Regulation S-X Rules
5-02 and 5-03, and ASC 230-10-45-4 for the cash that a statement of cash flows has to explain.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

__all__ = ["IDENTITIES", "Identity", "Term"]


@dataclass(frozen=True, slots=True)
class Term:
    """An addend with its sign; `concepts` may all stand for it. `at` is when, seen from the period that is judged."""

    concepts: tuple[str, ...]
    sign: int = 1
    at: Literal["period", "opening", "closing"] = "period"


@dataclass(frozen=True, slots=True)
class Identity:
    """`total` is the sum of all `addends` and of any of `others`, which filers include or not.

    `is_definition` where no filer may mean anything else by these concepts. The others are only held against a filer
    who keeps them in another period, with the same concepts.
    """

    name: str
    total: Term
    addends: tuple[Term, ...]
    others: tuple[Term, ...] = ()
    is_definition: bool = False


def _term(*concepts: str, sign: int = 1) -> Term:
    return Term(tuple(f"us-gaap:{concept}" for concept in concepts), sign)


_EQUITY = _term("StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest", "StockholdersEquity")
_REVENUE = _term(
    "Revenues",
    "RevenueFromContractWithCustomerExcludingAssessedTax",
    "RevenueFromContractWithCustomerIncludingAssessedTax",
    "SalesRevenueNet",
)
_PRETAX = _term(
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",
    "IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethodInvestments",
)
_TAX = _term("IncomeTaxExpenseBenefit", sign=-1)
_EQUITY_METHOD = _term("IncomeLossFromEquityMethodInvestments")
_CONTINUING = _term(
    "IncomeLossFromContinuingOperationsIncludingPortionAttributableToNoncontrollingInterest",
    "IncomeLossFromContinuingOperations",
)
_DISCONTINUED = _term(
    "IncomeLossFromDiscontinuedOperationsNetOfTax",
    "IncomeLossFromDiscontinuedOperationsNetOfTaxAttributableToReportingEntity",
)
_NET_INCOME = _term("ProfitLoss", "NetIncomeLoss")
_EXCHANGE_RATES = (
    _term(
        "EffectOfExchangeRateOnCashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents",
        "EffectOfExchangeRateOnCashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsIncludingDisposalGroupAndDiscontinuedOperations",
        "EffectOfExchangeRateOnCashAndCashEquivalents",
    ),
)
_CHANGE_IN_CASH = _term(
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseIncludingExchangeRateEffect",
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsPeriodIncreaseDecreaseExcludingExchangeRateEffect",
    "CashAndCashEquivalentsPeriodIncreaseDecrease",
    "CashAndCashEquivalentsPeriodIncreaseDecreaseExcludingExchangeRateEffect",
)
_CASH = _term(
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents",
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalentsIncludingDisposalGroupAndDiscontinuedOperations",
    "CashAndCashEquivalentsAtCarryingValue",
    "CashAndCashEquivalentsAtCarryingValueIncludingDiscontinuedOperations",
)
_OPERATING, _INVESTING, _FINANCING = (
    _term(
        f"NetCashProvidedByUsedIn{activities}Activities",
        f"NetCashProvidedByUsedIn{activities}ActivitiesContinuingOperations",
    )
    for activities in ("Operating", "Investing", "Financing")
)
_DISCONTINUED_CASH = (
    _term("NetCashProvidedByUsedInDiscontinuedOperations"),
    *(
        _term(f"CashProvidedByUsedIn{activities}ActivitiesDiscontinuedOperations")
        for activities in ("Operating", "Investing", "Financing")
    ),
)

IDENTITIES: tuple[Identity, ...] = (
    Identity(
        "assets = liabilities and equity",
        _term("Assets"),
        (_term("LiabilitiesAndStockholdersEquity"),),
        is_definition=True,
    ),
    Identity(
        "liabilities and equity = liabilities + equity",
        _term("LiabilitiesAndStockholdersEquity"),
        (_term("Liabilities"), _EQUITY),
        (
            _term("MinorityInterest"),
            _term("TemporaryEquityCarryingAmountIncludingPortionAttributableToNoncontrollingInterests"),
            _term("TemporaryEquityCarryingAmountAttributableToParent"),
            _term("RedeemableNoncontrollingInterestEquityCarryingAmount"),
            _term("RedeemableNoncontrollingInterestEquityCommonCarryingAmount"),
            _term("CommitmentsAndContingencies"),
        ),
    ),
    Identity(
        "equity = parent's equity + noncontrolling interests",
        _term("StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest"),
        (_term("StockholdersEquity"), _term("MinorityInterest", "NonredeemableNoncontrollingInterest")),
        (_term("RedeemableNoncontrollingInterestEquityCarryingAmount"),),
    ),
    Identity(
        "assets = current + noncurrent assets",
        _term("Assets"),
        (_term("AssetsCurrent"), _term("AssetsNoncurrent")),
    ),
    Identity(
        "liabilities = current + noncurrent liabilities",
        _term("Liabilities"),
        (_term("LiabilitiesCurrent"), _term("LiabilitiesNoncurrent")),
    ),
    Identity(
        "gross profit = revenue - cost of revenue",
        _term("GrossProfit"),
        (_REVENUE, _term("CostOfRevenue", "CostOfGoodsAndServicesSold", "CostOfGoodsSold", sign=-1)),
    ),
    Identity(
        "operating income = gross profit - operating expenses",
        _term("OperatingIncomeLoss"),
        (_term("GrossProfit"), _term("OperatingExpenses", sign=-1)),
    ),
    Identity(
        "operating income = revenue - costs and expenses",
        _term("OperatingIncomeLoss"),
        (_REVENUE, _term("CostsAndExpenses", sign=-1)),
    ),
    Identity(
        "income from continuing operations = pretax income - tax", _CONTINUING, (_PRETAX, _TAX), (_EQUITY_METHOD,)
    ),
    Identity(
        "net income = pretax income - tax",
        _NET_INCOME,
        (_PRETAX, _TAX),
        (_EQUITY_METHOD, _DISCONTINUED, _term("NetIncomeLossAttributableToNoncontrollingInterest", sign=-1)),
    ),
    Identity(
        "net income = continuing + discontinued operations",
        _NET_INCOME,
        (_CONTINUING, _DISCONTINUED),
        (_term("NetIncomeLossAttributableToNoncontrollingInterest", sign=-1),),
    ),
    Identity(
        "net income = parent's share + noncontrolling interests' share",
        _term("ProfitLoss"),
        (_term("NetIncomeLoss"), _term("NetIncomeLossAttributableToNoncontrollingInterest")),
        (_term("NetIncomeLossAttributableToRedeemableNoncontrollingInterest"),),
    ),
    Identity(
        "change in cash = operating + investing + financing cash flow",
        _CHANGE_IN_CASH,
        (_OPERATING, _INVESTING, _FINANCING),
        (*_EXCHANGE_RATES, *_DISCONTINUED_CASH),
    ),
    Identity(
        "closing cash = opening cash + change",
        replace(_CASH, at="closing"),
        (replace(_CASH, at="opening"), _CHANGE_IN_CASH),
        _EXCHANGE_RATES,
    ),
)
