"""A store with a small index that can be built again, and the check that an engine holds its vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from finrag_ml_tg1.filings.ingest import ingest_file
from finrag_ml_tg1.index.catalog import PARTS_FILE, PartEntry, part_entries
from finrag_ml_tg1.index.manifest import Manifest, part_key, version_key
from finrag_ml_tg1.index.outside.engine import VectorEngine
from finrag_ml_tg1.index.outside.version_vectors import VersionVectors, open_version_vectors
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.indexing.build import build_index
from finrag_ml_tg1.indexing.vector_sync import SyncReport, sync_vectors
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.unit.filings.documents import filing_html
from tests.unit.index.fake_encoder import FakeEncoder, write_encoder_files

__all__ = ["Library"]

QUERY = FakeEncoder().encode(["what is asked"])[0]


class Library:
    """A store whose index can be built again with more filings; `parts` and `vectors` are of its current version."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = LocalFolderStore(folder / "store")
        self.cache = DiskCache(folder / "cache", self.store, 2**30)

    def add(self, *numbers: int, words: str = "plain") -> str:
        for number in numbers:
            path = self.folder / f"X_10-K_99900001{number:02d}-24-000001.html"
            body = "".join(
                f"<p><b>Part {n}</b></p><p>We sell {words} things of {number}.</p>" for n in range(number % 4)
            )
            path.write_bytes(filing_html(f"Company {number}", cik=9_990_000_100 + number, body=body))
            ingest_file(path, self.store, FakeEncoder().token_offsets)
        encoder_folder = write_encoder_files(self.folder / "encoder")
        return build_index(self.store, self.cache, FakeEncoder(), encoder_folder, lambda done, total: None).version

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.store, current_version(self.store))

    @property
    def parts(self) -> list[PartEntry]:
        entry = self.manifest.files[PARTS_FILE]
        name = version_key(self.manifest.version, PARTS_FILE)
        return part_entries(pl.read_parquet(self.cache.fetch(name, sha256=entry.sha256, size=entry.size)))

    def sync(self, engine: VectorEngine) -> SyncReport:
        return sync_vectors(self.store, self.cache, engine, lambda done, total: None)

    def check(self, engine: VectorEngine) -> None:
        """Check that the engine finds all rows of the current version, in the order in which the parts score them."""
        vectors = open_version_vectors(engine, self.store, self.manifest, self.parts)
        self.check_rows(vectors, self.parts)

    def check_rows(self, vectors: VersionVectors, parts: list[PartEntry]) -> None:
        scores = [
            Part(self.cache.fetch(part_key(part.sha256), sha256=part.sha256, size=part.size)).similarities(QUERY)
            for part in parts
        ]
        expected = np.concatenate(scores)
        rows, cosines = vectors.search(QUERY, 1_000)
        assert sorted(rows.tolist()) == list(range(len(expected)))
        assert np.allclose(expected[rows], np.sort(expected)[::-1], atol=2e-2)  # cosines: int8 is not of unit length
        assert np.allclose(cosines, expected[rows], atol=2e-2)
        assert np.argmax(expected) == rows[0]
