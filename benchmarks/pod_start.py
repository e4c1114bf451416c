"""From the start of the back end's process until it is ready, and what S3 is asked for: `python -m
benchmarks.pod_start --store FOLDER`.

The index is served by a stand-in for S3 on loopback: there is no network between. The pod has one CPU and a cache of
its own: cold it is empty, warm it is as the cold start left it. Requests are counted in this process, with a cache of
its own, at botocore's door. Needs control groups: root on Linux.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from benchmarks.asked_questions import company_questions, open_questions
from benchmarks.measurement import hardware, written
from benchmarks.pod_limits import limited
from benchmarks.query_latency import free_port
from benchmarks.s3_requests import count_requests
from benchmarks.s3_stand_in import StandIn, global_keys, stand_in
from finrag_ml_tg1.index.catalog import PARTS_FILE
from finrag_ml_tg1.index.manifest import part_key, version_key
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question

_STARTS = 5
_READY_WITHIN_S = 60.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--memory-mb", type=int, default=2048)
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    arguments = parser.parse_args()
    written(measure(arguments.store, arguments.memory_mb), arguments.out)


def measure(store: Path, memory_mb: int) -> dict[str, Any]:
    """Return seconds until ready, cold and warm, and the requests of starts and questions."""
    with stand_in() as s3, tempfile.TemporaryDirectory(prefix="pod-start-") as name:
        of_start = s3.put_from(store, global_keys(store))
        s3.put_from(store, _part_keys(store))
        cold, warm = [], []
        for number in range(_STARTS):
            cache = Path(name) / str(number)
            cold.append(_ready_after(s3, cache, memory_mb))
            warm.append(_ready_after(s3, cache, memory_mb))
        return {
            "starts": _STARTS,
            "cold_ready_s": round(statistics.median(cold), 2),
            "cold_ready_worst_s": round(max(cold), 2),
            "cold_mb": round(of_start / 1e6, 1),
            "warm_ready_s": round(statistics.median(warm), 2),
            "warm_ready_worst_s": round(max(warm), 2),
            "requests": _requests(s3, Path(name) / "counted"),
            "memory_limit_mb": memory_mb,
            "hardware": hardware(),
        }


def _part_keys(store: Path) -> list[str]:
    version = current_version(LocalFolderStore(store))
    return [part_key(sha256) for sha256 in pl.read_parquet(store / version_key(version, PARTS_FILE))["sha256"].unique()]


def _ready_after(s3: StandIn, cache: Path, memory_mb: int) -> float:
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
    environment = os.environ | s3.environment() | {"FINRAG_CACHE_DIR": str(cache), "LOG_LEVEL": "warning"}
    # As in an image, where it is compiled when it is built.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with limited(memory_mb, 1) as pod:
        started = time.perf_counter()
        with subprocess.Popen(pod.enclose(command), env=environment) as server:
            try:
                while time.perf_counter() - started < _READY_WITHIN_S and server.poll() is None:
                    try:
                        if httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success:
                            return time.perf_counter() - started
                    except httpx.TransportError:
                        pass
                    time.sleep(0.01)
                raise SystemExit("the back end was not ready in time; its own message stands above")
            finally:
                server.terminate()


def _requests(s3: StandIn, cache_folder: Path) -> dict[str, Any]:
    """What S3 is asked for, step by step, by one process that starts with an empty cache."""
    store = s3.open()
    result: dict[str, Any] = {}
    with count_requests(store) as counted:

        def step(name: str) -> None:
            result[name] = {"requests": counted.total, "mb": round(counted.bytes_read / 1e6, 2)}
            counted.by_operation.clear()
            counted.bytes_read = 0

        rag = FinRAG.open(store, DiskCache(cache_folder, store, 2**30), cache_folder)
        step("cold start")
        first = rag.index.catalog.parts[0]
        names = {company.cik: company.name for company in rag.index.catalog.companies}
        question = f"What does {names[first.cik]} say about suppliers in {first.fiscal_year}?"
        rag.ask(Question(question))
        step("first question about a company's year")
        rag.ask(Question(question.replace("suppliers", "competition")))
        step("next question about it")
        asked = [*company_questions(rag.index.catalog, 20), *open_questions(20)]
        for text in asked:
            rag.ask(Question(text))
        step("20 questions of companies and 20 open ones, parts cold")
        for text in asked:
            rag.ask(Question(text))
        step("the same again")
        rag.index.close()
        FinRAG.open(store, DiskCache(cache_folder, store, 2**30), cache_folder)
        step("warm start")
    return result


if __name__ == "__main__":
    main()
