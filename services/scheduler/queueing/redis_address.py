"""Where Redis is, and connections to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from redis import exceptions
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from scheduler.errors import StoreUnavailableError
from scheduler.settings import Settings

__all__ = ["RedisAddress"]

_CONNECT_S = 5.0
_ANSWER_S = 10.0
# BullMQ's longest wait for a job.
_LONGEST_BLOCK_S = 10.0
# A connection that the network lost without a word is found out after this.
_HEALTH_CHECK_S = 30


class RedisAddress:
    """The address of Redis. Neither its repr nor any message made here holds the password."""

    def __init__(self, url: str, *, ca_file: Path | None = None) -> None:
        """Raises ValueError where the URL is none of Redis."""
        parts = urlsplit(url)
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise ValueError("the address of Redis is written redis://host:port/0, or rediss:// for TLS")
        self._url = url
        self._ca_file = ca_file
        self.tls = parts.scheme == "rediss"
        self.place = f"{parts.scheme}://{parts.hostname}:{parts.port or 6379}"

    @classmethod
    def of(cls, settings: Settings) -> RedisAddress:
        """Return the address of the settings. Raises ValueError."""
        return cls(settings.redis_url.get_secret_value(), ca_file=settings.redis_ca_file)

    def __repr__(self) -> str:
        return f"RedisAddress({self.place!r})"

    def connect(self, *, most: int = 32) -> Redis:
        """Return a client with up to `most` connections; who finds all in use waits for one.

        A command is sent again once, on a new connection, where the old one turns out to be closed.
        """
        return Redis.from_pool(self._pool(most, answer_s=_ANSWER_S))

    def connect_blocking(self) -> Redis:
        """Return a client of commands that wait on the server for up to 10 s, as BullMQ's do.

        redis-py 8 would cut them off after 5 s, and their jobs would never run: the time-out is given here.
        """
        return Redis.from_pool(self._pool(2, answer_s=_LONGEST_BLOCK_S + _ANSWER_S))

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what goes wrong between us and Redis into StoreUnavailableError."""
        try:
            yield
        except exceptions.AuthenticationError:
            told = f"{self.place} refuses the user or password: check SCHEDULER_REDIS_URL"
            raise StoreUnavailableError(told) from None
        except exceptions.BusyLoadingError:
            raise StoreUnavailableError(f"{self.place} is still reading its data: try again in a moment") from None
        except exceptions.TimeoutError:
            raise StoreUnavailableError(f"{self.place} does not answer in time") from None
        except (exceptions.ConnectionError, OSError) as error:
            raise StoreUnavailableError(f"{self.place} cannot be reached: {_reason(error)}") from None
        except exceptions.RedisError as error:
            raise StoreUnavailableError(f"{self.place} refused a command: {type(error).__name__}") from error

    def _pool(self, most: int, *, answer_s: float) -> BlockingConnectionPool:
        tls = {"ssl_ca_certs": str(self._ca_file)} if self.tls and self._ca_file is not None else {}
        return BlockingConnectionPool.from_url(
            self._url,
            max_connections=most,
            timeout=_ANSWER_S,
            decode_responses=True,
            socket_connect_timeout=_CONNECT_S,
            socket_timeout=answer_s,
            socket_keepalive=True,
            health_check_interval=_HEALTH_CHECK_S,
            retry=Retry(NoBackoff(), 1, supported_errors=(exceptions.ConnectionError,)),
            **tls,
        )


def _reason(error: BaseException) -> str:
    words = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in words:
        return "its certificate is not from a known authority: check SCHEDULER_REDIS_CA_FILE"
    if "SSL" in words or "ssl" in words:
        return "no TLS there: redis:// and rediss:// differ"
    if "Name or service not known" in words or "nodename" in words or "resolution" in words:
        return "its name is not known"
    if "No connection available" in words:
        return "all our connections are in use: try again"
    return "nothing answers there" if "refused" in words or "Connect call failed" in words else "the connection broke"
