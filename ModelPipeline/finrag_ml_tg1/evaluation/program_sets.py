"""Questions with programs and the pages they are about: FinQA, ConvFinQA (a program a turn), TAT-QA (sums)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from finrag_ml_tg1.errors import SettingsError

__all__ = ["Program", "read_programs"]


@dataclass(frozen=True, slots=True)
class Program:
    """A program and what its set says of it.

    `expected` is the set's result, a number or "yes" or "no"; `words` are those of the question and its context,
    `table` the rows of the context's table.
    """

    name: str
    source: str
    notation: Literal["calls", "sum"]
    text: str
    expected: float | str
    is_percent: bool
    words: str
    table: Sequence[Sequence[str]]


def read_programs(questions: Path, contexts: Path) -> Iterator[Program]:
    """Yield the programs of a file of questions (JSON lines); questions without one are passed over.

    Raises SettingsError, in one line, for files that are not as agreed.
    """
    pages = _read_contexts(contexts)
    for number, line in enumerate(questions.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            text, table = pages[row["context_id"]]
            yield from _of_row(row, text, table)
        except (ValueError, KeyError, TypeError) as error:
            raise SettingsError(f"{questions}, line {number}: {type(error).__name__} {error}") from error


def _read_contexts(path: Path) -> dict[str, tuple[str, Sequence[Sequence[str]]]]:
    try:
        table = pl.read_parquet(path, columns=["context_id", "text", "table_json"])
        return {name: (text or "", _cells(rows)) for name, text, rows in table.iter_rows()}
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise SettingsError(f"{path}: {str(error).splitlines()[0]}") from error


def _cells(table: str | None) -> Sequence[Sequence[str]]:
    """A table's cells as text: some sets hold numbers in theirs."""
    return [["" if cell is None else str(cell) for cell in row] for row in json.loads(table or "[]")]


def _of_row(row: Mapping[str, Any], text: str, table: Sequence[Sequence[str]]) -> Iterator[Program]:
    name, source = str(row["qid"]), str(row["source"])
    words = " ".join([str(row["question"]), *row.get("turns", ()), text, *(cell for cells in table for cell in cells)])
    if "turn_programs" in row:
        for turn, (program, result) in enumerate(zip(row["turn_programs"], row["executed"], strict=True), start=1):
            yield Program(f"{name}, turn {turn}", source, "calls", program, result, False, words, table)
    elif row.get("program"):
        yield Program(name, source, "calls", row["program"], row["exe_ans"], False, words, table)
    elif row.get("derivation") and row.get("answer_type") == "arithmetic":
        is_percent = row.get("scale") == "percent"
        yield Program(name, source, "sum", row["derivation"], float(row["answer"]), is_percent, words, table)
