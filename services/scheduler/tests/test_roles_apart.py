"""SC-13, Original: the API imported the worker, so that each of its replicas made calls too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_SERVICES = Path(__file__).parents[2]
_ASK = "import sys; print([name for name in sys.modules if name in ('worker', 'scheduler.queueing.bullmq_worker')])"


def _loaded(first: str, folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": f"{_SERVICES}{os.pathsep}{folder}"}
    command = [sys.executable, "-c", f"import {first}; {_ASK}"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_fault_of_the_original_is_seen_by_this_test(tmp_path: Path) -> None:
    (tmp_path / "worker.py").write_text("")
    (tmp_path / "server.py").write_text("import worker\n")
    assert _loaded("server", tmp_path) == "['worker']"


@pytest.mark.parametrize("module", ["scheduler.backend", "scheduler.serving", "scheduler.reconciling.reconciler"])
def test_api_does_not_load_the_worker(module: str, tmp_path: Path) -> None:
    assert _loaded(module, tmp_path) == "[]"
