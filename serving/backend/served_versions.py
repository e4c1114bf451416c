"""The index versions this process answers from: the store's current one, and those replaced while questions use them.

The current version is opened in the background and followed: when the store names another, that one is opened beside
it and takes its place once it is whole. Whatever is in the way, what is loaded goes on answering. The state changes on
the event loop alone; threads only read the store and open.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio.to_thread

from finrag_ml_tg1.errors import FinRAGError, IndexMissingError, StoreUnavailableError
from finrag_ml_tg1.index.manifest import CURRENT_KEY
from finrag_ml_tg1.index.outside.opening import open_engine
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.loaders.cache import CacheCounts, DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.pipeline import FinRAG
from serving.backend.outage_guard import GuardedStore
from serving.backend.shared.connection import SharedRedis
from serving.backend.shared.store_circuit import StoreCircuit

__all__ = ["IndexNotLoadedError", "ServedVersions"]

# How soon the store is asked again while there is no index at all.
RETRY_SECONDS = 2.0
# What cannot be opened is tried again ever more rarely: its files are read anew each time, and they may be large.
LONGEST_WAIT_S = 120.0
# How long a store that was unreachable is taken to be so.
PAUSE_S = 5.0
# How old what is known of the store may be when somebody asks how it is, and how long who asks may be kept waiting.
KNOWN_FOR_S = 10.0
PING_TIMEOUT_S = 2.0

_LOADING = "the index is still being loaded"
_UNEXPECTED = "the index cannot be opened because of an unexpected error: the server's log names it"

_logger = logging.getLogger(__name__)


class IndexNotLoadedError(FinRAGError):
    """No index is loaded; the message says why and which command mends it."""


class _OpenVersion:
    """An open version and how many questions use it."""

    def __init__(self, finrag: FinRAG) -> None:
        self.finrag = finrag
        self.name = finrag.index.version
        self.users = 0


class _Wait:
    """How long a version that could not be opened is left alone: twice as long after each failure."""

    def __init__(self, version: str, seconds: float) -> None:
        self.version = version
        self.problem = ""
        self._seconds = seconds
        self._ends_at = 0.0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._ends_at

    def begin(self, problem: str) -> None:
        self.problem = problem
        self._ends_at = time.monotonic() + self._seconds
        self._seconds = min(2 * self._seconds, LONGEST_WAIT_S)


class ServedVersions:
    """Follows the store's current version, looking every `config.refresh_s` seconds once one is loaded.

    A version is open once at most; `forget(version)` is called for each that was replaced, when it is closed.
    """

    def __init__(
        self,
        config: MLConfig,
        store: ObjectStore,
        forget: Callable[[str], None],
        shared: SharedRedis | None = None,
    ) -> None:
        # A folder is read where it is, and not waited for.
        is_remote = not isinstance(store, LocalFolderStore)
        pause_s = min(config.refresh_s or PAUSE_S, PAUSE_S)
        circuit = StoreCircuit(shared, PAUSE_S) if shared is not None and is_remote else None
        self._guard = GuardedStore(store, pause_s, CURRENT_KEY, circuit=circuit) if is_remote else None
        self._store = self._guard or store
        self._folder = Path(config.cache_dir)
        self._cache = DiskCache(self._folder, self._store, config.cache_bytes)
        self._engine = open_engine(config.vector_index, config) if config.vector_index else None
        self._refresh_s = config.refresh_s
        self._forget = forget
        self._current: _OpenVersion | None = None
        self._replaced: dict[str, _OpenVersion] = {}
        self._wait = _Wait("", 0)
        self._problem: str | None = _LOADING
        self._is_store_reachable = True
        self._is_store_silent = False
        self._asked_at = 0.0
        self._ping: asyncio.Task[None] | None = None
        self.loaded_at = 0.0

    @property
    def cache_counts(self) -> CacheCounts:
        """What the cache of the store's files holds and was good for."""
        return self._cache.counts

    @property
    def current(self) -> FinRAG | None:
        """The pipeline that takes new questions, None before the first is open; to work with it see `in_use`."""
        return self._current.finrag if self._current is not None else None

    @property
    def is_loading(self) -> bool:
        """Whether the first version is being opened, and nothing is known to be in the way."""
        return self._current is None and self._problem == _LOADING

    @property
    def problem(self) -> str | None:
        """Why the version that is current in the store is not the one that answers; None when it is.

        While the store cannot be read it is not known which is current: then why not.
        """
        return self._problem or self._outage or None

    @property
    def is_store_reachable(self) -> bool:
        """Whether the store could be read when something was last asked of it, by a question or by a look for news."""
        return self._is_store_reachable and not self._is_store_silent and not self._outage

    def check_loaded(self) -> None:
        """Raise IndexNotLoadedError, with the reason, while there is no index."""
        if self._current is None:
            raise IndexNotLoadedError(self._problem or _LOADING)

    async def check_store(self) -> None:
        """Ask whether the store is there, unless that is known of the last ten seconds.

        After two seconds it is taken to be away until it answers; who asks meanwhile waits for the same answer.
        """
        if self._ping is None or self._ping.done():
            if time.monotonic() - self._asked_at < KNOWN_FOR_S:
                return
            self._ping = asyncio.create_task(self._ask_store())
        await asyncio.wait((self._ping,), timeout=PING_TIMEOUT_S)
        self._is_store_silent = not self._ping.done()

    @contextmanager
    def in_use(self) -> Iterator[FinRAG]:
        """Give the current pipeline, and keep it open until the block ends, even when another takes its place.

        Raises IndexNotLoadedError.
        """
        self.check_loaded()
        version = self._current
        assert version is not None
        version.users += 1
        try:
            yield version.finrag
        finally:
            version.users -= 1
            self._close_if_done(version)

    async def follow(self) -> None:
        """Open the current version, trying until that works, and then each that becomes current.

        Ends only where nothing is to be followed (FINRAG_REFRESH_S is 0).
        """
        while True:
            await self._update()
            if self._current is None:
                await asyncio.sleep(RETRY_SECONDS)
            elif self._refresh_s:
                await self._rest()
            else:
                return

    def close(self) -> None:
        """Give up the connections to the outside engine that has the vectors, where there is one."""
        if self._engine is not None:
            self._engine.close()

    @property
    def _outage(self) -> str:
        return self._guard.outage if self._guard is not None else ""

    async def _rest(self) -> None:
        """Wait for the next look; it is soon while the store is away."""
        ends_at = time.monotonic() + self._refresh_s
        while (left := ends_at - time.monotonic()) > 0:
            await asyncio.sleep(min(left, RETRY_SECONDS))
            if not self.is_store_reachable:
                return

    async def _ask_store(self) -> None:
        try:
            await anyio.to_thread.run_sync(self._store.head, CURRENT_KEY, abandon_on_cancel=True)
            self._is_store_reachable = True
        except FinRAGError as error:
            self._is_store_reachable = not isinstance(error, StoreUnavailableError)
        self._asked_at = time.monotonic()
        self._is_store_silent = False

    async def _update(self) -> None:
        """Let the version that the store names take the questions, or keep the reason why it cannot."""
        try:
            name = await anyio.to_thread.run_sync(current_version, self._store, abandon_on_cancel=True)
            version = self._open_versions().get(name)
            if version is None and name == self._wait.version and not self._wait.is_over:
                self._keep_problem(self._wait.problem)
            else:
                self._serve(version or await self._opened(name))
            self._is_store_reachable = True
            self._asked_at = time.monotonic()
        except FinRAGError as error:
            self._is_store_reachable = not isinstance(error, StoreUnavailableError)
            self._keep_problem(str(error), error)
        except OSError as error:
            self._keep_problem(f"the index cannot be opened ({error}): check FINRAG_CACHE_DIR and its free space")
        except Exception:
            # Left alone it would end this task unseen, and no version would be looked for ever again.
            if self._problem != _UNEXPECTED:
                _logger.exception("an index version could not be opened")
            self._problem = _UNEXPECTED

    def _open_versions(self) -> dict[str, _OpenVersion]:
        return self._replaced | ({self._current.name: self._current} if self._current is not None else {})

    async def _opened(self, name: str) -> _OpenVersion:
        if name != self._wait.version:
            self._wait = _Wait(name, RETRY_SECONDS if self._current is None else self._refresh_s)
        beside = self.current
        try:
            return _OpenVersion(
                await anyio.to_thread.run_sync(lambda: self._open(name, beside), abandon_on_cancel=True)
            )
        except StoreUnavailableError:
            raise
        except Exception as error:
            self._wait.begin(str(error) if isinstance(error, FinRAGError) else _UNEXPECTED)
            raise

    def _open(self, name: str, beside: FinRAG | None) -> FinRAG:
        return FinRAG.open(self._store, self._cache, self._folder, version=name, beside=beside, engine=self._engine)

    def _serve(self, version: _OpenVersion) -> None:
        before = self._current
        if version is not before:
            self._replaced.pop(version.name, None)
            self._current = version
            self.loaded_at = time.time()
            passages = version.finrag.index.manifest.passages
            _logger.info("index %s loaded: %d passages", version.name, passages)
        elif self._problem is not None:
            _logger.info("index %s is the store's current one again", version.name)
        self._problem = None
        if before is not None and before is not version:
            self._replaced[before.name] = before
            self._close_if_done(before)

    def _close_if_done(self, version: _OpenVersion) -> None:
        """Close a version that was replaced, once nothing uses it."""
        if version is not self._current and not version.users:
            del self._replaced[version.name]
            version.finrag.index.close()
            self._forget(version.name)
            _logger.info("index %s closed", version.name)

    def _keep_problem(self, problem: str, error: FinRAGError | None = None) -> None:
        """Remember what is in the way; a problem that lasts is logged once."""
        if problem != self._problem:
            if self._current is not None:
                _logger.warning("index %s stays loaded: %s", self._current.name, problem)
            else:
                level = logging.INFO if isinstance(error, IndexMissingError) else logging.WARNING
                _logger.log(level, "no index loaded: %s", problem)
        self._problem = problem
