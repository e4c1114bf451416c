"""Runner tasks: what is asked of ECS, what happens when it says no, and jobs through tasks that are real processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from coding_agent.errors import CodingAgentError, JobStoppedError
from coding_agent.jobs.job import Job, JobStatus, Stage
from coding_agent.jobs.store import Artifact, JobStore
from coding_agent.runs.assignment import Assignment, ExitStatus, IssueText, RunLimits, RunOutcome
from coding_agent.runs.handover import put_outcome
from coding_agent.runs.lease import Lease
from coding_agent.runs.stop import Stop, StopReason
from coding_agent.runs.store_sink import StoreSink
from coding_agent.runs.wire import OutcomeMessage
from coding_agent.sandbox.fargate_runner import FargateTaskRunner
from coding_agent.sandbox.job_processes import all_processes
from coding_agent.sandbox.task_sandbox import TASK_USER
from coding_agent.settings import Settings
from coding_agent.tests.api_samples import running, some_settings
from coding_agent.tests.fake_ecs import FakeEcs, FakeTask, task_definition
from coding_agent.tests.git_server import GitServer
from coding_agent.tests.job_samples import a_job, a_store
from coding_agent.tests.running_agent import SERVICES, answer, script_line, submission
from coding_agent.tests.toy_repositories import TEST_COMMAND, TOYS, write_bare

WORKER = "worker-1"
SETTINGS = Settings(
    runner="fargate",
    public_url="https://agent.example.org",
    fargate_cluster="runners",
    fargate_task_definition="runner:3",
    fargate_subnets=("subnet-1", "subnet-2"),
    fargate_security_groups=("sg-1",),
)
OUTCOME = RunOutcome(
    exit_status=ExitStatus.SUBMITTED,
    patch=b"diff --git a/x b/x\n",
    summary="done",
    tests=None,
    trajectory=b"[]",
    steps=2,
    input_tokens=0,
    output_tokens=0,
    cost_usd=0.0,
)


def assignment_of(job: Job, commit: str = "0" * 40, tests: tuple[str, ...] | None = None) -> Assignment:
    limits = RunLimits(steps=20, cost_usd=1, wall_s=120, command_s=30, test_s=60)
    toy = TOYS[0]
    return Assignment(
        job_id=job.id,
        issue=job.request.issue,
        text=IssueText(title=toy.title, body=toy.body),
        base_commit=commit,
        test_command=tests,
        limits=limits,
    )


class Sink:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def stage(self, stage: Stage) -> None: ...

    def log(self, text: str) -> None:
        self.lines.append(text)

    def progress(self, *, steps: int, input_tokens: int, output_tokens: int, cost_usd: float) -> None: ...

    def trajectory(self, data: bytes) -> None: ...


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    made = a_store(f"sqlite:///{tmp_path / 'jobs.db'}")
    yield made
    made.close()


@pytest.fixture
def ecs() -> Iterator[FakeEcs]:
    made = FakeEcs()
    yield made
    made.close()


@pytest.fixture
def job(store: JobStore) -> Job:
    store.submit(a_job())
    claimed = store.claim(WORKER, 60)
    assert claimed is not None
    return claimed


def run(ecs: FakeEcs, store: JobStore, job: Job, stop: Stop | None = None) -> RunOutcome:
    runner = FargateTaskRunner(SETTINGS, store, client=ecs.client, pace=0.01)
    return runner.run(assignment_of(job), Path("/nonexistent"), Sink(), stop or Stop(), worker=WORKER)


def reports(store: JobStore, job: Job) -> Callable[[FakeTask], None]:
    return lambda task: put_outcome(store, job.id, OutcomeMessage.of(OUTCOME))


def test_outcome_that_the_task_reports_is_returned_and_the_task_is_ended(
    ecs: FakeEcs, store: JobStore, job: Job
) -> None:
    ecs.on_start = reports(store, job)
    outcome = run(ecs, store, job)
    assert (outcome.patch, outcome.summary, outcome.steps) == (OUTCOME.patch, "done", 2)
    (task,) = ecs.tasks.values()
    assert task.stop_calls == 1


def test_task_gets_the_jobs_address_and_token_and_nothing_else(ecs: FakeEcs, store: JobStore, job: Job) -> None:
    ecs.on_start = reports(store, job)
    run(ecs, store, job)
    (request,) = ecs.requests
    (task,) = ecs.tasks.values()
    assert task.environment.keys() == {"JOB_URL", "JOB_TOKEN"}
    assert task.environment["JOB_URL"] == f"https://agent.example.org/jobs/{job.id}"
    assert request["count"] == 1
    assert request["networkConfiguration"]["awsvpcConfiguration"] == {
        "subnets": ["subnet-1", "subnet-2"],
        "securityGroups": ["sg-1"],
        "assignPublicIp": "DISABLED",
    }
    assert "taskRoleArn" not in request["overrides"]
    assert {"key": "coding-agent:job", "value": job.id} in request["tags"]
    assert job.id in request["clientToken"]
    kept = store.get_artifact(job.id, Artifact.RUNNER_TOKEN_DIGEST) or b""
    assert task.environment["JOB_TOKEN"].encode() not in kept


@pytest.mark.parametrize(
    "refusal",
    [
        {"failures": [{"reason": "Capacity is unavailable at this time. Please try again later"}]},
        {"failures": [{"reason": "RESOURCE:ENI"}]},
        "ThrottlingException",
        "ServerException",
    ],
    ids=str,
)
def test_refusal_for_now_is_tried_again(refusal: str | dict[str, Any], ecs: FakeEcs, store: JobStore, job: Job) -> None:
    ecs.refusals = [refusal, refusal]
    ecs.on_start = reports(store, job)
    assert run(ecs, store, job).summary == "done"
    assert len(ecs.tasks) == 1
    assert len({request["clientToken"] for request in ecs.requests}) == 3


def test_no_capacity_is_an_error_of_its_own_after_a_bounded_number_of_tries(
    ecs: FakeEcs, store: JobStore, job: Job
) -> None:
    ecs.refusals = [{"failures": [{"reason": "Capacity is unavailable at this time"}]}] * 20
    with pytest.raises(CodingAgentError, match="Capacity is unavailable") as caught:
        run(ecs, store, job)
    assert caught.value.code == "runner_unavailable"
    assert len(ecs.requests) == 5


def test_refusal_for_good_is_not_tried_again(ecs: FakeEcs, store: JobStore, job: Job) -> None:
    ecs.refusals = ["AccessDeniedException"]
    with pytest.raises(CodingAgentError, match="AccessDeniedException") as caught:
        run(ecs, store, job)
    assert caught.value.code == "runner_unavailable"
    assert len(ecs.requests) == 1


def test_task_that_stops_without_an_outcome_fails_the_job_with_its_reason(
    ecs: FakeEcs, store: JobStore, job: Job
) -> None:
    def end(task: FakeTask) -> None:
        task.last_status, task.exit_code, task.stopped_reason = "STOPPED", 137, "OutOfMemoryError: container killed"

    ecs.on_describe = end
    with pytest.raises(CodingAgentError, match=r"exit code 137.*OutOfMemoryError") as caught:
        run(ecs, store, job)
    assert caught.value.code == "runner_failed"


def test_outcome_of_a_task_that_has_stopped_counts(ecs: FakeEcs, store: JobStore, job: Job) -> None:
    def end(task: FakeTask) -> None:
        task.last_status, task.exit_code = "STOPPED", 0
        put_outcome(store, job.id, OutcomeMessage.of(OUTCOME))

    ecs.on_describe = end
    assert run(ecs, store, job).summary == "done"
    (task,) = ecs.tasks.values()
    assert task.stop_calls == 0


def test_throttled_describing_is_borne(ecs: FakeEcs, store: JobStore, job: Job) -> None:
    ecs.describe_refusals = ["ThrottlingException"] * 2
    ecs.on_describe = reports(store, job)
    assert run(ecs, store, job).summary == "done"


def test_outcome_of_an_earlier_run_is_not_taken(ecs: FakeEcs, store: JobStore, job: Job) -> None:
    ecs.on_start = reports(store, job)
    run(ecs, store, job)

    def end(task: FakeTask) -> None:
        task.last_status, task.stopped_reason = "STOPPED", "lost"

    ecs.on_start, ecs.on_describe = (lambda task: None), end
    ecs.tasks.clear()
    with pytest.raises(CodingAgentError) as caught:
        FargateTaskRunner(SETTINGS, store, client=ecs.client, pace=0.01).run(
            assignment_of(job), Path("/nonexistent"), Sink(), Stop(), worker=WORKER
        )
    assert caught.value.code == "runner_failed"


def test_stop_ends_the_task(ecs: FakeEcs, store: JobStore, job: Job) -> None:
    stop = Stop()
    ecs.on_describe = lambda task: stop.set(StopReason.CANCELLED)
    with pytest.raises(JobStoppedError) as caught:
        run(ecs, store, job, stop)
    assert caught.value.code == "cancelled"
    (task,) = ecs.tasks.values()
    assert task.stop_calls == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"taskRoleArn": "arn:aws:iam::123456789012:role/x"}, "task role"),
        ({"networkMode": "bridge"}, "awsvpc"),
        ({"volumes": [{"name": "x", "efsVolumeConfiguration": {"fileSystemId": "fs-1"}}]}, "volume"),
        ({"volumes": [{"name": "x", "host": {"sourcePath": "/"}}]}, "volume"),
        ({"containerDefinitions": [{"name": "other"}]}, "no container 'runner'"),
        ({"containerDefinitions": [{"name": "runner", "secrets": [{"name": "A", "valueFrom": "arn"}]}]}, "secrets"),
        (
            {"containerDefinitions": [{"name": "runner", "environment": [{"name": "MODEL_KEY", "value": "x"}]}]},
            "MODEL_KEY",
        ),
        ({"containerDefinitions": [{"name": "runner", "privileged": True}]}, "privileged"),
    ],
)
def test_task_definition_with_something_to_steal_is_refused(
    changes: dict[str, Any], said: str, ecs: FakeEcs, store: JobStore
) -> None:
    ecs.definition = task_definition(**changes)
    with pytest.raises(CodingAgentError, match=said) as caught:
        FargateTaskRunner(SETTINGS, store, client=ecs.client).check()
    assert caught.value.code == "sandbox_unavailable"


def test_task_definition_with_nothing_to_steal_is_taken(ecs: FakeEcs, store: JobStore) -> None:
    FargateTaskRunner(SETTINGS, store, client=ecs.client).check()


class _Tasks:
    """Starts each task of the fake as a process, as the container's command would."""

    def __init__(self, workspace: Path) -> None:
        self.workspace = workspace
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, task: FakeTask) -> None:
        (container,) = task.request["overrides"]["containerOverrides"]
        _, *arguments = container["command"]
        environment = {"PATH": os.environ["PATH"], "HOME": "/tmp", "PYTHONPATH": str(SERVICES)}
        environment |= {"CODING_AGENT_WORKSPACE": str(self.workspace), **task.environment}
        self.processes.append(
            subprocess.Popen(
                [sys.executable, *arguments],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        )

    def look(self, task: FakeTask) -> None:
        code = self.processes[-1].poll()
        if code is not None:
            task.last_status, task.exit_code = "STOPPED", code

    def terminate(self) -> None:
        for process in self.processes:
            process.terminate()

    def close(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


@pytest.fixture
def tasks() -> Iterator[_Tasks]:
    if sys.platform != "linux" or os.getuid() != 0 or shutil.which("git") is None:
        pytest.skip("a runner task takes root on Linux, and git")
    with tempfile.TemporaryDirectory(prefix="tasks-") as folder:
        Path(folder).chmod(0o711)
        made = _Tasks(Path(folder) / "workspace")
        yield made
        made.close()


GITHUB_TOKEN = "ghp_" + "Task0" * 8


@dataclass
class _Served:
    """The service, a job that a worker has, and its runner."""

    store: JobStore
    job: Job
    runner: FargateTaskRunner
    commit: str

    def run(self, stop_after_s: float | None = None) -> RunOutcome:
        with Lease(self.store, self.job, WORKER, lease_s=60) as lease:
            if stop_after_s is not None:
                threading.Timer(stop_after_s, lease.stop.set, (StopReason.CANCELLED,)).start()
            sink = StoreSink(self.store, lease, lambda text: text)
            assignment = assignment_of(self.job, self.commit, TEST_COMMAND)
            return self.runner.run(assignment, Path("/nonexistent"), sink, lease.stop, worker=WORKER)


@contextmanager
def _served(tmp_path: Path, ecs: FakeEcs, tasks: _Tasks, script: str) -> Iterator[_Served]:
    toy = TOYS[0]
    commit = write_bare(toy, tmp_path / "git")
    (tmp_path / "model.jsonl").write_text(script)
    with GitServer(tmp_path / "git", lambda token, repository, write: token == GITHUB_TOKEN and not write) as git:
        settings = some_settings(
            tmp_path,
            github_git_url=git.url,
            github_token=GITHUB_TOKEN,
            model="scripted",
            model_script=tmp_path / "model.jsonl",
            model_input_usd=1.0,
            model_output_usd=1.0,
        )
        with running(settings) as service:
            service.store.submit(a_job(repository=f"acme/{toy.name}"))
            job = service.store.claim(WORKER, 60)
            assert job is not None
            ecs.on_start, ecs.on_describe = tasks.start, tasks.look
            known = SETTINGS.model_copy(update={"public_url": service.url})
            runner = FargateTaskRunner(known, service.store, client=ecs.client, pace=0.1)
            yield _Served(service.store, job, runner, commit)


def test_job_runs_in_a_task_through_the_service_alone(tmp_path: Path, ecs: FakeEcs, tasks: _Tasks) -> None:
    toy = TOYS[0]
    spy = "env; cat /proc/*/environ /proc/*/cmdline 2> /dev/null | tr '\\0' '\\n'"
    script = script_line(toy.title, answer(spy), *(answer(command) for command in toy.fix), submission("Fixed."))

    with _served(tmp_path, ecs, tasks, script) as served:
        outcome = served.run()
        job = served.store.get(served.job.id)
        log = "\n".join(line.text for line in served.store.read_log(job.id))
        trajectory = (served.store.get_artifact(job.id, Artifact.TRAJECTORY) or b"").decode()

    assert (outcome.exit_status, outcome.summary) == (ExitStatus.SUBMITTED, "Fixed.")
    assert all(f"a/{path} b/{path}".encode() in outcome.patch for path in toy.changed)
    assert outcome.tests is not None
    assert outcome.tests.passed
    # The service asked the model, and counted.
    assert job.steps == len(toy.fix) + 2
    assert job.input_tokens > 0
    assert job.cost_usd > 0
    (task,) = ecs.tasks.values()
    for secret in (GITHUB_TOKEN, task.environment["JOB_TOKEN"]):
        assert secret not in trajectory
        assert secret not in log
    said, _ = tasks.processes[0].communicate(timeout=20)
    assert tasks.processes[0].returncode == 0, said
    assert GITHUB_TOKEN not in said
    assert list(tasks.workspace.iterdir()) == []


def test_task_whose_job_is_gone_ends_by_itself_and_leaves_nothing(tmp_path: Path, ecs: FakeEcs, tasks: _Tasks) -> None:
    script = script_line("", *[answer("sleep 1; echo again")] * 50)
    with _served(tmp_path, ecs, tasks, script) as served:
        with pytest.raises(JobStoppedError):
            served.run(stop_after_s=2)
        # The fake's StopTask ends nothing: what ends the process is that its token opens nothing any more.
        served.store.finish(served.job.id, WORKER, JobStatus.CANCELLED)
        assert tasks.processes[0].wait(30) == 3
    assert list(tasks.workspace.iterdir()) == []


def test_task_told_to_end_kills_its_commands_and_ends(tmp_path: Path, ecs: FakeEcs, tasks: _Tasks) -> None:
    script = script_line("", answer("sleep 99 & sleep 99"))

    def terminate_once_it_works() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not [each for each in all_processes() if each.uid == TASK_USER]:
            time.sleep(0.05)
        # The first of them may be the probe's: the command itself comes after it.
        time.sleep(2)
        tasks.terminate()

    threading.Thread(target=terminate_once_it_works, daemon=True).start()
    with (
        _served(tmp_path, ecs, tasks, script) as served,
        pytest.raises(CodingAgentError, match="exit code 3") as caught,
    ):
        served.run()
    assert caught.value.code == "runner_failed"
    assert [entry for entry in all_processes() if entry.uid == TASK_USER and not entry.is_zombie] == []
    assert list(tasks.workspace.iterdir()) == []


def test_task_without_its_two_variables_says_so() -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SERVICES)}
    done = subprocess.run(
        [sys.executable, "-m", "coding_agent.fix_issue", "--job"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "JOB_URL and JOB_TOKEN are not set" in done.stderr
