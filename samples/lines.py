"""The lines of the primary statements: label, where the amount is, and its us-gaap concept."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["BALANCE_LINES", "CASH_LINES", "INCOME_LINES", "Line"]

Kind = Literal["caption", "money", "shares", "per_share"]


@dataclass(frozen=True)
class Line:
    """One line; `figure` names the amount in the statement, `flip` says that the concept has the opposite sign."""

    figure: str
    label: str
    concept: str = ""
    kind: Kind = "money"
    total: bool = False
    flip: bool = False


def _caption(label: str) -> Line:
    return Line("", label, kind="caption")


INCOME_LINES = (
    Line("revenue", "Revenue"),
    Line("cost_of_revenue", "Cost of revenue", "us-gaap:CostOfRevenue"),
    Line("gross_profit", "Gross profit", "us-gaap:GrossProfit", total=True),
    _caption("Operating expenses:"),
    Line(
        "selling_general_administrative",
        "Selling, general and administrative",
        "us-gaap:SellingGeneralAndAdministrativeExpense",
    ),
    Line("research_development", "Research and development", "us-gaap:ResearchAndDevelopmentExpense"),
    Line("amortization", "Amortization of intangible assets", "us-gaap:AmortizationOfIntangibleAssets"),
    Line("goodwill_impairment", "Goodwill impairment", "us-gaap:GoodwillImpairmentLoss"),
    Line("operating_expenses", "Total operating expenses", "us-gaap:OperatingExpenses", total=True),
    Line("operating_income", "Operating income (loss)", "us-gaap:OperatingIncomeLoss", total=True),
    Line("interest_expense", "Interest expense", "us-gaap:InterestExpense"),
    Line("interest_income", "Interest income", "us-gaap:InvestmentIncomeInterest"),
    Line("other_income", "Other income (expense), net", "us-gaap:OtherNonoperatingIncomeExpense"),
    Line(
        "pretax_income",
        "Income (loss) before income taxes",
        "us-gaap:IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",
        total=True,
    ),
    Line("income_tax", "Income tax expense", "us-gaap:IncomeTaxExpenseBenefit"),
    Line("net_income", "Net income (loss)", "us-gaap:NetIncomeLoss", total=True),
    _caption("Net income (loss) per share:"),
    Line("basic_earnings_per_share", "Basic", "us-gaap:EarningsPerShareBasic", "per_share"),
    Line("diluted_earnings_per_share", "Diluted", "us-gaap:EarningsPerShareDiluted", "per_share"),
    _caption("Weighted-average shares outstanding:"),
    Line("basic_shares", "Basic", "us-gaap:WeightedAverageNumberOfSharesOutstandingBasic", "shares"),
    Line("diluted_shares", "Diluted", "us-gaap:WeightedAverageNumberOfDilutedSharesOutstanding", "shares"),
    Line(
        "dividend_per_share",
        "Dividends declared per share",
        "us-gaap:CommonStockDividendsPerShareDeclared",
        "per_share",
    ),
)

BALANCE_LINES = (
    _caption("Assets"),
    Line("cash", "Cash and cash equivalents", "us-gaap:CashAndCashEquivalentsAtCarryingValue"),
    Line("receivables", "Accounts receivable, net", "us-gaap:AccountsReceivableNetCurrent"),
    Line("inventory", "Inventories", "us-gaap:InventoryNet"),
    Line("prepaid", "Prepaid expenses and other current assets", "us-gaap:PrepaidExpenseAndOtherAssetsCurrent"),
    Line("current_assets", "Total current assets", "us-gaap:AssetsCurrent", total=True),
    Line("property_net", "Property and equipment, net", "us-gaap:PropertyPlantAndEquipmentNet"),
    Line("lease_assets", "Operating lease right-of-use assets", "us-gaap:OperatingLeaseRightOfUseAsset"),
    Line("goodwill", "Goodwill", "us-gaap:Goodwill"),
    Line("intangibles", "Intangible assets, net", "us-gaap:FiniteLivedIntangibleAssetsNet"),
    Line("other_assets", "Other assets", "us-gaap:OtherAssetsNoncurrent"),
    Line("assets", "Total assets", "us-gaap:Assets", total=True),
    _caption("Liabilities and stockholders' equity"),
    Line("payables", "Accounts payable", "us-gaap:AccountsPayableCurrent"),
    Line("accrued", "Accrued liabilities", "us-gaap:AccruedLiabilitiesCurrent"),
    Line("deferred_revenue", "Deferred revenue", "us-gaap:ContractWithCustomerLiabilityCurrent"),
    Line("lease_liabilities_current", "Current operating lease liabilities", "us-gaap:OperatingLeaseLiabilityCurrent"),
    Line("debt_current", "Current portion of long-term debt", "us-gaap:LongTermDebtCurrent"),
    Line("current_liabilities", "Total current liabilities", "us-gaap:LiabilitiesCurrent", total=True),
    Line("debt_noncurrent", "Long-term debt", "us-gaap:LongTermDebtNoncurrent"),
    Line(
        "lease_liabilities_noncurrent",
        "Long-term operating lease liabilities",
        "us-gaap:OperatingLeaseLiabilityNoncurrent",
    ),
    Line("deferred_tax", "Deferred income taxes", "us-gaap:DeferredIncomeTaxLiabilitiesNet"),
    Line("other_liabilities", "Other liabilities", "us-gaap:OtherLiabilitiesNoncurrent"),
    Line("liabilities", "Total liabilities", "us-gaap:Liabilities", total=True),
    _caption("Stockholders' equity:"),
    Line("common_stock", "Common stock, $0.01 par value", "us-gaap:CommonStockValue"),
    Line("paid_in_capital", "Additional paid-in capital", "us-gaap:AdditionalPaidInCapital"),
    Line("retained_earnings", "Retained earnings (deficit)", "us-gaap:RetainedEarningsAccumulatedDeficit"),
    Line(
        "other_comprehensive_income",
        "Accumulated other comprehensive loss",
        "us-gaap:AccumulatedOtherComprehensiveIncomeLossNetOfTax",
    ),
    Line("equity", "Total stockholders' equity", "us-gaap:StockholdersEquity", total=True),
    Line(
        "liabilities_and_equity",
        "Total liabilities and stockholders' equity",
        "us-gaap:LiabilitiesAndStockholdersEquity",
        total=True,
    ),
)

_CASH = "us-gaap:CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents"

CASH_LINES = (
    _caption("Operating activities"),
    Line("net_income", "Net income (loss)", "us-gaap:NetIncomeLoss"),
    _caption("Adjustments to reconcile net income to net cash:"),
    Line(
        "depreciation_amortization",
        "Depreciation and amortization",
        "us-gaap:DepreciationDepletionAndAmortization",
    ),
    Line("goodwill_impairment", "Goodwill impairment", "us-gaap:GoodwillImpairmentLoss"),
    Line("stock_compensation", "Stock-based compensation", "us-gaap:ShareBasedCompensation"),
    Line("deferred_tax", "Deferred income taxes", "us-gaap:DeferredIncomeTaxExpenseBenefit"),
    _caption("Changes in operating assets and liabilities:"),
    Line("receivables", "Accounts receivable", "us-gaap:IncreaseDecreaseInAccountsReceivable", flip=True),
    Line("inventory", "Inventories", "us-gaap:IncreaseDecreaseInInventories", flip=True),
    Line("prepaid", "Prepaid expenses", "us-gaap:IncreaseDecreaseInPrepaidDeferredExpenseAndOtherAssets", flip=True),
    Line("payables", "Accounts payable", "us-gaap:IncreaseDecreaseInAccountsPayable"),
    Line("accrued", "Accrued liabilities", "us-gaap:IncreaseDecreaseInAccruedLiabilities"),
    Line("deferred_revenue", "Deferred revenue", "us-gaap:IncreaseDecreaseInContractWithCustomerLiability"),
    Line(
        "operating",
        "Net cash provided by operating activities",
        "us-gaap:NetCashProvidedByUsedInOperatingActivities",
        total=True,
    ),
    _caption("Investing activities"),
    Line(
        "capital_expenditures",
        "Purchases of property and equipment",
        "us-gaap:PaymentsToAcquirePropertyPlantAndEquipment",
        flip=True,
    ),
    Line(
        "acquisitions",
        "Acquisition of business, net of cash acquired",
        "us-gaap:PaymentsToAcquireBusinessesNetOfCashAcquired",
        flip=True,
    ),
    Line(
        "investing",
        "Net cash used in investing activities",
        "us-gaap:NetCashProvidedByUsedInInvestingActivities",
        total=True,
    ),
    _caption("Financing activities"),
    Line("borrowing", "Proceeds from long-term debt", "us-gaap:ProceedsFromIssuanceOfLongTermDebt"),
    Line("repayment", "Repayments of long-term debt", "us-gaap:RepaymentsOfLongTermDebt", flip=True),
    Line("dividends", "Dividends paid", "us-gaap:PaymentsOfDividends", flip=True),
    Line("repurchases", "Repurchases of common stock", "us-gaap:PaymentsForRepurchaseOfCommonStock", flip=True),
    Line(
        "financing",
        "Net cash provided by (used in) financing activities",
        "us-gaap:NetCashProvidedByUsedInFinancingActivities",
        total=True,
    ),
    Line(
        "exchange_effect",
        "Effect of exchange rates on cash",
        "us-gaap:EffectOfExchangeRateOnCashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents",
    ),
    Line(
        "net_change",
        "Net change in cash and cash equivalents",
        f"{_CASH}PeriodIncreaseDecreaseIncludingExchangeRateEffect",
        total=True,
    ),
)
