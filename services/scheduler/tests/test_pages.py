"""The pages as HTML: what they say, what they hide, what their forms do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from html import unescape

import httpx
import pytest

from scheduler.tests.memory_history import record
from scheduler.tests.running_api import SECRET, RunningApi, keys_file, running_api
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.tests.shown_pages import HEADER_SECRET, fill, fill_queue


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def api(redis: RunningRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with running_api(redis, keys_file=keys_file(tmp_path_factory.mktemp("keys")), session_secret=SECRET) as running:
        fill(running)
        yield running


@pytest.fixture(scope="module")
def failed_job(api: RunningApi, redis: RunningRedis) -> str:
    return fill_queue(redis)


@pytest.fixture(scope="module")
def people(api: RunningApi) -> Iterator[dict[str, httpx.Client]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(api.person(name)) for name in ("acme", "globex", "ops")}


def _text(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def _token(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def test_dashboard_shows_what_ran_and_what_runs_next(api: RunningApi, people: dict[str, httpx.Client]) -> None:
    """SC-10: the figures are those of the history."""
    text = _text(people["acme"].get("/metrics", params={"workspace_id": "acme"}).text)
    total = len(api.history.records)
    failed = sum(each.status == "failed" for each in api.history.records)
    for said in (f"Executions {total}", f"Succeeded {total - failed}", f"Failed {failed}", "Success rate", "in "):
        assert said in text
    assert "Nightly ingestion of new filings" in text
    assert "Europe/Berlin" in text
    assert "paused" in text
    assert "HTTP 503 Service Unavailable" in text


def test_executions_have_the_name_of_their_trigger(people: dict[str, httpx.Client]) -> None:
    """SC-10: its own name where it has one, as among the schedules; none where another trigger is at its place now."""
    page = people["acme"].get("/metrics", params={"workspace_id": "acme"}).text
    last = _text(page.partition("Last executions")[2])
    assert "Nightly ingestion of new filings acme-dev-trigger-0 POST https://indexer.example/ingest" in last
    assert re.search(r"(?<!filings )acme-dev-trigger-0 POST https://shop.example/nightly", last)


def test_dashboard_hides_queries_and_headers(people: dict[str, httpx.Client]) -> None:
    """SC-10, Original: tokens stood in the pages."""
    page = people["acme"].get("/metrics", params={"workspace_id": "acme"}).text
    assert "https://indexer.example/ingest" in page
    assert "in-the-query-9191" not in page
    assert HEADER_SECRET not in page


def test_page_runs_no_script_and_loads_nothing_from_elsewhere(people: dict[str, httpx.Client], failed_job: str) -> None:
    """SC-10, Original: charts came from a CDN; what executions say is escaped."""
    for path in (
        "/metrics?workspace_id=acme",
        "/admin/queues",
        "/admin/queues/schedules",
        f"/admin/queues/jobs/{failed_job}",
    ):
        answer = people["ops"].get(path)
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert " style=" not in answer.text
        assert not re.search(r"\son\w+=", answer.text)
        loaded = re.findall(r'<(?:link|img|iframe|object)[^>]*(?:href|src)="([^"]*)"', answer.text)
        assert set(loaded) == {"data:,", "/pages/style.css"}
        assert "<h1>503</h1>" not in answer.text
    assert "&lt;h1&gt;503&lt;/h1&gt;" in people["ops"].get("/metrics?workspace_id=acme").text


def test_dashboard_filters_by_environment_and_period(api: RunningApi, people: dict[str, httpx.Client]) -> None:
    """SC-10: unknown values fall back to all, and to seven days."""
    client = people["acme"]
    assert "Executions 0" in _text(client.get("/metrics?workspace_id=acme&environment=prod").text)
    hour = _text(client.get("/metrics?workspace_id=acme&period=1h").text)
    assert re.search(r"Executions [1-4] ", hour)
    assert "last 7 days" in client.get("/metrics?workspace_id=acme&period=x&environment=%3Cb%3E").text


def test_dashboard_says_when_figures_are_not_complete(api: RunningApi, people: dict[str, httpx.Client]) -> None:
    """SC-10, Original, Trouble metrics not showing: errors were swallowed; the reason is on the page."""
    api.history.unread = ("metrics/year=2026/broken.json",)
    partial = people["acme"].get("/metrics?workspace_id=acme").text
    api.history.unread = ()
    assert "1 object of the store could not be read" in _text(partial)
    assert "metrics/year=2026/broken.json" in partial
    api.history.away = "the object store refuses the key (403): check SCHEDULER_S3_ACCESS_KEY_ID."
    away = people["acme"].get("/metrics?workspace_id=acme")
    api.history.away = ""
    assert away.status_code == 200
    assert "check SCHEDULER_S3_ACCESS_KEY_ID" in away.text
    assert "Nightly ingestion" in away.text


def test_unknown_workspace_is_helped_with_a_typo(people: dict[str, httpx.Client]) -> None:
    """SC-10, Trouble metrics not showing: workspace ids are exact; similar ones that one may see are offered."""
    text = _text(people["ops"].get("/metrics?workspace_id=Acme").text)
    assert "This workspace has no trigger yet" in text
    assert "Did you mean acme ?" in text
    assert "curl -X POST" in text
    other = people["globex"].get("/metrics?workspace_id=globex").text
    assert "acme" not in other


def test_workspaces_to_choose_from_are_those_of_the_key(people: dict[str, httpx.Client]) -> None:
    """SC-10: nobody learns the names of others."""
    assert "workspace_id=acme" in people["ops"].get("/metrics").text
    mine = people["globex"].get("/metrics").text
    assert "workspace_id=globex" in mine
    assert "acme" not in mine


def test_error_on_a_page_is_a_page(people: dict[str, httpx.Client]) -> None:
    """SC-11: with words, a way back, and no internals."""
    refused = people["acme"].get("/admin/queues")
    assert refused.status_code == 403
    assert "This is for administrators" in refused.text
    missing = people["ops"].get("/admin/queues/jobs/repeat:acme:dev:0:1")
    assert missing.status_code == 404
    assert "no longer kept" in missing.text
    assert people["ops"].get("/admin/queues?state=broken").status_code == 422


def test_queue_page_shows_counts_workers_and_jobs(people: dict[str, httpx.Client], failed_job: str) -> None:
    """SC-11: counts per state; what failed says why."""
    text = _text(people["ops"].get("/admin/queues").text)
    for said in ("waiting 1", "active 0", "delayed 3", "completed 2", "failed 1", "taking jobs"):
        assert said in text
    assert "HTTP 404 Not Found: the target does not know this address" in text
    assert failed_job in text


def test_job_page_masks_data(people: dict[str, httpx.Client], failed_job: str) -> None:
    """SC-11, Original: header values (tokens) were shown; here names only."""
    client = people["ops"]
    ids = re.findall(r"/admin/queues/jobs/([^\"/]+)\"", client.get("/admin/queues?state=completed").text)
    pages = [client.get(f"/admin/queues/jobs/{each}").text for each in {*ids, failed_job}]
    nightly = next(page for page in pages if "Nightly ingestion" in page)
    assert "Authorization: ***" in nightly
    assert "22 bytes of JSON" in nightly
    assert "Values of headers" in nightly
    for page in pages:
        assert HEADER_SECRET not in page
        assert "in-the-query-9191" not in page
        assert "yesterday" not in page


@pytest.mark.parametrize("token", ["", "0" * 64, "é"])
def test_form_without_the_token_of_the_session_is_refused(people: dict[str, httpx.Client], token: str) -> None:
    """SC-11: what another site makes a browser send."""
    for path in ("pause", "resume", "clean", "jobs/1/remove", "schedules/acme:dev:0/run"):
        answer = people["ops"].post(f"/admin/queues/{path}", data={"token": token, "state": "failed"})
        assert answer.status_code == 403
        assert "The form is not from a page of this session" in answer.text


def test_token_of_another_person_is_refused(people: dict[str, httpx.Client]) -> None:
    """SC-11: it is bound to the session, and a member's form changes nothing in the queue."""
    token = _token(people["acme"].get("/metrics").text)
    assert people["ops"].post("/admin/queues/pause", data={"token": token}).status_code == 403
    assert people["acme"].post("/admin/queues/pause", data={"token": token}).status_code == 403


