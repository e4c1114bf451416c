"""Runs `finrag` and kills it just before it puts its n-th object into the store: `killed_at_write STORE N ARGUMENTS…`.

A put becomes visible by a rename, which Python announces to audit hooks, so the product's code runs as it is.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from finrag_ml_tg1.cli import main

__all__ = ["kill_at"]


def kill_at(store: str, number: int) -> None:
    """Kill this process just before it puts its `number`-th object into the store in that folder."""
    renames = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal renames
        if event == "os.rename" and str(arguments[1]).startswith(f"{store}/"):
            renames += 1
            if renames == number:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(count)


if __name__ == "__main__":
    kill_at(sys.argv[1], int(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    main()
