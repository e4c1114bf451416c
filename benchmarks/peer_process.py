"""Each system in a process of its own, from both sides: who starts and watches it, and what runs inside for a peer.

So memory is a system's own, and a peer runs under the interpreter that has its libraries. Needs Linux's /proc.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.peer_corpora import Page
from benchmarks.peer_systems import PEERS, Ask, Peer
from finrag_ml_tg1.index.encoder import OnnxEncoder

ROOT = Path(__file__).resolve().parent.parent
RANKED_PAGES = 10
_SECONDS_BETWEEN_LOOKS = 0.02
# Nothing is sent or fetched while time is taken.
QUIET = {
    "ANONYMIZED_TELEMETRY": "False",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "PYTHONPATH": f"{ROOT}:{ROOT / 'ModelPipeline'}",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True, slots=True)
class Watched:
    """What a process took, start and imports included; its children's memory counts with its own."""

    seconds: float
    peak_rss_mb: float


def watched(command: Sequence[str], environment: Mapping[str, str] = QUIET) -> Watched:
    """Run a command to its end; raises CalledProcessError when it fails."""
    started, peak = time.perf_counter(), 0.0
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=sys.stderr) as process:
        while process.poll() is None:
            peak = max(peak, _kilobytes(process.pid, "VmHWM"), _tree_kilobytes(process.pid))
            time.sleep(_SECONDS_BETWEEN_LOOKS)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Watched(time.perf_counter() - started, round(peak / 1024, 1))


def _tree_kilobytes(pid: int) -> float:
    lists = list(Path(f"/proc/{pid}/task").glob("*/children"))
    children = {int(child) for path in lists for child in _read(path).split()}
    return _kilobytes(pid, "VmRSS") + sum(map(_tree_kilobytes, children))


def _kilobytes(pid: int, name: str) -> float:
    lines = _read(Path(f"/proc/{pid}/status")).splitlines()
    return next((float(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0.0)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process ended meanwhile
        return ""


def run_step(python: Path, name: str, step: str, encoder: Path, rows: Path, folder: Path) -> dict[str, Any]:
    """Return what a peer reports of a step, `build` or `ask`, with the memory that it took."""
    out = folder / f"{name}.{step}.json"
    module = [str(python), "-m", "benchmarks.peer_process"]
    took = watched([*module, name, step, str(encoder), str(rows), str(folder / name), str(out)])
    return {**json.loads(out.read_text(encoding="utf-8")), "peak_rss_mb": took.peak_rss_mb}


def main(name: str, step: str, encoder_folder: str, rows_file: str, index: str, out: str) -> None:
    """Carry out one step with the pages or the questions of a file, inside the process."""
    rows = [json.loads(line) for line in Path(rows_file).read_text(encoding="utf-8").splitlines()]
    peer = PEERS[name](OnnxEncoder.load(Path(encoder_folder), threads=2), Path(index))
    done = _build(peer, rows) if step == "build" else _ask(peer.opened(), rows)
    Path(out).write_text(json.dumps(done), encoding="utf-8")


def _build(peer: Peer, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    pages = [Page(**row) for row in rows]
    started = time.perf_counter()
    peer.build(pages)
    return {"build_s": round(time.perf_counter() - started, 1), "version": version(peer.distribution)}


def _ask(ask: Ask, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    list(ask(rows[0]["question"]))  # what is loaded with the first question is no part of answering the others
    ranked, milliseconds = [], []
    for row in rows:
        started = time.perf_counter()
        found = list(ask(row["question"]))
        milliseconds.append((time.perf_counter() - started) * 1000)
        ranked.append(list(dict.fromkeys(found))[:RANKED_PAGES])
    return {"ranked": ranked, "milliseconds": milliseconds}


if __name__ == "__main__":
    main(*sys.argv[1:])
