"""The back end computes on its own worker threads alone."""

from __future__ import annotations

import os
import subprocess
import sys

POOLS = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
SIZES = "import serving.backend, polars, faiss; print(polars.thread_pool_size(), faiss.omp_get_max_threads())"


def sizes(**environment: str) -> str:
    free = {name: value for name, value in os.environ.items() if name not in POOLS}
    run = subprocess.run(
        [sys.executable, "-c", SIZES], env={**free, **environment}, capture_output=True, text=True, check=True
    )
    return run.stdout.strip()


def test_libraries_have_one_thread_when_the_back_end_is_imported() -> None:
    assert sizes() == "1 1"


def test_a_pool_has_as_many_threads_as_the_environment_says() -> None:
    assert sizes(POLARS_MAX_THREADS="3", OMP_NUM_THREADS="2") == "3 2"
