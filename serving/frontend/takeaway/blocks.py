"""What a document to take away is made of, whatever it is written as: headings, paragraphs, lists, tables, boxes."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Block", "Box", "Document", "Heading", "Items", "Line", "Paragraph", "Rule", "Run", "Table", "plain"]


@dataclass(frozen=True, slots=True)
class Run:
    """Plain text of one look; `target` is "#anchor" of a heading or a web address, "" when it is no link.

    `is_marked`: the words an answer rests on.
    """

    text: str
    is_bold: bool = False
    is_slanted: bool = False
    is_marked: bool = False
    target: str = ""


Line = tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 6; `anchor` is what links name it by, "" for none."""

    level: int
    line: Line
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that break where they end; `is_small` is for what stands beside the matter."""

    lines: tuple[Line, ...]
    is_small: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list; `start` is the first number, None for bullets."""

    items: tuple[tuple["Block", ...], ...]
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells; `header` is empty for none. Rows may be shorter than others; `is_right` says so by column."""

    header: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]
    is_right: tuple[bool, ...]

    @property
    def width(self) -> int:
        """Columns of the widest row."""
        return max(len(row) for row in (self.header, *self.rows))


@dataclass(frozen=True, slots=True)
class Box:
    """Blocks set apart: words of a filing, or a warning."""

    kind: Literal["quote", "warning"]
    blocks: tuple["Block", ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line between two matters."""


Block = Heading | Paragraph | Items | Table | Box | Rule


@dataclass(frozen=True, slots=True)
class Document:
    """A document and its title in plain text."""

    title: str
    blocks: tuple[Block, ...]


def plain(text: str) -> Line:
    """Return a line of plain text."""
    return (Run(text),)
