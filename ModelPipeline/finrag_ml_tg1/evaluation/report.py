"""What every evaluation writes, so that results of any data can be compared and traced to the code that gave them."""

from __future__ import annotations

import json
import platform
import shlex
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.machine import cores

__all__ = ["Outcome", "Stopwatch", "report", "share", "write_report"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many units were judged, the metrics, and what was missed."""

    n: int
    metrics: Mapping[str, float]
    misses: Sequence[Mapping[str, object]]
    ci95: Mapping[str, Sequence[float]] = field(default_factory=dict)
    by_type: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    index_version: str | None = None


def share(part: int, whole: int) -> float:
    """Return a part of a whole, from 0 to 1; 0 of nothing."""
    return round(part / whole, 6) if whole else 0.0


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    @property
    def seconds(self) -> float:
        """The seconds so far."""
        return round(time.perf_counter() - self._began, 2)


def report(command: Sequence[str], dataset: str, outcome: Outcome, seconds: float) -> dict[str, object]:
    """Return the whole result; `index_version` is None where no index took part.

    `command` is what has to be typed to get the result again.
    """
    return {
        "command": shlex.join(command),
        "dataset": dataset,
        "n": outcome.n,
        "metrics": dict(outcome.metrics),
        "ci95": dict(outcome.ci95),
        "by_type": dict(outcome.by_type),
        "misses": list(outcome.misses),
        "index_version": outcome.index_version,
        "git_commit": _git_commit(),
        "hardware": _hardware(),
        "seconds": seconds,
    }


def write_report(path: Path, command: Sequence[str], dataset: str, outcome: Outcome, seconds: float) -> None:
    """Write the result as JSON; SettingsError when the file cannot be written."""
    try:
        text = json.dumps(report(command, dataset, outcome, seconds), indent=1, default=str)
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"--out {path}: {error.strerror or error}") from error


def _git_commit() -> str | None:
    """The commit of the code that runs; None where it is not a checkout."""
    try:
        found = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _hardware() -> str:
    return f"{platform.machine()}, {cores()} cores, {platform.system()}, Python {sys.version.split()[0]}"
