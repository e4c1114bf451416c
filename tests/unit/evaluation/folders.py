"""Folders of made-up filings with what is known of them, as an evaluation is given them."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from tests.unit.filings.tagged_filings import fact, tagged_filing

__all__ = ["ITEMS", "annual_report", "reference_row", "write_manifest", "write_reference", "write_sections"]

ITEMS = {"1": "Business", "1A": "Risk Factors", "2": "Properties", "7": "Management’s Discussion", "8": "Statements"}


def annual_report(*, year: int = 2023, items: Sequence[str] = tuple(ITEMS), words: int = 200) -> bytes:
    """Return a filing with these items and two tagged numbers: assets of 1,204 million and 5 plants."""
    assets = fact("1,204", contextRef="end", scale="6", decimals="-6", format="ixt:num-dot-decimal")
    plants = fact("5", concept="x:Plants", unitRef="shares")
    body = "".join(
        f"<p><b>Item {item}. {ITEMS[item]}</b></p><p>{'We say what there is to say. ' * words}</p>" for item in items
    )
    numbers = f"<p>Assets were {assets} million, and we ran {plants} plants.</p>"
    periods = {"c": (f"{year}-01-01", f"{year}-12-31"), "end": (f"{year}-12-31",)}
    return tagged_filing(body + numbers, periods=periods, year=year)


def write_manifest(folder: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Write manifest.csv with the columns of the first row."""
    with (folder / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_filing(folder: Path, name: str, data: bytes) -> str:
    """Write a filing, compressed where the name says so; return the name."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return name


def write_sections(folder: Path, name: str, identifiers: Sequence[str]) -> str:
    """Write a section file; return its name."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([{"identifier": identifier, "character_count": 9} for identifier in identifiers]))
    return name


def reference_row(file: str, **changes: object) -> dict[str, Any]:
    """Return a row of the reference: the assets of `annual_report` as an outsider read them."""
    row: dict[str, Any] = {
        "file": file,
        "fiscal_year": 2023.0,
        "concept": "us-gaap:Assets",
        "start": None,
        "end": "2023-12-31",
        "dims": None,
        "unit": "USD",
        "value": 1_204_000_000.0,
    }
    return row | changes


def write_reference(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write ixbrl_facts.parquet."""
    pl.DataFrame(list(rows), infer_schema_length=None).write_parquet(folder / "ixbrl_facts.parquet")


__all__ += ["write_filing"]
