"""GET from EDGAR as SEC wants it: declared, slow enough, repeated with patience, and never twice for what is kept."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.filings.document_bytes import MAX_DOCUMENT_BYTES
from finrag_ml_tg1.filings.edgar.http_body import DamagedBodyError, read_body
from finrag_ml_tg1.filings.edgar.http_cache import CachedAnswer, HttpCache, explained
from finrag_ml_tg1.filings.edgar.public_hosts import addresses_of, check_public
from finrag_ml_tg1.filings.edgar.rate_limit import MAX_PAUSE_S, RateLimit
from finrag_ml_tg1.filings.edgar.refusals import TRY_LATER, EdgarUnavailableError, TransientError, refusal
from finrag_ml_tg1.loaders.loopback import is_loopback

__all__ = ["TRIES", "EdgarHttp", "Fetched", "Network"]

TRIES = 6
_FIRST_WAIT_S = 1.0
_FIRST_THROTTLED_WAIT_S = 5.0
_RATE_FILE = "next_request"
_LOCKS = 64
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Network:
    """What lies between us and EDGAR: the transport (None: httpx's own), wall time in seconds, waiting, patience.

    `timeout_s` is for each step of an answer, `answer_s` for all of its body; `addresses` looks a host's name up.
    """

    transport: httpx.BaseTransport | None = None
    clock: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    timeout_s: float = 30.0
    answer_s: float = 300.0
    addresses: Callable[[str], Iterable[str]] = addresses_of


@dataclass(frozen=True, slots=True)
class Fetched:
    """One finished request: its address, the size of the content in bytes, and whether the disk held it already."""

    url: str
    size: int
    from_cache: bool


class EdgarHttp:
    """GET for the addresses below `bases` and no other. For many threads; processes may share `cache_folder`."""

    def __init__(
        self,
        agent: str,
        bases: tuple[str, ...],
        cache_folder: Path,
        *,
        network: Network,
        progress: Callable[[Fetched], None],
    ) -> None:
        self._bases = bases
        self._cache_folder = cache_folder
        self._cache = HttpCache(cache_folder)
        self._limit = RateLimit(cache_folder / _RATE_FILE, clock=network.clock, sleep=network.sleep)
        self._clock = network.clock
        self._sleep = network.sleep
        self._answer_s = network.answer_s
        self._addresses = network.addresses
        self._progress = progress
        self._url_locks = [threading.Lock() for _ in range(_LOCKS)]
        self._client = httpx.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            timeout=network.timeout_s,
            transport=network.transport,
            follow_redirects=False,  # no other host is ever contacted
            trust_env=not all(is_loopback(urlsplit(base).hostname or "") for base in bases),  # the user's proxy
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def get(self, url: str, *, max_age_s: float | None) -> bytes:
        """Return the content, from disk while the server confirmed it within `max_age_s` (None: it never changes).

        Raises FilingError when there is no such file or it is larger than MAX_DOCUMENT_BYTES, EdgarUnavailableError
        when EDGAR does not answer as it should after several tries, StoreError when the folder cannot be used.
        """
        if not url.startswith(tuple(f"{base}/" for base in self._bases)):
            raise FilingError(f"{url[:200]} is no address of EDGAR")
        with self._url_locks[hash(url) % _LOCKS]:
            kept = self._cache.read(url)
            fresh = kept is not None and (max_age_s is None or 0 <= self._clock() - kept.confirmed_at <= max_age_s)
            body = kept.body if kept is not None and fresh else self._fetch(url, kept)
        self._progress(Fetched(url, len(body), from_cache=fresh))
        return body

    def _fetch(self, url: str, kept: CachedAnswer | None) -> bytes:
        """Return the server's present content, asking again and again if need be."""
        attempt = 1
        while True:
            with explained(self._cache_folder):
                self._limit.wait()
            try:
                return self._request(url, kept)
            except FilingError as error:
                raise FilingError(f"{url}: {error}") from error
            except TransientError as error:
                host = urlsplit(url).netloc
                if attempt == TRIES:
                    raise EdgarUnavailableError(f"{host} {error.reason}, {TRIES} times: {error.advice}") from error
                self._pause(host, error, attempt)
            attempt += 1

    def _pause(self, host: str, error: TransientError, attempt: int) -> None:
        wait_s = error.wait_s
        if wait_s is None:
            first_s = _FIRST_THROTTLED_WAIT_S if error.throttled else _FIRST_WAIT_S
            wait_s = first_s * 2 ** (attempt - 1) * random.uniform(1.0, 1.5)
        wait_s = min(wait_s, MAX_PAUSE_S)
        _log.warning("%s %s; next try in %.0f s", host, error.reason, wait_s)
        if error.throttled:  # the throttle is on our address: every thread and process has to be quiet
            with explained(self._cache_folder):
                self._limit.postpone(wait_s)
        else:
            self._sleep(wait_s)

    def _request(self, url: str, kept: CachedAnswer | None) -> bytes:
        """Make one request and keep its answer."""
        check_public(url, self._addresses)
        try:
            with self._client.stream("GET", url, headers=_validators(kept)) as response:
                if response.status_code == httpx.codes.NOT_MODIFIED and kept is not None:
                    self._cache.confirm(url, self._clock())
                    return kept.body
                if response.status_code != httpx.codes.OK:
                    raise refusal(response, self._clock())
                encoding = response.headers.get("Content-Encoding", "").strip().lower()
                body = read_body(self._in_time(response), encoding, MAX_DOCUMENT_BYTES)
        except httpx.TransportError as error:
            reason = f"cannot be reached or breaks off ({type(error).__name__})"
            raise TransientError(reason, "check the network and try again; what was fetched is kept") from error
        except DamagedBodyError as error:
            raise TransientError(f"sends {error}", TRY_LATER) from error
        if url.endswith(".json") and not body.lstrip().startswith(b"{"):  # a maintenance page with status 200
            raise TransientError("sends a page in place of data", TRY_LATER)
        etag, last_modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
        self._cache.write(url, CachedAnswer(body, etag, last_modified, confirmed_at=self._clock()))
        return body

    def _in_time(self, response: httpx.Response) -> Iterator[bytes]:
        """Yield the body as it comes; a server that goes on and on, byte by byte, is left."""
        started = time.monotonic()
        for chunk in response.iter_raw():
            if time.monotonic() - started > self._answer_s:
                raise TransientError(f"takes longer than {self._answer_s:.0f} s for one answer", TRY_LATER)
            yield chunk


def _validators(kept: CachedAnswer | None) -> dict[str, str]:
    headers = {}
    if kept is not None and kept.etag:
        headers["If-None-Match"] = kept.etag
    if kept is not None and kept.last_modified:
        headers["If-Modified-Since"] = kept.last_modified
    return headers
