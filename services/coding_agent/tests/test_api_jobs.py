"""What clients can do with jobs over HTTP, against the real server and the embedded store."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from coding_agent.jobs.job import JobStatus
from coding_agent.jobs.store import Artifact
from coding_agent.tests.api_samples import Running, running, some_settings

_SECRET = "canary-" + "q7" * 12
_JSON = "application/problem+json"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = some_settings(
        tmp_path_factory.mktemp("api"), github_token=SecretStr(_SECRET), max_cost_usd=3.0, max_minutes=60.0
    )
    with running(settings) as service:
        yield service


_numbers = iter(range(1, 10_000))


def _url() -> str:
    return f"https://github.com/Acme/App/issues/{next(_numbers)}"


def _submit(api: Running, **more: object) -> dict[str, str]:
    answer = api.client.post("/fix-issue", json={"issue_url": _url(), **more})
    assert answer.status_code == 202, answer.text
    body: dict[str, str] = answer.json()
    return body


def _claim(api: Running, job_id: str, worker: str = "w") -> None:
    """Claim jobs until it is this one's turn, and end the others."""
    while (job := api.store.claim(worker, 60)) is not None and job.id != job_id:
        api.store.finish(job.id, worker, JobStatus.NO_CHANGES)
    assert job is not None


def _problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == _JSON
    assert answer.headers["x-request-id"]
    body = answer.json()
    assert body["code"] == code
    assert body["status"] == status
    assert body["detail"]


def test_an_issue_becomes_a_pending_job_with_its_address(api: Running) -> None:
    url = _url()
    answer = api.client.post("/fix-issue", json={"issue_url": url})
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["status"] == "pending"
    assert accepted["status_url"] == f"{api.settings.public_url}/jobs/{accepted['job_id']}"
    assert answer.headers["location"] == accepted["status_url"]
    job = api.client.get(f"/jobs/{accepted['job_id']}").json()
    assert job["issue_url"] == url.lower()
    assert job["repository"] == "acme/app"
    assert (job["pr_type"], job["dry_run"], job["max_cost"], job["max_minutes"]) == ("draft", False, 3.0, 60.0)
    assert {job[name] for name in ("stage", "pr_url", "branch", "error", "started_at", "summary")} == {None}


def test_what_was_asked_for_is_kept(api: Running) -> None:
    wanted = {"base_branch": "release/1.2", "pr_type": "ready", "dry_run": True, "max_cost": 0.5, "max_minutes": 5}
    job = api.client.get(f"/jobs/{_submit(api, **wanted)['job_id']}").json()
    assert {name: job[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"issue_url": "https://github.com/acme/app/pull/3"}, "is_pull_request"),
        ({"issue_url": "https://evil.example/acme/app/issues/3"}, "host_not_allowed"),
        ({"issue_url": "https://github.com/other/app/issues/3"}, "repository_not_allowed"),
        ({"issue_url": "see https://github.com/acme/app/issues/3"}, "not_an_issue_url"),
        ({"base_branch": "--upload-pack=touch /tmp/x"}, "bad_base_branch"),
        ({"base_branch": "a..b"}, "bad_base_branch"),
        ({"base_branch": "a/.git"}, "bad_base_branch"),
        ({"base_branch": "x.lock"}, "bad_base_branch"),
        ({"base_branch": "a\nb"}, "bad_base_branch"),
        ({"max_cost": 3.01}, "limit_too_high"),
        ({"max_minutes": 61}, "limit_too_high"),
        ({"callback_url": "https://app.example.com/hook"}, "callbacks_off"),
        ({"max_cost": 0}, "invalid_request"),
        ({"max_cost": "1"}, "invalid_request"),
        ({"dry_run": "yes"}, "invalid_request"),
        ({"pr_type": "merged"}, "invalid_request"),
        ({"issue": 3}, "invalid_request"),
        ({"issue_url": None}, "invalid_request"),
        ({"issue_url": "x" * 600}, "invalid_request"),
    ],
)
def test_a_wrong_request_is_refused_with_its_own_code(api: Running, body: dict[str, object], code: str) -> None:
    _problem(api.client.post("/fix-issue", json={"issue_url": _url(), **body}), 422, code)


