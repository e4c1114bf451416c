"""A run from a clone to a patch: the same on this machine and in a task."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from coding_agent.agent.language_model import LanguageModel
from coding_agent.agent.solver import solve
from coding_agent.jobs.job import Stage, TestOutcome
from coding_agent.repository.work_tree import check_out, diff
from coding_agent.runs.assignment import Assignment, RunOutcome, RunSink
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandSandbox
from coding_agent.sandbox.isolation_probe import check_isolation

__all__ = ["run_assignment"]

_MOST_TEST_OUTPUT_CHARS = 20_000


def run_assignment(
    assignment: Assignment,
    git_dir: Path,
    model: LanguageModel,
    sink: RunSink,
    stop: Stop,
    *,
    work_tree: Path,
    make_sandbox: Callable[[Path], CommandSandbox],
    redact: Callable[[str], str],
) -> RunOutcome:
    """Check out to `work_tree`, let the agent work, run the tests, close the sandbox, and return the patch.

    No command of a model runs before the sandbox has been found tight. Raises JobStoppedError, and CodingAgentError
    `sandbox_unavailable` among others.
    """
    stop.check()
    check_out(git_dir, assignment.base_commit, work_tree, stop)
    with contextlib.closing(make_sandbox(work_tree)) as sandbox:
        check_isolation(sandbox, stop)
        solution = solve(assignment, sandbox, model, sink, stop, redact=redact)
        tests = _run_tests(assignment, sandbox, sink, stop, redact)
        # Every command is dead by now: nothing changes the tree while git reads it.
        patch = diff(git_dir, assignment.base_commit, work_tree, stop)
    return RunOutcome(
        exit_status=solution.exit_status,
        patch=patch,
        summary=solution.summary,
        tests=tests,
        trajectory=solution.trajectory,
        steps=solution.steps,
        input_tokens=solution.input_tokens,
        output_tokens=solution.output_tokens,
        cost_usd=solution.cost_usd,
        detail=solution.detail,
    )


def _run_tests(
    assignment: Assignment, sandbox: CommandSandbox, sink: RunSink, stop: Stop, redact: Callable[[str], str]
) -> TestOutcome | None:
    if assignment.test_command is None:
        return None
    sink.stage(Stage.TEST)
    result = sandbox.execute(assignment.test_command, timeout_s=assignment.limits.test_s, stop=stop)
    ended = "out of time" if result.exit_code is None else f"exit code {result.exit_code}"
    sink.log(f"tests: {ended}")
    return TestOutcome(
        command=assignment.test_command,
        exit_code=result.exit_code,
        output=redact(result.output)[-_MOST_TEST_OUTPUT_CHARS:],
    )
