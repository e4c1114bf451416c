"""Solving an issue: a model is asked for commands, they run in a sandbox, until it submits or a limit is reached."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from coding_agent.agent.language_model import Completion, LanguageModel
from coding_agent.agent.limits import Usage
from coding_agent.agent.mini_swe_agent import DefaultAgent, TimeExceeded
from coding_agent.agent.model_adapter import ModelAdapter, exit_message
from coding_agent.agent.prompting import system_prompt, task_prompt
from coding_agent.agent.sandbox_adapter import SandboxAdapter
from coding_agent.agent.solution import Solution
from coding_agent.agent.trajectory import Trajectory
from coding_agent.agent.untrusted_text import UntrustedBlocks, first_line
from coding_agent.jobs.job import Stage
from coding_agent.runs.assignment import Assignment, ExitStatus, RunSink
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandResult, CommandSandbox

__all__ = ["solve"]

_TRAJECTORY_EVERY_S = 5.0


def solve(
    assignment: Assignment,
    sandbox: CommandSandbox,
    model: LanguageModel,
    sink: RunSink,
    stop: Stop,
    *,
    redact: Callable[[str], str],
    most_trajectory_bytes: int = 2_000_000,
) -> Solution:
    """Run the loop to its end; what it changed is in the sandbox's work tree, which is left open.

    `redact` takes secrets out of a text: all that leaves the loop passes it (output before the model sees it, log,
    summary, trajectory). `sink` hears of every step; the stage is `plan` until the first command, then `edit`; the
    trajectory is renewed every few seconds and at the end.
    Raises JobStoppedError within a second of `stop`, and what the sandbox or the sink raises. A model that fails is an
    exit status, not an exception: the work tree is kept.
    """
    usage = Usage(assignment.limits)
    blocks = UntrustedBlocks()
    report = _Report(sink, usage, redact, Trajectory(redact, most_trajectory_bytes), model.name)
    loop = _Loop(
        ModelAdapter(model, usage, stop, report),
        SandboxAdapter(sandbox, usage, stop, blocks, redact, report),
        usage,
        stop,
        report,
    )
    stop.check()
    sink.stage(Stage.PLAN)
    ended = loop.run(
        task=task_prompt(assignment, blocks),
        system_prompt=system_prompt(assignment.limits, blocks),
    )
    return report.solution(*_exit(ended, usage), summary=str(ended["submission"]))


class _Loop(DefaultAgent):
    """The library's loop with our clock, told when to stop; every step is reported where the library saves it."""

    def __init__(self, model: ModelAdapter, sandbox: SandboxAdapter, usage: Usage, stop: Stop, report: _Report) -> None:
        limits = usage.limits
        super().__init__(
            model,
            sandbox,
            # The texts are values of these templates: nothing in an issue is read as a template.
            system_template="{{ system_prompt }}",
            instance_template="{{ task }}",
            step_limit=limits.steps,
            cost_limit=limits.cost_usd,
            max_consecutive_format_errors=limits.consecutive_format_errors,
        )
        self._usage = usage
        self._stop = stop
        self._report = report

    def query(self) -> dict[str, Any]:
        """Ask for the next command, unless the run is to stop or its time is over."""
        self._stop.check()
        if self._usage.left_s <= 0:
            raise TimeExceeded(exit_message("TimeExceeded"))
        return super().query()

    def save(self, path: Path | None, *extra_dicts: dict[str, Any]) -> dict[str, Any]:
        """Report the step that has just ended; there is no file."""
        self._report.step_ended(self.messages)
        return {}


class _Report:
    """Tells the sink what happens, redacted, and keeps the trajectory."""

    def __init__(
        self, sink: RunSink, usage: Usage, redact: Callable[[str], str], trajectory: Trajectory, model: str
    ) -> None:
        self._sink = sink
        self._usage = usage
        self._redact = redact
        self._trajectory = trajectory
        self._model = model
        self._kept_at = time.monotonic()
        self._has_run = False

    def answered(self, completion: Completion) -> None:
        """Say what the answers have used so far."""
        del completion  # counted in the usage
        usage = self._usage
        self._sink.progress(
            steps=usage.steps,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
        )

    def refused(self, reason: str) -> None:
        """Log that an answer was not run."""
        self._log(f"nothing was run: {reason}")

    def runs(self, command: str) -> None:
        """Log the first line of a command; from the first one on the work tree may be changed."""
        if not self._has_run:
            self._has_run = True
            self._sink.stage(Stage.EDIT)
        self._log(f"$ {first_line(self._redact(command))}")

    def ran(self, result: CommandResult) -> None:
        """Log how a command ended."""
        ended = "killed, out of time" if result.exit_code is None else f"exit code {result.exit_code}"
        self._log(f"{ended}, {len(result.output)} characters of output")

    def step_ended(self, messages: list[dict[str, Any]]) -> None:
        """Take over the new messages; give the trajectory to the sink when the last time is some seconds ago."""
        for message in messages[len(self._trajectory) :]:
            if message["role"] == "exit":
                return
            self._trajectory.add(message["role"], message["content"])
        if time.monotonic() - self._kept_at >= _TRAJECTORY_EVERY_S:
            self._sink.trajectory(self._encoded(None, "", ""))
            self._kept_at = time.monotonic()

    def solution(self, status: ExitStatus, detail: str, *, summary: str) -> Solution:
        """Return what the run made, after the last word to the sink."""
        usage = self._usage
        detail = self._redact(detail)
        summary = self._redact(summary)
        trajectory = self._encoded(status, detail, summary)
        self._sink.trajectory(trajectory)
        self._sink.log(f"agent: {status} after {usage.steps} steps{f' ({detail})' if detail else ''}")
        return Solution(
            exit_status=status,
            summary=summary,
            trajectory=trajectory,
            steps=usage.steps,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cost_usd=usage.cost_usd,
            detail=detail,
        )

    def _log(self, line: str) -> None:
        self._sink.log(f"step {self._usage.steps}: {line}")

    def _encoded(self, status: ExitStatus | None, detail: str, summary: str) -> bytes:
        return self._trajectory.encoded(
            {
                "format": "coding-agent-trajectory-1",
                "model": self._model,
                "exit_status": status,
                "detail": detail,
                "summary": summary,
                "steps": self._usage.steps,
                "input_tokens": self._usage.input_tokens,
                "output_tokens": self._usage.output_tokens,
                "cost_usd": self._usage.cost_usd,
            }
        )


def _exit(ended: dict[str, Any], usage: Usage) -> tuple[ExitStatus, str]:
    """Return how the loop ended, by the library's words, and what to say about it."""
    limits = usage.limits
    match ended["exit_status"]:
        case "Submitted":
            return ExitStatus.SUBMITTED, ""
        case "ModelFailed":
            return ExitStatus.MODEL_FAILED, str(ended["detail"])
        case "TimeExceeded":
            return ExitStatus.TIME_LIMIT, f"not submitted within {limits.wall_s:g} seconds"
        case "RepeatedFormatError":
            return (
                ExitStatus.FORMAT_ERRORS,
                f"{limits.consecutive_format_errors} answers in a row held no single command",
            )
        case "LimitsExceeded" if usage.steps >= limits.steps:
            return ExitStatus.STEP_LIMIT, f"not submitted within {limits.steps} steps"
        case "LimitsExceeded":
            return ExitStatus.COST_LIMIT, f"not submitted within ${limits.cost_usd:.2f}"
        case other:
            raise RuntimeError(f"the loop ended with {other!r}, which it never did before")
