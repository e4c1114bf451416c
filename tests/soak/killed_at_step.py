"""Runs a program of ours and kills it just before its n-th step: `killed_at_step PROGRAM N COUNTER PREFIXES ARGUMENTS…`

A step is what Python announces to audit hooks of a file below one of the PREFIXES (separated by colons): opened for
writing, renamed, removed. So the product's code runs as it is. The number of steps done is kept in the file COUNTER.
PROGRAM is `finrag`, or `backend` with the port as its argument.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

__all__ = ["FILES", "PUTS", "kill_at"]

PUTS = frozenset({"os.rename"})  # a put becomes visible by it
FILES = PUTS | {"open", "os.remove", "os.truncate", "mmap.__new__"}
_OF_DESCRIPTORS = {"os.truncate", "mmap.__new__"}
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def kill_at(number: int, prefixes: Sequence[str], events: frozenset[str] = PUTS, counter: Path | None = None) -> None:
    """Kill this process just before its `number`-th step, an event of a file whose path begins as one of `prefixes`.

    What is done to an open file, which has no name there, is a step too where `events` has it.
    """
    steps = 0
    count_file = os.open(counter, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600) if counter else None

    def is_step(event: str, arguments: tuple[Any, ...]) -> bool:
        if event not in events:
            return False
        if event in _OF_DESCRIPTORS:
            return True
        if event == "open" and not (arguments[2] or 0) & _WRITING:
            return False
        path = arguments[1] if event == "os.rename" else arguments[0]
        return str(path).startswith(tuple(prefixes))

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal steps
        if is_step(event, arguments):
            steps += 1
            if steps == number:
                os.kill(os.getpid(), signal.SIGKILL)
            if count_file is not None:
                os.pwrite(count_file, str(steps).encode(), 0)

    sys.addaudithook(count)


def _serve(port: str) -> None:
    """Serve as production does, but write the query log in small batches, so that many are cut short."""
    import uvicorn

    from serving.backend import bookkeeping
    from serving.backend.query_log import QueryLog

    with patch.object(bookkeeping, "QueryLog", partial(QueryLog, rows_of_a_file=20, interval_s=0.5)):
        uvicorn.run("serving.backend.app:app", port=int(port), timeout_graceful_shutdown=5, log_level="warning")


def _run(program: str, arguments: list[str]) -> None:
    if program == "backend":
        _serve(*arguments)
        return
    from finrag_ml_tg1.cli import main

    sys.argv[1:] = arguments
    main()


if __name__ == "__main__":
    prefixes = sys.argv[4].split(":")
    # What is done to open files is of interest where files of the index are fetched and mapped.
    events = FILES if prefixes[0].endswith("/objects/") else FILES - _OF_DESCRIPTORS
    kill_at(int(sys.argv[2]), prefixes, events, Path(sys.argv[3]))
    _run(sys.argv[1], sys.argv[5:])
