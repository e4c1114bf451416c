"""The pages and questions that `benchmarks.peers` puts to every system, and what it says of their rankings.

The measures are those of `finrag eval retrieval`, written down a second time: peers are judged without FinRAG's code.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

Place = tuple[str, int]
Row = Mapping[str, Any]

WORDS = 200
_FORMS = {"10k": "10-K", "10q": "10-Q", "8k": "8-K", "earnings": "8-K EX-99"}
# The pages give the ticker alone, people ask by the name, and FinRAG reads it on the first page.
_NAMES = {
    "AAPL": "Apple Inc.",
    "AMZN": "Amazon.com, Inc.",
    "INTC": "Intel Corporation",
    "MSFT": "Microsoft Corporation",
    "NVDA": "NVIDIA Corporation",
}
_FIRST_TATQA = 300


@dataclass(frozen=True, slots=True)
class Page:
    """A page with what its owner knows of it; what is not known is empty."""

    doc_name: str
    company: str
    ticker: str
    form: str
    fiscal_year: int
    quarter: str
    page_num: int
    text: str

    @property
    def head(self) -> str:
        return " ".join(str(part) for part in (self.company, self.form, self.fiscal_year, self.quarter) if part)

    @property
    def metadata(self) -> dict[str, str | int]:
        values = asdict(self)
        del values["text"]
        return values


@dataclass(frozen=True, slots=True)
class Dataset:
    """Where a set lies and how FinRAG is asked about it."""

    pages: str
    questions: str
    scope: str


DATASETS = {
    "financebench": Dataset("financebench/pages.parquet", "financebench/questions_dev.jsonl", "auto"),
    "docugami": Dataset("docugami10q/pages.parquet", "docugami10q/questions_dev.jsonl", "auto"),
    "finqa": Dataset("finqa/contexts.parquet", "finqa/questions_dev.jsonl", "none"),
}


@dataclass(frozen=True, slots=True)
class Subset:
    """What is kept of a set: the filings of companies asked about, the first so many filings, asked about first."""

    companies_asked: bool = False
    filings: int | None = None


@dataclass(frozen=True, slots=True)
class Corpus:
    """What every system gets, as files: FinRAG reads the set's own rows, the peers read `peer_pages`."""

    rows: Path
    questions: Path
    peer_pages: Path
    pages: int
    filings: int
    gold: tuple[tuple[Place | str, ...], ...]


def prepare(name: str, data: Path, subset: Subset, folder: Path) -> Corpus:
    """Write the files of a set, or of what is kept of it, to `folder`."""
    import polars as pl  # not at the top: the peers' interpreter need not have it

    questions = _questions(name, data / DATASETS[name].questions)
    key = "context_id" if name == "finqa" else "doc_name"
    table = _kept(pl.read_parquet(data / DATASETS[name].pages), key, questions, subset)
    filings = set(table[key])
    questions = [row for row in questions if filings.issuperset(_documents(row))]
    corpus = Corpus(
        rows=folder / Path(DATASETS[name].pages).name,
        questions=folder / "questions.jsonl",
        peer_pages=folder / "peer_pages.jsonl",
        pages=table.height,
        filings=len(filings),
        gold=tuple(_gold(name, row) for row in questions),
    )
    table.write_parquet(corpus.rows)
    _write_lines(corpus.questions, questions)
    pages = (_page(name, row) for row in table.iter_rows(named=True))
    _write_lines(corpus.peer_pages, (asdict(page) for page in pages if page.text.strip()))
    return corpus


def _questions(name: str, path: Path) -> list[Row]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if name == "financebench":
        return [row for row in rows if row["doc_in_corpus"]]
    if name == "finqa":
        tatqa = [row for row in rows if row["source"] == "tatqa"]
        return [row for row in rows if row["source"] != "tatqa"] + tatqa[:_FIRST_TATQA]
    return rows


def _documents(row: Row) -> list[str]:
    if "gold_docs" in row:
        return list(row["gold_docs"])
    return [row["context_id"] if "context_id" in row else row["doc_name"]]


def _kept(table: pl.DataFrame, key: str, questions: Sequence[Row], subset: Subset) -> pl.DataFrame:
    asked = list(dict.fromkeys(name for row in questions for name in _documents(row)))
    if subset.companies_asked:
        company = "company" if "company" in table.columns else "ticker"
        companies = set(table.filter(table[key].is_in(asked))[company])
        table = table.filter(table[company].is_in(list(companies)))
    if subset.filings is not None:
        names = list(dict.fromkeys([*asked, *table[key]]))
        table = table.filter(table[key].is_in(names[: subset.filings]))
    return table


def _gold(name: str, row: Row) -> tuple[Place | str, ...]:
    """The places that answer: pages, or whole documents where the set names these."""
    if name == "financebench":
        return tuple((row["doc_name"], page) for page in dict.fromkeys(row["evidence_pages"]))
    return tuple(_documents(row))


def _page(name: str, row: Row) -> Page:
    ticker = row["ticker"] or ""
    if name == "financebench":
        form = _FORMS[row["doc_type"].lower()]
        filing = (row["doc_name"], row["company"], ticker, form, int(row["doc_period"]), row["quarter"] or "")
        return Page(*filing, row["page_num"], row["page_text"] or "")
    if name == "docugami":
        filing = (row["doc_name"], _NAMES.get(ticker, ticker), ticker, "10-Q", int(row["year"]), row["quarter"])
        return Page(*filing, row["page_num"], row["page_text"] or "")
    return Page(row["context_id"], ticker, ticker, "10-K", int(row["year"] or 0), "", 0, row["text"])


def _write_lines(path: Path, rows: Iterable[Row]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)


def chunked(pages: Iterable[Page]) -> Iterator[tuple[str, Page]]:
    """Yield texts with their page, for libraries that leave splitting to others."""
    for page in pages:
        for found in re.finditer(rf"(?:\S+\s*){{1,{WORDS}}}", page.text):
            yield f"{page.head}\n{found.group()}", page


def measured(ranked: Sequence[Sequence[Place]], gold: Sequence[tuple[Place | str, ...]]) -> dict[str, float]:
    """Return the means over all questions of ranked pages, best first, against the places that answer."""
    each = [_measured([tuple(place) for place in own], right) for own, right in zip(ranked, gold, strict=True)]
    return {name: round(statistics.fmean(one[name] for one in each), 4) for name in each[0]}


def _measured(pages: Sequence[Place], gold: tuple[Place | str, ...]) -> dict[str, float]:
    found = [{right for right in gold if right in (page, page[0])} for page in pages]
    first = next((rank for rank, places in enumerate(found, start=1) if places), 0)
    documents = {right if isinstance(right, str) else right[0] for right in gold}
    return {
        "hit@1": float(first == 1),
        "hit@5": float(0 < first <= 5),
        "hit@10": float(first > 0),
        "mrr@10": 1 / first if first else 0.0,
        "recall@10": len(set().union(*found)) / len(gold),
        "doc@1": float(bool(pages) and pages[0][0] in documents),
    }
