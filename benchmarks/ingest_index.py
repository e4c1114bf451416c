"""How long filings take from files to an index, parse and encode apart: `python -m benchmarks.ingest_index FOLDER`.

Filings go into a fresh store and are indexed with no vector kept from before. Each stage has a process of its own, so
that its memory is its own; memory is told as the filings go by, to see whether it grows with them. Seconds mean little
on a busy machine: those of the processors tell what they would be on an idle one.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.process_memory import MemoryWatch, growth
from finrag_ml_tg1.filings.batch import Refused, ingest_batch
from finrag_ml_tg1.filings.ingest import FilingTablesStore, find_sources, read_source
from finrag_ml_tg1.index.encoder import EncoderIdentity, OnnxEncoder
from finrag_ml_tg1.indexing.build import build_index
from finrag_ml_tg1.indexing.kept_vectors import KeptVectors
from finrag_ml_tg1.indexing.minilm import ensure_encoder
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.local_store import LocalFolderStore

Json = dict[str, Any]

TARGET_S = 7.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="a folder of filings")
    parser.add_argument("--limit", type=int, help="so many of them, spread over the folder")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--cache", type=Path, default=Path("/tmp/finrag_cache"), help="where the encoder is kept")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    paths = find_sources([arguments.folder])
    if arguments.limit:
        paths = paths[:: max(1, len(paths) // arguments.limit)][: arguments.limit]
    encoder_folder = ensure_encoder(arguments.cache)
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="ingest-index-") as work:
        store = Path(work) / "store"
        parse = _alone(_parse, paths, store, encoder_folder, arguments.cores)
        index = _alone(_index, store, Path(work) / "cache", encoder_folder, arguments.cores)
    filings = parse["filings"]
    total_s = (parse["wall_s"] + index["wall_s"]) / filings
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": "python -m benchmarks.ingest_index FOLDER",
        "hardware": f"{arguments.cores} of {os.cpu_count()} cores, {platform.machine()}, "
        f"Python {platform.python_version()}",
        "load_before": round(load_before, 2),
        "filings": filings,
        "seconds_per_filing": {
            "parse": round(parse["wall_s"] / filings, 2),
            "encode": round(index["encode_s"] / filings, 2),
            "rest_of_index": round((index["wall_s"] - index["encode_s"]) / filings, 2),
            "total": round(total_s, 2),
            "target": TARGET_S,
            "met": total_s <= TARGET_S,
        },
        "cpu_seconds_per_filing": {
            "parse": parse["cpu_s_per_filing"],
            "encode": round(index["encode_cpu_s"] / filings, 2),
            "rest_of_index": round((index["cpu_s"] - index["encode_cpu_s"]) / filings, 2),
        },
        "parse": parse,
        "index": index,
    }
    text = json.dumps(result, indent=1)
    print(text)
    if arguments.out:
        arguments.out.write_text(f"{text}\n")


def _alone(stage: Callable[..., Json], *inputs: object) -> Json:
    """Run a stage in a new process and return its result."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(stage, *inputs).result()


def _parse(paths: Sequence[Path], folder: Path, encoder_folder: Path, workers: int) -> Json:
    sources = [partial(read_source, path) for path in paths]
    tables = FilingTablesStore(LocalFolderStore(folder))
    refused, main_mb, worker_mb = [], [], []
    started = time.perf_counter()
    with MemoryWatch() as memory:
        for outcome in ingest_batch(sources, tables, encoder_folder, workers=min(workers, len(sources))):
            held = memory.take()
            main_mb.append(held.main_mb)
            worker_mb.append(held.child_mb)
            if isinstance(outcome, Refused):
                refused.append(outcome.reason)
    wall_s = time.perf_counter() - started
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_s = sum(usage.ru_utime + usage.ru_stime for usage in used)
    read = len(paths) - len(refused)
    if not read:
        raise SystemExit(f"no filing could be read: {refused[0]}")
    return {
        "filings": read,
        "refused": refused,
        "wall_s": round(wall_s, 2),
        "cpu_s_per_filing": round(cpu_s / read, 2),
        "memory_main": growth(main_mb),
        "memory_largest_worker": growth(worker_mb),
        "memory_main_mb_by_filing": [round(value) for value in main_mb],
        "memory_worker_mb_by_filing": [round(value) for value in worker_mb],
    }


class _TimedEncoder:
    """A PassageEncoder that counts the seconds it takes."""

    def __init__(self, encoder: KeptVectors) -> None:
        self._encoder = encoder
        self.wall_s = 0.0
        self.cpu_s = 0.0

    @property
    def identity(self) -> EncoderIdentity:
        return self._encoder.identity

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        wall, cpu = time.perf_counter(), time.process_time()
        vectors = self._encoder.encode(texts)
        self.wall_s += time.perf_counter() - wall
        self.cpu_s += time.process_time() - cpu
        return vectors


def _index(folder: Path, cache_folder: Path, encoder_folder: Path, threads: int) -> Json:
    store = LocalFolderStore(folder)
    kept = KeptVectors(OnnxEncoder.load(encoder_folder, threads=threads), cache_folder / "vectors")
    encoder = _TimedEncoder(kept)
    main_mb = []
    started, cpu_started = time.perf_counter(), time.process_time()
    with MemoryWatch() as memory:
        report = build_index(
            store,
            DiskCache(cache_folder, store, 2**40),
            encoder,
            encoder_folder,
            lambda done, total: main_mb.append(memory.take().main_mb),
        )
        at_end = memory.take().main_mb
    wall_s = time.perf_counter() - started
    return {
        "passages": report.passages,
        "texts_encoded": kept.encoded,
        "wall_s": round(wall_s, 2),
        "encode_s": round(encoder.wall_s, 2),
        "encode_cpu_s": round(encoder.cpu_s, 2),
        "cpu_s": round(time.process_time() - cpu_started, 2),
        "passages_per_s": round(report.passages / wall_s, 1),
        "texts_encoded_per_s": round(kept.encoded / encoder.wall_s, 1),
        "memory_main": growth(main_mb),
        "memory_global_files_mb": round(at_end, 1),
        "memory_main_mb_by_part": [round(value) for value in main_mb],
    }


if __name__ == "__main__":
    main()
