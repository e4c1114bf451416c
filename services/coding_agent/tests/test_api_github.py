"""Routes that ask GitHub: its webhook, reports, and whether it is there; against a GitHub of our own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from coding_agent.tests.api_samples import Running, running, some_settings
from coding_agent.tests.github_setup import Setup, running_github
from coding_agent.tests.github_webhooks import comment_payload, encoded, labeled_payload, signed_headers

_HOOK = "hook" + "-" * 9


@pytest.fixture
def github() -> Iterator[Setup]:
    with running_github() as setup:
        setup.state.set_permission("acme/app", "maintainer", "write")
        yield setup


@pytest.fixture
def api(tmp_path: Path, github: Setup) -> Iterator[Running]:
    settings = some_settings(
        tmp_path,
        github_api_url=github.settings.github_api_url,
        github_token=github.settings.github_token,
        webhook_secret=github.settings.webhook_secret,
        report_repository="acme/app",
    )
    with running(settings) as service:
        yield service


def _deliver(api: Running, body: bytes, event: str, delivery: str = "d-1", *, secret: str = _HOOK) -> httpx.Response:
    return api.client.post("/webhooks/github", content=body, headers=signed_headers(secret, body, event, delivery))


def test_a_ping_is_answered(api: Running) -> None:
    answer = _deliver(api, b'{"zen": "Keep it logically awesome."}', "ping")
    assert (answer.status_code, answer.json()["result"]) == (200, "pong")


def test_a_label_of_who_may_write_starts_one_job_and_a_replay_none(api: Running, github: Setup) -> None:
    body = encoded(labeled_payload("acme/app", github.ref.number))
    answer = _deliver(api, body, "issues", "d-1")
    assert (answer.status_code, answer.json()["result"]) == (202, "accepted")
    job = api.store.get(answer.json()["job_id"])
    assert (job.client, job.request.issue) == ("webhook", github.ref)
    for delivery in ("d-1", "d-2"):
        again = _deliver(api, body, "issues", delivery)
        assert (again.status_code, again.json()["reason"]) == (200, "seen_before")
    assert len(api.store.find().jobs) == 1
    assert [content for _, content in github.state.repositories["acme/app"].issues[1].reactions] == ["eyes"]


def test_a_comment_for_an_issue_that_is_worked_on_starts_no_second_job(api: Running, github: Setup) -> None:
    first = _deliver(api, encoded(labeled_payload("acme/app", github.ref.number)), "issues", "d-1")
    second = _deliver(api, encoded(comment_payload("acme/app", github.ref.number, "/fix")), "issue_comment", "d-2")
    assert second.json() == {"result": "ignored", "reason": "already_under_way", "job_id": first.json()["job_id"]}


def test_a_wrong_signature_is_401_and_leaves_no_trace(api: Running, github: Setup) -> None:
    body = encoded(labeled_payload("acme/app", github.ref.number))
    assert _deliver(api, body, "issues", secret="another").status_code == 401
    unsigned = api.client.post("/webhooks/github", content=body, headers={"X-GitHub-Event": "issues"})
    assert (unsigned.status_code, unsigned.json()["code"]) == (401, "bad_signature")
    assert _deliver(api, body, "issues").status_code == 202


def test_who_may_not_write_starts_nothing(api: Running, github: Setup) -> None:
    body = encoded(labeled_payload("acme/app", github.ref.number, sender="stranger"))
    answer = _deliver(api, body, "issues")
    assert (answer.status_code, answer.json()["reason"]) == (200, "sender_may_not_write")
    assert not api.store.find().jobs


def test_a_delivery_that_github_could_not_confirm_does_not_count_as_seen(api: Running, github: Setup) -> None:
    body = encoded(labeled_payload("acme/app", github.ref.number))
    github.state.add_fault("malformed", path=".*permission", times=100)
    assert _deliver(api, body, "issues").status_code >= 500
    github.state.faults.clear()
    assert _deliver(api, body, "issues").status_code == 202


def test_a_delivery_that_is_too_large_or_unreadable_is_refused(api: Running) -> None:
    assert _deliver(api, b" " * 2_000_001, "issues").status_code == 413
    unreadable = _deliver(api, b'{"action": "labeled"}', "issues")
    assert (unreadable.status_code, unreadable.json()["code"]) == (400, "webhook_unreadable")


def _report(api: Running, report_id: str, body: str = "It said 5, the filing says 6") -> httpx.Response:
    return api.client.post("/reports", json={"report_id": report_id, "title": "Wrong figure", "body": body})


def test_a_report_becomes_an_issue_and_a_job_once(api: Running, github: Setup) -> None:
    answer = _report(api, "r-1")
    assert answer.status_code == 202
    told = answer.json()
    number = int(told["issue_url"].rpartition("/")[2])
    issue = github.state.repositories["acme/app"].issues[number]
    assert issue.title == "Wrong figure"
    assert (issue.body or "").startswith("It said 5, the filing says 6\n")
    assert api.store.get(told["job_id"]).request.issue.number == number
    assert told["status_url"].endswith(f"/jobs/{told['job_id']}")
    assert _report(api, "r-1").json() == told
    assert _report(api, "r-2").json()["issue_url"] != told["issue_url"]


def test_a_report_that_is_sent_twice_at_once_is_filed_once(api: Running, github: Setup) -> None:
    answers: list[httpx.Response] = []
    threads = [threading.Thread(target=lambda: answers.append(_report(api, "r-9"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert len([1 for answer in answers if answer.status_code == 202]) >= 1
    # One was there before.
    assert len(github.state.repositories["acme/app"].issues) == 2


def test_a_report_loses_what_looks_like_a_secret(api: Running, github: Setup) -> None:
    token = "ghp_" + "a1" * 18
    number = int(_report(api, "r-3", f"my token {token}").json()["issue_url"].rpartition("/")[2])
    assert token not in (github.state.repositories["acme/app"].issues[number].body or "")


def test_the_service_is_ready_while_store_queue_and_github_answer(api: Running) -> None:
    answer = api.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ready", "checks": {"github": "ok", "store": "ok", "queue": "ok"}}
