"""The SEC's companyfacts file of one company: the numbers of years before inline XBRL, as the SEC extracted them.

Its `fy` and `fp` describe the filing a number was found in, not the number: they are not read. A duration is judged by
its own first and last day.
"""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from finrag_ml_tg1.errors import FilingError

__all__ = ["CompanyFact", "CompanyFacts", "is_annual", "read_companyfacts"]

_GZIP_MAGIC = b"\x1f\x8b"
_MAX_BYTES = 200 * 2**20
_ANNUAL_DAYS = range(350, 381)


@dataclass(frozen=True, slots=True)
class CompanyFact:
    """One number in one filing. `period_start` is None for an instant; `frame` is the SEC's calendar frame, if any."""

    cik: int
    concept: str
    label: str | None
    unit: str
    value: Decimal
    period_start: date | None
    period_end: date
    accession: str
    form: str
    filed: date
    frame: str | None


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """A company's numbers in the file's order; the same number recurs once for every filing that repeats it."""

    cik: int
    company: str
    facts: tuple[CompanyFact, ...]


def is_annual(start: date | None, end: date) -> bool:
    """Whether a period, both days included, is a year: 350–380 days holds 52- and 53-week years and no nine months."""
    return start is not None and (end - start).days + 1 in _ANNUAL_DAYS


def read_companyfacts(data: bytes) -> CompanyFacts:
    """Return the file's numbers, exact; `data` is the JSON or gzip of it.

    Raises FilingError, in one line, when the bytes are no companyfacts file or one of its rows is malformed.
    """
    try:
        document = json.loads(_decompressed(data), parse_float=Decimal, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise FilingError(f"the companyfacts file is not JSON: {error}") from error
    if not isinstance(document, dict) or not isinstance(document.get("facts"), dict):
        raise FilingError('the file is no companyfacts file: it holds no "facts"')
    cik = _cik(document.get("cik"))
    facts = tuple(_read_facts(cik, document["facts"]))
    if not facts:
        raise FilingError("the companyfacts file holds no numbers")
    return CompanyFacts(cik, _text(document.get("entityName"), "entityName", "the file"), facts)


def _decompressed(data: bytes) -> bytes:
    if data.startswith(_GZIP_MAGIC):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
                data = file.read(_MAX_BYTES + 1)
        except EOFError as error:
            raise FilingError("the companyfacts file is cut short") from error
        except (OSError, zlib.error) as error:
            raise FilingError(f"the companyfacts file is damaged: {error}") from error
    if len(data) > _MAX_BYTES:
        raise FilingError(f"the companyfacts file is larger than {_MAX_BYTES // 2**20} MB")
    return data


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is no number")


def _cik(value: object) -> int:
    """The number itself, or its digits padded with zeros: the SEC writes both."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**10:
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 10:
        return int(value)
    raise FilingError('the companyfacts file names no company: its "cik" is missing or no number')


def _read_facts(cik: int, taxonomies: dict[str, Any]) -> Iterator[CompanyFact]:
    days = _Days()
    for taxonomy, concepts in taxonomies.items():
        for name, concept in _members(concepts, taxonomy).items():
            place = f"{taxonomy}:{name}"
            label = _members(concept, place).get("label")
            if label is not None and not isinstance(label, str):
                raise FilingError(f"companyfacts, {place}: its label is no text")
            for unit, rows in _members(concept.get("units"), f"the units of {place}").items():
                if not isinstance(rows, list):
                    raise FilingError(f"companyfacts, {place}: {unit} holds no list")
                for position, row in enumerate(rows):
                    yield _read_row(cik, place, label, unit, _members(row, f"{place} {unit}, row {position}"), days)


def _read_row(cik: int, concept: str, label: str | None, unit: str, row: dict[str, Any], days: _Days) -> CompanyFact:
    place = f"{concept} {unit}"
    value = row.get("val")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise FilingError(f'companyfacts, {place}: "val" is {value!r}, not a number')
    start, frame = row.get("start"), row.get("frame")
    return CompanyFact(
        cik=cik,
        concept=concept,
        label=label,
        unit=unit,
        value=Decimal(value),
        period_start=None if start is None else days.read(start, place),
        period_end=days.read(row.get("end"), place),
        accession=_text(row.get("accn"), "accn", place),
        form=_text(row.get("form"), "form", place),
        filed=days.read(row.get("filed"), place),
        frame=None if frame is None else _text(frame, "frame", place),
    )


class _Days:
    """Reads ISO dates; the same few thousand recur on every row."""

    def __init__(self) -> None:
        self._known: dict[str, date] = {}

    def read(self, text: object, place: str) -> date:
        if not isinstance(text, str):
            raise FilingError(f"companyfacts, {place}: {text!r} stands where a date belongs")
        if text not in self._known:
            try:
                self._known[text] = date.fromisoformat(text)
            except ValueError as error:
                raise FilingError(f"companyfacts, {place}: {text!r} is no date") from error
        return self._known[text]


def _members(value: object, place: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise FilingError(f"companyfacts, {place}: it holds no named members")
    return value


def _text(value: object, key: str, place: str) -> str:
    if not isinstance(value, str) or not value:
        raise FilingError(f'companyfacts, {place}: "{key}" is missing or no text')
    return value
