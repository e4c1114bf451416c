"""What runs inside the process of one system: it builds its index, or answers the queries and says how fast.

Numpy and the system's own library are all that is imported here: the memory measured is that of the process.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.vector_peer_rows import TOP, Filter, Floats, VectorRows, Workload
from benchmarks.vector_peer_systems import SYSTEMS, Search

_UNMEASURED, _LEAST_MEASURED = 20, 20

Json = dict[str, Any]


def main(name: str, step: str, rows_folder: str, index: str, out: str, seconds: str) -> None:
    """Carry out one step inside the process."""
    rows, system = VectorRows(Path(rows_folder)), SYSTEMS[name](Path(index))
    started = time.perf_counter()
    if step == "build":
        system.build(rows)
        done: Json = {"seconds": round(time.perf_counter() - started, 1), "version": _version(system.distribution)}
    else:
        workloads = rows.workloads()
        started = time.perf_counter()
        done = _search(system.opened, workloads, started, float(seconds))
    Path(out).write_text(json.dumps({**done, **_memory()}), encoding="utf-8")


def _search(opened: Callable[[], Search], workloads: list[Workload], started: float, seconds: float) -> Json:
    search = opened()
    search(workloads[0].queries[0], workloads[0].filters[0], TOP)
    open_s = time.perf_counter() - started
    opened_memory = {f"opened_{name}": value for name, value in _memory().items()}
    return {
        "open_s": round(open_s, 2),
        **opened_memory,
        "workloads": {workload.name: _asked(search, workload, seconds) for workload in workloads},
    }


def _asked(search: Search, workload: Workload, seconds: float) -> Json:
    pairs = list(zip(workload.queries, workload.filters, strict=True))
    _timed(search, pairs[:_UNMEASURED], seconds / 4, 1)
    busy = time.process_time()
    found, milliseconds = _timed(search, pairs, seconds, _LEAST_MEASURED)
    busy = time.process_time() - busy
    return {
        "n": len(found),
        "p50_ms": round(statistics.median(milliseconds), 2),
        "p95_ms": round(statistics.quantiles(milliseconds, n=20)[-1], 2),
        "cpu_ms": round(busy * 1000 / len(found), 2),
        "found": found,
    }


def _timed(
    search: Search, pairs: list[tuple[Floats, Filter | None]], seconds: float, least: int
) -> tuple[list[list[int]], list[float]]:
    """Ask until the time is up, but at least some."""
    found: list[list[int]] = []
    milliseconds: list[float] = []
    for query, wanted in pairs:
        if len(found) >= least and sum(milliseconds) > seconds * 1000:
            break
        started = time.perf_counter()
        answer = search(query, wanted, TOP)
        milliseconds.append((time.perf_counter() - started) * 1000)
        found.append(list(answer))
    return found, milliseconds


def _memory() -> Json:
    """The most memory the process has held, file pages included, and what it holds now that cannot be dropped."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    megabytes = {name: round(int(lines[name].split()[0]) / 1024, 1) for name in ("VmHWM", "RssAnon")}
    return {"peak_rss_mb": megabytes["VmHWM"], "anonymous_mb": megabytes["RssAnon"]}


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "source"


if __name__ == "__main__":
    main(*sys.argv[1:])
