"""A store that holds an index of the fictional sample filings, built once per machine for each state of the sources.

The folder's name is a hash of the samples and of the code that turns them into an index, so a change of either builds
another. Each test process works with links to its files: a back end adds its logs there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from finrag_ml_tg1.filings.ingest import find_sources, ingest_file
from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.indexing.build import build_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

__all__ = ["SAMPLES", "build_store", "ground_truth", "linked_store", "sample_store"]

ROOT = Path(__file__).parents[1]
SAMPLES = ROOT / "samples" / "filings"
_PIPELINE = ROOT / "ModelPipeline" / "finrag_ml_tg1"
_SOURCES = ("filings", "index", "indexing", "vocabulary", "loaders")


@pytest.fixture(scope="session")
def sample_store(encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store's folder: the nine sample filings, ingested and indexed. Objects may be added, not replaced."""
    return linked_store(_built_store(encoder_folder), tmp_path_factory.mktemp("sample") / "store")


def linked_store(source: Path, folder: Path) -> Path:
    """Make a store in `folder` with the objects of another, and return it; what is added to one is not in the other."""
    shutil.copytree(source, folder, copy_function=_link, ignore=shutil.ignore_patterns("logs", "feedback"))
    return folder


def _built_store(encoder_folder: Path) -> Path:
    folder = _cache_folder() / "sample_stores" / _key(encoder_folder)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    building = Path(tempfile.mkdtemp(dir=folder.parent, prefix="building-"))
    try:
        build_store(building, SAMPLES, encoder_folder)
        building.rename(folder)
    except OSError:
        # Another test process was faster; what it built is the same.
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return folder


def _link(source: str, target: str) -> None:
    """Link a file where it is on the same file system, else copy it; the store never changes a file in place."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def build_store(folder: Path, filings: Path, encoder_folder: Path) -> None:
    """Read the filings and index them into a store in `folder`."""
    store = LocalFolderStore(folder)
    encoder = OnnxEncoder.load(encoder_folder)
    for path in find_sources([filings]):
        ingest_file(path, store, encoder.token_offsets)
    with tempfile.TemporaryDirectory() as scratch:
        build_index(store, DiskCache(Path(scratch), store, 2**30), encoder, encoder_folder, lambda done, total: None)


@cache
def ground_truth() -> list[dict[str, Any]]:
    """What the sample filings say, as their generator wrote it: one entry for each filing."""
    filings: list[dict[str, Any]] = json.loads((ROOT / "samples" / "ground_truth.json").read_text())["filings"]
    return filings


def _cache_folder() -> Path:
    return Path(os.environ.get("FINRAG_CACHE_DIR", "/tmp/finrag_cache"))


def _key(encoder_folder: Path) -> str:
    digest = hashlib.sha256(encoder_folder.name.encode())
    sources = [path for room in _SOURCES for path in (_PIPELINE / room).rglob("*") if path.suffix in {".py", ".yaml"}]
    for path in sorted([*SAMPLES.iterdir(), *sources]):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
