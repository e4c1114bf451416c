"""Opening versions one after the other leaves no folder of its own for each in the cache folder."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.index.reader import open_index
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.index_versions import TwoVersions, two_versions
from tests.sample_index import sample_store

__all__ = ["sample_store", "two_versions"]


def test_versions_with_one_encoder_share_its_links(two_versions: TwoVersions, tmp_path: Path) -> None:
    store = LocalFolderStore(two_versions.folder)
    cache = DiskCache(tmp_path, store, 2**30)
    left = []
    for version in (two_versions.smaller, two_versions.whole, two_versions.smaller):
        open_index(store, cache, folder=tmp_path, version=version).close()
        left.append({path for path in tmp_path.rglob("*") if path.is_symlink()})
    assert len(left[0]) == 3
    assert left == [left[0]] * 3
