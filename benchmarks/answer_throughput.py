"""How many answers a second a pod gives: `python -m benchmarks.answer_throughput --store FOLDER [--out R.json]`.

The back end runs in a control group with hard limits of memory and 1 CPU (Linux, root) and keeps no answers. Clients
outside the group, each with one connection that it keeps, ask as fast as they are answered: four of five questions name
a company, one of five is open, and none is asked twice while there are others. The back end writes its query log into
the store.

Where others use the machine at the same time, seconds tell little: `per_cpu_second` is what the CPU time that the back
end took for an answer gives, on one CPU that nobody else uses.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.asked_questions import of_companies, open_questions
from benchmarks.measurement import hardware
from benchmarks.pod_limits import PodLimits, forget_pages, limited
from benchmarks.query_latency import SHARE_OF_OPEN_QUESTIONS, free_port, wait_until_ready

CPUS = 1.0
GOAL_PER_SECOND = 60


@dataclass(slots=True)
class _Tally:
    """What the clients saw."""

    milliseconds: list[float] = field(default_factory=list)
    answered: int = 0
    failed: int = 0

    def add(self, other: _Tally) -> None:
        self.milliseconds += other.milliseconds
        self.answered += other.answered
        self.failed += other.failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--warm-up", type=int, default=200, help="questions asked before it is measured")
    parser.add_argument("--memory-mb", type=int, default=2048)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    forget_pages(Path(arguments.store) / "index")
    with tempfile.TemporaryDirectory() as cache, limited(arguments.memory_mb, CPUS) as limits:
        port = free_port()
        with _served(arguments.store, cache, port, limits) as server:
            result = _measured(port, server, arguments)
        result |= {"peak_cgroup_mb": limits.peak_mb(), "killed": limits.kills()}
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(f"{text}\n", encoding="utf-8")


def _served(store: str, cache: str, port: int, limits: PodLimits) -> _Served:
    command = [sys.executable, "-m", "uvicorn", "serving.backend.app:app", "--port", str(port)]
    environment = {
        **os.environ,
        "FINRAG_STORE": store,
        "FINRAG_CACHE_DIR": cache,
        "FINRAG_ANSWER_CACHE_MB": "0",
        "LOG_LEVEL": "warning",
    }
    return _Served(
        subprocess.Popen(limits.enclose([*command, "--log-level", "warning", "--no-access-log"]), env=environment)
    )


class _Served:
    """A back end that ends with the block."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process

    def __enter__(self) -> _Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait()

    def cpu_s(self) -> float:
        """Return the CPU seconds it has taken, of all its threads."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _measured(port: int, server: _Served, arguments: argparse.Namespace) -> dict[str, Any]:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client:
        wait_until_ready(client, server.process)
        questions = _questions(client.get("/catalog").json()["companies"])
        health = client.get("/health").json()
    source = _Shared(itertools.cycle(questions))
    _ask_all(port, source, arguments.clients, most=arguments.warm_up)
    load_average = round(os.getloadavg()[0], 2)
    cpu_before, began = server.cpu_s(), time.perf_counter()
    tally = _ask_all(port, source, arguments.clients, until=began + arguments.seconds)
    elapsed_s, cpu_s = time.perf_counter() - began, server.cpu_s() - cpu_before
    count = len(tally.milliseconds)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "goal_per_second": GOAL_PER_SECOND,
        "per_second": round(count / elapsed_s, 1),
        "per_cpu_second": round(count / cpu_s, 1),
        "cpu_ms_per_answer": round(cpu_s / count * 1000, 2),
        "answers": count,
        "answered": tally.answered,
        "failed": tally.failed,
        "asked_again": max(0, source.taken - len(questions)),
        "seconds": round(elapsed_s, 1),
        "p50_ms": round(statistics.median(tally.milliseconds), 1),
        "p95_ms": round(statistics.quantiles(tally.milliseconds, n=20)[-1], 1),
        "clients": arguments.clients,
        "share_of_open_questions": SHARE_OF_OPEN_QUESTIONS,
        "limits": f"{arguments.memory_mb} MiB, {CPUS:g} CPU",
        "filings": health["filings"],
        "passages": health["passages"],
        "load_average_at_start": load_average,
        "hardware": hardware(),
    }


class _Shared:
    """Questions handed out to several clients, each once."""

    def __init__(self, questions: Iterator[str]) -> None:
        self._questions = questions
        self._lock = threading.Lock()
        self.taken = 0

    def take(self) -> str:
        with self._lock:
            self.taken += 1
            return next(self._questions)


def _ask_all(port: int, source: _Shared, clients: int, *, most: int | None = None, until: float = 0.0) -> _Tally:
    """Ask with all clients side by side, so many questions or until a time."""
    own_share = None if most is None else -(-most // clients)
    total = _Tally()
    with ThreadPoolExecutor(clients) as pool:
        for tally in pool.map(lambda _: _ask(port, source, own_share, until), range(clients)):
            total.add(tally)
    return total


def _ask(port: int, source: _Shared, most: int | None, until: float) -> _Tally:
    tally = _Tally()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        for number in itertools.count():
            if number == most or (most is None and time.perf_counter() >= until):
                return tally
            body = json.dumps({"question": source.take()})
            started = time.perf_counter()
            connection.request("POST", "/query", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            if response.status == http.HTTPStatus.OK:
                tally.milliseconds.append((time.perf_counter() - started) * 1000)
                tally.answered += b'"status":"answered"' in content
            else:
                tally.failed += 1
    finally:
        connection.close()
    raise AssertionError("the loop has no other end")


def _questions(companies: Sequence[dict[str, Any]]) -> list[str]:
    """All there are about companies and years, in a fixed order, with an open one after every four."""
    covered = [(company["name"], filing["fiscal_year"]) for company in companies for filing in company["filings"]]
    scoped = of_companies(covered)
    of_each = round((1 - SHARE_OF_OPEN_QUESTIONS) / SHARE_OF_OPEN_QUESTIONS)
    opened = iter(open_questions(len(scoped)))
    mixed = []
    for number, question in enumerate(scoped):
        mixed.append(question)
        if number % of_each == of_each - 1:
            mixed.append(next(opened))
    return mixed


if __name__ == "__main__":
    main()
