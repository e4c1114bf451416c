"""The tags of the US GAAP taxonomy that mean a line of the statements, written by hand, the one meant most first.

For recomputing what the product calculates: nothing here reads its registry of metrics.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["FLOWS", "STOCKS", "UNITS"]

FLOWS: Mapping[str, str] = {
    "revenue": "Revenues RevenueFromContractWithCustomerExcludingAssessedTax SalesRevenueNet "
    "RevenueFromContractWithCustomerIncludingAssessedTax RevenuesNetOfInterestExpense",
    "cost_of_revenue": "CostOfRevenue CostOfGoodsAndServicesSold CostOfGoodsSold "
    "CostOfGoodsAndServiceExcludingDepreciationDepletionAndAmortization",
    "gross_profit": "GrossProfit",
    "operating_income": "OperatingIncomeLoss",
    # What investees earned is after their tax: where both are tagged the income statement shows the one without it.
    "pretax_income": "IncomeLossFromContinuingOperationsBeforeIncomeTaxesMinorityInterestAndIncomeLossFromEquityMethod"
    "Investments IncomeLossFromContinuingOperationsBeforeIncomeTaxesExtraordinaryItemsNoncontrollingInterest",
    "income_tax": "IncomeTaxExpenseBenefit",
    "net_income": "NetIncomeLoss ProfitLoss NetIncomeLossAvailableToCommonStockholdersBasic",
    "research": "ResearchAndDevelopmentExpense ResearchAndDevelopmentExpenseExcludingAcquiredInProcessCost "
    "ResearchAndDevelopmentExpenseSoftwareExcludingAcquiredInProcessCost",
    "selling_general": "SellingGeneralAndAdministrativeExpense",
    "interest_expense": "InterestExpense InterestExpenseNonoperating InterestAndDebtExpense InterestExpenseDebt "
    "InterestExpenseOperating",
    "depreciation_amortization": "DepreciationDepletionAndAmortization DepreciationAmortizationAndAccretionNet "
    "DepreciationAndAmortization OtherDepreciationAndAmortization",
    "depreciation": "Depreciation",
    "amortization": "AmortizationOfIntangibleAssets",
    "operating_cash": "NetCashProvidedByUsedInOperatingActivities "
    "NetCashProvidedByUsedInOperatingActivitiesContinuingOperations",
    "capital_expenditures": "PaymentsToAcquirePropertyPlantAndEquipment PaymentsToAcquireProductiveAssets "
    "PaymentsForCapitalImprovements PaymentsToAcquireOtherPropertyPlantAndEquipment",
    "repurchases": "PaymentsForRepurchaseOfCommonStock PaymentsForRepurchaseOfEquity",
    "dividends": "PaymentsOfDividends PaymentsOfDividendsCommonStock PaymentsOfOrdinaryDividends",
    "diluted_shares": "WeightedAverageNumberOfDilutedSharesOutstanding "
    "WeightedAverageNumberOfShareOutstandingBasicAndDiluted",
    "eps_diluted": "EarningsPerShareDiluted EarningsPerShareBasicAndDiluted",
    "tax_rate": "EffectiveIncomeTaxRateContinuingOperations",
}
STOCKS: Mapping[str, str] = {
    "cash": "CashAndCashEquivalentsAtCarryingValue "
    "CashAndCashEquivalentsAtCarryingValueIncludingDiscontinuedOperations Cash "
    "CashCashEquivalentsAndFederalFundsSold CashAndDueFromBanks "
    "CashCashEquivalentsRestrictedCashAndRestrictedCashEquivalents",
    "short_term_investments": "ShortTermInvestments MarketableSecuritiesCurrent "
    "AvailableForSaleSecuritiesDebtSecuritiesCurrent DebtSecuritiesCurrent",
    "cash_and_investments": "CashCashEquivalentsAndShortTermInvestments CashCashEquivalentsAndMarketableSecurities",
    "receivables": "AccountsReceivableNetCurrent ReceivablesNetCurrent AccountsAndOtherReceivablesNetCurrent "
    "AccountsNotesAndLoansReceivableNetCurrent AccountsReceivableNet",
    "inventory": "InventoryNet RetailRelatedInventoryMerchandise "
    "InventoryNetOfAllowancesCustomerAdvancesAndProgressBillings InventoryFinishedGoodsNetOfReserves",
    "current_assets": "AssetsCurrent",
    "property": "PropertyPlantAndEquipmentNet "
    "PropertyPlantAndEquipmentAndFinanceLeaseRightOfUseAssetAfterAccumulatedDepreciationAndAmortization",
    "goodwill": "Goodwill",
    "intangibles": "IntangibleAssetsNetExcludingGoodwill FiniteLivedIntangibleAssetsNet",
    "assets": "Assets",
    "payables": "AccountsPayableCurrent AccountsPayableTradeCurrent",
    "payables_and_accrued": "AccountsPayableAndAccruedLiabilitiesCurrent",
    "short_term_borrowings": "ShortTermBorrowings CommercialPaper",
    "current_long_term_debt": "LongTermDebtCurrent LongTermDebtAndCapitalLeaseObligationsCurrent",
    "debt_due": "DebtCurrent",
    "long_term_debt": "LongTermDebtNoncurrent LongTermDebtAndCapitalLeaseObligations",
    "whole_long_term_debt": "LongTermDebt LongTermDebtAndCapitalLeaseObligationsIncludingCurrentMaturities",
    "current_liabilities": "LiabilitiesCurrent",
    "liabilities": "Liabilities",
    "liabilities_and_equity": "LiabilitiesAndStockholdersEquity",
    "redeemable": "TemporaryEquityCarryingAmountIncludingPortionAttributableToNoncontrollingInterests "
    "RedeemableNoncontrollingInterestEquityCarryingAmount TemporaryEquityCarryingAmountAttributableToParent "
    "RedeemableNoncontrollingInterestEquityCommonCarryingAmount",
    "equity": "StockholdersEquity StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest",
    "equity_with_minorities": "StockholdersEquityIncludingPortionAttributableToNoncontrollingInterest "
    "StockholdersEquity",
    "shares_outstanding": "CommonStockSharesOutstanding",
}
UNITS: Mapping[str, str] = {
    "diluted_shares": "shares",
    "shares_outstanding": "shares",
    "eps_diluted": "USD/shares",
    "tax_rate": "pure",
}