def test_queue_is_paused_and_resumed(people: dict[str, httpx.Client]) -> None:
    """SC-11: after a question."""
    client = people["ops"]
    question = client.get("/admin/queues/pause").text
    assert "No trigger of any workspace runs" in question
    done = client.post("/admin/queues/pause", data={"token": _token(question)}, follow_redirects=True)
    assert "workers take no jobs" in done.text
    done = client.post("/admin/queues/resume", data={"token": _token(done.text)}, follow_redirects=True)
    assert "taking jobs" in done.text


def test_schedules_are_listed_and_run_now(people: dict[str, httpx.Client], failed_job: str) -> None:
    """SC-11: next run of each; run now leaves the schedule as it is."""
    client = people["ops"]
    page = client.get("/admin/queues/schedules").text
    assert re.search(r"acme:dev:2.*acme:dev:0", page, re.DOTALL)
    assert "acme:dev:3" not in page  # It is paused.
    before = _count(client, "waiting")
    done = client.post("/admin/queues/schedules/acme:dev:0/run", data={"token": _token(page)}, follow_redirects=True)
    assert "The trigger runs once" in done.text
    assert _count(client, "waiting") == before + 1
    gone = client.post("/admin/queues/schedules/acme:dev:9/run", data={"token": _token(page)})
    assert gone.status_code == 404


