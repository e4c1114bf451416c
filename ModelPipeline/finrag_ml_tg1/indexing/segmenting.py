"""Parts joined to segments, each made anew only when one of its parts changed; memory holds one at a time.

Where a segment ends is decided by the company and year of its last part, not by counting from the first row: a filing
that is added moves no boundary but, at most, those of its own segment.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import accumulate

import polars as pl

from finrag_ml_tg1.index.catalog import SEGMENTS_SCHEMA, PartEntry, SegmentEntry
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.lexical import CorpusStatistics, merge_statistics
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.pinned_files import PinnedFiles
from finrag_ml_tg1.index.segment import MAX_SEGMENT_ROWS, build_rows, build_terms
from finrag_ml_tg1.index.version_objects import part_object
from finrag_ml_tg1.index.writer import IndexWriter
from finrag_ml_tg1.indexing.known_version import KnownVersion
from finrag_ml_tg1.indexing.statistics_update import updated_statistics

__all__ = ["SEARCHED_IN_WORDS_ROWS", "build_segments", "segment_runs"]

# Of more rows only the vectors are searched when no company is named: a pod has no room for all their words.
SEARCHED_IN_WORDS_ROWS = 2_000_000

_MIN_ROWS = 16_384
_FETCHED_AT_ONCE = 32  # of a segment, so that a small cache holds them
_ENDING_SHARE = 32  # of the parts one in so many may end a segment

_Files = tuple[str, int, str | None, int | None]


def build_segments(
    writer: IndexWriter,
    cache: FileCache,
    parts: Sequence[PartEntry],
    filings_of: Sequence[int],
    known: KnownVersion,
) -> tuple[pl.DataFrame, CorpusStatistics]:
    """Write the segments of all parts; return their table (SEGMENTS_SCHEMA) and the statistics of the whole index.

    `filings_of` counts the filings of each part. The parts of a segment that `known` has are not read.
    """
    with_terms = sum(part.rows for part in parts) <= SEARCHED_IN_WORDS_ROWS
    first_filings = [0, *accumulate(filings_of)]
    entries: list[SegmentEntry] = []
    counted: list[CorpusStatistics] = []
    unread: list[Sequence[PartEntry]] = []
    for start, end in segment_runs(parts):
        own = parts[start:end]
        digest = hashlib.sha256(repr((with_terms, [part.sha256 for part in own])).encode()).hexdigest()
        kept = known.segments.get(digest)
        files: _Files
        if kept is not None:
            files = (kept.rows_sha256, kept.rows_size, kept.terms_sha256, kept.terms_size)
            unread.append(own)
        else:
            files, statistics = _write_segment(writer, cache, own, with_terms=with_terms)
            counted.append(statistics)
        rows = sum(part.rows for part in own)
        entries.append(SegmentEntry(own[0].row_start, rows, first_filings[start], *files, digest))
    statistics = (updated_statistics(known, parts, cache) if unread else None) or merge_statistics(
        [*counted, *(_statistics(_opened(cache, own)) for own in unread)]
    )
    return pl.DataFrame(entries, schema=SEGMENTS_SCHEMA, orient="row"), statistics


def segment_runs(parts: Sequence[PartEntry]) -> Iterator[tuple[int, int]]:
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


def _write_segment(
    writer: IndexWriter, cache: FileCache, parts: Sequence[PartEntry], *, with_terms: bool
) -> tuple[_Files, CorpusStatistics]:
    opened = _opened(cache, parts)
    rows = writer.put_segment_file(build_rows(opened))
    terms = writer.put_segment_file(build_terms(opened)) if with_terms else (None, None)
    return (*rows, *terms), _statistics(opened)


def _opened(cache: FileCache, parts: Sequence[PartEntry]) -> list[Part]:
    opened: list[Part] = []
    for start in range(0, len(parts), _FETCHED_AT_ONCE):
        wanted = [part_object(part) for part in parts[start : start + _FETCHED_AT_ONCE]]
        with closing(PinnedFiles(cache)) as files:
            opened.extend(Part(path) for path in files.fetch_all(wanted))
    return opened


def _statistics(parts: Sequence[Part]) -> CorpusStatistics:
    return merge_statistics([part.statistics() for part in parts])
