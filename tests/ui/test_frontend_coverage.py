from dataclasses import replace

from serving.frontend.contract.catalog import Catalog, Company, Metric
from serving.frontend.coverage.covered import describe_coverage
from tests.ui import stub_coverage


def build_company(name: str, *years: int) -> Company:
    filings = [stub_coverage.build_filing(year) for year in years]
    company = stub_coverage.build_company(name, *filings, tickers=(name[:4].upper(),))
    return stub_coverage.read_catalog(company).companies[0]


def build_catalog(*companies: Company) -> Catalog:
    metrics = (Metric("revenue", "Revenue"), Metric("net_income", "Net income"))
    return replace(stub_coverage.read_catalog(), companies=companies, metrics=metrics)


def test_coverage_joins_runs_of_years() -> None:
    catalog = build_catalog(build_company("Velmora", 2024, 2019, 2022, 2023), build_company("Ostrand", 2021))
    assert describe_coverage(catalog, most=1) == (
        "Covered here: Velmora, fiscal years 2019, 2022 to 2024; and 1 more company."
    )
