"""The tables of an answer's text as a CSV file that is safe to open in a spreadsheet."""

import csv
import io

from serving.frontend.markup.csv_file import disarm
from serving.frontend.takeaway.answer_text import read_answer
from serving.frontend.takeaway.blocks import Block, Box, Items, Line, Table

__all__ = ["build_tables_csv", "find_tables"]


def find_tables(text: str) -> list[Table]:
    """Return the tables of an answer's text in reading order, those in lists and quotes too."""
    return _collect(read_answer(text, {}))


def build_tables_csv(text: str) -> bytes:
    """Return the tables of an answer's text as printed, a blank row between two.

    UTF-8 with the byte order mark that spreadsheets need to see it. Text that would be run as a formula is led by an
    apostrophe.
    """
    output = io.StringIO(newline="")
    writer = csv.writer(output)
    for position, table in enumerate(find_tables(text)):
        if position:
            writer.writerow([])
        for row in (table.header, *table.rows):
            writer.writerow([disarm(_write_cell(cell)) for cell in row])
    return output.getvalue().encode("utf-8-sig", errors="replace")


def _collect(blocks: tuple[Block, ...]) -> list[Table]:
    found: list[Table] = []
    for block in blocks:
        match block:
            case Table():
                found.append(block)
            case Box():
                found += _collect(block.blocks)
            case Items():
                for item in block.items:
                    found += _collect(item)
    return found


def _write_cell(cell: Line) -> str:
    return "".join(run.text for run in cell)
