from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.agent.solution import Solution
from coding_agent.agent.solver import solve
from coding_agent.agent.trajectory import Trajectory
from coding_agent.errors import CodingAgentError, JobStoppedError
from coding_agent.jobs.job import Stage
from coding_agent.runs.assignment import ExitStatus, RunLimits
from coding_agent.runs.stop import Stop, StopReason
from coding_agent.sandbox.command_sandbox import CommandResult
from coding_agent.tests.agent_fakes import (
    LIMITS,
    SUBMIT,
    FakeSandbox,
    FolderSandbox,
    ListModel,
    MemorySink,
    assignment,
    bash,
    saying,
)


def plain(text: str) -> str:
    return text


def run(model: ListModel, sandbox: FakeSandbox | None = None, limits: RunLimits = LIMITS) -> Solution:
    return solve(
        assignment(limits=limits),
        sandbox or FakeSandbox(saying("ok")),
        model,
        MemorySink(),
        Stop(),
        redact=plain,
    )


def test_a_submission_ends_the_run_with_its_summary_and_the_files_changed(tmp_path: Path) -> None:
    model = ListModel(
        bash("echo 'a = 2' > app.py && cat app.py"),
        bash("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat <<'SUMMARY'\nIt was 1.\n\nNow it is 2.\nSUMMARY"),
    )
    sink = MemorySink()
    solution = solve(assignment(), FolderSandbox(tmp_path), model, sink, Stop(), redact=plain)
    assert solution.exit_status is ExitStatus.SUBMITTED
    assert solution.summary == "It was 1.\n\nNow it is 2."
    assert (tmp_path / "app.py").read_text() == "a = 2\n"
    assert (solution.steps, solution.input_tokens, solution.output_tokens) == (2, 200, 20)
    assert solution.cost_usd == pytest.approx(0.02)
    assert sink.used == [(1, 100, 10, 0.01), (2, 200, 20, 0.02)]
    assert sink.stages == [Stage.PLAN, Stage.EDIT]
    assert sink.lines[:2] == [
        "step 1: $ echo 'a = 2' > app.py && cat app.py",
        "step 1: exit code 0, 6 characters of output",
    ]
    assert sink.trajectories[-1] == solution.trajectory
    kept = json.loads(solution.trajectory)
    assert [message["role"] for message in kept["messages"]] == ["system", "user", "assistant", "user", "assistant"]
    assert (kept["exit_status"], kept["left_out"]) == ("submitted", 0)


def test_turns_alternate_after_answers_that_were_not_run() -> None:
    model = ListModel("no block", bash("ls") + bash("pwd"), bash("ls"), SUBMIT)
    assert run(model).exit_status is ExitStatus.SUBMITTED
    roles = [message.role for message in model.seen[-1]]
    assert roles == ["system", "user", *["assistant", "user"] * 3]
    assert "there is no ```bash block" in model.seen[1][-1].content
    assert "there are 2 ```bash blocks" in model.seen[2][-1].content


def test_the_run_ends_at_the_step_limit() -> None:
    solution = run(ListModel(bash("ls")), limits=replace(LIMITS, steps=3))
    assert (solution.exit_status, solution.steps) == (ExitStatus.STEP_LIMIT, 3)
    assert solution.detail == "not submitted within 3 steps"


def test_the_run_ends_at_the_cost_limit_and_answers_not_run_are_paid_too() -> None:
    solution = run(ListModel(bash("ls"), "no block", cost_usd=0.25), limits=replace(LIMITS, cost_usd=0.5))
    assert (solution.exit_status, solution.steps, solution.cost_usd) == (ExitStatus.COST_LIMIT, 2, 0.5)


def test_the_run_ends_at_the_time_limit_while_the_model_thinks() -> None:
    began = time.monotonic()
    solution = run(ListModel(bash("ls"), delay_s=3), limits=replace(LIMITS, wall_s=0.3))
    assert solution.exit_status is ExitStatus.TIME_LIMIT
    assert time.monotonic() - began < 2


def test_the_run_ends_at_the_time_limit_when_the_model_gives_up_just_then() -> None:
    class Late(ListModel):
        def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
            time.sleep(timeout_s)
            raise CodingAgentError("model_timed_out", "late")

    assert run(Late(), limits=replace(LIMITS, wall_s=0.2)).exit_status is ExitStatus.TIME_LIMIT