def test_an_unknown_field_is_named_and_a_value_is_not_repeated(api: Running) -> None:
    answer = api.client.post("/fix-issue", json={"issue_url": 5, "token": _SECRET})
    _problem(answer, 422, "invalid_request")
    assert {entry["field"] for entry in answer.json()["errors"]} == {"issue_url", "token"}
    assert _SECRET not in answer.text


def test_what_is_no_json_is_refused(api: Running) -> None:
    headers = {"Content-Type": "application/json"}
    _problem(api.client.post("/fix-issue", content=b"{", headers=headers), 400, "not_json")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_64_kilobytes_is_refused(api: Running, chunked: bool) -> None:
    whole = json.dumps({"issue_url": _url(), "base_branch": "x" * 70_000}).encode()
    content = iter([whole[:40_000], whole[40_000:]]) if chunked else whole
    _problem(api.client.post("/fix-issue", content=content), 413, "body_too_large")


def test_the_same_open_issue_is_the_same_job(api: Running) -> None:
    url = _url()
    first = api.client.post("/fix-issue", json={"issue_url": url})
    second = api.client.post("/fix-issue", json={"issue_url": url.lower()})
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == second.json()


def test_the_same_idempotency_key_is_the_same_job_even_after_its_end(api: Running) -> None:
    body, headers = {"issue_url": _url()}, {"Idempotency-Key": "order-1"}
    first = api.client.post("/fix-issue", json=body, headers=headers)
    job_id = first.json()["job_id"]
    assert api.client.post(f"/jobs/{job_id}/cancel").json()["status"] == "cancelled"
    second = api.client.post("/fix-issue", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json()["job_id"] == job_id
    assert second.json()["status"] == "cancelled"
    _problem(api.client.post("/fix-issue", json={"issue_url": _url()}, headers=headers), 422, "idempotency_mismatch")


def test_a_strange_idempotency_key_is_refused(api: Running) -> None:
    for key in ("", "a b", "x" * 201):
        answer = api.client.post("/fix-issue", json={"issue_url": _url()}, headers={"Idempotency-Key": key})
        _problem(answer, 422, "bad_idempotency_key")


def test_an_unknown_job_is_404_on_every_route(api: Running) -> None:
    for method, path in [
        ("GET", ""),
        ("GET", "/logs"),
        ("GET", "/events"),
        ("GET", "/patch"),
        ("POST", "/cancel"),
        ("POST", "/retry"),
    ]:
        for job_id in ("0" * 32, "%00", "a%0d%0ab", "é", "x" * 100):
            answer = api.client.request(method, f"/jobs/{job_id}{path}")
            _problem(answer, 404, "job_not_found")


def test_moves_that_are_not_legal_are_409(api: Running) -> None:
    job_id = _submit(api)["job_id"]
    _problem(api.client.post(f"/jobs/{job_id}/retry"), 409, "move_refused")
    assert api.client.post(f"/jobs/{job_id}/cancel").status_code == 202
    _problem(api.client.post(f"/jobs/{job_id}/cancel"), 409, "move_refused")


def test_a_running_job_is_asked_to_stop(api: Running) -> None:
    job_id = _submit(api)["job_id"]
    _claim(api, job_id)
    answer = api.client.post(f"/jobs/{job_id}/cancel").json()
    assert (answer["status"], answer["cancel_requested"]) == ("running", True)
    api.store.finish(job_id, "w", JobStatus.CANCELLED)
    assert api.client.get(f"/jobs/{job_id}").json()["status"] == "cancelled"


def test_a_retry_is_a_new_job_for_the_same_request(api: Running) -> None:
    job_id = _submit(api, max_cost=0.25, dry_run=True)["job_id"]
    api.client.post(f"/jobs/{job_id}/cancel")
    answer = api.client.post(f"/jobs/{job_id}/retry")
    assert answer.status_code == 202
    again = api.client.get(f"/jobs/{answer.json()['job_id']}").json()
    before = api.client.get(f"/jobs/{job_id}").json()
    assert again["job_id"] != job_id
    assert again["retry_of"] == job_id
    assert {name: again[name] for name in ("issue_url", "max_cost", "dry_run")} == {
        name: before[name] for name in ("issue_url", "max_cost", "dry_run")
    }


def test_jobs_are_listed_in_pages_and_by_status_and_repository(api: Running) -> None:
    made = [_submit(api, issue_url=f"https://github.com/acme/listed/issues/{number}")["job_id"] for number in (1, 2, 3)]
    api.client.post(f"/jobs/{made[0]}/cancel")
    first = api.client.get("/jobs", params={"repo": "Acme/Listed", "limit": 2}).json()
    assert [job["job_id"] for job in first["jobs"]] == [made[2], made[1]]
    rest = api.client.get("/jobs", params={"repo": "acme/listed", "limit": 2, "cursor": first["next_cursor"]}).json()
    assert [job["job_id"] for job in rest["jobs"]] == [made[0]]
    assert rest["next_cursor"] is None
    cancelled = api.client.get("/jobs", params={"repo": "acme/listed", "status": "cancelled"}).json()
    assert [job["job_id"] for job in cancelled["jobs"]] == [made[0]]
    _problem(api.client.get("/jobs", params={"cursor": "nonsense"}), 400, "bad_cursor")
    _problem(api.client.get("/jobs", params={"limit": 0}), 422, "invalid_request")


def test_the_log_is_told_from_its_end(api: Running) -> None:
    job_id = _submit(api)["job_id"]
    api.store.append_log(job_id, [f"line {number}" for number in range(1, 8)])
    lines = api.client.get(f"/jobs/{job_id}/logs", params={"tail": 2}).json()["lines"]
    assert [(line["number"], line["text"]) for line in lines] == [(6, "line 6"), (7, "line 7")]


def test_the_patch_is_told_as_a_diff_without_secrets_of_the_service(api: Running) -> None:
    job_id = _submit(api)["job_id"]
    _problem(api.client.get(f"/jobs/{job_id}/patch"), 404, "no_patch")
    api.store.put_artifact(job_id, Artifact.PATCH, b"+\xff token " + _SECRET.encode() + b"\n")
    answer = api.client.get(f"/jobs/{job_id}/patch")
    assert answer.headers["content-type"].startswith("text/x-diff")
    assert answer.content == b"+\xff token ***\n"


def test_every_answer_has_a_request_id_and_a_clients_own_is_kept(api: Running) -> None:
    answers = [api.client.get(path) for path in ("/", "/healthz", "/nothing", "/jobs", "/jobs/x", "/openapi.json")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)
    assert len(set(ids)) == len(ids)
    assert api.client.get("/", headers={"X-Request-ID": "from-client-1"}).headers["x-request-id"] == "from-client-1"
    assert api.client.get("/", headers={"X-Request-ID": "<b>Bad"}).headers["x-request-id"] != "<b>Bad"


def test_what_is_not_there_or_not_taken_is_a_problem(api: Running) -> None:
    _problem(api.client.get("/nothing"), 404, "not_found")
    _problem(api.client.delete("/jobs"), 405, "method_not_allowed")


def test_a_fault_of_the_service_is_a_problem_without_details(api: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(_SECRET)

    monkeypatch.setattr(api.store, "find", broken)
    answer = api.client.get("/jobs")
    _problem(answer, 500, "internal_error")
    assert _SECRET not in answer.text


def test_reports_and_webhook_are_off_without_settings(api: Running) -> None:
    body = {"report_id": "r1", "title": "t", "body": "b"}
    _problem(api.client.post("/reports", json=body), 404, "reports_off")
    _problem(api.client.post("/webhooks/github", content=b"{}"), 404, "webhook_off")


def test_a_store_that_does_not_answer_is_503(tmp_path: Path) -> None:
    with running(some_settings(tmp_path, store="redis://127.0.0.1:9/0")) as api:
        answer = api.client.post("/fix-issue", json={"issue_url": _url()})
        _problem(answer, 503, "store_unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert api.client.get("/healthz").status_code == 200
        ready = api.client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["checks"]["store"] == "unreachable"
