"""What the stub back end says is covered and used, and catalogs with gaps, doubts and hostile names to read."""

from typing import Any

from serving.frontend.contract.catalog import Catalog

__all__ = [
    "Json",
    "build_catalog",
    "build_company",
    "build_filing",
    "build_usage",
    "build_velmora",
    "read_catalog",
]

Json = dict[str, Any]


def build_filing(fiscal_year: int, form: str = "10-K", accession: str = "", **coverage: object) -> Json:
    """Return a filing in which every item was found, unless `coverage` says otherwise."""
    read: Json = {
        "characters": 90_000,
        "passages": 120,
        "facts": 300,
        "checks_made": 12,
        "checks_held": 12,
        "items_expected": 5 if form == "10-Q" else 21,
        "items_found": 5 if form == "10-Q" else 21,
        "items_missing": [],
        "share_in_items": 0.97,
        "pointers": {},
        "doubts": [],
        "notes": [],
    }
    return {
        "form": form,
        "fiscal_year": fiscal_year,
        "period_end": f"{fiscal_year}-06-30",
        "accession": accession or f"0009990001-{fiscal_year % 100:02}-{len(form):06}",
        "items": ["1", "1A", "7"],
        "coverage": read | coverage,
    }


def build_company(name: str, *filings: Json, tickers: tuple[str, ...] = (), cik: int = 9990001) -> Json:
    return {"cik": cik, "name": name, "tickers": list(tickers), "filings": list(filings)}


def build_velmora() -> Json:
    """Return a company with a year that lacks, a year without annual report, and a report read with difficulty."""
    return build_company(
        "Velmora Instruments, Inc. (fictional)",
        build_filing(2024),
        build_filing(2023, "10-Q", "0009990001-23-000003"),
        build_filing(2023, "10-Q", "0009990001-23-000002"),
        build_filing(
            2021,
            accession="0009990001-21-000001",
            items_found=19,
            items_missing=["7A", "9B"],
            checks_held=11,
            pointers={"10": "incorporated by reference", "1B": "nothing to report", "11": "incorporated by reference"},
            doubts=[{"item": "5", "reason": "only 479 characters, and they point nowhere"}],
            notes=["fiscal year taken from the cover"],
        ),
        tickers=("VLMR",),
    )


def build_catalog(*companies: Json) -> Json:
    named: Json = {"items": [], "metrics": [], "models": []}
    return {"index_version": "2024-07-01T00-00-00", "companies": list(companies), **named}


def read_catalog(*companies: Json) -> Catalog:
    """Return the catalog as the front end reads it."""
    return Catalog.from_json(build_catalog(*companies))


def build_usage() -> Json:
    """Return a usage with a budget of which little is spent."""
    return {
        "today": {
            "queries": 42,
            "input_tokens": 61_234,
            "output_tokens": 2_345,
            "cached_tokens": 1_000,
            "cost_usd": 0.1234,
        },
        "total": {
            "queries": 1_042,
            "input_tokens": 1_261_234,
            "output_tokens": 82_345,
            "cached_tokens": 0,
            "cost_usd": 7.5,
            "since": "2024-06-01",
        },
        "latency_ms": {"p50": 84.4, "p95": 2_310.0},
        "budget": {
            "daily_usd": 5.0,
            "spent_today_usd": 0.1234,
            "left_usd": 4.8766,
            "is_spent": False,
            "is_complete": True,
        },
    }
