"""The process that does one job: its memory goes back with it, and it cannot take the service with it.

It is given its order on standard input and answers in lines of JSON. The input stays open for as long as the service
lives, so that a job whose service is gone ends as well.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any

from serving.indexer.schemas import Progress

__all__ = ["Answer", "JobProcess"]

_GRACE_S = 5.0

Answer = Mapping[str, Any]


class JobProcess:
    """A process with the settings of this one; in a session of its own, so that its own processes end with it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "serving.indexer.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def follow(self, order: Mapping[str, Any], tell: Callable[[Progress], None]) -> Answer:
        """Hand over the order and return `{"result": …, "whole": …}` or `{"error": …}` once the process has ended."""
        orders, answers = _pipes(self._process)
        with suppress(BrokenPipeError):  # it has ended already: told below
            orders.write(f"{json.dumps(order)}\n")
            orders.flush()
        answer: Answer | None = None
        for line in answers:
            message = json.loads(line)
            if "progress" in message:
                tell(Progress.model_validate(message["progress"]))
            else:
                answer = message
        code = self._process.wait()
        with suppress(BrokenPipeError):
            orders.close()
        answers.close()
        return answer if answer is not None else {"error": _ended(code)}

    def end(self) -> None:
        """Have the process end, kindly at first; `follow` returns then."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return (
            "the job's process was killed, most likely for want of memory: give the service more, or post less at once"
        )
    return f"the job's process ended with exit code {code} before it was done; its own words are in the service's log"
