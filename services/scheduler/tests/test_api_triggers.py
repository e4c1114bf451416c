"""Triggers over HTTP, against a real Redis."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from scheduler.api.request_limits import MAX_REQUEST_BYTES
from scheduler.api.run_limit import MOST_RUNS
from scheduler.tests.running_api import SECRET, RunningApi, keys_file, running_api
from scheduler.tests.running_redis import RunningRedis, running_redis
from scheduler.triggers.cron import next_run

_ACME = "/api/workspaces/acme/triggers"
_NIGHTLY = {
    "cron": "30 2 * * *",
    "tz": "Europe/Berlin",
    "url": "https://shop.example/nightly",
    "method": "POST",
    "headers": {"Authorization": "Bearer target-token"},
    "body": {"since": "yesterday"},
    "name": "Nightly",
}
_OFTEN = {"cron": "*/5 * * * *", "url": "https://shop.example/often"}


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def api(redis: RunningRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    folder: Path = tmp_path_factory.mktemp("keys")
    with running_api(redis, keys_file=keys_file(folder), session_secret=SECRET) as running:
        yield running


@pytest.fixture
def acme(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("acme") as client:
        yield client
        client.delete(_ACME)


@pytest.fixture
def ops(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client("ops") as client:
        yield client
        for workspace in ("a", "abc", "acme", "globex"):
            client.delete(f"/api/workspaces/{workspace}/triggers")


def _keys(client: httpx.Client, workspace: str) -> list[str]:
    jobs = client.get(f"/api/workspaces/{workspace}/triggers").json()["jobs"]
    return [job["key"] for job in jobs]


def test_post_answers_as_documented(acme: httpx.Client) -> None:
    """SC-01: exactly these fields."""
    answer = acme.post(_ACME, json={"triggers": [_NIGHTLY, {**_OFTEN, "enabled": False}]})
    expected = next_run("30 2 * * *", "Europe/Berlin", datetime.now(UTC))
    assert answer.status_code == 200
    assert answer.json() == {
        "success": True,
        "workspace_id": "acme",
        "environment": "dev",
        "removed": 0,
        "added": 2,
        "jobs": [
            {
                "jobId": "acme:dev:0",
                "jobName": "acme-dev-trigger-0",
                "cron": "30 2 * * *",
                "url": "https://shop.example/nightly",
                "method": "POST",
                "next_run": expected.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            },
            {
                "jobId": "acme:dev:1",
                "jobName": "acme-dev-trigger-1",
                "cron": "*/5 * * * *",
                "url": "https://shop.example/often",
                "method": "GET",
                "next_run": None,
            },
        ],
    }


def test_post_replaces_one_environment_and_leaves_the_others(acme: httpx.Client) -> None:
    """SC-01: removed and added are counted; default dev."""
    acme.post(_ACME, json={"triggers": [_OFTEN, _NIGHTLY]})
    acme.post(_ACME, json={"triggers": [_OFTEN], "environment": "prod"})
    answer = acme.post(_ACME, json={"triggers": [_NIGHTLY]}).json()
    assert (answer["removed"], answer["added"]) == (2, 1)
    assert _keys(acme, "acme") == ["acme:dev:0", "acme:prod:0"]


def test_get_answers_as_documented_and_hides_values_of_headers(acme: httpx.Client) -> None:
    """SC-02: exactly these fields; Original: header values, which are tokens, were shown."""
    acme.post(_ACME, json={"triggers": [_NIGHTLY]})
    answer = acme.get(_ACME, params={"environment": "dev"})
    job = answer.json()["jobs"][0]
    assert set(answer.json()) == {"success", "workspace_id", "environment", "count", "jobs"}
    assert set(job) == {"key", "name", "pattern", "next", "environment", "trigger"}
    assert (job["key"], job["name"], job["pattern"]) == ("acme:dev:0", "acme-dev-trigger-0", "30 2 * * *")
    assert job["trigger"]["headers"] == {"Authorization": "***"}
    assert job["trigger"]["body"] == {"since": "yesterday"}
    assert "target-token" not in answer.text


def test_what_a_listing_hides_is_not_taken_for_the_value(acme: httpx.Client) -> None:
    """SC-02: a client that sends back what it got would replace its token by the mask."""
    acme.post(_ACME, json={"triggers": [_NIGHTLY]})
    listed = acme.get(_ACME).json()["jobs"][0]["trigger"]
    answer = acme.post(_ACME, json={"triggers": [listed]})
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["errors"][0]["field"] == "headers"


def test_bad_triggers_are_all_listed_and_nothing_is_changed(acme: httpx.Client) -> None:
    """SC-01: 422 with index, field and words."""
    acme.post(_ACME, json={"triggers": [_OFTEN]})
    bad = [{**_OFTEN, "cron": "0 0 30 2 *"}, _OFTEN, {**_OFTEN, "url": "https://10.0.0.1/"}]
    answer = acme.post(_ACME, json={"triggers": bad})
    error = answer.json()["error"]
    assert answer.status_code == 422
    assert error["code"] == "invalid_triggers"
    assert [(each["index"], each["field"]) for each in error["details"]["errors"]] == [(0, "cron"), (2, "url")]
    assert error["message"].startswith("Nothing was changed: ")
    assert _keys(acme, "acme") == ["acme:dev:0"]


def test_original_lost_triggers_when_a_later_one_was_bad(acme: httpx.Client) -> None:
    """Original: it deleted first and found an invalid cron after that."""
    kept = {"acme:dev:0": "*/5 * * * *"}

    def original(triggers: list[dict[str, str]]) -> None:
        kept.clear()
        for index, trigger in enumerate(triggers):
            if len(trigger["cron"].split()) != 5:
                raise ValueError(trigger["cron"])
            kept[f"acme:dev:{index}"] = trigger["cron"]

    with pytest.raises(ValueError, match="broken"):
        original([{"cron": "broken"}])
    assert kept == {}

    acme.post(_ACME, json={"triggers": [_OFTEN]})
    assert acme.post(_ACME, json={"triggers": [{**_OFTEN, "cron": "broken"}]}).status_code == 422
    assert _keys(acme, "acme") == ["acme:dev:0"]


def test_original_deleted_triggers_of_a_workspace_whose_name_contains_another(ops: httpx.Client) -> None:
    """Original: it matched with `name.includes(workspace_id)`; the sets of keys here are exact."""

    def original(workspace_id: str, names: list[str]) -> list[str]:
        return [name for name in names if workspace_id not in name]

    assert original("a", ["a-dev-trigger-0", "abc-dev-trigger-0"]) == []

    for workspace in ("a", "abc"):
        ops.post(f"/api/workspaces/{workspace}/triggers", json={"triggers": [_OFTEN]})
    assert ops.delete("/api/workspaces/a/triggers").json()["removed"] == 1
    assert _keys(ops, "a") == []
    assert _keys(ops, "abc") == ["abc:dev:0"]


def test_too_many_triggers_are_refused(redis: RunningRedis, tmp_path: Path) -> None:
    """SC-03: counted over all environments of the workspace."""
    with (
        running_api(redis, keys_file=keys_file(tmp_path), session_secret=SECRET, max_triggers=3, prefix="few") as api,
        api.client() as client,
    ):
        assert client.post(_ACME, json={"triggers": [_OFTEN] * 2, "environment": "prod"}).status_code == 200
        answer = client.post(_ACME, json={"triggers": [_OFTEN] * 2})
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "too_many_triggers"
        assert answer.json()["error"]["details"]["most"] == 3
        assert _keys(client, "acme") == ["acme:prod:0", "acme:prod:1"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "not_json"),
        (b"[]", "application/json", 400, "not_json"),
        (b'{"triggers": [], "triggers": []}', "application/json", 400, "field_twice"),
        (b'{"triggers": [NaN]}', "application/json", 400, "not_json"),
        (b"[" * 100_000, "application/json", 400, "not_json"),
        (b"\xff", "application/json", 400, "not_json"),
        (b'{"triggers": []}', "text/plain", 415, "not_json"),
        (b"triggers=1", "application/x-www-form-urlencoded", 415, "not_json"),
        (b"{}", "application/json", 422, "invalid_request"),
        (b'{"triggers": {}}', "application/json", 422, "invalid_request"),
        (b'{"triggers": [], "environment": "live"}', "application/json", 422, "invalid_request"),
        (b'{"triggers": [], "colour": 1}', "application/json", 422, "invalid_request"),
        (b" " * (MAX_REQUEST_BYTES + 1), "application/json", 413, "body_too_large"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_body_that_cannot_be_read_is_refused(
    acme: httpx.Client, content: bytes, kind: str, status: int, code: str
) -> None:
    """SC-01: each in its own words."""
    answer = acme.post(_ACME, content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"]["request_id"] == answer.headers["X-Request-ID"]


def test_delete_counts_what_is_gone(acme: httpx.Client) -> None:
    """SC-02: of one environment, or of all."""
    acme.post(_ACME, json={"triggers": [_OFTEN, _NIGHTLY]})
    acme.post(_ACME, json={"triggers": [_OFTEN], "environment": "prod"})
    answer = acme.delete(_ACME, params={"environment": "dev"}).json()
    assert answer == {"success": True, "workspace_id": "acme", "removed": 2}
    assert acme.delete(_ACME).json()["removed"] == 1
    assert acme.delete(_ACME).json()["removed"] == 0


def test_one_trigger_is_deleted_and_the_others_keep_their_keys(acme: httpx.Client) -> None:
    """SC-02: DELETE by key."""
    acme.post(_ACME, json={"triggers": [_OFTEN, _NIGHTLY]})
    assert acme.delete(f"{_ACME}/acme:dev:0").json()["removed"] == 1
    assert _keys(acme, "acme") == ["acme:dev:1"]
    assert acme.delete(f"{_ACME}/acme:dev:0").status_code == 404


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "POST"])
@pytest.mark.parametrize(
    "key",
    ["globex:dev:0", "acme2:dev:0", "acme:dev:00", "acme:dev:9", "acme:live:0", "acme:dev:-1", "acme", "acme:dev:²"],
)
def test_key_of_another_workspace_or_none_is_not_found(ops: httpx.Client, key: str, method: str) -> None:
    """SC-02: only inside the workspace, even with a key for all of them."""
    for workspace in ("acme", "globex"):
        ops.post(f"/api/workspaces/{workspace}/triggers", json={"triggers": [_OFTEN]})
    address = f"{_ACME}/{key}/run" if method == "POST" else f"{_ACME}/{key}"
    answer = ops.request(method, address, json={"enabled": False} if method == "PATCH" else None)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "trigger_not_found")
    assert _keys(ops, "acme") + _keys(ops, "globex") == ["acme:dev:0", "globex:dev:0"]


def test_trigger_is_paused_and_resumed(acme: httpx.Client) -> None:
    """SC-02: a paused one is kept and has no next run."""
    acme.post(_ACME, json={"triggers": [_OFTEN]})
    paused = acme.patch(f"{_ACME}/acme:dev:0", json={"enabled": False}).json()
    assert (paused["job"]["next"], paused["job"]["trigger"]["enabled"]) == (None, False)
    assert acme.get(_ACME).json()["jobs"][0]["next"] is None
    assert acme.patch(f"{_ACME}/acme:dev:0", json={"enabled": True}).json()["job"]["next"] is not None


@pytest.mark.parametrize("body", [{}, {"enabled": "no"}, {"enabled": True, "cron": "* * * * *"}], ids=str)
def test_patch_takes_enabled_and_nothing_else(acme: httpx.Client, body: dict[str, object]) -> None:
    """SC-02: a trigger is changed by replacing the set."""
    acme.post(_ACME, json={"triggers": [_OFTEN]})
    assert acme.patch(f"{_ACME}/acme:dev:0", json=body).status_code == 422


def test_trigger_is_run_now_beside_its_schedule(acme: httpx.Client) -> None:
    """SC-02: also a paused one; each time another job."""
    acme.post(_ACME, json={"triggers": [{**_OFTEN, "enabled": False}]})
    first, second = (acme.post(f"{_ACME}/acme:dev:0/run") for _ in range(2))
    assert first.status_code == 202
    assert set(first.json()) == {"success", "workspace_id", "jobId"}
    assert first.json()["jobId"] != second.json()["jobId"]


def test_runs_are_refused_when_a_workspace_asks_for_too_many(
    api: RunningApi, acme: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SC-02: each is a job that fills Redis and the queue of all others; other workspaces are not touched by it."""
    acme.post(_ACME, json={"triggers": [_OFTEN]})
    moment = 1_000_000_060.0
    monkeypatch.setattr(api.app.state.service.run_limit, "_clock", lambda: moment)
    answers = [acme.post(f"{_ACME}/acme:dev:0/run") for _ in range(MOST_RUNS + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {202}
    assert (answers[-1].status_code, answers[-1].json()["error"]["code"]) == (429, "too_many_runs")
    assert answers[-1].headers["Retry-After"] == "20"
    with api.client("globex") as globex:
        globex.post("/api/workspaces/globex/triggers", json={"triggers": [_OFTEN]})
        assert globex.post("/api/workspaces/globex/triggers/globex:dev:0/run").status_code == 202
    moment += 20
    assert acme.post(f"{_ACME}/acme:dev:0/run").status_code == 202


@pytest.mark.parametrize("workspace", ["-a", "a.b", "a%20b", "%2e%2e", "ä", "A" * 65])
def test_workspace_is_refused_when_no_key_can_be_made_of_it(ops: httpx.Client, workspace: str) -> None:
    """SC-01: also to an administrator."""
    answer = ops.post(f"/api/workspaces/{workspace}/triggers", json={"triggers": [_OFTEN]})
    assert answer.status_code in {404, 422}
    assert answer.json()["error"]["code"] in {"invalid_workspace", "no_such_route"}
