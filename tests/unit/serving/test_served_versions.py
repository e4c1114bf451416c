"""A new index version takes the questions without failing one; what is wrong with it leaves the old one answering."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import weakref
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import polars as pl
import pytest

from finrag_ml_tg1.errors import IndexCorruptError, StoreUnavailableError
from finrag_ml_tg1.index.catalog import SEGMENTS_FILE
from finrag_ml_tg1.index.manifest import CURRENT_KEY, manifest_key, segment_key, version_key
from finrag_ml_tg1.index.reader import Index, open_index
from finrag_ml_tg1.index.writer import STATISTICS_FILE
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.expected_file import ExpectedFile
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore, StoredObject
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question
from serving.backend import served_versions
from serving.backend.served_versions import ServedVersions
from tests.event_loops import run
from tests.index_versions import LEFT_OUT, LEFT_OUT_QUESTION, TwoVersions, name_current
from tests.unit.serving.conftest import FaultyStore

REFRESH_S = 0.02


@pytest.fixture
def versions(two_versions: TwoVersions, tmp_path: Path) -> TwoVersions:
    return two_versions.copied(tmp_path / "store")


@pytest.fixture
def store(versions: TwoVersions) -> FaultyStore:
    """A store that is not a folder to the cache: files are copied to it, and pinned there."""
    return FaultyStore(LocalFolderStore(versions.folder))


class Followed:
    """Versions that are followed while a test looks at them."""

    def __init__(self, store: ObjectStore, cache: Path, refresh_s: float) -> None:
        self.forgotten: list[str] = []
        config = MLConfig(cache_dir=str(cache), refresh_s=refresh_s)
        self.served = ServedVersions(config, store, self.forgotten.append)

    @property
    def name(self) -> str:
        return self.index.version

    @property
    def index(self) -> Index:
        assert self.served.current is not None
        return self.served.current.index

    def references(self) -> list[weakref.ref[object]]:
        """Weak references to what makes up the current pipeline."""
        finrag = self.served.current
        assert finrag is not None
        return [weakref.ref(one) for one in (finrag, finrag.index, finrag.words, finrag.facts, finrag.follow_ups)]

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0.005)

    async def until_serving(self, version: str) -> None:
        await self.until(lambda: self.served.current is not None and self.name == version)


def looks_of(store: FaultyStore, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[int]]:
    """What is read but the name of the current version, and how much of it was when that name was looked at."""
    tried: list[str] = []
    tried_at_looks: list[int] = []
    get = store.get

    def counted(key: str) -> StoredObject:
        if key == CURRENT_KEY:
            tried_at_looks.append(len(tried))
        else:
            tried.append(key)
        return get(key)

    monkeypatch.setattr(store, "get", counted)
    return tried, tried_at_looks


@asynccontextmanager
async def following(store: ObjectStore, cache: Path, refresh_s: float = REFRESH_S) -> AsyncIterator[Followed]:
    """Follow the store's versions until the block ends; the first is loaded when it begins."""
    followed = Followed(store, cache, refresh_s)
    task = asyncio.create_task(followed.served.follow())
    try:
        await followed.until(lambda: followed.served.current is not None)
        yield followed
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def damage(store: ObjectStore, key: str) -> bytes:
    """Change the last byte of an object; returns what it was."""
    data = store.get(key).data
    store.put(key, data[:-1] + bytes([data[-1] ^ 1]))
    return data


