"""How long questions take over HTTP and what the back end needs: `python -m benchmarks.query_latency --store FOLDER`.

Questions are made from what the index covers: templates over its companies and years, a fifth without a company.
One client asks one question after another; times include HTTP on loopback. Each question is asked twice, as a whole and
as a stream, with nothing kept between them. `--one-cpu` gives the server one CPU for itself (Linux), as in its pod.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

import httpx

TEMPLATES = (
    "What are the main risk factors of {company} in {year}?",
    "What were {company}'s total revenues in {year}?",
    "How does {company} manage cybersecurity risk?",
    "Why did operating income of {company} change in fiscal {year}?",
    "What legal proceedings does {company} report for {year}?",
    "Describe the competition {company} faces.",
    "What is {company}'s exposure to interest rates in fiscal {year}?",
    "How many employees did {company} have in {year}?",
)
OPEN_QUESTIONS = (
    "Which companies mention tariffs as a risk?",
    "Who depends on a single supplier?",
    "Which filings discuss generative artificial intelligence?",
    "What is said about foreign currency hedging?",
)
SHARE_OF_OPEN_QUESTIONS = 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", required=True)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--one-cpu", action="store_true")
    arguments = parser.parse_args()
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "serving.backend.app:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    started = time.perf_counter()
    environment = {**os.environ, "FINRAG_STORE": arguments.store, "FINRAG_ANSWER_CACHE_MB": "0"}
    with subprocess.Popen(command, env=environment) as server:
        if arguments.one_cpu:
            first, *others = sorted(os.sched_getaffinity(0))
            os.sched_setaffinity(server.pid, {first})
            os.sched_setaffinity(0, set(others) or {first})
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                wait_until_ready(client, server)
                ready_seconds = time.perf_counter() - started
                questions = _questions(client.get("/catalog").json(), arguments.questions)
                times, answered = _ask_all(client, questions)
                first_events, sources = _stream_all(client, questions)
                health = client.get("/health").json()
            peak = peak_megabytes(server.pid)
        finally:
            server.terminate()
    result = {
        "questions": len(times),
        "answered": answered,
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "max_ms": round(max(times), 1),
        "first_event_p95_ms": round(statistics.quantiles(first_events, n=20)[-1], 1),
        "sources_p95_ms": round(statistics.quantiles(sources, n=20)[-1], 1),
        "ready_s": round(ready_seconds, 2),
        "peak_rss_mb": peak,
        "filings": health["filings"],
        "passages": health["passages"],
        "hardware": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }
    print(json.dumps(result, indent=1))


def _ask_all(client: httpx.Client, questions: list[str]) -> tuple[list[float], int]:
    times, answered = [], 0
    for question in questions:
        started = time.perf_counter()
        response = client.post("/query", json={"question": question})
        times.append((time.perf_counter() - started) * 1000)
        response.raise_for_status()
        answered += response.json()["status"] == "answered"
    return times, answered


def _stream_all(client: httpx.Client, questions: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds until the first event and until the sources of each question are there."""
    first_events, sources = [], []
    for question in questions:
        started = time.perf_counter()
        first: float | None = None
        with client.stream("POST", "/query/stream", json={"question": question}) as response:
            for line in response.iter_lines():
                elapsed_ms = (time.perf_counter() - started) * 1000
                if line.startswith("event: "):
                    first = first or elapsed_ms
                if line == "event: sources":
                    sources.append(elapsed_ms)
        assert first is not None, "a stream had no event"
        first_events.append(first)
    return first_events, sources


def _questions(catalog: dict[str, list[dict[str, object]]], count: int) -> list[str]:
    """The same questions for the same catalog."""
    chooser = random.Random(46)
    covered = [
        (company["name"], filing["fiscal_year"])
        for company in catalog["companies"]
        for filing in company["filings"]  # type: ignore[attr-defined]
    ]
    scoped = [
        template.format(company=name, year=year) for template, (name, year) in itertools.product(TEMPLATES, covered)
    ]
    chooser.shuffle(scoped)
    pool = itertools.cycle(scoped)
    return [
        chooser.choice(OPEN_QUESTIONS) if chooser.random() < SHARE_OF_OPEN_QUESTIONS else next(pool)
        for _ in range(count)
    ]


def wait_until_ready(client: httpx.Client, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            sys.exit("the back end ended while starting; its own message stands above")
        try:
            if client.get("/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    sys.exit("the back end was not ready within 30 s: does the store hold an index?")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def peak_megabytes(pid: int | str) -> float | None:
    """The greatest resident memory of a process, or with "self" of this one; None where /proc is not there."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        return None
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) / 1024, 1)


if __name__ == "__main__":
    main()
