"""Retrieval at size inside a pod's limits: `python -m benchmarks.pod_retrieval --store STORE --memory-mb 512`.

Times are of `FinRAG.retrieve` for a scope that is known: encoding the question, candidates, ranking, the ten records.
Each question is asked once before it is measured. Recall@10 of the nearest passages of 100 open questions is held
against an exact search over the int8 codes of all parts; a passage as near as the tenth counts, as texts repeat.
Needs control groups: root on Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.measurement import hardware, percentiles, written
from benchmarks.pod_limits import forget_pages, limited
from finrag_ml_tg1.index.catalog import PARTS_FILE, part_entries
from finrag_ml_tg1.index.container import open_arrays
from finrag_ml_tg1.index.manifest import part_key, version_key
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

_NEAREST = 10
_AS_NEAR = 1e-5
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--memory-mb", type=int, default=512)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--no-recall", action="store_true", help="leave out the exact search, which reads all parts")
    parser.add_argument("--invented", action="store_true", help="recall of generated queries, for a generated index")
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    arguments = parser.parse_args()
    answer = measure(
        arguments.store,
        arguments.memory_mb,
        arguments.questions,
        recall=not arguments.no_recall,
        is_invented=arguments.invented,
    )
    written(answer, arguments.out)


def measure(store: Path, memory_mb: int, questions: int, *, recall: bool, is_invented: bool = False) -> dict[str, Any]:
    """Return what one process in a pod of so much memory and one CPU takes."""
    process = [sys.executable, "-m", "benchmarks.retrieval_process", "--store", str(store)]
    command = [*process, "--questions", str(questions), *(["--invented"] if is_invented else [])]
    forget_pages(store / "index")
    with limited(memory_mb, 1) as pod:
        done = subprocess.run(
            pod.enclose(command),
            env=os.environ | dict.fromkeys(_THREADS, "1"),
            stdout=subprocess.PIPE,
            check=False,
        )
        peak, kills = pod.peak_mb(), pod.kills()
    if done.returncode:
        return {"failed": done.returncode, "killed_for_memory": kills, "memory_limit_mb": memory_mb}
    taken = json.loads(done.stdout)
    return {
        "rows": taken["rows"],
        "memory_limit_mb": memory_mb,
        "cgroup_peak_mb": peak,
        "killed_for_memory": kills,
        "anonymous_mb": taken["anonymous_mb"],
        "rss_mb": taken["rss_mb"],
        "opened_s": taken["opened_s"],
        "filtered": percentiles(taken["filtered_ms"]),
        "unfiltered": percentiles(taken["unfiltered_ms"]),
        "understanding": percentiles(taken["filtered_understanding_ms"]),
        **({"recall@10": _recall(store, taken["queries"], taken["nearest"])} if recall else {}),
        "hardware": hardware(),
    }


def _recall(store: Path, queries: list[list[float]], nearest: list[list[int]]) -> float:
    """The share of rows found that are among the ten nearest, or as near."""
    folder = LocalFolderStore(store)
    table = pl.read_parquet(store / version_key(current_version(folder), PARTS_FILE))
    asked = np.array(queries, dtype=np.float32).T
    best = np.full((_NEAREST, len(queries)), -np.inf, dtype=np.float32)
    found = np.full((len(queries), _NEAREST), -np.inf, dtype=np.float32)
    rows_found = np.array(nearest)
    for entry in part_entries(table):
        arrays = open_arrays(store / part_key(entry.sha256))
        scores = (arrays["codes"].astype(np.float32) @ asked) * arrays["scales"][:, None]
        both = np.concatenate([best, scores])
        best = np.partition(both, len(both) - _NEAREST, axis=0)[-_NEAREST:]
        own = (rows_found >= entry.row_start) & (rows_found < entry.row_start + entry.rows)
        query, place = np.nonzero(own)
        found[query, place] = scores[rows_found[query, place] - entry.row_start, query]
    return round(float((found >= best.min(axis=0)[:, None] - _AS_NEAR).mean()), 4)


if __name__ == "__main__":
    main()
