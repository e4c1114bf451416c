"""Folders that others wrote: odd columns and names are read, and what cannot be is told in one line."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.evaluation.facts_extraction import FactRow
from finrag_ml_tg1.evaluation.manifest import read_manifest, read_reference
from tests.unit.evaluation.folders import reference_row, write_manifest, write_reference, write_sections


@pytest.mark.parametrize(
    ("form", "identifier", "item"),
    [
        ("10-K", "1A", "1A"),
        ("10-K", "1a", "1A"),
        ("10-K", "Item 7A.", "7A"),
        ("10-K", "part2item7", "7"),
        ("10-Q", "part1item2", "I-2"),
        ("10-Q", "part2item1a", "II-1A"),
        ("10-Q", "Part II, Item 6", "II-6"),
        ("10-K", "signatures", "SIGNATURES"),
    ],
)
def test_identifiers_of_sections_are_read_as_the_form_counts_items(
    tmp_path: Path, form: str, identifier: str, item: str
) -> None:
    name = write_sections(tmp_path, "sections/a.json", [identifier])
    write_manifest(tmp_path, [{"file": "a.html", "sections_file": name}])
    assert read_manifest(tmp_path).expected_items("a.html", form) == (item,)


def test_sections_are_found_by_the_filings_name_when_the_manifest_names_none(tmp_path: Path) -> None:
    write_sections(tmp_path, "sections/a.json", ["1", "2"])
    write_manifest(tmp_path, [{"file": "html/a.html.gz"}, {"file": "b.txt"}])
    manifest = read_manifest(tmp_path)
    assert manifest.expected_items("html/a.html.gz", "10-K") == ("1", "2")
    assert manifest.expected_items("b.txt", "10-K") == ()


@pytest.mark.parametrize("content", ["", "{}}", '{"a": 1}', '["1"]', "[{}]", "7"])
def test_a_section_file_that_is_none_is_told(tmp_path: Path, content: str) -> None:
    write_manifest(tmp_path, [{"file": "a.html", "sections_file": "a.json"}])
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(FilingError, match=r"a\.json: it is no list of objects"):
        read_manifest(tmp_path).expected_items("a.html", "10-K")


@pytest.mark.parametrize("content", [b"", b"name\na.html\n", b"file\n", b"file\n\xff\xfe\n"])
def test_a_manifest_that_names_no_files_is_told_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "manifest.csv").write_bytes(content)
    with pytest.raises(FilingError, match=r"manifest\.csv: it ") as told:
        read_manifest(tmp_path)
    assert "\n" not in str(told.value)


def test_a_manifest_may_begin_with_a_byte_order_mark_and_have_rows_without_a_file(tmp_path: Path) -> None:
    (tmp_path / "manifest.csv").write_bytes("\ufefffile,other\na.html,1\n,2\na.html,3\n".encode())
    assert read_manifest(tmp_path).files == ("a.html",)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"dims": "", "start": ""},
        {"value": Decimal(1_204_000_000)},
        {"value": "1204000000"},
        {"value": 1_204_000_000, "end": date(2023, 12, 31), "fiscal_year": "2023"},
        {"end": datetime(2023, 12, 31), "fiscal_year": 2023},
    ],
)
def test_columns_of_the_reference_may_be_of_other_types(tmp_path: Path, changes: dict[str, Any]) -> None:
    write_reference(tmp_path, [reference_row("a.html", **changes)])
    reference = read_reference(tmp_path, ["a.html"])
    assert reference.rows == [FactRow("a.html", "us-gaap:Assets", "", "2023-12-31", "", "USD", 1_204_000_000.0)]
    assert reference.fiscal_years == {"a.html": 2023}


def test_rows_without_a_value_or_of_other_files_are_left_out_and_a_missing_year_is_none(tmp_path: Path) -> None:
    nil = reference_row("a.html", fiscal_year=None, value=None)
    write_reference(tmp_path, [reference_row("a.html", fiscal_year=None), nil, reference_row("b.html")])
    reference = read_reference(tmp_path, ["a.html"])
    assert len(reference.rows) == 1
    assert reference.fiscal_years == {}


def test_dimensions_are_put_in_the_order_of_their_axes(tmp_path: Path) -> None:
    write_reference(tmp_path, [reference_row("a.html", dims="a:Axis1=b:M|a:Axis=c:M")])
    assert read_reference(tmp_path, ["a.html"]).rows[0].dims == "a:Axis=c:M|a:Axis1=b:M"


def test_a_reference_that_cannot_serve_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "ixbrl_facts.parquet"
    with pytest.raises(FilingError, match="no such file"):
        read_reference(tmp_path, ["a.html"])
    path.write_bytes(b"PAR1 no more")
    with pytest.raises(FilingError, match="ixbrl_facts"):
        read_reference(tmp_path, ["a.html"])
    pl.DataFrame({"file": ["a.html"]}).write_parquet(path)
    with pytest.raises(FilingError, match="lacks the columns concept, start, end"):
        read_reference(tmp_path, ["a.html"])
    write_reference(tmp_path, [reference_row("b.html")])
    with pytest.raises(FilingError, match="holds no numbers of the files"):
        read_reference(tmp_path, ["a.html"])
