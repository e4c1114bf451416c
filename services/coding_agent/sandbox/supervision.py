"""Watching a command: its output is read, and it is ended at its time, at a bound, or when the run stops."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable

from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandResult
from coding_agent.sandbox.output_buffer import OutputBuffer
from coding_agent.sandbox.resource_watch import ResourceWatch

__all__ = ["KILLED", "supervise"]

KILLED = 137  # What a shell says of a command that SIGKILL ended.

_TICK_S = 0.1
_WATCH_EVERY_S = 0.25
_MOST_OUTPUT_BYTES = 64 << 20
_DRAIN_S = 2.0


def supervise(
    process: subprocess.Popen[bytes],
    *,
    timeout_s: float,
    stop: Stop,
    watch: ResourceWatch,
    kill_all: Callable[[], None],
) -> CommandResult:
    """Return when the command and all it started are dead, for which `kill_all` must see.

    The exit code is the process's own; 137, with a last line that says why, when a bound ended it; None when its time
    was over. Raises JobStoppedError when told to stop, everything killed before.
    """
    pipe = process.stdout
    assert pipe is not None
    output = OutputBuffer()
    os.set_blocking(pipe.fileno(), False)
    try:
        reason = _watch_until_end(process, pipe.fileno(), output, time.monotonic() + timeout_s, stop, watch)
    finally:
        kill_all()
        process.wait()
    with pipe:
        _drain(pipe.fileno(), output)
    stop.check()
    if reason == "":
        return CommandResult(output.text(), None)
    reason = reason or watch.disk_passed()
    if reason is not None:
        return CommandResult(f"{output.text().rstrip()}\n[ended: {reason}]\n".lstrip("\n"), KILLED)
    code = process.returncode
    return CommandResult(output.text(), code if code >= 0 else 128 - code)


def _watch_until_end(
    process: subprocess.Popen[bytes], fd: int, output: OutputBuffer, deadline: float, stop: Stop, watch: ResourceWatch
) -> str | None:
    """Return None when the command ended, an empty text when its time was over or the run stops, else the bound."""
    next_watch = time.monotonic() + _WATCH_EVERY_S
    with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
        ended = os.pidfd_open(process.pid)
        stack.callback(os.close, ended)
        selector.register(ended, selectors.EVENT_READ)
        selector.register(fd, selectors.EVENT_READ)
        while True:
            ready = {key.fd for key, _ in selector.select(_TICK_S)}
            if fd in ready and not _read(fd, output):
                selector.unregister(fd)  # It closed its output and goes on.
            if ended in ready:
                return None
            now = time.monotonic()
            if stop.reason is not None or now >= deadline:
                return ""
            if output.size > _MOST_OUTPUT_BYTES:
                return f"it wrote more than {_MOST_OUTPUT_BYTES >> 20} MiB of output"
            if now >= next_watch:
                if reason := watch.passed():
                    return reason
                next_watch = time.monotonic() + _WATCH_EVERY_S


def _read(fd: int, output: OutputBuffer) -> bool:
    """Take what is there; return False at the end of the stream."""
    try:
        data = os.read(fd, 1 << 16)
    except BlockingIOError:
        return True
    output.add(data)
    return bool(data)


def _drain(fd: int, output: OutputBuffer) -> None:
    # All writers are dead: the pipe holds at most its own size, and then its end.
    deadline = time.monotonic() + _DRAIN_S
    while time.monotonic() < deadline and _read(fd, output):
        pass