def test_the_run_ends_after_three_answers_in_a_row_that_cannot_be_run() -> None:
    solution = run(ListModel("a", "b", bash("ls"), "c", "d", "e", SUBMIT))
    assert (solution.exit_status, solution.steps) == (ExitStatus.FORMAT_ERRORS, 6)


def test_a_model_that_fails_ends_the_run_and_what_was_done_is_kept(tmp_path: Path) -> None:
    model = ListModel(bash("echo 1 > done"), CodingAgentError("model_rate_limited", "too many requests"))
    solution = solve(assignment(), FolderSandbox(tmp_path), model, MemorySink(), Stop(), redact=plain)
    assert (solution.exit_status, solution.steps) == (ExitStatus.MODEL_FAILED, 1)
    assert solution.detail == "model_rate_limited: too many requests"
    assert (tmp_path / "done").exists()


def test_an_error_of_ours_is_not_taken_for_the_models() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ListModel(ZeroDivisionError()))


@pytest.mark.parametrize("name", ["steps", "cost_usd", "wall_s", "command_s"])
def test_a_limit_of_zero_is_refused_instead_of_being_none(name: str) -> None:
    with pytest.raises(ValueError, match="above 0"):
        run(ListModel(SUBMIT), limits=replace(LIMITS, **{name: 0}))


@pytest.mark.parametrize("where", ["model", "command"])
def test_a_stop_ends_the_run_within_a_second(where: str) -> None:
    stop = Stop()

    def slow(_: str) -> CommandResult:
        stop.wait(30)
        stop.check()
        return CommandResult("", 0)

    model = ListModel(bash("sleep 30"), delay_s=3 if where == "model" else 0)
    timer = threading.Timer(0.3, stop.set, [StopReason.CANCELLED])
    timer.start()
    began = time.monotonic()
    with pytest.raises(JobStoppedError) as stopped:
        solve(assignment(), FakeSandbox(slow), model, MemorySink(), stop, redact=plain)
    timer.join()
    assert stopped.value.code == "cancelled"
    assert time.monotonic() - began < 1.3


def test_nothing_is_asked_or_run_once_the_run_was_stopped() -> None:
    stop = Stop()
    stop.set(StopReason.DRAINING)
    model, sandbox = ListModel(bash("ls")), FakeSandbox(saying("ok"))
    with pytest.raises(JobStoppedError):
        solve(assignment(), sandbox, model, MemorySink(), stop, redact=plain)
    assert (model.seen, sandbox.commands) == ([], [])


@pytest.mark.parametrize(
    ("length", "shown"),
    [(0, "(no output)"), (1, "x"), (10_000, "x" * 10_000)],
)
def test_output_up_to_the_limit_is_shown_whole(length: int, shown: str) -> None:
    model = ListModel(bash("cat log"), SUBMIT)
    run(model, FakeSandbox(saying("x" * length)))
    assert shown in model.seen[1][-1].content
    assert "left out" not in model.seen[1][-1].content


@pytest.mark.parametrize(("length", "left_out"), [(10_001, 1), (1_000_000, 990_000)])
def test_of_longer_output_both_ends_are_shown_and_how_much_is_missing(length: int, left_out: int) -> None:
    model = ListModel(bash("cat log"), SUBMIT)
    run(model, FakeSandbox(saying("a" * 5000 + "." * (length - 10_000) + "z" * 5000)))
    told = model.seen[1][-1].content
    assert f"{'a' * 5000}\n[… {left_out} characters left out …]\n{'z' * 5000}" in told
    assert len(told) < 10_300


def test_the_model_is_told_of_exit_codes_and_of_commands_that_were_killed() -> None:
    model = ListModel(bash("false"), SUBMIT)
    run(model, FakeSandbox(saying("no", 3)))
    assert "Exit code: 3" in model.seen[1][-1].content
    model = ListModel(bash("sleep 99"), SUBMIT)
    run(model, FakeSandbox(saying("half", None)), limits=replace(LIMITS, command_s=7))
    assert "killed: it did not end within 7 seconds" in model.seen[1][-1].content
    assert "half" in model.seen[1][-1].content


