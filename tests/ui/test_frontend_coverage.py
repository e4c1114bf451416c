from serving.frontend.contract.catalog import Catalog, Company, Filing, Metric
from serving.frontend.coverage.covered import describe_coverage


def build_company(name: str, *years: int) -> Company:
    return Company(name, (name[:4].upper(),), tuple(Filing("10-K", year, ("1A", "7")) for year in years))


def build_catalog(*companies: Company) -> Catalog:
    return Catalog("v1", companies, (), (Metric("revenue", "Revenue"), Metric("net_income", "Net income")), ())


def test_coverage_joins_runs_of_years() -> None:
    catalog = build_catalog(build_company("Velmora", 2024, 2019, 2022, 2023), build_company("Ostrand", 2021))
    assert describe_coverage(catalog, most=1) == (
        "Covered here: Velmora, fiscal years 2019, 2022 to 2024; and 1 more company."
    )
