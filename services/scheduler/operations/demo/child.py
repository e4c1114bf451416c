"""A process of ours that ends with us."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Child", "running_child"]

_SHOWN_LINES = 8


class Child:
    """A process, and the file that it writes its log to."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.log = log
        self._process = process

    @property
    def has_ended(self) -> bool:
        """Whether it is gone; by itself, as long as the block lasts."""
        return self._process.poll() is not None

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-_SHOWN_LINES:])


@contextmanager
def running_child(
    name: str, command: Sequence[str], *, environment: Mapping[str, str], folder: Path, patience_s: float
) -> Iterator[Child]:
    """Run a process until the end of the block: then it is told to end, and killed after `patience_s`.

    It is in a session of its own: Ctrl-C in the terminal reaches us alone, and we end the processes in their order.
    """
    log = folder / f"{name}.log"
    with log.open("wb") as written:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Child(name, process, log)
    finally:
        process.terminate()
        try:
            process.wait(patience_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