def test_question_ends_on_the_version_it_began_with_which_is_closed_then(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    async def follow() -> None:
        async with following(store, tmp_path) as followed:
            old = followed.references()
            encoder = followed.index.encoder
            with followed.served.in_use() as finrag:
                name_current(store, versions.smaller)
                await followed.until_serving(versions.smaller)
                answer = finrag.ask(Question(LEFT_OUT_QUESTION)).answer
                assert answer.is_answered
                assert {citation.passage.accession for citation in answer.citations} == {LEFT_OUT}
                assert followed.forgotten == []
                del finrag, answer
            assert followed.forgotten == [versions.whole]
            assert [one() for one in old] == [None] * len(old), "a version stays in memory after its last question"
            assert followed.index.encoder is encoder
            with followed.served.in_use() as finrag:
                assert not finrag.ask(Question(LEFT_OUT_QUESTION)).answer.is_answered

    gc.disable()
    try:
        run(follow())
    finally:
        gc.enable()


def test_files_of_a_closed_version_may_be_evicted_and_those_of_the_loaded_one_not(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    def are_kept(index: Index) -> bool:
        paths = [tmp_path / "cache" / "objects" / entry.sha256 for entry in index.manifest.files.values()]
        return all(path.exists() for path in paths)

    cache = DiskCache(tmp_path / "cache", store, 2**28)
    whole = open_index(store, cache, folder=tmp_path / "cache")
    smaller = open_index(store, cache, folder=tmp_path / "cache", version=versions.smaller, beside=whole)
    whole.close()
    tight = DiskCache(tmp_path / "cache", store, sum(entry.size for entry in smaller.manifest.files.values()) + 1)
    key = next(iter(store.list("raw/"))).key
    with pytest.raises(Exception, match="FINRAG_CACHE_MB"):
        tight.fetch(key, sha256="0" * 64, size=2)
    assert are_kept(smaller)
    assert not are_kept(whole)


def test_rollback_and_return_while_a_question_is_open_open_no_version_twice(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    async def follow() -> None:
        async with following(store, tmp_path) as followed:
            with followed.served.in_use() as finrag:
                name_current(store, versions.smaller)
                await followed.until_serving(versions.smaller)
                name_current(store, versions.whole)
                await followed.until_serving(versions.whole)
                assert followed.served.current is finrag
            assert followed.forgotten == [versions.smaller]
            assert followed.name == versions.whole

    run(follow())


@pytest.mark.parametrize("fault", ["unknown format", "damaged file"])
def test_version_that_cannot_be_opened_leaves_the_old_one_and_is_taken_once_it_is_mended(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    manifest = manifest_key(versions.smaller)
    key = version_key(versions.smaller, STATISTICS_FILE) if fault == "damaged file" else manifest
    whole_file = store.get(key).data

    async def follow() -> None:
        async with following(store, tmp_path) as followed:
            if fault == "unknown format":
                store.put(manifest, json.dumps(json.loads(whole_file) | {"format": 10_000}).encode())
            else:
                damage(store, key)
            name_current(store, versions.smaller)
            await followed.until(lambda: followed.served.problem is not None)
            await asyncio.sleep(5 * REFRESH_S)
            assert (followed.name, followed.served.is_store_reachable) == (versions.whole, True)
            assert versions.smaller in str(followed.served.problem)
            store.put(key, whole_file)
            await followed.until_serving(versions.smaller)
            assert followed.served.problem is None

    with caplog.at_level(logging.WARNING, logger="serving.backend"):
        run(follow())
    told = [record for record in caplog.records if record.name == "serving.backend.served_versions"]
    assert len(told) == 1
    assert f"index {versions.whole} stays loaded" in told[0].getMessage()


def test_damaged_version_is_read_ever_more_rarely_and_another_one_at_once(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, tried_at_looks = looks_of(store, monkeypatch)

    async def follow() -> None:
        async with following(store, tmp_path) as followed:
            damage(store, manifest_key(versions.smaller))
            name_current(store, versions.smaller)
            await followed.until(lambda: followed.served.problem is not None)
            tried.clear()
            tried_at_looks.clear()
            await followed.until(lambda: len(tried_at_looks) >= 12)
            assert tried_at_looks[11] <= 4
            name_current(store, versions.whole)
            await followed.until(lambda: followed.served.problem is None)
            assert followed.name == versions.whole

    run(follow())


def test_damaged_first_version_is_read_ever_more_rarely_and_taken_once_it_is_mended(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its files may be large, and a pod that starts has nothing yet that would be left to answer."""
    monkeypatch.setattr(served_versions, "RETRY_SECONDS", REFRESH_S)
    monkeypatch.setattr(served_versions, "LONGEST_WAIT_S", 20 * REFRESH_S)
    key = manifest_key(versions.whole)
    whole_file = damage(store, key)
    _, tried_at_looks = looks_of(store, monkeypatch)

    async def follow() -> None:
        followed = Followed(store, tmp_path, refresh_s=3600)
        task = asyncio.create_task(followed.served.follow())
        await followed.until(lambda: len(tried_at_looks) >= 12)
        assert 1 <= tried_at_looks[11] <= 4
        assert versions.whole in str(followed.served.problem)
        store.put(key, whole_file)
        await followed.until_serving(versions.whole)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    run(follow())


def test_unreachable_store_is_told_and_recovered_from(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    async def follow() -> None:
        async with following(store, tmp_path) as followed:
            store.be_away()
            await followed.until(lambda: not followed.served.is_store_reachable)
            assert followed.name == versions.whole
            assert "the store is away" in str(followed.served.problem)
            store.be_back()
            await followed.until(lambda: followed.served.is_store_reachable)
            assert followed.served.problem is None

    run(follow())


def test_silent_store_is_told_in_time_to_who_asks_and_so_is_its_return(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SU-05: a ping of the store with a time-out."""
    monkeypatch.setattr(served_versions, "KNOWN_FOR_S", 0.0)
    monkeypatch.setattr(served_versions, "PING_TIMEOUT_S", 0.1)

    async def follow() -> None:
        async with following(store, tmp_path, refresh_s=3600) as followed:
            served = followed.served
            await served.check_store()
            seen = [served.is_store_reachable]
            store.is_answering.clear()
            async with asyncio.timeout(5):
                await asyncio.gather(*(served.check_store() for _ in range(5)))
            seen.append(served.is_store_reachable)
            assert seen == [True, False]
            asked = store.attempts
            await served.check_store()
            assert store.attempts == asked, "a store that has not answered yet is asked again"
            store.is_answering.set()
            await followed.until(lambda: served.is_store_reachable)
            assert served.current is not None

    run(follow())


def test_current_that_vanishes_leaves_the_loaded_version_and_is_told(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    async def follow() -> None:
        async with following(store, tmp_path) as followed:
            store.delete(CURRENT_KEY)
            await followed.until(lambda: followed.served.problem is not None)
            assert (followed.name, followed.served.is_store_reachable) == (versions.whole, True)
            assert "holds no index" in str(followed.served.problem)

    run(follow())


def test_warm_question_asks_nothing_of_the_store_and_a_look_asks_once(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    async def follow() -> None:
        async with following(store, tmp_path, refresh_s=0) as followed:
            with followed.served.in_use() as finrag:
                finrag.ask(Question(LEFT_OUT_QUESTION))
                before = store.attempts
                finrag.ask(Question(LEFT_OUT_QUESTION))
                await asyncio.sleep(0.1)
                assert store.attempts == before, "nothing is looked for with FINRAG_REFRESH_S=0"
        async with following(store, tmp_path, refresh_s=0.2) as followed:
            before = store.attempts
            await followed.until(lambda: store.attempts > before)
            await asyncio.sleep(0.1)
            assert store.attempts == before + 1

    run(follow())


def test_cold_question_names_the_store_while_it_is_away_and_warm_ones_are_answered(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    warm = Question("How many employees does Orquenna have in fiscal 2024?")

    async def follow() -> None:
        async with following(store, tmp_path) as followed:
            with followed.served.in_use() as finrag:
                assert finrag.ask(warm).answer.is_answered
                store.be_away()
                with pytest.raises(StoreUnavailableError, match="the store is away"):
                    finrag.ask(Question(LEFT_OUT_QUESTION))
                assert finrag.ask(warm).answer.is_answered
                store.be_back()
                # For a moment after an outage the store is not asked.
                await followed.until(lambda: is_answered(finrag, Question(LEFT_OUT_QUESTION)))

    run(follow())


def test_outage_that_a_question_meets_is_told_and_ends_before_the_next_look_for_news(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Versions are looked for every hour here: it is not they that find the store away, nor that it is back."""
    monkeypatch.setattr(served_versions, "RETRY_SECONDS", 0.05)
    monkeypatch.setattr(served_versions, "PAUSE_S", 0.05)

    async def follow() -> None:
        async with following(store, tmp_path, refresh_s=3600) as followed:
            with followed.served.in_use() as finrag:
                store.be_away()
                with pytest.raises(StoreUnavailableError, match="the store is away"):
                    finrag.ask(Question(LEFT_OUT_QUESTION))
                assert not followed.served.is_store_reachable
                assert "the store is away" in str(followed.served.problem)
                store.be_back()
                await followed.until(lambda: followed.served.is_store_reachable)
                assert followed.served.problem is None
                assert is_answered(finrag, Question(LEFT_OUT_QUESTION))

    run(follow())


def is_answered(finrag: FinRAG, question: Question) -> bool:
    try:
        return finrag.ask(question).answer.is_answered
    except StoreUnavailableError:
        return False


def test_version_refused_half_way_keeps_no_file_in_the_cache(
    versions: TwoVersions, store: FaultyStore, tmp_path: Path
) -> None:
    # What the manifest names is whole and pinned before the segments are read.
    segments = pl.read_parquet(store.get(version_key(versions.whole, SEGMENTS_FILE)).data)
    damage(store, segment_key(segments["rows_sha256"][0]))
    pinned: list[str] = []

    class PinnedFiles(DiskCache):
        def fetch_all(self, files: Sequence[ExpectedFile], *, pin: bool = False) -> list[Path]:
            paths = super().fetch_all(files, pin=pin)
            pinned.extend(file.sha256 for file in files)
            return paths

        def unpin(self, sha256: str) -> None:
            if sha256 in pinned:
                pinned.remove(sha256)
            super().unpin(sha256)

    cache = PinnedFiles(tmp_path, store, 2**28)
    with pytest.raises(IndexCorruptError, match="segments"):
        open_index(store, cache, folder=tmp_path)
    assert pinned == []
