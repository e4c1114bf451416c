"""A sandbox that answers from a table or really runs in a folder, a sink that remembers, and assignments."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import Stage
from coding_agent.runs.assignment import Assignment, IssueText, RunLimits
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandResult

SUBMIT = "```bash\necho COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && echo fixed\n```"


def bash(command: str) -> str:
    """Return an answer with one command."""
    return f"I look.\n\n```bash\n{command}\n```\n"


LIMITS = RunLimits(steps=10, cost_usd=1.0, wall_s=60.0, command_s=5.0, test_s=5.0)


def assignment(text: IssueText | None = None, limits: RunLimits = LIMITS) -> Assignment:
    """Return an assignment."""
    return Assignment(
        job_id="job-1",
        issue=IssueRef("github.com", "acme", "app", 7),
        text=text or IssueText(title="It breaks", body="It does."),
        base_commit="c" * 40,
        test_command=("python", "-m", "pytest"),
        limits=limits,
    )


class FakeSandbox:
    """Gives each command to a function and keeps what was asked."""

    def __init__(self, answer: Callable[[str], CommandResult]) -> None:
        self.work_tree = Path("/nonexistent")
        self.commands: list[str] = []
        self.timeouts: list[float] = []
        self._answer = answer

    def execute(self, command: Sequence[str], *, timeout_s: float, stop: Stop) -> CommandResult:
        stop.check()
        assert list(command[:-1]) == ["bash", "-c", "--"]
        self.commands.append(command[-1])
        self.timeouts.append(timeout_s)
        return self._answer(command[-1])

    def close(self) -> None:
        """Nothing is open."""


class FolderSandbox:
    """Really runs commands, in a folder, with an empty environment. Only for tests' own commands."""

    def __init__(self, work_tree: Path) -> None:
        self.work_tree = work_tree

    def execute(self, command: Sequence[str], *, timeout_s: float, stop: Stop) -> CommandResult:
        stop.check()
        try:
            ran = subprocess.run(
                list(command),
                cwd=self.work_tree,
                env={"PATH": "/usr/bin:/bin"},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_s,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            return CommandResult((error.stdout or b"").decode(errors="replace"), None)
        return CommandResult(ran.stdout.decode(errors="replace"), ran.returncode)

    def close(self) -> None:
        """The folder is the test's."""


def saying(output: str, exit_code: int | None = 0) -> Callable[[str], CommandResult]:
    """Return a function for FakeSandbox: this output for every command, and for the one that submits what it asks."""

    def answer(command: str) -> CommandResult:
        if command.startswith("echo COMPLETE_TASK"):
            return CommandResult("COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\nfixed\n", 0)
        return CommandResult(output, exit_code)

    return answer


class ListModel:
    """Gives answers (or raises errors) in their order, and keeps every conversation. `delay_s` before each."""

    name = "list"

    def __init__(self, *answers: str | Exception, delay_s: float = 0.0, cost_usd: float = 0.01) -> None:
        self._answers = answers
        self._delay_s = delay_s
        self._cost_usd = cost_usd
        self.seen: list[list[ChatMessage]] = []
        self.timeouts: list[float] = []

    def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
        self.seen.append(list(messages))
        self.timeouts.append(timeout_s)
        time.sleep(self._delay_s)
        answer = self._answers[min(len(self.seen), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return Completion(text=answer, input_tokens=100, output_tokens=10, cost_usd=self._cost_usd, stop_reason="stop")


@dataclass
class MemorySink:
    """Remembers what a run told."""

    lines: list[str] = field(default_factory=list)
    used: list[tuple[int, int, int, float]] = field(default_factory=list)
    trajectories: list[bytes] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)

    def stage(self, stage: Stage) -> None:
        self.stages.append(stage)

    def log(self, text: str) -> None:
        self.lines.append(text)

    def progress(self, *, steps: int, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        self.used.append((steps, input_tokens, output_tokens, cost_usd))

    def trajectory(self, data: bytes) -> None:
        self.trajectories.append(data)
