"""The process that reads and merges records with Polars, so that no other process has it in memory.

Requests and answers are JSON behind a length of four bytes, over standard input and output. It reads local files only,
knows no secret, and ends when its parent does.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from collections.abc import Callable
from typing import IO

from scheduler.executions.polars_merging import merge
from scheduler.executions.polars_reading import page

__all__ = ["LENGTH"]

LENGTH = struct.Struct(">I")
_WORK: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {"page": page, "merge": merge}


def _main(questions: IO[bytes], answers: IO[bytes]) -> None:
    while head := questions.read(LENGTH.size):
        request = json.loads(questions.read(LENGTH.unpack(head)[0]))
        answer = json.dumps(_WORK[request.pop("work")](request)).encode()
        answers.write(LENGTH.pack(len(answer)) + answer)
        answers.flush()


if __name__ == "__main__":
    # What libraries print must not come between answers.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _main(sys.stdin.buffer, out)
