"""SIGKILL of a `finrag` command: after a random time, or at the threshold of a random write to its store."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["kill_at_random_moment", "run_to_the_end"]

_SHARE_BY_TIME = 0.4
_IMPORTS_SHARE = 0.3  # of the time: before that, nothing is written that a kill could halve
_BETWEEN_READS_S = 0.15
_TIMEOUT_S = 120.0

_FINRAG = [str(Path(sys.executable).with_name("finrag"))]


def run_to_the_end(arguments: Sequence[str], store: Path, observe: Callable[[], None] | None = None) -> None:
    """Run a command that must succeed; `observe` is called again and again while it runs."""
    process = _start(_FINRAG, arguments, store)
    if observe is not None:
        _observe_until_ended(process, observe)
    output = process.communicate(timeout=_TIMEOUT_S)[0].decode()
    assert process.returncode == 0, f"finrag {' '.join(arguments)} must succeed: {output}"


def kill_at_random_moment(
    arguments: Sequence[str],
    store: Path,
    chooser: random.Random,
    *,
    seconds: float,
    writes: int,
    observe: Callable[[], None],
) -> int:
    """Kill a command that takes about `seconds` and puts about `writes` objects; return its exit code.

    The code is -9 unless the command ended before the moment came.
    """
    if chooser.random() < _SHARE_BY_TIME:
        process = _start(_FINRAG, arguments, store)
        timer = threading.Timer(seconds * chooser.uniform(_IMPORTS_SHARE, 1), process.kill)
        timer.start()
    else:
        number = str(chooser.randint(1, writes))
        launcher = [sys.executable, "-m", "tests.soak.killed_at_write", str(store), number]
        process = _start(launcher, arguments, store)
        timer = threading.Timer(_TIMEOUT_S, process.kill)
        timer.start()
    _observe_until_ended(process, observe)
    timer.cancel()
    process.communicate(timeout=_TIMEOUT_S)
    return process.returncode


def _observe_until_ended(process: subprocess.Popen[bytes], observe: Callable[[], None]) -> None:
    while process.poll() is None:
        observe()
        try:
            process.wait(timeout=_BETWEEN_READS_S)
        except subprocess.TimeoutExpired:
            continue


def _start(program: Sequence[str], arguments: Sequence[str], store: Path) -> subprocess.Popen[bytes]:
    command = [*program, *arguments, "--store", str(store)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
