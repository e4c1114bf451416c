"""Programs of ours that are killed by SIGKILL: after a random time, or at the threshold of a random step."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.local_processes import clean_environment
from tests.sample_index import ROOT

__all__ = ["NEVER", "Moment", "chosen_moment", "run_to_the_end", "start_program", "steps_done", "wait_for_end"]

NEVER = 0
_SHARE_BY_TIME = 0.4
_BETWEEN_READS_S = 1.0
_TIMEOUT_S = 180.0


@dataclass(frozen=True, slots=True)
class Moment:
    """When a program is killed: before a step of it, or `after_s` seconds."""

    step: int = NEVER
    after_s: float = _TIMEOUT_S


def chosen_moment(chooser: random.Random, *, steps: int, earliest_s: float, latest_s: float) -> Moment:
    """Return a moment of a program that does so many steps, the first and the last of them at about these times."""
    if chooser.random() < _SHARE_BY_TIME:
        return Moment(after_s=chooser.uniform(earliest_s, latest_s))
    return Moment(step=chooser.randint(1, max(1, steps)))


def start_program(
    program: str, arguments: Sequence[str], step: int, prefixes: Sequence[str], counter: Path, **settings: str
) -> subprocess.Popen[bytes]:
    """Start a program that kills itself before that step; its output goes beside `counter`."""
    counter.parent.mkdir(parents=True, exist_ok=True)
    counter.unlink(missing_ok=True)
    command = [sys.executable, "-m", "tests.soak.killed_at_step", program, str(step), str(counter), ":".join(prefixes)]
    environment = clean_environment(**({"PYTHONPATH": ":".join(sys.path)} | settings))
    with counter.with_suffix(".log").open("ab") as output:
        return subprocess.Popen([*command, *arguments], env=environment, cwd=ROOT, stdout=output, stderr=output)


def steps_done(counter: Path) -> int:
    """Return how many steps the program has done."""
    return int(counter.read_text() or 0) if counter.exists() else 0


def wait_for_end(
    process: subprocess.Popen[bytes], observe: Callable[[], object] | None = None, after_s: float = _TIMEOUT_S
) -> int:
    """Return the exit code of a process, which is killed when `after_s` have passed; `observe` is called meanwhile."""
    timer = threading.Timer(after_s, process.kill)
    timer.start()
    while process.poll() is None:
        with suppress(subprocess.TimeoutExpired):
            process.wait(_BETWEEN_READS_S)
        if observe is not None:
            observe()
    timer.cancel()
    timer.join()
    return process.wait()


def run_to_the_end(arguments: Sequence[str], store: Path) -> None:
    """Run a `finrag` command on a store; it must succeed."""
    command = [str(Path(sys.executable).with_name("finrag")), *arguments, "--store", str(store)]
    ended = subprocess.run(command, check=False, capture_output=True, timeout=_TIMEOUT_S)
    assert ended.returncode == 0, f"finrag {' '.join(arguments)} must succeed: {ended.stdout!r} {ended.stderr!r}"
