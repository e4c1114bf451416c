"""The small markup in which the filings are written, read into blocks.

Blocks are separated by blank lines. `## ` starts a heading, `### ` a bold sub-heading, `- ` a bullet; `[table NAME]`
stands for a table and `[include NAME]` for a text that all companies share. A block that begins with `@2023,2024`
belongs to the reports for those fiscal years only.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

__all__ = ["Block", "BlockKind", "read_blocks"]

BlockKind = Literal["heading", "subheading", "paragraph", "bullet", "table"]

_YEARS = re.compile(r"^@(\d{4}(?:,\d{4})*)\s+")
_DIRECTIVE = re.compile(r"^\[(table|include) (\w+)\]$")
_MARKS: tuple[tuple[str, BlockKind], ...] = (("### ", "subheading"), ("## ", "heading"), ("- ", "bullet"))


@dataclass(frozen=True)
class Block:
    """One block of prose; the text of a `table` block is the table's name."""

    kind: BlockKind
    text: str


def read_blocks(text: str, fiscal_year: int, shared: Mapping[str, str]) -> list[Block]:
    """Return the blocks of `text` that belong to `fiscal_year`; KeyError names a shared text that does not exist."""
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n", text.strip()):
        source = " ".join(chunk.split())
        if years := _YEARS.match(source):
            if str(fiscal_year) not in years[1].split(","):
                continue
            source = source[years.end() :]
        blocks.extend(_read_block(source, fiscal_year, shared))
    return blocks


def _read_block(source: str, fiscal_year: int, shared: Mapping[str, str]) -> list[Block]:
    if directive := _DIRECTIVE.match(source):
        if directive[1] == "include":
            return read_blocks(shared[directive[2]], fiscal_year, shared)
        return [Block("table", directive[2])]
    for mark, kind in _MARKS:
        if source.startswith(mark):
            return [Block(kind, source.removeprefix(mark))]
    return [Block("paragraph", source)]
