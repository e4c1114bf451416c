"""Rows as a CSV file that is safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence

__all__ = ["disarm", "write_csv"]

_PLAIN_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?")
# Spreadsheets take such a cell for a formula; after a semicolon or tab too, which some of them split at.
_FORMULA_START = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@＝＋－＠])")


def write_csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """Return the rows below a header of the columns; a column that a row lacks is empty there.

    UTF-8 with the byte order mark that spreadsheets need to see it. Text that would be run as a formula is led by an
    apostrophe. Raises ValueError for a row with a field that is no column.
    """
    output = io.StringIO(newline="")
    writer = csv.DictWriter(output, columns, restval="")
    writer.writeheader()
    writer.writerows({name: disarm(text) for name, text in row.items()} for row in rows)
    return output.getvalue().encode("utf-8-sig")


def disarm(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: plain numbers as they are, text led by an apostrophe."""
    return text if _PLAIN_NUMBER.fullmatch(text) else _FORMULA_START.sub(r"\1\2'", text)
