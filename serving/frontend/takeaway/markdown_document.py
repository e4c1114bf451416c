"""A document as Markdown. What it says stays plain text: `markup.escaping` is between it and every reader's markup."""

from collections.abc import Iterator

from serving.frontend.markup.escaping import escape_inline
from serving.frontend.takeaway.blocks import Block, Box, Document, Heading, Items, Line, Paragraph, Rule, Run, Table
from serving.frontend.takeaway.printable import make_printable

__all__ = ["write_markdown"]

# Invisible and without width: it lets a marker stand between two signs.
_WORD_JOINER = "\u2060"


def write_markdown(document: Document) -> str:
    """Return the document as CommonMark with tables; links lead to its own anchors and to web addresses alone."""
    return "\n".join(_write_blocks(document.blocks)) + "\n"


def _write_blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    """Yield the lines of the blocks, a blank one between two."""
    for position, block in enumerate(blocks):
        if position:
            yield ""
        yield from _write_block(block)


def _write_block(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            anchor = f'<a id="{block.anchor}"></a>' if block.anchor else ""
            yield f"{'#' * block.level} {anchor}{_write_line(block.line)}"
        case Paragraph():
            yield from "  \n".join(map(_write_line, block.lines)).split("\n")
        case Items():
            yield from _write_items(block)
        case Table():
            yield from _write_table(block)
        case Box():
            yield from (f"> {line}" if line else ">" for line in _write_blocks(block.blocks))
        case Rule():
            yield "---"


def _write_items(items: Items) -> Iterator[str]:
    for position, blocks in enumerate(items.items):
        marker = "- " if items.start is None else f"{items.start + position}. "
        first, *others = list(_write_blocks(blocks)) or [""]
        yield marker + first
        yield from (" " * len(marker) + line if line else "" for line in others)


def _write_table(table: Table) -> Iterator[str]:
    width = table.width
    marks = ["---:" if is_right else "---" for is_right in (*table.is_right, *[False] * width)][:width]
    yield _write_row(table.header, width)
    yield f"| {' | '.join(marks)} |"
    yield from (_write_row(row, width) for row in table.rows)


def _write_row(cells: tuple[Line, ...], width: int) -> str:
    texts = [*map(_write_line, cells), *[""] * (width - len(cells))]
    return f"| {' | '.join(texts)} |"


def _write_line(line: Line) -> str:
    runs = [run for run in line if run.text]
    written = ""
    for position, run in enumerate(runs):
        following = runs[position + 1].text[0] if position + 1 < len(runs) else " "
        written += _write_run(run, written[-1:] or " ", following)
    return written.strip()


def _write_run(run: Run, before: str, following: str) -> str:
    """Return a run between what was written `before` it and the text `following` it."""
    text = make_printable(run.text)
    words = escape_inline(text)
    if not words:
        return " "
    before, head = (" ", " ") if text[0].isspace() else (before, "")
    following, tail = (" ", " ") if text[-1].isspace() else (following, "")
    if run.target:
        # An exclamation mark before a link would make an image of it.
        apart = _WORD_JOINER if before == "!" else ""
        return f"{head}{apart}[{words}]({_write_target(run.target)}){tail}"
    marker = "*" * (2 * (run.is_bold or run.is_marked) + run.is_slanted)
    return f"{head}{_wrap(words, marker, before, following)}{tail}" if marker else f"{head}{words}{tail}"


def _wrap(words: str, marker: str, before: str, following: str) -> str:
    """Return the words between two markers.

    A marker does not count between a letter and a sign, nor does one of two that touch.
    """
    outside = _WORD_JOINER if before == "*" else ""
    opening = "" if before.isspace() or words[0].isalnum() else _WORD_JOINER
    closing = "" if following.isspace() or words[-1].isalnum() else _WORD_JOINER
    return f"{outside}{marker}{opening}{words}{closing}{marker}"


def _write_target(target: str) -> str:
    return target if target.startswith("#") else f"<{target.replace('&', '&amp;')}>"
