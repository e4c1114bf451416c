"""A few callers that send mixed requests, judge the answers, and note what the server's memory is meanwhile."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import httpx

from tests.soak.mixed_requests import Request, draw_request

__all__ = ["Caller", "anonymous_megabytes", "drawn_requests", "growth_percent", "send_all"]

# Fewer than are let in at once: nothing is refused, and every request is work.
CALLERS = 3
SAMPLE_EVERY = 20


class Caller:
    """Sends requests and keeps what was wrong with the answers."""

    def __init__(self, client: httpx.Client) -> None:
        self.statuses: Counter[int] = Counter()
        self.milliseconds: list[float] = []
        self.findings: dict[str, dict[str, Any]] = {}
        self._client = client
        self._lock = threading.Lock()

    def send(self, request: Request) -> None:
        """Send one request; a refusal because of load (429) is an answer."""
        started = time.perf_counter()
        response = self._client.request(request.method, request.path, content=request.content, headers=request.headers)
        milliseconds = (time.perf_counter() - started) * 1000
        status = response.status_code
        with self._lock:
            self.statuses[status] += 1
            if request.path.startswith("/query") and status == httpx.codes.OK:
                self.milliseconds.append(milliseconds)
            if status >= 500:
                self._find(f"status {status}", request)
            elif request.is_wrong and status < 400:
                self._find("a wrong request was accepted", request)
            elif not request.is_wrong and status not in (200, 202, 429):
                self._find(f"a good request got {status}", request)
            elif status == httpx.codes.OK and request.path == "/query/stream" and "event: done" not in response.text:
                self._find("a stream had no end", request)

    def _find(self, what: str, request: Request) -> None:
        first = f"{request.method} {request.path} {(request.content or b'')[:300]!r}"
        finding = self.findings.setdefault(what, {"what": what, "times": 0, "first": first})
        finding["times"] += 1


def drawn_requests(client: httpx.Client, sequence: int, number: int) -> list[Request]:
    """Return so many requests about what the server covers, the same for each sequence."""
    chooser = random.Random(sequence)
    companies = client.get("/catalog").raise_for_status().json()["companies"]
    accessions = [filing["accession"] for company in companies for filing in company["filings"]]
    passage_ids = [f"{accession}-{position:05d}" for accession in accessions for position in range(20)]
    return [draw_request(chooser, companies, passage_ids) for _ in range(number)]


def send_all(caller: Caller, requests: Sequence[Request], pid: int) -> list[float]:
    """Send all requests; return the server's anonymous memory in MiB after each twentieth of them."""
    numbers, megabytes = count(1), []

    def send(request: Request) -> None:
        caller.send(request)
        if next(numbers) % SAMPLE_EVERY == 0:
            megabytes.append(anonymous_megabytes(pid))

    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(send, requests))
    return megabytes


def growth_percent(megabytes: Sequence[float], warm: float) -> tuple[float, float, float]:
    """Return the median after the `warm` share of a run, that at its end, and the growth from one to the other.

    Medians of a tenth of the run each: with questions under way single readings differ by a fifth.
    """
    window = max(1, len(megabytes) // 10)
    start = round(warm * len(megabytes))
    before, after = (statistics.median(part) for part in (megabytes[start : start + window], megabytes[-window:]))
    return before, after, 100 * (after - before) / before


def anonymous_megabytes(pid: int) -> float:
    """Return the memory of a process in MiB that no file backs."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("smaps_rollup names no anonymous memory")
