"""What each column of the tables means, for docs/data-model.md; a column without a meaning fails the generation."""

from __future__ import annotations

import polars as pl

from finrag_ml_tg1.filings.table_schemas import FACTS_SCHEMA, FILINGS_SCHEMA, PASSAGES_SCHEMA
from serving.backend.feedback import FEEDBACK_SCHEMA
from serving.backend.query_record import QUERIES_SCHEMA

__all__ = ["data_model"]

_OF_FILINGS = {
    "cik": "The filer's Central Index Key; above 9,999,999,999 a local number for a filer whose document states none.",
    "tickers": "Trading symbols of its shares, the first is the main one.",
    "company": "The registrant's name as this filing states it.",
    "form": "10-K, 10-K405, 10-KSB, 10-Q …; `/A` for an amendment; of pages also 8-K and 8-K EX-99.",
    "accession": "SEC's accession number, a document of pages' name, or `local-…` made from the content.",
    "fiscal_year": "The filer's label (`dei:DocumentFiscalYearFocus`), else its words; of pages, the collection's.",
    "fiscal_period": "`FY`, or `Q1` to `Q3`.",
    "period_end": "The last day of the period reported on.",
    "fiscal_year_end": "The day the fiscal year usually ends, `MM-DD`.",
    "filed": "The day of filing, where known.",
    "source_url": "The filing at SEC; null where SEC holds none.",
    "sha256": "Of the document's bytes, uncompressed.",
    "reader_version": "The version of the reader that filled the row.",
    "characters": "Length of the canonical text in Unicode code points.",
    "passages": "How many passages the filing has.",
    "facts": "How many facts the filing has.",
    "checks_made": "How many totals of its statements were held against their parts.",
    "checks_held": "How many of those are the sum of their parts; the others are among the notes.",
    "items": "Item, stretch of the canonical text, confidence (0 to 1), what it was found by, and what it says instead "
    "where it holds no text of its own. An item may have several stretches.",
    "notes": "What the reader could not tell from the document, what it left out, and what in it is at odds, in words.",
}
_OF_PASSAGES = {
    "passage_id": "Accession and position.",
    "item": "The item it stands in; empty outside every item (the cover, signatures).",
    "kind": "`prose` or `table`.",
    "statement": "`income`, `comprehensive income`, `balance`, `cash flow` or `equity` for the primary statements, "
    "else `none`.",
    "note": "Title of the note to the financial statements it stands in; empty outside the notes.",
    "heading": "The nearest headings, outermost first.",
    "position": "From 0 in the filing.",
    "char_start": "First character in the canonical text.",
    "char_end": "One past its last character: `text == canonical[char_start:char_end]`.",
    "page_num": "Page of a pages corpus, from 0; null for filings.",
    "lead": "What is repeated where a table is split: caption, units, header rows. Indexed, not part of the text.",
    "text": "The words, exactly as in the canonical text.",
}
_OF_FACTS = {
    "concept": "As tagged, `us-gaap:Assets`; empty for numbers read from untagged statements.",
    "label": "The concept's name in words.",
    "row_label": "The label of the table row it is printed in, the concept in words where the row has none; empty "
    "outside tables.",
    "row_path": "The sections that row stands in, outermost first.",
    "statement": "The primary statement it is printed in, else `none`.",
    "value": "Exact, in the base unit: dollars, shares, ratios. Null for a fact tagged as nil.",
    "unit": "`USD`, `shares`, `USD/shares`, `pure` …",
    "decimals": "Precision as tagged: `-6` is millions, `INF` exact.",
    "period_start": "First day of a duration; null for an instant.",
    "period_end": "Last day of a duration, or the day of an instant.",
    "dimensions": "`axis=member`, several joined by `|`; `column=…` for a component of equity read from an untagged "
    "statement; empty for the whole company.",
    "fiscal_year": "The fiscal year of the fact's own period, by distance from the filing's.",
    "fiscal_period": "`FY`, `Q1` to `Q4`, `H1`, `9M`; empty for any other period.",
    "source": "`tagged` (inline XBRL), `companyfacts` (extracted by SEC), `table` (read from an untagged statement).",
    "passage_id": "The passage that shows it; null where it is hidden or stands in page furniture.",
    "char_start": "First character of the printed number in the canonical text; null where it is hidden.",
    "char_end": "One past its last character.",
    "occurrences": "In how many places the filing tags it.",
}
_OF_QUERIES = {
    "request_id": "The response's `request_id` and `X-Request-ID`.",
    "timestamp": "When the query ended, UTC.",
    "status": "`answered`, `abstained`, `failed` (an error was returned) or `cancelled` (the client was gone).",
    "model_id": "The model that wrote the answer, `extractive` for quotations; empty where none was asked.",
    "input_tokens": "As the provider counts them; 0 for quotations and answers given before.",
    "output_tokens": "As the provider counts them.",
    "cached_tokens": "Those of the input that were read from the provider's prompt cache.",
    "cost_usd": "What the model's tokens cost in US dollars.",
    "stop_reason": "Why the model stopped.",
    "timings_ms": "Stage of answering and its milliseconds, in the order of the stages.",
    "total_ms": "From the request's arrival at the route to its answer, waiting for a worker included.",
    "ciks": "The companies the question was understood to name.",
    "fiscal_years": "The fiscal years it was understood to ask for.",
    "metrics": "The metrics it was understood to ask for.",
    "index_version": "The index that was searched.",
    "prompt_version": "The prompt the model was asked with; empty where none was asked.",
    "is_cached": "Whether the answer was given before and kept in memory.",
    "is_fallback": "Whether quotations stand in for a model that was away or that the budget did not allow.",
    "flags": "How many flags of each kind the answer has: numbers or sentences its evidence does not bear out.",
    "question_chars": "Length of the question in Unicode code points.",
    "question": "The question's words; null unless `FINRAG_LOG_PROMPTS` is true.",
    "answer": "The answer's words; null unless `FINRAG_LOG_PROMPTS` is true.",
}
_OF_FEEDBACK = {
    "request_id": "The answer's `request_id`.",
    "timestamp": "When the feedback came, UTC, as ISO 8601.",
    "verdict": "`good`, `answer_wrong` or `evidence_wrong`.",
    "comment": "The reader's words, at most 2,000 characters; may be empty.",
}
_Table = tuple[str, str, pl.Schema, dict[str, str]]
_TABLES: tuple[_Table, ...] = (
    ("filings", "One row a filing, written last: with it the filing is in the tables.", FILINGS_SCHEMA, _OF_FILINGS),
    ("passages", "What is embedded, ranked and cited.", PASSAGES_SCHEMA, _OF_FILINGS | _OF_PASSAGES),
    ("facts", "The filer's own numbers, each once.", FACTS_SCHEMA, _OF_FILINGS | _OF_FACTS),
)
_WRITTEN_BY_THE_BACK_END: tuple[_Table, ...] = (
    (
        "queries",
        "`logs/queries/dt=YYYY-MM-DD/{time}-{random}.parquet`, one row a query, at most 100 a file: written after 100 "
        "queries or 60 seconds, and when the process ends. Until then a row is in `query-journal/` in "
        "`FINRAG_CACHE_DIR`, from before its answer is given: the next start with the same folder writes what a "
        "killed process left, each row once. A crash of the machine, or a new pod with an empty folder, loses the rows "
        "not yet written. While the store is away, at most 10,000 rows wait for it; while it does not allow the "
        "log, or with `FINRAG_QUERY_LOG=off`, none is kept. Requests that are refused (4xx, not ready) are not logged.",
        QUERIES_SCHEMA,
        _OF_QUERIES,
    ),
    (
        "feedback",
        "`feedback/dt=YYYY-MM-DD/{time}-{random}.jsonl`, one JSON object a file, written before `POST /feedback` "
        "answers 202.",
        FEEDBACK_SCHEMA,
        _OF_FEEDBACK,
    ),
)