def test_jobs_are_retried_promoted_removed_and_cleaned(people: dict[str, httpx.Client], failed_job: str) -> None:
    """SC-11: each after a form, the destructive ones after a question."""
    client = people["ops"]
    token = _token(client.get("/admin/queues").text)
    waiting = _count(client, "waiting")
    assert client.post(f"/admin/queues/jobs/{failed_job}/retry", data={"token": token}).status_code == 303
    assert (_count(client, "failed"), _count(client, "waiting")) == (0, waiting + 1)
    again = client.post(f"/admin/queues/jobs/{failed_job}/retry", data={"token": token})
    assert again.status_code == 409
    delayed = re.findall(r"/admin/queues/jobs/([^\"/]+)\"", client.get("/admin/queues?state=delayed").text)
    assert client.post(f"/admin/queues/jobs/{delayed[0]}/promote", data={"token": token}).status_code == 303
    question = client.get(f"/admin/queues/jobs/{failed_job}/remove").text
    assert "Remove this job?" in question
    assert client.post(f"/admin/queues/jobs/{failed_job}/remove", data={"token": _token(question)}).status_code == 303
    assert client.get(f"/admin/queues/jobs/{failed_job}").status_code == 404
    question = client.get("/admin/queues/clean?state=completed").text
    assert "2 jobs of all workspaces go" in question
    form = {"token": _token(question), "state": "completed"}
    assert client.post("/admin/queues/clean", data=form).status_code == 303
    assert _count(client, "completed") == 0
    assert client.post("/admin/queues/clean", data={**form, "state": "delayed"}).status_code == 422
    assert client.post(f"/admin/queues/jobs/{delayed[1]}/explode", data={"token": token}).status_code == 422


def test_read_only_mode_changes_nothing(redis: RunningRedis, tmp_path_factory: pytest.TempPathFactory) -> None:
    """SC-11: no buttons, and forms are refused all the same."""
    keys = keys_file(tmp_path_factory.mktemp("keys"))
    with (
        running_api(redis, keys_file=keys, session_secret=SECRET, admin_read_only=True) as api,
        api.person("ops") as client,
    ):
        page = client.get("/admin/queues?state=delayed").text
        assert "Read-only" in page
        assert 'action="/admin' not in page
        assert "Pause" not in page
        refused = client.post("/admin/queues/pause", data={"token": _token(page)})
        assert refused.status_code == 403
        assert "SCHEDULER_ADMIN_READ_ONLY" in refused.text
        assert client.get("/admin/queues/pause").status_code == 403


def test_status_words_are_ours_whatever_the_address_says(people: dict[str, httpx.Client]) -> None:
    """SC-11: no words of a link appear as a message of ours."""
    page = people["ops"].get("/admin/queues", params={"done": "<b>send your key to evil.example</b>"}).text
    assert "evil.example" not in page


def test_words_of_customers_and_targets_are_escaped(api: RunningApi, people: dict[str, httpx.Client]) -> None:
    """SC-10: names, messages and answers are customers' and targets' words."""
    evil = "<script>alert(1)</script>\"'"
    made = record(
        "globex",
        datetime.now(UTC) - timedelta(minutes=1),
        failed=True,
        error_message=evil,
        job_name=evil,
        response=evil,
        trigger_url=evil,
    )
    api.history.records.append(made)
    page = people["globex"].get("/metrics?workspace_id=globex").text
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def _count(client: httpx.Client, state: str) -> int:
    found = re.search(rf"<span>{state}</span><strong>(\d+)</strong>", client.get("/admin/queues").text)
    assert found is not None
    return int(found[1])
