"""A store with two index versions, one without the latest filing of a company, and the switch between them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from finrag_ml_tg1.filings.keys import FILINGS_PREFIX
from finrag_ml_tg1.index.encoder import OnnxEncoder
from finrag_ml_tg1.index.manifest import CURRENT_KEY
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.indexing.build import build_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore
from tests.sample_index import ground_truth, linked_store

__all__ = ["LEFT_OUT", "LEFT_OUT_QUESTION", "TwoVersions", "name_current", "two_versions"]

LEFT_OUT = "9990000002-24-000001"
LEFT_OUT_QUESTION = "How many employees does Tarrendray have in fiscal 2024?"


@dataclass(frozen=True, slots=True)
class TwoVersions:
    """The names of the versions in the store at `folder`: of all sample filings, and of all but LEFT_OUT."""

    folder: Path
    whole: str
    smaller: str

    def accessions(self, version: str) -> set[str]:
        """Return the filings that a version covers, as the samples' generator names them."""
        every = {str(filing["accession"]) for filing in ground_truth()}
        return {self.whole: every, self.smaller: every - {LEFT_OUT}}[version]

    def copied(self, folder: Path) -> TwoVersions:
        """Return the same in a store of its own, where `whole` is current."""
        return TwoVersions(linked_store(self.folder, folder), self.whole, self.smaller)


def name_current(store: ObjectStore, version: str) -> None:
    """Make a version the store's current one, as publishing and rolling back do."""
    store.put(CURRENT_KEY, version.encode())


@pytest.fixture(scope="session")
def two_versions(
    sample_store: Path, encoder: OnnxEncoder, encoder_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> TwoVersions:
    """Both versions in one store; not to be changed: take a copy."""
    folder = linked_store(sample_store, tmp_path_factory.mktemp("versions") / "store")
    store = LocalFolderStore(folder)
    whole = current_version(store)
    store.delete(f"{FILINGS_PREFIX}cik={LEFT_OUT.partition('-')[0]}/{LEFT_OUT}.parquet")
    with tempfile.TemporaryDirectory() as scratch:
        cache = DiskCache(Path(scratch), store, 2**30)
        smaller = build_index(store, cache, encoder, encoder_folder, lambda done, total: None).version
    name_current(store, whole)
    return TwoVersions(folder, whole, smaller)