def data_model() -> str:
    """Return docs/data-model.md; raises KeyError for a column that has no meaning here."""
    head = (
        "# Data model\n\nThis file is written by `python -m docs.generate`; change `docs/table_columns.py` instead.\n\n"
        "Parquet on the store, one file a filing under `tables/{name}/cik=…/`. Ranges count Unicode code points."
    )
    running = (
        "# What the back end writes\n\nFiles are only added, in a folder for each UTC day; none is changed afterwards. "
        "Several back ends may write to one store. Old days may be deleted at any time; `GET /usage` then counts less."
    )
    sections = [head, *map(_section, _TABLES), running, *map(_section, _WRITTEN_BY_THE_BACK_END)]
    return "\n\n".join(sections) + "\n"


def _section(table: _Table) -> str:
    name, purpose, schema, meanings = table
    rows = [f"| `{column}` | {_type(kind)} | {meanings[column]} |" for column, kind in schema.items()]
    return "\n".join([f"## {name}\n\n{purpose}\n\n| column | type | meaning |\n|---|---|---|", *rows])


def _type(kind: pl.DataType | type[pl.DataType]) -> str:
    if isinstance(kind, pl.List):
        return "list of structs" if isinstance(kind.inner, pl.Struct) else f"list of {_type(kind.inner)}"
    if isinstance(kind, pl.Datetime):
        return "datetime"
    return "decimal(38, 12)" if isinstance(kind, pl.Decimal) else str(kind).lower()
