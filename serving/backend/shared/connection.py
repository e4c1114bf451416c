"""The way to the Redis that back ends share. When it is away nobody waits for it: who asks is told so at once.

After one failure nothing is asked until a thread of this module, the only one that tries, has had an answer again. Work
that nobody waits for is done on the same thread, so that the event loop never waits for a network.
"""

from __future__ import annotations

import hashlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["TIMEOUT_S", "SharedAwayError", "SharedRedis", "open_shared"]

# A Redis beside its back ends answers within a millisecond; who waits longer is better off with its own memory.
TIMEOUT_S = 0.25
# How often a Redis that is away is asked whether it is back, and one that is there what others have told it.
LOOK_S = 1.0
CONNECTIONS = 16
_MOST_WAITING = 10_000
_CLOSE_TIMEOUT_S = 2.0

_logger = logging.getLogger(__name__)


class SharedAwayError(FinRAGError):
    """The shared Redis does not answer: this process's own memory decides."""


class SharedRedis:
    """One Redis, asked from any thread but that of the event loop; `prefix` begins every key.

    Created without a connection; `start` begins the thread, `close` ends it.
    """

    def __init__(self, address: str, prefix: str, *, timeout_s: float = TIMEOUT_S, look_s: float = LOOK_S) -> None:
        # Only here: a back end without a shared Redis does not spend the time and the memory.
        from redis import BlockingConnectionPool, Redis, RedisError, ResponseError
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self.address = address
        self.prefix = prefix
        self.failures = 0
        parts = urlsplit(address)
        self._shown = f"{parts.hostname}:{parts.port or 6379}"
        # The client's own time-outs are 5 seconds and it would try again: a reader would wait for all of them.
        pool = BlockingConnectionPool.from_url(
            address,
            max_connections=CONNECTIONS,
            timeout=timeout_s,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
        self._client = Redis(connection_pool=pool)
        # ValueError: what answers is no Redis.
        self.errors: tuple[type[Exception], ...] = (RedisError, OSError, ValueError)
        self._refusals = ResponseError
        self._look_s = look_s
        self._outage = ""
        self._is_outage_told = False
        self._watchers: list[Callable[[], None]] = []
        self._waiting: queue.Queue[Callable[[], object]] = queue.Queue(_MOST_WAITING)
        self._is_ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shared-redis", daemon=True)

    @property
    def outage(self) -> str:
        """Why this process goes by its own memory, as one sentence; "" while the Redis answers."""
        return self._outage

    def watch(self, look: Callable[[], None]) -> None:
        """Have `look` called about once a second while the Redis answers; it may raise SharedAwayError."""
        self._watchers.append(look)

    def start(self) -> None:
        """Begin to look after the Redis."""
        self._thread.start()

    def close(self) -> None:
        """Do what waits, in two seconds at most, and close the connections."""
        self._is_ended.set()
        self.later(lambda: None)
        if self._thread.is_alive():
            self._thread.join(_CLOSE_TIMEOUT_S)
        self._client.close()

    def run(self, script: str, keys: Sequence[str], arguments: Sequence[str | int | bytes] = ()) -> object:
        """Return what a Lua script gives, which nothing else of the Redis interrupts.

        Raises SharedAwayError, at once when the Redis is known to be away.
        """
        if self._outage:
            raise SharedAwayError(self._outage)
        try:
            return self._client.register_script(script)(keys, arguments)
        except self.errors as error:
            self.lose(error)
            raise SharedAwayError(self._outage) from error

    def later(self, work: Callable[[], object]) -> None:
        """Have `work` done soon, after what was given before; forgotten when it raises SharedAwayError."""
        try:
            self._waiting.put_nowait(work)
        except queue.Full:
            _logger.debug("shared Redis: too much waits to be told, one thing is not")

    def lose(self, error: Exception) -> None:
        """Take the Redis to be away, because of an error it gave to who asked it on other ways."""
        self.failures += 1
        self._outage = self._described(error)
        if not self._is_outage_told:
            self._is_outage_told = True
            _logger.warning("%s: this process goes by its own memory until it does", self._outage)

    def _described(self, error: Exception) -> str:
        # The error's own words may hold what was asked.
        fault = "does not do what it is asked" if isinstance(error, self._refusals) else "does not answer"
        return f"the shared Redis at {self._shown} {fault} ({type(error).__name__})"

    def _run(self) -> None:
        looks_at = time.monotonic()
        while True:
            try:
                self._do(self._waiting.get(timeout=max(0.001, looks_at - time.monotonic())))
            except queue.Empty:
                if self._is_ended.is_set():
                    return
            if self._is_ended.is_set() and self._waiting.empty():
                return
            if time.monotonic() >= looks_at:
                self._look()
                looks_at = time.monotonic() + self._look_s

    def _look(self) -> None:
        if self._outage and not self._is_back():
            return
        for look in self._watchers:
            self._do(look)
        if self._is_outage_told and not self._outage:
            self._is_outage_told = False
            _logger.info("the shared Redis at %s answers again", self._shown)

    def _is_back(self) -> bool:
        try:
            # Connections from before may be to a process that is gone; those in use belong to other threads.
            self._client.connection_pool.disconnect(inuse_connections=False)
            # Not a PING, which one answers too that is full, or a replica that only reads.
            self._client.set(f"{self.prefix}alive", "1", px=60_000)
        except self.errors as error:
            self._outage = self._described(error)
            return False
        self._outage = ""
        return True

    def _do(self, work: Callable[[], object]) -> None:
        try:
            work()
        except SharedAwayError:
            return  # which has been logged, and what it was about is kept by who wants it kept
        except Exception:
            _logger.exception("shared Redis: something was not told because of an unexpected error")


def open_shared(config: MLConfig) -> SharedRedis | None:
    """Return the Redis that FINRAG_SHARED_REDIS names, None without one; nothing is contacted yet.

    Keys begin with a hash of the store: back ends that answer from another one share nothing with these.
    """
    if config.shared_redis is None:
        return None
    installation = hashlib.sha256(config.store.encode()).hexdigest()[:12]
    return SharedRedis(config.shared_redis.get_secret_value(), f"finrag:{installation}:")
