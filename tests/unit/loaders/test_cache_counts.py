"""A cache tells how often it had a file, how often not, and how many it gave up."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from finrag_ml_tg1.loaders.cache import CacheCounts, DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.unit.loaders.remote_store import RemoteStore, put


def test_hits_misses_evictions_and_bytes_are_counted(folder_store: LocalFolderStore, tmp_path: Path) -> None:
    store = RemoteStore(folder_store)
    files = {key: put(store, key, key.encode() * 400)[0] for key in ("a", "b", "c")}
    with closing(DiskCache(tmp_path / "cache", store, 1000)) as cache:
        assert cache.counts == CacheCounts(bytes=0, limit_bytes=1000, hits=0, misses=0, evictions=0)
        for key in ("a", "a", "b", "a"):
            cache.fetch(key, sha256=files[key], size=400)
        assert cache.counts == CacheCounts(bytes=800, limit_bytes=1000, hits=2, misses=2, evictions=0)
        cache.fetch("c", sha256=files["c"], size=400)
        assert (cache.counts.misses, cache.counts.evictions) == (3, 1)
