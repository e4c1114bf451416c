"""A company's question in a pod that has the global files of a large index and no part of that company: `python -m
benchmarks.cold_parts --store FOLDER`.

Each of the questions is the first about its company, so its part comes from a stand-in for S3 on loopback (no network
between); everything else lies in the cache. Times are of `FinRAG.retrieve`, the fetch included. Needs control groups.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.measurement import hardware, percentiles, written
from benchmarks.pod_limits import limited
from benchmarks.s3_stand_in import global_keys, stand_in
from finrag_ml_tg1.index.catalog import FILINGS_FILE, PARTS_FILE, Catalog
from finrag_ml_tg1.index.manifest import part_key, version_key
from finrag_ml_tg1.index.stored_version import current_version
from finrag_ml_tg1.loaders.local_store import LocalFolderStore


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--memory-mb", type=int, default=2048)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    arguments = parser.parse_args()
    written(measure(arguments.store, arguments.memory_mb, arguments.questions), arguments.out)


def measure(store: Path, memory_mb: int, questions: int) -> dict[str, Any]:
    """Return the milliseconds of first questions in a pod of so much memory and one CPU."""
    with stand_in() as s3, tempfile.TemporaryDirectory(prefix="cold-parts-", dir=store.parent) as name:
        cached = Path(name) / "objects"
        cached.mkdir(mode=0o700)
        keys = global_keys(store)
        for key, sha256 in keys.items():
            if sha256 and not (cached / sha256).exists():
                os.link(store / key, cached / sha256)
        parts = _parts_asked(store, questions)
        bytes_of_parts = s3.put_from(store, [*(key for key, sha256 in keys.items() if not sha256), *parts])
        environment = os.environ | s3.environment() | {"FINRAG_CACHE_DIR": name, "FINRAG_CACHE_MB": "65536"}
        command = [sys.executable, "-m", "benchmarks.retrieval_process", "--store", environment["FINRAG_STORE"]]
        with limited(memory_mb, 1) as pod:
            done = subprocess.run(
                pod.enclose([*command, "--questions", "20", "--cold", str(questions)]),
                env=environment | dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"),
                stdout=subprocess.PIPE,
                check=True,
            )
            peak, kills = pod.peak_mb(), pod.kills()
    taken = json.loads(done.stdout)
    return {
        "rows": taken["rows"],
        "memory_limit_mb": memory_mb,
        "cgroup_peak_mb": peak,
        "killed_for_memory": kills,
        "anonymous_mb": taken["anonymous_mb"],
        "part_mb": round(bytes_of_parts / len(parts) / 1e6, 2),
        "first_of_a_part": percentiles(taken["cold_ms"]),
        "hardware": hardware(),
    }


def _parts_asked(store: Path, questions: int) -> list[str]:
    """All parts of the companies asked about: what their other years hold may be asked for too."""
    version = current_version(LocalFolderStore(store))
    tables = [(store / version_key(version, name)).read_bytes() for name in (FILINGS_FILE, PARTS_FILE)]
    catalog = Catalog.from_parquet(*tables)
    step = max(1, len(catalog.companies) // questions)
    wanted = {company.cik for company in catalog.companies[::step][:questions]}
    frame = pl.read_parquet(tables[1]).filter(pl.col("cik").is_in(wanted))
    return [part_key(sha256) for sha256 in frame["sha256"].unique()]


if __name__ == "__main__":
    main()