@pytest.mark.parametrize(
    ("command", "output", "code"),
    [
        ("cat README", "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\n", 0),  # a file of the repository says it
        ("ls; echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "a\nCOMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\n", 0),
        ("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT; false", "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\n", 1),
        ("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT; sleep 9", "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\n", None),
        ("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT!", "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT!\n", 0),
    ],
)
def test_what_only_looks_like_a_submission_is_none(command: str, output: str, code: int | None) -> None:
    solution = run(
        ListModel(bash(command)), FakeSandbox(lambda _: CommandResult(output, code)), limits=replace(LIMITS, steps=2)
    )
    assert solution.exit_status is ExitStatus.STEP_LIMIT


@pytest.mark.parametrize(("step", "hinted"), [(7, False), (8, True)])
def test_the_model_is_told_to_wrap_up_when_four_fifths_are_used(step: int, hinted: bool) -> None:
    model = ListModel(bash("ls"))
    run(model, limits=replace(LIMITS, steps=10))
    assert ("Wrap up now" in model.seen[step][-1].content) is hinted


def test_commands_get_no_more_time_than_the_run_has_left() -> None:
    sandbox = FakeSandbox(saying("ok"))
    run(ListModel(bash("ls"), SUBMIT), sandbox, limits=replace(LIMITS, wall_s=3, command_s=100))
    assert all(seconds <= 3 for seconds in sandbox.timeouts)


def test_a_command_that_begins_like_an_option_is_run_as_a_command(tmp_path: Path) -> None:
    model = ListModel(bash("-c 'touch owned'"), SUBMIT)
    solve(assignment(), FolderSandbox(tmp_path), model, MemorySink(), Stop(), redact=plain)
    assert "Exit code: 127" in model.seen[1][-1].content
    assert not list(tmp_path.iterdir())


def test_control_characters_of_commands_and_output_are_shown_as_text() -> None:
    sink = MemorySink()
    model = ListModel(bash("printf '\x1b[2J\u202e'"), SUBMIT)
    solve(assignment(), FakeSandbox(saying("\x00\x1b[31mred\u200b")), model, sink, Stop(), redact=plain)
    assert "step 1: $ printf '[U+001B][2J[U+202E]'" in sink.lines
    assert "[U+0000][U+001B][31mred[U+200B]" in model.seen[1][-1].content


def test_a_long_conversation_is_shortened_from_its_oldest_output_on() -> None:
    model = ListModel(bash("cat log"))
    run(model, FakeSandbox(saying("x" * 10_000)), limits=replace(LIMITS, steps=60))
    last = model.seen[-1]
    assert sum(len(message.content) for message in last) < 410_000
    assert "left out" in last[3].content
    assert "x" * 10_000 in last[-1].content
    assert last[1] == model.seen[0][1]


def test_a_trajectory_that_is_too_long_leaves_out_the_middle_and_says_so() -> None:
    solution = solve(
        assignment(limits=replace(LIMITS, steps=30)),
        FakeSandbox(saying("ä\n" * 4000)),
        ListModel(bash("cat log")),
        MemorySink(),
        Stop(),
        redact=plain,
        most_trajectory_bytes=60_000,
    )
    assert len(solution.trajectory) <= 60_000
    kept = json.loads(solution.trajectory)
    assert kept["left_out"] > 10
    assert kept["messages"][1]["content"].startswith("Fix issue 7")
    assert "ä" in kept["messages"][-1]["content"]
    assert "left out" in kept["messages"][len(kept["messages"]) // 2]["content"]


@pytest.mark.parametrize(("every_s", "times"), [(0.0, 4), (60.0, 1)])
def test_the_trajectory_is_kept_every_few_seconds_and_at_the_end(
    every_s: float, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("coding_agent.agent.solver._TRAJECTORY_EVERY_S", every_s)
    sink = MemorySink()
    limits = replace(LIMITS, steps=3)
    solve(assignment(limits=limits), FakeSandbox(saying("ok")), ListModel(bash("ls")), sink, Stop(), redact=plain)
    assert len(sink.trajectories) == times
    assert [len(json.loads(data)["messages"]) for data in sink.trajectories] == [4, 6, 8, 8][-times:]


@pytest.mark.parametrize("most_bytes", [10_000, 12_000, 20_000])
def test_a_trajectory_is_never_longer_than_its_bound(most_bytes: int) -> None:
    trajectory = Trajectory(plain, most_bytes)
    for number in range(60):
        trajectory.add(["assistant", "user"][number % 2], f"{number} " + "\x01" * 3000)
    encoded = trajectory.encoded({"detail": "d"})
    assert len(encoded) <= most_bytes
    kept = json.loads(encoded)
    notes = sum("left out" in message["content"] for message in kept["messages"])
    assert kept["left_out"] == 60 - len(kept["messages"]) + notes


def test_nothing_of_a_conversation_is_logged_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        run(ListModel(bash("echo unlogged"), SUBMIT))
    assert "unlogged" not in caplog.text
