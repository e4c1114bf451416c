"""The current index version, opened for search: checked against its manifest, memory-mapped, parts on demand."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from finrag_ml_tg1.errors import IndexCorruptError, IndexMissingError, ObjectNotFoundError, StoreError
from finrag_ml_tg1.index.catalog import (
    FILINGS_FILE,
    PARTS_FILE,
    SEGMENTS_FILE,
    Catalog,
    PartEntry,
    SegmentEntry,
    segment_entries,
)
from finrag_ml_tg1.index.coarse_vectors import nearest_rows
from finrag_ml_tg1.index.container import open_arrays
from finrag_ml_tg1.index.encoder import ENCODER_FILES, OnnxEncoder
from finrag_ml_tg1.index.facts import CompanyFacts
from finrag_ml_tg1.index.lexical import CorpusStatistics
from finrag_ml_tg1.index.manifest import CURRENT_KEY, Manifest, is_version, manifest_key, part_key, segment_key
from finrag_ml_tg1.index.outside.engine import VectorEngine
from finrag_ml_tg1.index.outside.version_vectors import open_version_vectors
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.pinned_files import PinnedFiles
from finrag_ml_tg1.index.segment import Segment
from finrag_ml_tg1.index.vector_index import VectorIndex
from finrag_ml_tg1.index.vectors import similarities
from finrag_ml_tg1.index.writer import STATISTICS_FILE
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["FileCache", "Index", "PassageRecord", "current_version", "open_index", "read_manifest"]

_OPEN_PARTS = 512
_OPEN_COMPANIES = 64
# Among the nearest by coarse vectors those whose order decides; see index.coarse_vectors.
_EXACT = 32


class FileCache(Protocol):
    """Where files of the index come from: a local file with exactly the named content."""

    def fetch(self, key: str, *, sha256: str, size: int, pin: bool = False) -> Path:
        """Return the local file; raises IndexCorruptError when the content is another.

        A pinned one stays until `unpin`, others may be removed at any time.
        """
        ...

    def fetch_all(self, files: Sequence[ExpectedFile], *, pin: bool = False) -> list[Path]:
        """Return the local files in this order, fetched side by side; all or none of them are pinned."""
        ...

    def unpin(self, sha256: str) -> None:
        """Take back one pinned `fetch`; no error when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A passage with what a citation needs to know of its filing."""

    passage_id: str
    cik: int
    ticker: str
    company: str
    form: str
    fiscal_year: int
    accession: str
    item: str
    kind: str
    statement: str
    heading: str
    position: int
    char_start: int
    page_num: int | None
    lead: str
    text: str
    source_url: str | None


def current_version(store: ObjectStore) -> str:
    """Return the name of the version the store serves.

    Raises IndexMissingError when there is none, IndexCorruptError when `index/CURRENT` holds no version's name.
    """
    try:
        version = store.get(CURRENT_KEY).data.decode(errors="replace").strip()
    except ObjectNotFoundError as error:
        raise IndexMissingError(
            f"{store.url} holds no index: run `finrag ingest FOLDER` and then `finrag index`"
        ) from error
    if not is_version(version):
        raise IndexCorruptError(f"{CURRENT_KEY} in {store.url} names no index version: rebuild with `finrag index`")
    return version


def read_manifest(store: ObjectStore, version: str) -> Manifest:
    """Return a version's manifest, checked; raises IndexCorruptError when it is missing or damaged."""
    try:
        text = store.get(manifest_key(version)).data.decode()
    except (ObjectNotFoundError, UnicodeDecodeError) as error:
        raise IndexCorruptError(
            f"index version {version} has no readable manifest: rebuild with `finrag index`"
        ) from error
    return Manifest.from_json(text, version)


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
        segments = _open_segments(segment_entries(pl.read_parquet(paths[SEGMENTS_FILE])), files)
        index = Index(manifest, paths, segments, cache, files, folder=folder, beside=beside)
        if engine is not None:
            index.outside = open_version_vectors(engine, store, manifest, index.catalog.parts)
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
            else _open_encoder(paths, folder / "index-encoders", manifest)
        )
        self.segments = segments
        self.outside: VectorIndex | None = None
        self.corpus = CorpusStatistics.from_arrays(open_arrays(paths[STATISTICS_FILE]))
        self._cache = cache
        self._pinned = pinned
        self._parts = beside.parts_at_hand(self.catalog.parts) if beside is not None else OrderedDict[str, Part]()
        self._company_facts: OrderedDict[int, CompanyFacts] = OrderedDict()
        self._lock = threading.Lock()
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
        with self._lock:
            self._parts.clear()
            self._company_facts.clear()

    def parts_at_hand(self, entries: Iterable[PartEntry]) -> OrderedDict[str, Part]:
        """Return those of some parts that are open here, by hash, the least recently used first."""
        wanted = {entry.sha256 for entry in entries}
        with self._lock:
            return OrderedDict((sha256, part) for sha256, part in self._parts.items() if sha256 in wanted)

    def part(self, entry: PartEntry) -> Part:
        """Return an open part, fetching its file when it is not at hand."""
        with self._lock:
            part = self._parts.get(entry.sha256)
            if part is not None:
                self._parts.move_to_end(entry.sha256)
                return part
        # Pinned until it is mapped: another thread's fetch could evict it in between.
        path = self._cache.fetch(part_key(entry.sha256), sha256=entry.sha256, size=entry.size, pin=True)
        try:
            part = Part(path)
        finally:
            self._cache.unpin(entry.sha256)
        with self._lock:
            self._parts[entry.sha256] = part
            while len(self._parts) > _OPEN_PARTS:
                self._parts.popitem(last=False)
        return part

    def facts(self, cik: int) -> CompanyFacts:
        """Return all facts of a covered company, of all its filings."""
        with self._lock:
            facts = self._company_facts.get(cik)
            if facts is not None:
                self._company_facts.move_to_end(cik)
                return facts
        tables = [self.part(entry).facts() for entry in self.catalog.parts_of({cik}, ())]
        facts = CompanyFacts(cik, tables, self.catalog.forms(cik))
        with self._lock:
            self._company_facts[cik] = facts
            while len(self._company_facts) > _OPEN_COMPANIES:
                self._company_facts.popitem(last=False)
        return facts

    def record(self, row: int) -> PassageRecord:
        """Return the passage at a row of the whole index."""
        entry = self.catalog.part_of_row(row)
        return self._record(self.part(entry), row - entry.row_start)

    def text(self, row: int) -> str:
        """Return the words of the passage at a row of the whole index."""
        entry = self.catalog.part_of_row(row)
        return self.part(entry).text(row - entry.row_start)

    def find_passage(self, passage_id: str) -> int | None:
        """Return the row of a passage, or None when the index holds no such passage."""
        entry = self._part_of_filing.get(passage_id.rpartition("-")[0])
        found = self.part(entry).rows.find(passage_id) if entry is not None else None
        return entry.row_start + found if entry is not None and found is not None else None

    def opening(self, accession: str, item: str, count: int) -> list[PassageRecord]:
        """Return the first `count` passages of an item of a filing, in text order; none of a filing without it."""
        entry = self._part_of_filing.get(accession)
        if entry is None:
            return []
        part = self.part(entry)
        return [self._record(part, int(local)) for local in part.rows.of_item(accession, item)[:count]]

    def likeness(self, query: npt.NDArray[np.float32], passages: Sequence[PassageRecord]) -> list[float]:
        """Return the cosine of a query vector with each of some passages of this index, by their stored vectors."""
        rows = [self.find_passage(passage.passage_id) for passage in passages]
        return [float(value) for value in self.similarities(query, [row for row in rows if row is not None])]

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
            found = self.part(entry).sentences.likeness(query, [place for _, place in own])
            for (number, _), alike in zip(own, found, strict=True):
                likeness[number] = alike
        return likeness

    def similarities(self, query: npt.NDArray[np.float32], rows: Sequence[int]) -> npt.NDArray[np.float32]:
        """Return the cosine of some rows of the whole index with a query vector, from their parts."""
        values = np.empty(len(rows), dtype=np.float32)
        of_parts: dict[PartEntry, list[int]] = {}
        for place, row in enumerate(rows):
            of_parts.setdefault(self.catalog.part_of_row(row), []).append(place)
        for entry, places in of_parts.items():
            arrays, own = self.part(entry).arrays, [rows[place] - entry.row_start for place in places]
            values[places] = similarities(arrays["codes"][own], arrays["scales"][own], query)
        return values

    def nearest(
        self,
        query: npt.NDArray[np.float32],
        count: int,
        among: Sequence[npt.NDArray[np.int64]] | None = None,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Return at most `count` (rows, cosines) nearest to a query vector, best first, the first 32 exactly.

        `among` restricts each segment to some of its rows. Raises VectorIndexUnavailableError when an outside engine
        has them and cannot be reached.
        """
        if self.outside is not None:
            return self.outside.search(query, count, among=self._rows_of_index(among))
        rows, scores = nearest_rows([segment.vectors for segment in self.segments], query, max(count, _EXACT), among)
        scores[:_EXACT] = self.similarities(query, rows[:_EXACT].tolist())
        order = np.argsort(-scores, kind="stable")[:count]
        return rows[order], scores[order]

    def coarse_similarities(
        self, query: npt.NDArray[np.float32], rows: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float32]:
        """Return the cosine of some rows of the whole index with a query vector, from coarse vectors: no part is read.

        An outside engine, where there is one, is asked instead, and they are exact.
        """
        if self.outside is not None:
            return self.outside.similarities(query, rows)
        cosines = np.empty(len(rows), dtype=np.float32)
        owners = np.searchsorted([segment.row_start for segment in self.segments], rows, side="right") - 1
        for owner in np.unique(owners):
            own, segment = owners == owner, self.segments[owner]
            cosines[own] = segment.vectors.similarities(query, rows[own] - segment.row_start)
        return cosines

    def _rows_of_index(self, among: Sequence[npt.NDArray[np.int64]] | None) -> npt.NDArray[np.int64] | None:
        if among is None:
            return None
        starts = (segment.row_start for segment in self.segments)
        return np.concatenate([own + start for own, start in zip(among, starts, strict=True)])

    def neighbours(self, row: int, reach: int) -> tuple[list[PassageRecord], list[PassageRecord]]:
        """Return up to `reach` passages before and after a row, of the same filing, in text order."""
        entry = self.catalog.part_of_row(row)
        part = self.part(entry)
        local = row - entry.row_start
        near = [int(other) for other in part.rows.of_filing(local) if abs(other - local) <= reach]
        before = [self._record(part, other) for other in near if other < local]
        return before, [self._record(part, other) for other in near if other > local]

    def _record(self, part: Part, local: int) -> PassageRecord:
        row = part.rows[local]
        filing = self._filings[row.accession]
        return PassageRecord(
            passage_id=row.passage_id,
            cik=filing["cik"],
            ticker=filing["tickers"][0] if filing["tickers"] else "",
            company=filing["company"],
            form=row.form,
            fiscal_year=filing["fiscal_year"],
            accession=row.accession,
            item=row.item,
            kind=row.kind,
            statement=row.statement,
            heading=row.heading,
            position=row.position,
            char_start=row.char_start,
            page_num=row.page_num,
            lead=row.lead,
            text=part.text(local),
            source_url=filing["source_url"],
        )


def _open_segments(entries: Sequence[SegmentEntry], files: PinnedFiles) -> list[Segment]:
    wanted = [file for entry in entries for file in _segment_files(entry)]
    paths = {file.key: path for file, path in zip(wanted, files.fetch_all(wanted), strict=True)}
    return [Segment(entry, *(paths[file.key] for file in _segment_files(entry))) for entry in entries]


def _segment_files(entry: SegmentEntry) -> list[ExpectedFile]:
    """Return the file of a segment's rows, and that of its terms where it has one."""
    files = [ExpectedFile(segment_key(entry.rows_sha256), entry.rows_sha256, entry.rows_size)]
    if entry.terms_sha256 is not None and entry.terms_size is not None:
        files.append(ExpectedFile(segment_key(entry.terms_sha256), entry.terms_sha256, entry.terms_size))
    return files


def _open_encoder(paths: Mapping[str, Path], encoders: Path, manifest: Manifest) -> OnnxEncoder:
    """The encoder the index carries; its files are linked into one folder under the names they are loaded by.

    The folder is named by what it links to: versions with one encoder share it, and what is there need not be changed.
    """
    targets = [paths[f"encoder/{name}"].resolve() for name in ENCODER_FILES]
    folder = encoders / hashlib.sha256("\n".join(map(str, targets)).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the cache folder {folder} cannot be written ({error.strerror}): set FINRAG_CACHE_DIR"
        ) from error
    for name, target in zip(ENCODER_FILES, targets, strict=True):
        with suppress(FileExistsError):  # made by an earlier start, or by another process just now
            (folder / name).symlink_to(target)
    encoder = OnnxEncoder.load(folder)
    encoder.identity.require(manifest.encoder)
    return encoder
