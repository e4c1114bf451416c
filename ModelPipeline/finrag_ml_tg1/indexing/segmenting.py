"""Parts joined to segments, each made anew only when one of its parts changed; memory holds one at a time.

Where a segment ends is decided by the company and year of its last part, not by counting from the first row: a filing
that is added moves no boundary but, at most, those of its own segment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate

import polars as pl

from finrag_ml_tg1.errors import IndexCorruptError, ObjectNotFoundError
from finrag_ml_tg1.index.catalog import SEGMENTS_SCHEMA, PartEntry, SegmentEntry
from finrag_ml_tg1.index.lexical import CorpusStatistics, merge_statistics
from finrag_ml_tg1.index.manifest import part_key, segment_key
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.reader import FileCache
from finrag_ml_tg1.index.segment import MAX_SEGMENT_ROWS, build_rows, build_terms
from finrag_ml_tg1.index.writer import put_segment_file
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["SEARCHED_IN_WORDS_ROWS", "build_segments"]

# Of more rows only the vectors are searched when no company is named: a pod has no room for all their words.
SEARCHED_IN_WORDS_ROWS = 2_000_000

_MIN_ROWS = 16_384
_ENDING_SHARE = 32  # of the parts one in so many may end a segment


def build_segments(
    store: ObjectStore,
    cache: FileCache,
    parts: Sequence[PartEntry],
    filings_of: Sequence[int],
    known: Mapping[str, SegmentEntry],
) -> tuple[pl.DataFrame, CorpusStatistics]:
    """Write the segments of all parts; return their table (SEGMENTS_SCHEMA) and the statistics of the whole index.

    `filings_of` counts the filings of each part. A segment that `known` has by the hash of its input is kept if the
    store's files are undamaged.
    """
    with_terms = sum(part.rows for part in parts) <= SEARCHED_IN_WORDS_ROWS
    first_filings = [0, *accumulate(filings_of)]
    entries: list[SegmentEntry] = []
    statistics: list[CorpusStatistics] = []
    for start, end in _runs(parts):
        own = parts[start:end]
        opened = [Part(cache.fetch(part_key(part.sha256), sha256=part.sha256, size=part.size)) for part in own]
        statistics.append(merge_statistics([part.statistics() for part in opened]))
        digest = hashlib.sha256(repr((with_terms, [part.sha256 for part in own])).encode()).hexdigest()
        files = _kept_files(cache, known.get(digest)) or _written_files(store, opened, with_terms=with_terms)
        rows = sum(part.rows for part in own)
        entries.append(SegmentEntry(own[0].row_start, rows, first_filings[start], *files, digest))
    table = pl.DataFrame(entries, schema=SEGMENTS_SCHEMA, orient="row")
    return table, merge_statistics(statistics)


def _runs(parts: Sequence[PartEntry]) -> Iterator[tuple[int, int]]:
    """Yield from which to which part each segment reaches."""
    start = rows = 0
    for place, part in enumerate(parts):
        if rows and rows + part.rows > MAX_SEGMENT_ROWS:
            yield start, place
            start, rows = place, 0
        rows += part.rows
        if rows >= _MIN_ROWS and _may_end(part):
            yield start, place + 1
            start, rows = place + 1, 0
    if start < len(parts):
        yield start, len(parts)


def _may_end(part: PartEntry) -> bool:
    return hashlib.sha256(f"{part.cik} {part.fiscal_year}".encode()).digest()[0] % _ENDING_SHARE == 0


_Files = tuple[str, int, str | None, int | None]


def _kept_files(cache: FileCache, entry: SegmentEntry | None) -> _Files | None:
    """The files of a segment that is there already, None when one of them is damaged or missing."""
    if entry is None:
        return None
    files: _Files = (entry.rows_sha256, entry.rows_size, entry.terms_sha256, entry.terms_size)
    try:
        cache.fetch(segment_key(entry.rows_sha256), sha256=entry.rows_sha256, size=entry.rows_size)
        if entry.terms_sha256 is not None and entry.terms_size is not None:
            cache.fetch(segment_key(entry.terms_sha256), sha256=entry.terms_sha256, size=entry.terms_size)
    except (IndexCorruptError, ObjectNotFoundError):
        return None
    return files


def _written_files(store: ObjectStore, parts: Sequence[Part], *, with_terms: bool) -> _Files:
    rows = put_segment_file(store, build_rows(parts))
    return (*rows, *put_segment_file(store, build_terms(parts))) if with_terms else (*rows, None, None)
