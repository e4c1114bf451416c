"""Trying to break out, before any command of a model runs: what works is a reason to run none."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandSandbox

__all__ = ["check_isolation"]

_PROGRAM = Path(__file__).with_name("isolation_attempts.py")
_TIMEOUT_S = 60.0
# EC2's and the ECS agent's: credentials of a role are had for asking there.
_METADATA = ("169.254.169.254", "169.254.170.2")


def check_isolation(sandbox: CommandSandbox, stop: Stop) -> None:
    """Return when commands in the sandbox reach nothing that is not theirs.

    Tried: secrets in their own and any process's environment, a private file of ours, metadata addresses, a server of
    ours on the loopback, Docker's socket, writing beside the work tree, privileges. Planted marks stand for secrets.
    Raises CodingAgentError `sandbox_unavailable` for anything that works, and when nothing could be tried.
    """
    with _bait(sandbox.work_tree.parent) as (mark, file, port):
        targets = {
            "mark_digest": hashlib.sha256(mark.encode()).hexdigest(),
            "file": str(file),
            "folder": str(file.parent),
            "addresses": [[address, 80] for address in _METADATA] + [["127.0.0.1", port], ["::1", port]],
        }
        program = _PROGRAM.read_text(encoding="utf-8")
        result = sandbox.execute(
            ["python3", "-I", "-S", "-c", program, json.dumps(targets)], timeout_s=_TIMEOUT_S, stop=stop
        )
    if result.exit_code != 0:
        lines = result.output.strip().splitlines() or [f"exit code {result.exit_code}"]
        raise CodingAgentError(
            "sandbox_unavailable", f"Isolation could not be tried (it takes python3 in the sandbox): {lines[-1][:200]}"
        )
    leaks: list[str] = json.loads(result.output)
    if leaks:
        raise CodingAgentError(
            "sandbox_unavailable",
            f"Commands of a model are not isolated here, so none is run: {'; '.join(leaks)[:1000]}",
        )


@contextlib.contextmanager
def _bait(beside: Path) -> Iterator[tuple[str, Path, int]]:
    """Plant a mark in a process's environment and in a private file, and listen on the loopback."""
    mark = f"canary-{secrets.token_hex(16)}"
    # A process keeps the environment that it started with in /proc: a change of our own would not be seen there.
    holder = subprocess.Popen(["sleep", "600"], env={"PATH": "/usr/bin:/bin", "CANARY": mark}, cwd="/")
    try:
        with tempfile.TemporaryDirectory(prefix="canary-", dir=beside) as folder, socket.socket() as server:
            file = Path(folder, "canary")
            file.touch(mode=0o600)
            file.write_text(mark, encoding="ascii")
            server.bind(("127.0.0.1", 0))
            server.listen()
            yield mark, file, server.getsockname()[1]
    finally:
        holder.kill()
        holder.wait()
