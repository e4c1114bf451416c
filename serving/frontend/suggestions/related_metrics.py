"""Which figures go together: what a reader of one may want to see next. Names are those of `GET /catalog`."""

from serving.frontend.contract.catalog import Catalog, Metric

__all__ = ["EXPLAINED", "FIRST_FIGURES", "FIRST_RATIOS", "RELATED", "find_metrics", "list_related"]

# What nearly every filer reports, for want of anything nearer.
FIRST_FIGURES = ("revenue", "net_income", "operating_cash_flow", "total_assets")
FIRST_RATIOS = ("gross_margin", "operating_margin", "net_margin", "return_on_equity")
RELATED = {
    "revenue": ("gross_margin", "operating_margin", "net_margin"),
    "cost_of_revenue": ("gross_margin", "gross_profit"),
    "gross_profit": ("gross_margin", "operating_income"),
    "gross_margin": ("operating_margin", "net_margin"),
    "research_and_development": ("research_to_revenue", "operating_income"),
    "selling_general_administrative": ("sga_to_revenue", "operating_income"),
    "operating_expenses": ("operating_income", "operating_margin"),
    "operating_income": ("operating_margin", "net_income"),
    "operating_margin": ("net_margin", "operating_income"),
    "ebitda": ("ebitda_margin", "operating_income"),
    "interest_expense": ("interest_coverage", "total_debt"),
    "pretax_income": ("effective_tax_rate", "net_income"),
    "income_tax_expense": ("effective_tax_rate", "pretax_income"),
    "effective_tax_rate": ("income_tax_expense", "net_income"),
    "net_income": ("net_margin", "return_on_equity", "eps_diluted"),
    "net_margin": ("return_on_equity", "net_income"),
    "eps_basic": ("eps_diluted", "net_income"),
    "eps_diluted": ("net_income", "diluted_shares"),
    "operating_cash_flow": ("free_cash_flow", "operating_cash_flow_margin"),
    "capital_expenditures": ("free_cash_flow", "capex_to_revenue"),
    "free_cash_flow": ("free_cash_flow_margin", "operating_cash_flow"),
    "dividends_paid": ("payout_ratio", "shareholder_returns"),
    "share_repurchases": ("shareholder_returns", "free_cash_flow"),
    "cash_and_equivalents": ("operating_cash_flow", "total_debt"),
    "inventory": ("inventory_turnover", "cost_of_revenue"),
    "accounts_receivable": ("days_sales_outstanding", "revenue"),
    "current_assets": ("current_ratio", "working_capital"),
    "current_liabilities": ("current_ratio", "working_capital"),
    "current_ratio": ("working_capital", "quick_ratio"),
    "total_assets": ("return_on_assets", "total_liabilities"),
    "return_on_assets": ("return_on_equity", "net_income"),
    "total_liabilities": ("liabilities_to_equity", "total_assets"),
    "long_term_debt": ("debt_to_equity", "interest_expense"),
    "total_debt": ("debt_to_equity", "net_debt"),
    "debt_to_equity": ("total_debt", "stockholders_equity"),
    "stockholders_equity": ("return_on_equity", "total_assets"),
    "return_on_equity": ("return_on_assets", "stockholders_equity"),
}
# What management's discussion of results (Item 7) gives reasons for.
EXPLAINED = frozenset(
    "revenue cost_of_revenue gross_profit gross_margin research_and_development selling_general_administrative "
    "operating_expenses operating_income operating_margin net_income pretax_income income_tax_expense "
    "effective_tax_rate interest_expense operating_cash_flow capital_expenditures".split()
)


def list_related(catalog: Catalog, metric: str, most: int) -> list[Metric]:
    """Return metrics of the catalog that belong beside one, the nearest first."""
    names = dict.fromkeys((*RELATED.get(metric, ()), *FIRST_FIGURES))
    return find_metrics(catalog, [name for name in names if name != metric])[:most]


def find_metrics(catalog: Catalog, names: list[str] | tuple[str, ...]) -> list[Metric]:
    """Return the metrics of these names that the catalog has, in the order of the names."""
    known = {metric.name: metric for metric in catalog.metrics}
    return [known[name] for name in names if name in known]
