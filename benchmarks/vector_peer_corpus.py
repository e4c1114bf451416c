"""Rows and queries for `benchmarks.vector_peers` from any store with an index, and what exact search finds in them.

The index keeps 8-bit codes. Each number gets noise within half a step of its code, so that the vectors are not exact in
FinRAG's own codes and in nobody else's: such codes then find as much of the ten best of 997 passages (.996) as with the
vectors the encoder gives for them (.996). Rows beyond those of the index are made of them: for a copy of each company,
of which each row is the weighted mean of two passages of the same part, at unit length. Of 615,000 rows 57 % are such,
and of the ten nearest to 200 questions 51 %; their tenth neighbours are as near (cosine .83) as real ones' (.85), so
copies are neither duplicates nor out of a question's way.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.query_latency import TEMPLATES
from benchmarks.vector_peer_rows import TOP, Filter, Floats, VectorRows, Workload
from finrag_ml_tg1.index.catalog import PartEntry
from finrag_ml_tg1.index.reader import Index

__all__ = ["Corpus", "content_hash", "exact_thresholds", "prepare", "read_questions", "recall"]

SHARES = {"filtered 1 %": 0.01, "filtered 0.1 %": 0.001}
_FILTERS_A_SHARE = 16
_WEIGHTS = (0.55, 0.85)
_ROWS_A_BLOCK = 50_000
# Rows whose similarities differ by less are equally good answers: float32 sums differ by as much with their order.
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows of which the first `real` are passages of the index; `companies` counts copies too."""

    rows: VectorRows
    real: int
    companies: int


def prepare(index: Index, count: int, questions: Sequence[str], queries: int, folder: Path) -> Corpus:
    """Write `count` rows and `queries` queries of each kind; the same store and numbers always give the same."""
    parts = list(_parts(index, count))
    numbers = {cik: number for number, cik in enumerate(dict.fromkeys(entry.cik for entry, _, _ in parts))}
    companies = np.repeat(
        [numbers[entry.cik] + copy * len(numbers) for entry, copy, _ in parts], [taken for _, _, taken in parts]
    )
    years = np.repeat([entry.fiscal_year for entry, _, _ in parts], [taken for _, _, taken in parts])
    chooser = np.random.default_rng(0)
    rows = VectorRows(folder)
    rows.write(
        (_vectors(index, entry, copy, chooser)[:taken] for entry, copy, taken in parts),
        companies.astype(np.int64),
        years.astype(np.int64),
    )
    names = {company.cik: company.name for company in index.catalog.companies}
    by_number = {number: names[cik] for cik, number in numbers.items()}
    workloads = [_unfiltered(index, by_number, rows, questions, queries)]
    workloads += [_filtered(index, by_number, rows, share, name, queries) for name, share in SHARES.items()]
    rows.write_workloads(workloads)
    return Corpus(rows, min(count, index.manifest.passages), int(companies.max()) + 1)


def content_hash(index: Index, count: int) -> str:
    """Return a hash of what rows are made of; index versions with the same passages and encoder have the same."""
    digest = hashlib.sha256(repr((count, index.encoder.identity)).encode())
    for entry, copy, _ in _parts(index, count):
        if copy == 0:
            digest.update(repr((entry.cik, entry.fiscal_year)).encode())
            digest.update(index.parts.opened(entry).arrays["codes"].tobytes())
    return digest.hexdigest()


def read_questions(paths: Sequence[Path], count: int) -> list[str]:
    """Return at most `count` questions of JSON-lines files, as many of each file as there are."""
    files = [[json.loads(line)["question"] for line in path.read_text(encoding="utf-8").splitlines()] for path in paths]
    turns = itertools.chain.from_iterable(itertools.zip_longest(*files))
    return list(itertools.islice((question for question in turns if question), count))


def exact_thresholds(rows: VectorRows, workload: Workload) -> Floats:
    """Return for each query the similarity of the last of the TOP best rows, among those its filter lets through."""
    best = np.full((len(workload.queries), TOP), -np.inf, dtype=np.float32)
    wanted = {entry: rows.rows_of(entry) for entry in set(workload.filters) if entry}
    for block in rows.blocks(_ROWS_A_BLOCK):
        if workload.filters[0] is None:
            scores = workload.queries @ block.vectors.T
            best = np.partition(np.concatenate([best, scores], axis=1), -TOP, axis=1)[:, -TOP:]
            continue
        for number, entry in enumerate(workload.filters):
            within = wanted[entry] - block.start if entry else np.empty(0, dtype=np.int64)
            within = within[(within >= 0) & (within < len(block.vectors))]
            if len(within):
                scores = block.vectors[within] @ workload.queries[number]
                best[number] = np.sort(np.concatenate([best[number], scores]))[-TOP:]
    return best.min(axis=1)


