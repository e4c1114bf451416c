"""What a sandbox does: run one command at a time in a work tree, and leave nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from coding_agent.runs.stop import Stop

__all__ = ["CommandResult", "CommandSandbox"]


@dataclass(frozen=True, slots=True)
class CommandResult:
    """Output (stdout and stderr as they came, undecodable bytes replaced, bounded), and the exit code.

    `exit_code` is None when the command was killed because its time was over.
    """

    output: str
    exit_code: int | None


class CommandSandbox(Protocol):
    """A place for one job's commands: no secret, no network, its own processes; `work_tree` is the one thing to write.

    `work_tree` is the path outside. Within, commands start in that tree, wherever it is there.
    """

    work_tree: Path

    def execute(self, command: Sequence[str], *, timeout_s: float, stop: Stop) -> CommandResult:
        """Run it to its end, its children killed with it. Raises JobStoppedError when told to stop meanwhile."""

    def close(self) -> None:
        """Kill what is left and remove the work tree."""
