"""Canned numbers in the shape of the contract's `facts` and `calculations`, for the stub back end."""

from typing import Any

__all__ = ["build_fact", "build_margin", "build_revenues", "build_segments"]

Json = dict[str, Any]

COMPANY = "Velmora Instruments, Inc. (fictional)"
_REVENUES = {2022: 371_204_000.0, 2023: 389_750_000.0, 2024: 412_300_000.0}


def build_fact(label: str, value: float, year: int = 2024, **more: object) -> Json:
    return {
        "metric": "revenue",
        "concept": "us-gaap:Revenues",
        "label": label,
        "value": value,
        "unit": "USD",
        "period_start": f"{year - 1}-07-01",
        "period_end": f"{year}-06-30",
        "fiscal_year": year,
        "fiscal_period": "FY",
        "dimensions": {},
        "accession": f"0009990001-{year % 100}-000001",
        "ticker": "VLMR",
        "company": COMPANY,
        "source": "tagged",
        "citation": 1,
        **more,
    }


def build_revenues() -> list[Json]:
    """Return revenue of three years."""
    return [build_fact("Revenue", value, year) for year, value in _REVENUES.items()]


def build_segments() -> list[Json]:
    """Return the revenue of three segments of one year."""
    parts = {"Gauges": 250_100_000.0, "Sensors": 130_000_000.0, "Service": 32_200_000.0}
    return [
        build_fact(
            f"Revenue, {name}", value, dimensions={"us-gaap:StatementBusinessSegmentsAxis": f"vlmr:{name}Member"}
        )
        for name, value in parts.items()
    ]


def build_margin(year: int = 2024, value: float = 0.3909774436090226) -> Json:
    """Return the calculation of a gross margin with its two inputs."""
    inputs = [
        build_fact("Gross profit", 161_200_000.0, year, metric="gross_profit", concept="us-gaap:GrossProfit"),
        build_fact("Revenue", 412_300_000.0, year),
    ]
    return {
        "name": f"Gross margin, fiscal {year}",
        "metric": "gross_margin",
        "formula": "Gross profit ÷ Revenue",
        "expression": "161,200 ÷ 412,300 (thousands)",
        "inputs": inputs,
        "value": value,
        "unit": "pure",
        "display": "percent",
        "ticker": "VLMR",
        "company": COMPANY,
        "fiscal_year": year,
        "notes": [],
    }
