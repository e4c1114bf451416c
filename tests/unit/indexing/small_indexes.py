"""Indexes of a few short filings in either store, built in a moment, and what must hold of any index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.filings.ingest import ingest_file
from finrag_ml_tg1.index.catalog import PARTS_FILE
from finrag_ml_tg1.index.history import HISTORY_PREFIX
from finrag_ml_tg1.index.manifest import part_key
from finrag_ml_tg1.index.part import Part
from finrag_ml_tg1.index.stored_version import current_version, read_manifest
from finrag_ml_tg1.index.version_objects import read_checked, version_objects
from finrag_ml_tg1.indexing.build import BuildReport, build_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.s3_server import moto_endpoint
from tests.unit.filings.documents import filing_html
from tests.unit.filings.recording_store import contents
from tests.unit.index.fake_encoder import FakeEncoder, write_encoder_files
from tests.unit.loaders.conftest import bucket, clean_environment, folder_store, s3_config, s3_store, store

__all__ = [
    "Build",
    "Ingest",
    "bucket",
    "build",
    "check_readable",
    "clean_environment",
    "folder_store",
    "ingest",
    "moto_endpoint",
    "of_versions",
    "s3_config",
    "s3_store",
    "store",
]

Build = Callable[..., BuildReport]
Ingest = Callable[..., None]


@pytest.fixture
def ingest(tmp_path: Path) -> Ingest:
    """Put a filing of the company of that number into a store; other words make it another reading."""

    def run(store: ObjectStore, number: int, words: str = "plain") -> None:
        path = tmp_path / f"X_10-K_99900001{number:02d}-24-000001.html"
        body = f"<p><b>Item 1. Business</b></p><p>We sell {words} examples.</p><p><b>Risks</b></p><p>Few {number}.</p>"
        path.write_bytes(filing_html(f"Company {number}", cik=9_990_000_100 + number, body=body))
        ingest_file(path, store, FakeEncoder().token_offsets)

    return run


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Build the index of a store."""
    encoder_folder = write_encoder_files(tmp_path / "encoder")

    def run(store: ObjectStore, encoder: FakeEncoder | None = None, *, verify: bool = False) -> BuildReport:
        cache = DiskCache(tmp_path / "cache", store, 2**30)
        return build_index(
            store, cache, encoder or FakeEncoder(), encoder_folder, lambda done, total: None, verify=verify
        )

    return run


def check_readable(store: ObjectStore, folder: Path, version: str | None = None) -> list[str]:
    """Check every object of a version, without one of the current, by its hash; return the texts of all passages."""
    manifest = read_manifest(store, version or current_version(store))
    for each in version_objects(store, manifest):
        read_checked(store, each)
    cache = DiskCache(folder / "checking", store, 2**30)
    entry = manifest.files[PARTS_FILE]
    parts = pl.read_parquet(cache.fetch(manifest.key_of(PARTS_FILE), sha256=entry.sha256, size=entry.size))
    texts: list[str] = []
    for row in parts.iter_rows(named=True):
        part = Part(cache.fetch(part_key(row["sha256"]), sha256=row["sha256"], size=row["size"]))
        texts.extend(part.text(line) for line in range(len(part)))
    assert len(texts) == manifest.passages
    return texts


def of_versions(store: ObjectStore) -> dict[str, bytes]:
    """Return the objects that make up versions, and CURRENT."""
    return {
        key: data
        for key, data in contents(store).items()
        if key.startswith("index/") and not key.startswith(HISTORY_PREFIX)
    }