def recall(rows: VectorRows, workload: Workload, thresholds: Floats, found: Sequence[Sequence[int]]) -> float:
    """Return the share of the TOP best rows that was found, over the queries that were asked."""
    shares = []
    for query, wanted, threshold, answer in zip(workload.queries, workload.filters, thresholds, found, strict=False):
        distinct = np.unique(np.asarray(answer, dtype=np.int64))
        if wanted:
            distinct = np.intersect1d(distinct, rows.rows_of(wanted))
        scores = np.array([(rows.block(row, row + 1).vectors @ query)[0] for row in distinct.tolist()])
        shares.append(min(TOP, int((scores >= threshold - _SAME).sum())) / TOP)
    return float(np.mean(shares))


def _parts(index: Index, count: int) -> Iterator[tuple[PartEntry, int, int]]:
    """Yield (part, number of the copy, rows taken of it) until there are enough rows."""
    for copy in itertools.count():
        for entry in index.catalog.parts:
            if count <= 0:
                return
            yield entry, copy, min(count, entry.rows)
            count -= entry.rows


def _vectors(index: Index, entry: PartEntry, copy: int, chooser: np.random.Generator) -> Floats:
    arrays = index.parts.opened(entry).arrays
    noise = chooser.uniform(-0.5, 0.5, arrays["codes"].shape)
    vectors = (arrays["codes"] + noise) * arrays["scales"][:, None]
    if copy:
        weights = chooser.uniform(*_WEIGHTS, (len(vectors), 1))
        others = vectors[chooser.integers(len(vectors), size=len(vectors))]
        vectors = weights * _unit(vectors) + (1 - weights) * _unit(others)
    return _unit(vectors).astype(np.float32)


def _unit(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def _unfiltered(
    index: Index, names: dict[int, str], rows: VectorRows, questions: Sequence[str], count: int
) -> Workload:
    """The questions given, and where these are too few such as are made from what the rows cover."""
    covered = [
        Filter(int(company), (int(year),)) for company, year in set(zip(rows.companies, rows.years, strict=True))
    ]
    covered.sort(key=lambda entry: (entry.years, entry.company))
    made = (_question(names, entry, number) for number, entry in enumerate(itertools.cycle(covered)))
    asked = list(itertools.islice(itertools.chain(questions, made), count))
    return Workload("unfiltered", index.encoder.encode(asked), (None,) * count)


def _filtered(index: Index, names: dict[int, str], rows: VectorRows, share: float, name: str, count: int) -> Workload:
    """Questions about a company's years, each with the filter it means; the filters nearest to the share are taken."""
    filters = sorted(_runs_of_years(rows), key=lambda entry: abs(entry[1] - share * len(rows)))[:_FILTERS_A_SHARE]
    taken = list(itertools.islice(itertools.cycle(entry for entry, _ in filters), count))
    asked = [_question(names, entry, number // len(filters)) for number, entry in enumerate(taken)]
    return Workload(name, index.encoder.encode(asked), tuple(taken))


def _runs_of_years(rows: VectorRows) -> Iterator[tuple[Filter, int]]:
    """Yield every company with every run of its years, and the rows these have."""
    pairs, sizes = np.unique(np.stack([rows.companies, rows.years]), axis=1, return_counts=True)
    for company in np.unique(pairs[0]):
        years, rows_of_year = pairs[1][pairs[0] == company], sizes[pairs[0] == company]
        for first, last in itertools.combinations(range(len(years) + 1), 2):
            yield Filter(int(company), tuple(years[first:last].tolist())), int(rows_of_year[first:last].sum())


def _question(names: dict[int, str], wanted: Filter, number: int) -> str:
    name = names[wanted.company % len(names)]
    return TEMPLATES[number % len(TEMPLATES)].format(company=name, year=wanted.years[-1])
