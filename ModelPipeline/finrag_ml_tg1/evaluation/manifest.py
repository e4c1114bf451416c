"""A folder of filings with what is known of them: manifest.csv, section files, and the reference of tagged numbers."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.evaluation.facts_extraction import FactRow

__all__ = ["Manifest", "Reference", "read_manifest", "read_reference"]

_SECTION = re.compile(r"(?:part\W*(?P<part>[12]|I{1,2})\W*)?(?:items?\W*)?(?P<item>\d{1,2}[A-C]?)\W*", re.IGNORECASE)
_PARTS = {"1": "I", "2": "II", "I": "I", "II": "II"}
_ENDINGS = re.compile(r"(?:\.(?:html?|txt|gz))+$", re.IGNORECASE)
_COLUMNS = ("file", "concept", "start", "end", "dims", "unit", "value")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files of a folder, relative to it, and the section file that the manifest names for each, "" for none."""

    folder: Path
    sections: Mapping[str, str]

    @property
    def files(self) -> tuple[str, ...]:
        """The files, each once."""
        return tuple(self.sections)

    def expected_items(self, file: str, form: str) -> tuple[str, ...]:
        """Return the items of a filing's section file as the form counts them; () without such a file.

        Where the manifest names none, it is sections/{name}.json. FilingError when the file is not as agreed.
        """
        named = self.sections[file]
        path = self.folder / (named or f"sections/{_ENDINGS.sub('', Path(file).name)}.json")
        if not named and not path.exists():
            return ()
        try:
            sections = json.loads(path.read_text(encoding="utf-8"))
            return tuple(_item(str(section["identifier"]), form) for section in sections)
        except OSError as error:
            raise FilingError(f"{path}: {error.strerror or error}") from error
        except (ValueError, TypeError, KeyError) as error:
            raise FilingError(f'{path}: it is no list of objects with an "identifier"') from error


def read_manifest(folder: Path) -> Manifest:
    """Return the folder's manifest; FilingError, in one line, when it has none that names files."""
    path = folder / "manifest.csv"
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise FilingError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise FilingError(f"{path}: it is no CSV file in UTF-8: {error}") from error
    sections = {row["file"]: row.get("sections_file") or "" for row in rows if row.get("file")}
    if not sections:
        raise FilingError(f"{path}: it has no rows with a column `file`")
    return Manifest(folder, sections)


def _item(identifier: str, form: str) -> str:
    """The form's identifier of an item: "1A" of a 10-K, "I-2" of a 10-Q for "part1item2"; else the section's own."""
    match = _SECTION.fullmatch(identifier.strip())
    if match is None:
        return identifier.upper()
    item = match["item"].upper()
    part = _PARTS.get((match["part"] or "").upper())
    return f"{part}-{item}" if part and form.upper().startswith("10-Q") else item


@dataclass(frozen=True, slots=True)
class Reference:
    """The tagged numbers of the files as an outsider read them, and the fiscal year given for each file, if any."""

    rows: Sequence[FactRow]
    fiscal_years: Mapping[str, int]


def read_reference(folder: Path, files: Sequence[str]) -> Reference:
    """Return the rows of ixbrl_facts.parquet for these files; numbers without a value (nil) are no rows.

    FilingError, in one line, when there is no such file, or it holds nothing about them.
    """
    path = folder / "ixbrl_facts.parquet"
    if not path.exists():
        raise FilingError(f"{path}: no such file")
    try:
        table = pl.read_parquet(path)
        lacking = [column for column in _COLUMNS if column not in table.columns]
        if lacking:
            raise FilingError(f"{path}: it lacks the columns {', '.join(lacking)}")
        table = table.filter(pl.col("file").is_in(files))
        facts = table.select(
            *(pl.col(column).cast(pl.String).fill_null("").str.strip_chars() for column in _COLUMNS[:-1]),
            pl.col("value").cast(pl.Float64),
        )
        years = _fiscal_years(table)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise FilingError(f"{path}: {str(error).splitlines()[0]}") from error
    rows = [_fact_row(row) for row in facts.drop_nulls("value").iter_rows(named=True)]
    if not rows:
        raise FilingError(f"{path}: it holds no numbers of the files in manifest.csv")
    return Reference(rows, years)


def _fiscal_years(table: pl.DataFrame) -> dict[str, int]:
    if "fiscal_year" not in table.columns:
        return {}
    labelled = table.select("file", pl.col("fiscal_year").cast(pl.Float64, strict=False).cast(pl.Int32, strict=False))
    return dict(labelled.drop_nulls().group_by("file").agg(pl.col("fiscal_year").max()).iter_rows())


def _fact_row(row: Mapping[str, Any]) -> FactRow:
    dimensions = sorted(filter(None, row["dims"].split("|")), key=lambda pair: pair.partition("=")[0])
    # A column of times prints midnight behind the day.
    start, end = row["start"][:10], row["end"][:10]
    return FactRow(row["file"], row["concept"], start, end, "|".join(dimensions), row["unit"], row["value"])
