"""The current index version, opened for search: checked against its manifest, memory-mapped, parts on demand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.index.carried_encoder import open_carried_encoder
from finrag_ml_tg1.index.catalog import (
    FILINGS_FILE,
    PARTS_FILE,
    SEGMENTS_FILE,
    Catalog,
    PartEntry,
    segment_entries,
)
from finrag_ml_tg1.index.container import open_arrays
from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.index.file_cache import FileCache
from finrag_ml_tg1.index.lexical import CorpusStatistics
from finrag_ml_tg1.index.manifest import Manifest
from finrag_ml_tg1.index.open_companies import OpenCompanies
from finrag_ml_tg1.index.open_parts import OpenParts
from finrag_ml_tg1.index.outside.engine import VectorEngine
from finrag_ml_tg1.index.outside.version_vectors import open_version_vectors
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.passage_record import PassageRecord, passage_record
from finrag_ml_tg1.index.pinned_files import PinnedFiles
from finrag_ml_tg1.index.row_vectors import RowVectors
from finrag_ml_tg1.index.segment import Segment
from finrag_ml_tg1.index.segment_files import open_segments
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.index.writer import STATISTICS_FILE
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["Index", "open_index"]


def open_index(
    store: ObjectStore,
    cache: FileCache,
    *,
    folder: Path,
    version: str | None = None,
    beside: Index | None = None,
    engine: VectorEngine | None = None,
) -> Index:
    """Open a version, by default the store's current one; `folder` receives links to the encoder's files.

    What an open index `beside` it holds of the same content is shared: the encoder, and the parts at hand. The nearest
    passages of all are asked of the outside `engine` where there is one.
    Raises IndexMissingError without a current version, IndexCorruptError when a file does not match the manifest,
    VectorIndexError when the engine does not hold the version's vectors.
    """
    manifest = read_manifest(store, version or current_version(store))
    files = PinnedFiles(cache)
    with ExitStack() as undoing:
        undoing.callback(files.close)
        paths = dict(zip(manifest.files, files.fetch_all(manifest.expected_files()), strict=True))
        segments = open_segments(segment_entries(pl.read_parquet(paths[SEGMENTS_FILE])), files)
        index = Index(manifest, paths, segments, cache, files, folder=folder, beside=beside)
        if engine is not None:
            index.vectors.outside = open_version_vectors(engine, store, manifest, index.catalog.parts)
        undoing.pop_all()
    return index


class Index:
    """One index version. Safe for use from several threads."""

    def __init__(
        self,
        manifest: Manifest,
        paths: Mapping[str, Path],
        segments: Sequence[Segment],
        cache: FileCache,
        pinned: PinnedFiles,
        *,
        folder: Path,
        beside: Index | None = None,
    ) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.catalog = Catalog.from_parquet(paths[FILINGS_FILE].read_bytes(), paths[PARTS_FILE].read_bytes())
        self.encoder: OnnxEncoder = (
            beside.encoder
            if beside is not None and beside.encoder.identity == manifest.encoder
            else open_carried_encoder(paths, folder / "index-encoders", manifest)
        )
        self.segments = segments
        self.corpus = CorpusStatistics.from_arrays(open_arrays(paths[STATISTICS_FILE]))
        self._pinned = pinned
        at_hand = beside.parts.at_hand(self.catalog.parts) if beside is not None else OrderedDict[str, Part]()
        self.parts: OpenParts = OpenParts(cache, at_hand)
        self.vectors = RowVectors(self.catalog, segments, self.parts)
        self.companies = OpenCompanies(self.catalog, self.parts)
        self._filings = {row["accession"]: row for row in self.catalog.filings.iter_rows(named=True)}
        part_of_year = {(entry.cik, entry.fiscal_year): entry for entry in self.catalog.parts}
        self._part_of_filing = {
            accession: entry
            for accession, filing in self._filings.items()
            if (entry := part_of_year.get((filing["cik"], filing["fiscal_year"]))) is not None
        }

    def close(self) -> None:
        """Let go of the cached files and the open parts; the memory is free once nothing refers to the index."""
        self._pinned.close()
        self.parts.close()
        self.companies.close()

    def record(self, row: int) -> PassageRecord:
        """Return the passage at a row of the whole index."""
        entry = self.catalog.part_of_row(row)
        return self._record(self.parts.opened(entry), row - entry.row_start)

    def records(self, rows: Sequence[int]) -> list[PassageRecord]:
        """Return the passages at rows of the whole index, the parts that are not at hand fetched side by side."""
        self._open_parts_of(rows)
        return [self.record(row) for row in rows]

    def texts(self, rows: Sequence[int]) -> list[str]:
        """Return the words of the passages at rows of the whole index; see `records`."""
        owners = self._open_parts_of(rows)
        parts = zip(rows, owners, strict=True)
        return [self.parts.opened(entry).text(row - entry.row_start) for row, entry in parts]

    def find_passage(self, passage_id: str) -> int | None:
        """Return the row of a passage, or None when the index holds no such passage."""
        entry = self._part_of_filing.get(passage_id.rpartition("-")[0])
        found = self.parts.opened(entry).rows.find(passage_id) if entry is not None else None
        return entry.row_start + found if entry is not None and found is not None else None

    def opening(self, accession: str, item: str, count: int) -> list[PassageRecord]:
        """Return the first `count` passages of an item of a filing, in text order; none of a filing without it."""
        entry = self._part_of_filing.get(accession)
        if entry is None:
            return []
        part = self.parts.opened(entry)
        return [self._record(part, int(local)) for local in part.rows.of_item(accession, item)[:count]]

    def likeness(self, query: npt.NDArray[np.float32], passages: Sequence[PassageRecord]) -> list[float]:
        """Return the cosine of a query vector with each of some passages of this index, by their stored vectors."""
        rows = [self.find_passage(passage.passage_id) for passage in passages]
        return [float(value) for value in self.vectors.similarities(query, [row for row in rows if row is not None])]

    def sentence_likeness(
        self, query: npt.NDArray[np.float32], sentences: Sequence[tuple[PassageRecord, int, int]]
    ) -> list[float | None]:
        """Return the cosine of a query vector with each sentence [start, end) of a passage of this index.

        None for a sentence whose vector its part does not hold.
        """
        likeness: list[float | None] = [None] * len(sentences)
        of_parts: dict[PartEntry, list[tuple[int, tuple[int, int, int]]]] = {}
        for number, (passage, start, end) in enumerate(sentences):
            row = self.find_passage(passage.passage_id)
            if row is not None:
                entry = self.catalog.part_of_row(row)
                of_parts.setdefault(entry, []).append((number, (row - entry.row_start, start, end)))
        for entry, own in of_parts.items():
            found = self.parts.opened(entry).sentences.likeness(query, [place for _, place in own])
            for (number, _), alike in zip(own, found, strict=True):
                likeness[number] = alike
        return likeness

    def neighbours(self, row: int, reach: int) -> tuple[list[PassageRecord], list[PassageRecord]]:
        """Return up to `reach` passages before and after a row, of the same filing, in text order."""
        entry = self.catalog.part_of_row(row)
        part = self.parts.opened(entry)
        local = row - entry.row_start
        near = [int(other) for other in part.rows.of_filing(local) if abs(other - local) <= reach]
        before = [self._record(part, other) for other in near if other < local]
        return before, [self._record(part, other) for other in near if other > local]

    def _open_parts_of(self, rows: Sequence[int]) -> list[PartEntry]:
        owners = [self.catalog.part_of_row(row) for row in rows]
        self.parts.open_all(owners)
        return owners

    def _record(self, part: Part, local: int) -> PassageRecord:
        row = part.rows[local]
        return passage_record(row, part.text(local), self._filings[row.accession])
