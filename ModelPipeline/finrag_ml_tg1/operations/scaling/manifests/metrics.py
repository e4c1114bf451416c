"""Which metrics our own programs give, read from their documentation, which is written from what they give."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["DOCUMENT", "read_metrics"]

DOCUMENT = "docs/operations/metrics.md"

_ROW = re.compile(r"^\| `(?P<name>\w+)` \| (?P<type>\w+) \|", re.MULTILINE)


def read_metrics(root: Path) -> frozenset[str]:
    """Return the names of all series; none where the document is not there, and queries are then not looked at."""
    path = root / DOCUMENT
    text = path.read_text("utf-8") if path.is_file() else ""
    names: set[str] = set()
    for row in _ROW.finditer(text):
        suffixes = ("_bucket", "_sum", "_count") if row["type"] == "histogram" else ("",)
        names |= {row["name"] + suffix for suffix in suffixes}
    return frozenset(names)
