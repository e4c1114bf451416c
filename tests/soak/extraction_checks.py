"""What is promised of everything read from a filing, whatever the filing was: checked against its canonical text."""

from __future__ import annotations

import gzip
import io
from itertools import pairwise

import polars as pl

from finrag_ml_tg1.filings.extraction import FilingTables
from finrag_ml_tg1.filings.filing import Filing
from finrag_ml_tg1.filings.passages.head import MAX_PASSAGE_TOKENS, indexed_text, passage_head
from finrag_ml_tg1.filings.passages.token_windows import TokenOffsets
from finrag_ml_tg1.filings.table_schemas import FACTS_SCHEMA, FILINGS_SCHEMA, PASSAGES_SCHEMA
from finrag_ml_tg1.filings.text.canonical import CanonicalDocument

__all__ = ["check_filing", "check_tables"]


def check_filing(filing: Filing) -> None:
    """Raise AssertionError unless blocks, tables, items, notes and facts stand where they say they do."""
    document = filing.document
    _check_blocks(document)
    _check_cells(filing)
    length = len(document.text)
    for span in filing.items:
        assert 0 <= span.char_start < span.char_end <= length, "item is empty or outside the text"
        assert 0 <= span.confidence <= 1, "item has an impossible confidence"
    for note in filing.notes:
        assert 0 <= note.char_start < note.char_end <= length, "note is empty or outside the text"
        assert note.title.strip(), "note has no title"
    for note, following in pairwise(filing.notes):
        assert note.char_end <= following.char_start, "notes overlap"
    for fact in filing.facts:
        for occurrence in fact.occurrences:
            if occurrence.span is not None:
                assert 0 <= occurrence.span[0] <= occurrence.span[1] <= length, "tagged number is outside the text"


def _check_blocks(document: CanonicalDocument) -> None:
    text, end = document.text, -2
    for block in document.blocks:
        assert block.char_start == end + 2, "blocks overlap or leave text out"
        assert end < 0 or text[end : end + 2] == "\n\n", "blocks are not divided by a blank line"
        end = block.char_end
        for row in block.table.rows if block.table else ():
            for cell in row.cells:
                assert 0 <= row.char_start <= cell.char_start <= cell.char_end <= row.char_end, (
                    "cell is outside its row"
                )
                assert block.char_start + row.char_end <= block.char_end, "row is outside its table"
    assert end == len(text), "text stands behind the last block"


def _check_cells(filing: Filing) -> None:
    document = filing.document
    tables = {index for index, block in enumerate(document.blocks) if block.kind == "table"}
    assert tables == filing.tables.keys(), "a table was not read, or something else was"
    for index, reading in filing.tables.items():
        block = document.blocks[index]
        for row in reading.rows:
            for cell in row.cells:
                assert document.text[cell.char_start : cell.char_end] == cell.printed, "cell is not what is printed"
                assert block.char_start <= cell.char_start < cell.char_end <= block.char_end, (
                    "cell is outside its table"
                )
                assert 0 <= cell.column < len(reading.columns), "cell is in no column"


def check_tables(tables: FilingTables, filing: Filing, token_offsets: TokenOffsets) -> None:
    """Raise AssertionError unless what is stored is the filing's text: all of it once, in passages that fit."""
    text = gzip.decompress(tables.text).decode()
    assert text == filing.document.text, "two readings of the same bytes differ"
    passages, facts, row = (pl.read_parquet(io.BytesIO(data)) for data in (tables.passages, tables.facts, tables.row))
    assert (passages.schema, facts.schema, row.schema) == (PASSAGES_SCHEMA, FACTS_SCHEMA, FILINGS_SCHEMA)
    assert (passages.height, facts.height) == (tables.passage_count, tables.fact_count)
    _check_passages(passages, filing, token_offsets)
    _check_facts(facts, passages, text)


def _check_passages(passages: pl.DataFrame, filing: Filing, token_offsets: TokenOffsets) -> None:
    text, cover = filing.document.text, filing.cover
    uncovered, reached = [], 0
    for position, passage in enumerate(passages.iter_rows(named=True)):
        start, end = passage["char_start"], passage["char_end"]
        assert passage["position"] == position, "passages are not numbered in order"
        assert passage["text"] == text[start:end], "passage is not the canonical text's"
        assert passage["text"].strip(), "passage is empty"
        assert reached <= start, "passages overlap"
        uncovered.append((reached, start))
        reached = end
        head = passage_head(
            cover.company,
            cover.tickers,
            cover.form,
            fiscal_year=cover.fiscal_year,
            fiscal_period=cover.fiscal_period,
            item=passage["item"],
            heading=passage["heading"],
        )
        tokens = len(token_offsets(indexed_text(head, passage["lead"], passage["text"])))
        assert tokens <= MAX_PASSAGE_TOKENS, "passage is longer than the encoder's window"
    uncovered.append((reached, len(text)))
    furniture = [block for block in filing.document.blocks if block.kind == "furniture"]
    left_out = sum(len("".join(text[start:end].split())) for start, end in uncovered)
    shown = sum(len("".join(text[block.char_start : block.char_end].split())) for block in furniture)
    assert left_out <= shown, "text is in no passage"


def _check_facts(facts: pl.DataFrame, passages: pl.DataFrame, text: str) -> None:
    spans = {passage["passage_id"]: passage for passage in passages.iter_rows(named=True)}
    for fact in facts.iter_rows(named=True):
        start, end = fact["char_start"], fact["char_end"]
        assert (start is None) == (end is None), "fact has half a place"
        if start is not None:
            assert 0 <= start < end <= len(text), "fact is outside the text"
        if fact["passage_id"] is not None:
            passage = spans[fact["passage_id"]]
            assert passage["char_start"] <= start < passage["char_end"], "fact is not in its passage"
        if fact["period_start"] is not None:
            assert fact["period_start"] <= fact["period_end"], "fact's period runs backwards"
