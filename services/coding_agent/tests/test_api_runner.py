"""What a job's runner elsewhere may do, and what it may not, over HTTP."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import JobStatus, Stage
from coding_agent.jobs.job import TestOutcome as RepositoryTests
from coding_agent.jobs.store import Artifact
from coding_agent.runs.assignment import Assignment, ExitStatus, IssueText, RunLimits, RunOutcome
from coding_agent.runs.handover import get_outcome, put_assignment
from coding_agent.runs.runner_token import issue_runner_token
from coding_agent.runs.wire import AssignmentMessage, CompletionAnswer, CompletionCall, RunnerUpdate
from coding_agent.settings import Settings
from coding_agent.tests.api_samples import Running, a_key, digest_of, running, some_settings
from coding_agent.tests.job_samples import a_job

_SECRET = "canary-" + "z9" * 12
_KEY = a_key()
_OUTCOME = RunOutcome(
    exit_status=ExitStatus.SUBMITTED,
    patch=b"diff --git a/x b/x\n+\xff\x00",
    summary="Fixed it",
    tests=RepositoryTests(command=("pytest", "-q"), exit_code=0, output="1 passed"),
    trajectory=b'{"steps": []}',
    steps=4,
    input_tokens=0,
    output_tokens=0,
    cost_usd=0.0,
    detail="",
)


class _Model:
    """Answers at once, or when it is let; each answer costs forty cents."""

    name = "fake"

    def __init__(self) -> None:
        self.asked: list[Sequence[ChatMessage]] = []
        self.let_go = threading.Event()
        self.began = threading.Event()
        self.let_go.set()

    def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
        self.asked.append(messages)
        self.began.set()
        assert self.let_go.wait(30)
        return Completion(text="ls", input_tokens=100, output_tokens=5, cost_usd=0.4, stop_reason="stop")


_model = _Model()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = some_settings(
        tmp_path_factory.mktemp("api"),
        api_key_digests=(digest_of("app", _KEY),),
        github_token=SecretStr(_SECRET),
        max_artifact_bytes=100_000,
    )

    def open_model(settings: Settings) -> _Model:
        return _model

    with running(settings, open_model=open_model) as service:
        yield service


_numbers = iter(range(1, 1000))


class _Run:
    """A running job of a worker, and its runner's way to the service."""

    def __init__(self, api: Running) -> None:
        self.api, self.worker = api, "worker-1"
        job = api.store.submit(a_job(next(_numbers))).job
        claimed = api.store.claim(self.worker, 300)
        assert claimed is not None
        assert claimed.id == job.id
        self.id = job.id
        self.token = issue_runner_token(api.store, self.id, self.worker)

    def ask(self, method: str, path: str = "", content: str | bytes | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return self.api.client.request(method, f"/jobs/{self.id}{path}", content=content, headers=headers)

    def tell(self, update: RunnerUpdate) -> httpx.Response:
        return self.ask("PATCH", content=update.model_dump_json(exclude_none=True))

    def complete(self) -> httpx.Response:
        call = CompletionCall.of([ChatMessage("system", "You fix."), ChatMessage("user", "Fix it — ü")])
        return self.ask("POST", "/completions", call.model_dump_json())


@pytest.fixture
def run(api: Running) -> Iterator[_Run]:
    made = _Run(api)
    yield made
    if not api.store.get(made.id).has_ended:
        api.store.finish(made.id, made.worker, JobStatus.NO_CHANGES)


def test_the_assignment_arrives_as_it_was_given(api: Running, run: _Run) -> None:
    assert run.ask("GET", "/assignment").json()["code"] == "no_assignment"
    assignment = Assignment(
        job_id=run.id,
        issue=IssueRef("github.com", "acme", "app", 7),
        text=IssueText(title="`x` $(y)", body="\u2028\"'", comments=(("me", "hi"), ("you", ""))),
        base_commit="a" * 40,
        test_command=("pytest", "-q"),
        limits=RunLimits(steps=5, cost_usd=1.5, wall_s=60, command_s=5, test_s=9.5),
    )
    put_assignment(api.store, assignment)
    assert AssignmentMessage.model_validate_json(run.ask("GET", "/assignment").content).assignment() == assignment


def test_a_token_opens_its_own_job_while_it_runs_and_nothing_else(api: Running, run: _Run) -> None:
    other = _Run(api)
    for method, path in (("GET", "/assignment"), ("POST", "/completions"), ("PATCH", "")):
        crossed = api.client.request(
            method, f"/jobs/{other.id}{path}", headers={"Authorization": f"Bearer {run.token}"}, content=b"{}"
        )
        assert (crossed.status_code, crossed.json()["code"]) == (401, "runner_token_refused")
    client_route = api.client.get(f"/jobs/{run.id}", headers={"Authorization": f"Bearer {run.token}"})
    assert (client_route.status_code, client_route.json()["code"]) == (403, "client_only")
    api.store.finish(other.id, other.worker, JobStatus.NO_CHANGES)
    ended = other.tell(RunnerUpdate.of(log=["too late"]))
    assert (ended.status_code, ended.json()["code"]) == (401, "runner_token_refused")


def test_a_new_token_ends_the_one_before(api: Running, run: _Run) -> None:
    before = run.token
    run.token = issue_runner_token(api.store, run.id, run.worker)
    assert run.tell(RunnerUpdate.of(steps=1)).status_code == 200
    run.token = before
    assert run.tell(RunnerUpdate.of(steps=2)).status_code == 401


def test_only_a_digest_of_the_token_is_kept(api: Running, run: _Run) -> None:
    kept = api.store.get_artifact(run.id, Artifact.RUNNER_TOKEN_DIGEST)
    assert kept is not None
    assert run.token.encode() not in kept


def test_progress_is_written_and_logs_lose_their_secrets(api: Running, run: _Run) -> None:
    trajectory = json.dumps({"messages": [f"echo {_SECRET}"]}).encode()
    answer = run.tell(
        RunnerUpdate.of(stage=Stage.EDIT, log=["hello", f"token {_SECRET}"], steps=3, trajectory=trajectory)
    )
    assert answer.json() == {"status": "running", "cancel_requested": False}
    job = api.store.get(run.id)
    assert (job.stage, job.steps) == (Stage.EDIT, 3)
    assert [line.text for line in api.store.read_log(run.id)] == ["hello", "token ***"]
    assert json.loads(api.store.get_artifact(run.id, Artifact.TRAJECTORY) or b"") == {"messages": ["echo ***"]}


def test_a_runner_hears_of_cancellation(api: Running, run: _Run) -> None:
    api.store.cancel(run.id)
    assert run.tell(RunnerUpdate.of(steps=1)).json()["cancel_requested"] is True
    assert run.complete().status_code == 409


@pytest.mark.parametrize("stage", [Stage.FETCH, Stage.PUSH, Stage.PR])
def test_stages_of_the_worker_are_not_a_runners(run: _Run, stage: Stage) -> None:
    answer = run.tell(RunnerUpdate.of(stage=stage))
    assert (answer.status_code, answer.json()["code"]) == (409, "move_refused")


def test_a_stage_that_lies_behind_is_refused(run: _Run) -> None:
    assert run.tell(RunnerUpdate.of(stage=Stage.TEST)).status_code == 200
    assert run.tell(RunnerUpdate.of(stage=Stage.TEST)).status_code == 200
    assert run.tell(RunnerUpdate.of(stage=Stage.PLAN)).status_code == 409


def test_a_runner_whose_worker_lost_the_job_changes_nothing(api: Running, run: _Run) -> None:
    api.store.release(run.id, run.worker)
    again = api.store.claim("worker-2", 300)
    assert again is not None
    assert again.id == run.id
    answer = run.tell(RunnerUpdate.of(steps=9))
    assert (answer.status_code, answer.json()["code"]) == (409, "move_refused")
    assert api.store.get(run.id).steps == 0
    run.worker = "worker-2"


def test_the_outcome_reaches_the_worker_with_what_the_service_counted(api: Running, run: _Run) -> None:
    assert run.complete().status_code == 200
    assert get_outcome(api.store, run.id) is None
    assert run.tell(RunnerUpdate.of(outcome=_OUTCOME)).status_code == 200
    assert get_outcome(api.store, run.id) == replace(_OUTCOME, input_tokens=100, output_tokens=5, cost_usd=0.4)
    # Sent again because the answer was lost: the first one counts.
    assert run.tell(RunnerUpdate.of(outcome=replace(_OUTCOME, summary="another"))).status_code == 200
    found = get_outcome(api.store, run.id)
    assert found is not None
    assert found.summary == "Fixed it"
    assert run.tell(RunnerUpdate.of(log=["after the end"])).status_code == 409


def test_the_outcome_of_an_earlier_run_does_not_count(api: Running, run: _Run) -> None:
    assert run.tell(RunnerUpdate.of(outcome=_OUTCOME)).status_code == 200
    run.token = issue_runner_token(api.store, run.id, run.worker)
    assert get_outcome(api.store, run.id) is None
    assert run.tell(RunnerUpdate.of(steps=1)).status_code == 200


def test_texts_of_an_outcome_lose_their_secrets(api: Running, run: _Run) -> None:
    told = replace(
        _OUTCOME,
        summary=f"used {_SECRET}",
        tests=RepositoryTests(command=("make",), exit_code=None, output=f"{_SECRET} failed"),
        trajectory=json.dumps([_SECRET]).encode(),
    )
    assert run.tell(RunnerUpdate.of(outcome=told)).status_code == 200
    found = get_outcome(api.store, run.id)
    assert found is not None
    assert found.tests is not None
    assert (found.summary, found.tests.output, json.loads(found.trajectory)) == ("used ***", "*** failed", ["***"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"status": "success"}',
        b'{"stage": "done"}',
        b'{"progress": {"steps": -1}}',
        b'{"progress": {"steps": 1, "cost_usd": 0}}',
        b'{"trajectory": "' + base64.b64encode(b"not json") + b'"}',
        b'{"log": ["' + b"x" * 4001 + b'"]}',
        b'{"log": "x"}',
    ],
)
def test_what_is_no_update_is_refused(run: _Run, body: bytes) -> None:
    answer = run.ask("PATCH", content=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


def test_bodies_are_bounded(api: Running, run: _Run) -> None:
    huge = run.ask("PATCH", content=b'{"log": ["' + b"x" * 8_500_000 + b'"]}')
    assert (huge.status_code, huge.json()["code"]) == (413, "body_too_large")
    large = run.tell(RunnerUpdate.of(outcome=replace(_OUTCOME, patch=b"x" * 200_000)))
    assert (large.status_code, large.json()["code"]) == (413, "artifact_too_large")
    assert get_outcome(api.store, run.id) is None


def test_tokens_and_cost_are_added_up_and_end_at_the_jobs_limit(api: Running, run: _Run) -> None:
    answer = CompletionAnswer.model_validate_json(run.complete().content).completion()
    assert answer == Completion(text="ls", input_tokens=100, output_tokens=5, cost_usd=0.4, stop_reason="stop")
    assert _model.asked[-1][1] == ChatMessage("user", "Fix it — ü")
    assert [run.complete().status_code for _ in range(2)] == [200, 200]
    job = api.store.get(run.id)
    assert (job.input_tokens, job.output_tokens, round(job.cost_usd, 6)) == (300, 15, 1.2)
    asked = len(_model.asked)
    refused = run.complete()  # the job may cost one dollar
    assert (refused.status_code, refused.json()["code"]) == (402, "cost_limit")
    assert len(_model.asked) == asked


def test_long_model_calls_keep_nobody_waiting_and_are_one_at_a_time_for_a_job(api: Running, run: _Run) -> None:
    _model.let_go.clear()
    _model.began.clear()
    others = [_Run(api) for _ in range(8)]
    threads = [threading.Thread(target=each.complete) for each in (run, *others)]
    try:
        for thread in threads:
            thread.start()
        assert _model.began.wait(30)
        assert api.client.get("/healthz").status_code == 200
        assert api.client.get("/jobs", headers={"X-API-Key": _KEY}).status_code == 200
        while run.id not in api.service.completing:
            threading.Event().wait(0.01)
        second = run.complete()
        assert (second.status_code, second.json()["code"]) == (429, "completion_under_way")
    finally:
        _model.let_go.set()
        for thread in threads:
            thread.join(30)
    assert api.store.get(run.id).input_tokens == 100
    for each in others:
        api.store.finish(each.id, each.worker, JobStatus.NO_CHANGES)


def test_a_runner_sends_one_update_at_a_time(api: Running, run: _Run) -> None:
    let_go = threading.Event()

    def slow_body() -> Iterator[bytes]:
        yield b'{"log": '
        assert let_go.wait(30)
        yield b'["one"]}'

    headers = {"Authorization": f"Bearer {run.token}"}
    answers: list[httpx.Response] = []

    def send() -> None:
        with httpx.Client(base_url=api.url, timeout=30) as client:
            answers.append(client.patch(f"/jobs/{run.id}", content=slow_body(), headers=headers))

    first = threading.Thread(target=send)
    first.start()
    try:
        while run.id not in api.service.updating:
            threading.Event().wait(0.01)
        second = run.tell(RunnerUpdate.of(log=["two"]))
        assert (second.status_code, second.json()["code"]) == (429, "update_under_way")
    finally:
        let_go.set()
        first.join(30)
    assert answers[0].status_code == 200
    assert run.tell(RunnerUpdate.of(log=["two"])).status_code == 200
    assert [line.text for line in api.store.read_log(run.id)] == ["one", "two"]
