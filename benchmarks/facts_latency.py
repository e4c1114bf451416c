"""How long answers in numbers take on one CPU: `taskset -c 0 python -m benchmarks.facts_latency`.

25 fictional companies of 15 fiscal years each, about 1,300 numbers a report (benchmarks/synthetic_filings.py), asked in
ten kinds of question, in the process and over HTTP. The first question on a company, which loads its numbers, counts
apart. The result is written to benchmarks/facts_latency.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import httpx
import numpy as np

from benchmarks.fact_questions import KINDS, make_questions, short_name
from benchmarks.query_latency import free_port, peak_megabytes, wait_until_ready
from benchmarks.synthetic_filings import LAST_YEAR, SyntheticCompany, companies, write_filing
from finrag_ml_tg1.evaluation.scratch_index import NoVectors
from finrag_ml_tg1.indexing.build import build_index
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question

RESULT = Path(__file__).with_suffix(".json")
GOAL_P95_MS = 15
_CACHE_BYTES = 8 * 2**30


class _Taken(NamedTuple):
    """How long a question took, and how much of that this process was at work: the rest of it waited for others."""

    milliseconds: float
    cpu_milliseconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--companies", type=int, default=25)
    parser.add_argument("--years", type=int, default=15)
    parser.add_argument("--questions", type=int, default=60, help="of each kind")
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    covered = companies(arguments.companies)
    years = range(LAST_YEAR - arguments.years + 1, LAST_YEAR + 1)
    asked = make_questions(covered, years, arguments.questions)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "store"
        # In a process of its own, so that the memory of the build is not taken for the answers'.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as builder:
            numbers = builder.submit(_build, folder, Path(scratch), covered, years).result()
        store = LocalFolderStore(folder)
        result: dict[str, object] = {
            "date": datetime.now(UTC).date().isoformat(),
            "command": shlex.join(["taskset", "-c", "0", "python", "-m", "benchmarks.facts_latency", *sys.argv[1:]]),
            "hardware": f"{len(os.sched_getaffinity(0))} of {os.cpu_count()} cores, {platform.machine()}, "
            f"Python {platform.python_version()}",
            # Above what one process makes (1), others had a share of the processor.
            "load_average_at_start": round(os.getloadavg()[0], 2),
            "companies": len(covered),
            "fiscal_years": len(years),
            "facts": numbers,
            "goal_p95_ms": GOAL_P95_MS,
            "in_process": _in_process(store, Path(scratch), covered, asked),
            "over_http": _over_http(store, covered, asked),
        }
    print(json.dumps(result, indent=1))
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def _build(store_folder: Path, scratch: Path, covered: Sequence[SyntheticCompany], years: range) -> int:
    """Write and index the filings; return how many numbers they hold."""
    store = LocalFolderStore(store_folder)
    numbers = sum(write_filing(store, company, year) for company in covered for year in years)
    encoder_folder = ensure_encoder(scratch / "made", progress=print)
    cache = DiskCache(scratch / "building", store, _CACHE_BYTES)
    build_index(store, cache, NoVectors.load(encoder_folder), encoder_folder, lambda done, total: None)
    return numbers


def _in_process(
    store: LocalFolderStore, scratch: Path, covered: Sequence[SyntheticCompany], asked: Sequence[tuple[str, str]]
) -> dict[str, object]:
    finrag = FinRAG.open(store, DiskCache(scratch / "cache", store, _CACHE_BYTES), scratch / "cache")
    loaded = _peak_own_megabytes()

    def ask(question: str) -> bool:
        return finrag.ask(Question(question, include_passages=False)).answer.is_answered

    measured = _measured(ask, covered, asked, is_own_work=True)
    return {**measured, "rss_before_questions_mb": loaded, "peak_rss_mb": _peak_own_megabytes()}


def _over_http(
    store: LocalFolderStore, covered: Sequence[SyntheticCompany], asked: Sequence[tuple[str, str]]
) -> dict[str, object]:
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
    with (
        tempfile.TemporaryDirectory() as cache,
        subprocess.Popen(command, env={**os.environ, "FINRAG_STORE": store.url, "FINRAG_CACHE_DIR": cache}) as server,
    ):
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
                wait_until_ready(client, server)

                def ask(question: str) -> bool:
                    response = client.post("/query", json={"question": question, "include_rag": False})
                    response.raise_for_status()
                    return bool(response.json()["status"] == "answered")

                measured = _measured(ask, covered, asked, is_own_work=False)
            return {**measured, "peak_rss_mb": peak_megabytes(server.pid)}
        finally:
            server.terminate()


def _measured(
    ask: Callable[[str], bool],
    covered: Sequence[SyntheticCompany],
    asked: Sequence[tuple[str, str]],
    *,
    is_own_work: bool,
) -> dict[str, object]:
    """Ask all; the processor's time is told where this process does the work (`is_own_work`) and not a server."""

    def summary(taken: Sequence[_Taken]) -> dict[str, float]:
        cpu = {"cpu_p95_ms": _percentile([one.cpu_milliseconds for one in taken], 95)} if is_own_work else {}
        wall = [one.milliseconds for one in taken]
        return {
            "n": len(taken),
            "p50_ms": _percentile(wall, 50),
            "p95_ms": _percentile(wall, 95),
            "max_ms": round(max(wall), 2),
            **cpu,
        }

    cold = [_timed(ask, f"What was {short_name(company)}'s revenue in fiscal {LAST_YEAR}?")[0] for company in covered]
    times: dict[str, list[_Taken]] = {}
    answered: dict[str, int] = {}
    for kind, question in asked:
        taken, is_answered = _timed(ask, question)
        times.setdefault(kind, []).append(taken)
        answered[kind] = answered.get(kind, 0) + is_answered
    return {
        "all": summary([taken for of_kind in times.values() for taken in of_kind]),
        "by_kind": {
            kind: {**summary(times[kind]), "answered": round(answered[kind] / len(times[kind]), 3)} for kind in KINDS
        },
        "first_question_on_a_company": summary(cold),
    }


def _timed(ask: Callable[[str], bool], question: str) -> tuple[_Taken, bool]:
    began, cpu_began = time.perf_counter(), time.process_time()
    is_answered = ask(question)
    return _Taken((time.perf_counter() - began) * 1000, (time.process_time() - cpu_began) * 1000), is_answered


def _percentile(values: Sequence[float], percent: int) -> float:
    return round(float(np.percentile(values, percent)), 2)


def _peak_own_megabytes() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


if __name__ == "__main__":
    main()
