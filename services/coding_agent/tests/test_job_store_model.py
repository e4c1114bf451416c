"""Stores of jobs against a model: random steps, and after each the same answers from a list and a few dictionaries."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from coding_agent.errors import CodingAgentError, MoveRefusedError
from coding_agent.jobs.job import Job, JobStatus, Stage
from coding_agent.jobs.store import Idempotency, JobStore, LeaseState
from coding_agent.tests.job_samples import a_job, a_store, store_address
from coding_agent.tests.redis_server import redis_server

WORKERS = st.sampled_from(["w1", "w2"])
JOBS = st.integers(0, 7)
ENDS = st.sampled_from(["success", "no_changes", "failed", "timed_out", "cancelled"])
OPEN = ("pending", "running")


@dataclass
class Expected:
    """What a job should be, in plain words."""

    id: str
    issue: int
    status: str = "pending"
    worker: str | None = None
    attempt: int = 0
    cancel: bool = False
    stage: int = -1
    expired: bool = False
    log: list[str] = field(default_factory=list)


class StoreMachine(RuleBasedStateMachine):
    """Random steps of submitters and workers; jobs are named by the order in which they came."""

    store: JobStore

    def __init__(self) -> None:
        super().__init__()
        self.jobs: list[Expected] = []
        self.keys: dict[str, tuple[int, Expected]] = {}

    def _job(self, at: int) -> Expected | None:
        return self.jobs[at % len(self.jobs)] if self.jobs else None

    @rule(issue=st.integers(1, 4), key=st.sampled_from([None, "a", "b"]))
    def submit(self, issue: int, key: str | None) -> None:
        idempotency = None if key is None else Idempotency("alice", key, str(issue))
        if key is not None and key in self.keys and self.keys[key][0] != issue:
            with pytest.raises(CodingAgentError, match="another body"):
                self.store.submit(a_job(issue), idempotency)
            return
        expected = self.keys[key][1] if key is not None and key in self.keys else None
        expected = expected or next((job for job in self.jobs if job.issue == issue and job.status in OPEN), None)
        submission = self.store.submit(a_job(issue), idempotency)
        assert submission.created == (expected is None)
        if expected is None:
            expected = Expected(submission.job.id, issue)
            self.jobs.append(expected)
        assert submission.job.id == expected.id
        if key is not None:
            self.keys[key] = (issue, expected)

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        expected = next((job for job in self.jobs if job.status == "pending"), None)
        job = self.store.claim(worker, 600)
        assert (job and job.id) == (expected and expected.id)
        if expected is not None:
            expected.status, expected.worker, expected.expired = "running", worker, False
            expected.attempt += 1

    @rule(at=JOBS, worker=WORKERS, lose=st.booleans())
    def extend(self, at: int, worker: str, lose: bool) -> None:
        if expected := self._job(at):
            state = self.store.extend(expected.id, worker, -1 if lose else 600)
            if expected.status != "running" or expected.worker != worker:
                assert state is LeaseState.LOST
                return
            assert state is (LeaseState.CANCEL_REQUESTED if expected.cancel else LeaseState.HELD)
            expected.expired = lose

    def _refused_unless_held(self, expected: Expected, worker: str, step: Callable[[], Job]) -> bool:
        if expected.status == "running" and expected.worker == worker:
            step()
            return True
        with pytest.raises(MoveRefusedError):
            step()
        return False

    @rule(at=JOBS, worker=WORKERS, end=ENDS)
    def finish(self, at: int, worker: str, end: str) -> None:
        if expected := self._job(at):
            step = partial(self.store.finish, expected.id, worker, JobStatus(end))
            if self._refused_unless_held(expected, worker, step):
                expected.status = end

    @rule(at=JOBS, worker=WORKERS)
    def release(self, at: int, worker: str) -> None:
        if expected := self._job(at):
            step = partial(self.store.release, expected.id, worker)
            if self._refused_unless_held(expected, worker, step):
                self._back(expected, 1)

    @rule(at=JOBS, worker=WORKERS, stage=st.integers(0, 6))
    def update(self, at: int, worker: str, stage: int) -> None:
        if expected := self._job(at):
            step = partial(self.store.update, expected.id, worker, stage=list(Stage)[stage])
            if stage < expected.stage:
                with pytest.raises(MoveRefusedError):
                    step()
            elif self._refused_unless_held(expected, worker, step):
                expected.stage = stage

    @rule(at=JOBS)
    def cancel(self, at: int) -> None:
        if expected := self._job(at):
            if expected.status not in OPEN:
                with pytest.raises(MoveRefusedError):
                    self.store.cancel(expected.id)
                return
            self.store.cancel(expected.id)
            expected.cancel = True
            if expected.status == "pending":
                expected.status = "cancelled"

    @rule()
    def reap(self) -> None:
        lost = [job for job in self.jobs if job.status == "running" and job.expired]
        assert {job.id for job in self.store.reap()} == {job.id for job in lost}
        for expected in lost:
            if not expected.cancel and expected.attempt == 2:
                expected.status = "failed"
            else:
                self._back(expected, 0)

    @rule(at=JOBS, lines=st.lists(st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0x7E), max_size=3)))
    def log(self, at: int, lines: list[str]) -> None:
        if expected := self._job(at):
            self.store.append_log(expected.id, lines)
            expected.log += [part for line in lines for part in line.splitlines() or [""]]

    def _back(self, expected: Expected, uncounted: int) -> None:
        expected.status = "cancelled" if expected.cancel else "pending"
        if expected.status == "pending":
            expected.attempt -= uncounted
            expected.stage, expected.worker = -1, None

    @invariant()
    def every_job_is_what_it_should_be(self) -> None:
        found = self.store.find(limit=1000).jobs
        assert [job.id for job in found] == [job.id for job in reversed(self.jobs)]
        for job, expected in zip(reversed(found), self.jobs, strict=True):
            stage = None if expected.stage < 0 else list(Stage)[expected.stage]
            assert (job.status, job.attempt, job.cancel_requested, job.stage) == (
                expected.status,
                expected.attempt,
                expected.cancel,
                stage,
            )
            assert job.has_ended == (expected.status not in OPEN) == (job.ended_at is not None)

    @invariant()
    def lists_and_counts_agree(self) -> None:
        counts = self.store.queue_state().counts
        for status in JobStatus:
            expected = [job.id for job in reversed(self.jobs) if job.status == status]
            assert counts[status] == len(expected)
            for repository in (None, "acme/app"):
                found = self.store.find(status=status, repository=repository, limit=1000).jobs
                assert [job.id for job in found] == expected

    def teardown(self) -> None:
        for expected in self.jobs:
            lines = self.store.read_log(expected.id)
            assert [line.text for line in lines] == expected.log
        self.store.close()


@contextmanager
def sqlite_address() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield store_address("sqlite", Path(folder), "")


def run(machine: type[StoreMachine], examples: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.parametrize("examples", [15, pytest.param(400, marks=pytest.mark.soak)])
def test_sqlite_does_what_the_model_does(examples: int) -> None:
    class Machine(StoreMachine):
        def __init__(self) -> None:
            super().__init__()
            self._stack = ExitStack()
            self.store = a_store(self._stack.enter_context(sqlite_address()))

        def teardown(self) -> None:
            super().teardown()
            self._stack.close()

    run(Machine, examples)


@pytest.mark.parametrize("examples", [15, pytest.param(400, marks=pytest.mark.soak)])
def test_redis_does_what_the_model_does(tmp_path: Path, examples: int) -> None:
    with redis_server(tmp_path) as url:

        class Machine(StoreMachine):
            def __init__(self) -> None:
                super().__init__()
                self.store = a_store(url)

        run(Machine, examples)
