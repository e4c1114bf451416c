"""FINRAG_SOAK_ATTEMPTS of each kind to be let in: with wrong keys, as somebody else, too large, out of the store.

Nobody is let in: the answer is the refusal that is documented, a 4xx, and nothing of what lies outside is in it.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.http.body_limit import MAX_BODY_BYTES
from tests.local_processes import Server, serve_backend, serve_indexer, wait_until
from tests.soak.intrusions import named_things, oversized_bodies, spoofed_addresses, wrong_keys
from tests.soak.raw_requests import Request, send
from tests.soak.results import number_setting, write_result

KEY = "the-key-that-Nobody-here-has-4711"
PREVIOUS = "the-key-before-it-0815"
CANARY = b"what-lies-outside-the-store-5f2c"
RATE = 20
# The window of the rate limit: attempts that take longer would be let in rightly.
WINDOW_S = 60.0
ACCEPTED = 202
# The connection is closed, or the server cannot even read it as HTTP.
NO_HTTP = (0, 400)
OUTSIDE = (CANARY, b"root:x:0:0", b"FINRAG_STORE=")


class Attempts:
    """Counts what became of attempts, and keeps those that were let in."""

    def __init__(self, count: int, seed: int) -> None:
        self.chance = random.Random(seed)
        self.statuses: dict[str, Counter[int]] = {}
        self.let_in: list[dict[str, Any]] = []
        self._count = count

    def make(
        self,
        kind: str,
        server: Server,
        requests: Iterator[Request],
        refusals: set[int],
        came_to_nothing: Callable[[], bool] = lambda: False,
    ) -> None:
        """Send requests; what is not answered with one of `refusals` was let in, and so was what leaks.

        What is accepted (202) was let in unless it `came_to_nothing`.
        """
        statuses = self.statuses.setdefault(kind, Counter())
        for request in islice(requests, self._count):
            answer = send(server.url, request)
            statuses[answer.status] += 1
            is_refused = answer.status in refusals or (answer.status == ACCEPTED and came_to_nothing())
            if not is_refused or any(secret in answer.text for secret in (*OUTSIDE, KEY.encode())):
                self.let_in.append({"kind": kind, "request": request.shown(), "status": answer.status})
        assert "Traceback" not in server.output


def attempt_at_the_door(attempts: Attempts, store: Path, folder: Path) -> None:
    """Come with keys that are none; then with the right key, but too large or with names that lead elsewhere."""
    keys = {"FINRAG_API_KEY": KEY, "FINRAG_API_KEY_PREVIOUS": PREVIOUS}
    with serve_backend(str(store), folder / "door", access=keys) as server:
        attempts.make("wrong keys", server, wrong_keys(KEY, attempts.chance), {*NO_HTTP, 401})
        for key in (KEY, PREVIOUS):  # it is not that all are refused
            httpx.get(
                f"{server.url}/catalog", headers={"X-API-Key": key}, trust_env=False, verify=False
            ).raise_for_status()
        right = (b"X-API-Key", PREVIOUS.encode())
        large = (request.with_header(*right) for request in oversized_bodies(MAX_BODY_BYTES, attempts.chance))
        attempts.make("oversized bodies", server, large, {*NO_HTTP, 413})
        named = (request.with_header(*right) for request in named_things(attempts.chance, of_indexer=False))
        attempts.make("traversal, back end", server, named, {*NO_HTTP, 404, 405, 422})


def attempt_as_others(attempts: Attempts, store: Path, folder: Path, *, behind_proxy: bool) -> None:
    """Use the rate up as one client, then go on as others; a trusted proxy adds the client's address to what it says.

    Without one, the peer itself is the client, whatever it says.
    """
    trusted = "127.0.0.1/32" if behind_proxy else "10.0.0.0/8"
    limits = {"FINRAG_RATE_PER_MINUTE": str(RATE), "FINRAG_TRUSTED_PROXIES": trusted}
    added = [(b"X-Forwarded-For", b"198.51.100.7")] if behind_proxy else []
    with serve_backend(str(store), folder / trusted.partition("/")[0], access=limits) as server:
        started = time.monotonic()
        own = Request("GET", b"/usage", tuple(added))
        assert [send(server.url, own).status for _ in range(RATE)] == [httpx.codes.OK] * RATE
        spoofed = (
            Request(request.method, request.target, (*request.headers, *added))
            for request in spoofed_addresses(attempts.chance)
        )
        kind = f"spoofed addresses, {'behind a proxy' if behind_proxy else 'directly'}"
        attempts.make(kind, server, spoofed, {*NO_HTTP, 429})
        assert time.monotonic() - started < WINDOW_S, "too slow to tell: give a smaller FINRAG_SOAK_ATTEMPTS"


def attempt_at_the_indexer(attempts: Attempts, folder: Path, encoder_folder: Path) -> None:
    """Name places outside the inbox and the data; one link in each leads out, and is not to be followed either."""
    settings = {"FINRAG_INDEXER_SOURCES": str(folder / "inbox"), "FINRAG_EVAL_DATA": str(folder / "data")}
    for name in ("inbox", "data"):
        (folder / name).mkdir()
        (folder / name / "outside").symlink_to(folder)
    (folder / "canary.txt").write_bytes(CANARY)
    with serve_indexer(str(folder / "jobs"), folder, encoder_folder, settings) as server:

        def came_to_nothing() -> bool:
            """A name that is odd, but leads nowhere, is looked for in the inbox: there is no such file."""
            latest: dict[str, Any] = {"status": "queued"}

            def is_over() -> bool:
                latest.update(httpx.get(f"{server.url}/jobs?limit=1", trust_env=False, verify=False).json()["jobs"][0])
                return latest["status"] not in {"queued", "running"}

            wait_until(is_over, "the job is over")
            return latest["status"] == "failed" and "there is no such file" in latest["error"]

        names = named_things(attempts.chance, of_indexer=True)
        attempts.make("traversal, indexing service", server, names, {*NO_HTTP, 404, 405, 422}, came_to_nothing)


@pytest.mark.soak
def test_nobody_is_let_in(sample_store: Path, encoder_folder: Path, tmp_path: Path) -> None:
    count, seed = number_setting("FINRAG_SOAK_ATTEMPTS", 2_000), number_setting("FINRAG_SOAK_SEED", 1)
    started = time.monotonic()
    attempts = Attempts(count, seed)
    attempt_at_the_door(attempts, sample_store, tmp_path)
    for behind_proxy in (False, True):
        attempt_as_others(attempts, sample_store, tmp_path, behind_proxy=behind_proxy)
    attempt_at_the_indexer(attempts, tmp_path, encoder_folder)
    counts = {
        kind: {str(status): number for status, number in sorted(found.items())}
        for kind, found in attempts.statuses.items()
    }
    settings = {"FINRAG_SOAK_ATTEMPTS": count, "FINRAG_SOAK_SEED": seed}
    write_result("let_in", settings, time.monotonic() - started, counts, attempts.let_in)
    assert attempts.let_in == []
    assert [found.total() for found in attempts.statuses.values()] == [count] * 6


def test_nobody_of_a_few_is_let_in(sample_store: Path, encoder_folder: Path, tmp_path: Path) -> None:
    attempts = Attempts(count=40, seed=2)
    attempt_at_the_door(attempts, sample_store, tmp_path)
    attempt_as_others(attempts, sample_store, tmp_path, behind_proxy=True)
    attempt_at_the_indexer(attempts, tmp_path, encoder_folder)
    assert attempts.let_in == []
    assert [found.total() for found in attempts.statuses.values()] == [40] * 5
