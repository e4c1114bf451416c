"""The parent's end of the fuzz worker: gives it seeds and ends it when a case takes too much time or memory."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.sample_index import ROOT

__all__ = ["WatchedWorker"]

# Of processor time, so that a busy machine fails no case; a worker that waits for nothing is ended by _STALLED_S.
MAX_CASE_S = 30.0
# What takes longer has to be so much larger: tables of the smallest cells take four seconds a megabyte.
_MAX_S_PER_MEGABYTE = 6.0
_STALLED_S = 300.0
MAX_RSS_MB = 1536
_CHECK_S = 120.0  # what the worker checks of the result is not the time that is judged
_POLL_S = 0.05
_STACK_S = 1.0
_PLACE = re.compile(r'File "[^"]*finrag_ml_tg1/([\w/.]+)", line \d+ in (\w+)')

Json = dict[str, Any]


class WatchedWorker:
    """A fuzz worker that is started when needed, and again after it was ended or after `max_cases` cases."""

    def __init__(self, log: Path, max_cases: int = 200) -> None:
        self.peak_rss_mb = 0.0
        self._log = log
        self._max_cases = max_cases
        self._cases = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""

    def run(self, seed: int) -> Json:
        """Return what the worker says of the case, or outcome "hung", "memory" or "died" with the place it stood at."""
        process = self._started()
        assert process.stdin is not None
        process.stdin.write(f"{seed}\n".encode())
        process.stdin.flush()
        answer = self._next(process, _CHECK_S)
        if "started" in answer:
            answer = self._next(process, max(MAX_CASE_S, _MAX_S_PER_MEGABYTE * answer["bytes"] / 2**20))
        if "built" in answer:
            answer = self._next(process, _CHECK_S)
        self._cases += 1
        if answer["outcome"] in ("hung", "memory", "died") or self._cases >= self._max_cases:
            self.close()
        return answer

    def close(self) -> None:
        """End the worker."""
        if self._process is not None:
            for pipe in (self._process.stdin, self._process.stdout):
                assert pipe is not None
                pipe.close()
            self._process.kill()
            self._process.wait()
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            command = [sys.executable, "-m", "tests.soak.fuzz_worker"]
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
                )
            self._cases, self._unread = 0, b""
            ready = self._next(self._process, _CHECK_S)
            assert "ready" in ready, f"the worker did not start: {self._log.read_text(errors='replace')}"
        return self._process

    def _next(self, process: subprocess.Popen[bytes], timeout_s: float) -> Json:
        assert process.stdout is not None
        cpu_deadline = _cpu_s(process.pid) + timeout_s
        deadline = time.monotonic() + _STALLED_S
        while b"\n" not in self._unread:
            rss_mb = _rss_mb(process.pid)
            self.peak_rss_mb = max(self.peak_rss_mb, rss_mb)
            if rss_mb > MAX_RSS_MB:
                return {"outcome": "memory", "error": f"over {MAX_RSS_MB} MB in {self._place(process)}"}
            if _cpu_s(process.pid) > cpu_deadline or time.monotonic() > deadline:
                return {"outcome": "hung", "error": f"over {timeout_s:g} s in {self._place(process)}"}
            if select.select([process.stdout], [], [], _POLL_S)[0]:
                received = os.read(process.stdout.fileno(), 65536)
                if not received:
                    return {"outcome": "died", "error": f"exit code {process.wait()}, {self._last_place()}"}
                self._unread += received
        line, _, self._unread = self._unread.partition(b"\n")
        answer: Json = json.loads(line)
        return answer

    def _place(self, process: subprocess.Popen[bytes]) -> str:
        """Ask the worker where it stands and wait a moment for its answer."""
        process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + _STACK_S
        while time.monotonic() < deadline and "most recent call first" not in self._log.read_text(errors="replace"):
            time.sleep(_POLL_S)
        return self._last_place()

    def _last_place(self) -> str:
        printed = self._log.read_text(errors="replace")
        stack = printed[printed.rfind("most recent call first") :] if "most recent call first" in printed else ""
        found = _PLACE.search(stack)
        return f"{Path(found[1]).name} {found[2]}" if found else "an unknown place"


def _rss_mb(pid: int) -> float:
    """The process's resident memory in MiB; 0 when it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except ProcessLookupError:
        return 0.0
    return 0.0


def _cpu_s(pid: int) -> float:
    """The processor time the process has used, in seconds; 0 when it has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
