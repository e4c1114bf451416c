"""A sandbox as the loop wants it: a command in, its output in words for the model out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from coding_agent.agent.limits import Usage
from coding_agent.agent.mini_swe_agent import Submitted
from coding_agent.agent.prompting import SUBMIT_MARKER
from coding_agent.agent.untrusted_text import UntrustedBlocks, cut_middle, visible
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandResult, CommandSandbox

__all__ = ["CommandReport", "SandboxAdapter"]

_MOST_SUMMARY_CHARS = 10_000


class CommandReport(Protocol):
    """Who is told what is run."""

    def runs(self, command: str) -> None:
        """A command starts."""

    def ran(self, result: CommandResult) -> None:
        """It has ended."""


class SandboxAdapter:
    """mini-swe-agent's `Environment`."""

    def __init__(
        self,
        sandbox: CommandSandbox,
        usage: Usage,
        stop: Stop,
        blocks: UntrustedBlocks,
        redact: Callable[[str], str],
        report: CommandReport,
    ) -> None:
        self.config: dict[str, Any] = {}
        self._sandbox = sandbox
        self._usage = usage
        self._stop = stop
        self._blocks = blocks
        self._redact = redact
        self._report = report

    def execute(self, action: Mapping[str, Any], cwd: str = "") -> dict[str, Any]:
        """Run the command of an answer. Raises Submitted for the one that ends the run, JobStoppedError."""
        self._stop.check()
        command: str = action["command"]
        self._report.runs(command)
        # What is left may be nothing by now; the loop ends by itself at its next look.
        timeout_s = max(0.1, min(self._usage.limits.command_s, self._usage.left_s))
        result = self._sandbox.execute(["bash", "-c", "--", command], timeout_s=timeout_s, stop=self._stop)
        self._stop.check()
        self._report.ran(result)
        output = visible(self._redact(result.output))
        if _submits(command, output, result.exit_code):
            summary = output.lstrip().partition("\n")[2].strip()
            raise Submitted(
                {
                    "role": "exit",
                    "content": "Submitted",
                    "extra": {"exit_status": "Submitted", "submission": cut_middle(summary, _MOST_SUMMARY_CHARS)},
                }
            )
        return {"output": self._told(output, result.exit_code, timeout_s)}

    def _told(self, output: str, exit_code: int | None, timeout_s: float) -> str:
        if exit_code is None:
            ended = f"The command was killed: it did not end within {timeout_s:g} seconds. What it wrote until then:"
        else:
            ended = f"Exit code: {exit_code}"
        if not output:
            return f"{ended}\n(no output)"
        return f"{ended}\n{self._blocks.wrap('output', cut_middle(output, self._usage.limits.output_chars))}"

    def get_template_vars(self, **_: object) -> dict[str, Any]:
        """Return nothing: above all not this process's environment, as the library's own would."""
        return {}

    def serialize(self) -> dict[str, Any]:
        """Return nothing: the trajectory is ours."""
        return {}


def _submits(command: str, output: str, exit_code: int | None) -> bool:
    """Whether a command submits: it succeeded, and the marker is its first line of output.

    The command names the marker too: a file of the repository that begins with it submits nothing when it is read.
    """
    first = output.lstrip().partition("\n")[0].strip()
    return exit_code == 0 and first == SUBMIT_MARKER and SUBMIT_MARKER in command
