"""`POST /deploy` and the routes of an app over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from kserve_api.tests.running_api import IMAGE, RunningApi, running_api

ISVC = "inferenceservices.serving.kserve.io"


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api(settings={"wait_timeout_s": 2.0}) as running:
        yield running


@pytest.fixture
def client(api: RunningApi) -> Iterator[httpx.Client]:
    with api.client() as opened:
        yield opened


def _deploy(client: httpx.Client, name: str, query: str = "", **fields: Any) -> httpx.Response:  # noqa: ANN401 any JSON
    return client.post(f"/deploy{query}", json={"name": name, "image": IMAGE, **fields})


def _errors(response: httpx.Response) -> dict[str, str]:
    assert response.status_code == 422, response.text
    found = response.json()["error"]["details"]["errors"]
    return {error["field"]: error["message"] for error in found}


def test_a_new_app_is_created_and_answers_at_its_url(api: RunningApi, client: httpx.Client) -> None:
    """KS-01: 201 with name, namespace, action, status, url and predictor_url; 200 for a change."""
    made = _deploy(client, "first", "?wait=true")
    assert made.status_code == 201
    assert made.json() == {
        "name": "first",
        "namespace": "team-a",
        "action": "created",
        "status": "success",
        "url": "https://first.calvinruntime.net",
        "predictor_url": made.json()["predictor_url"],
        "changed": True,
        "warnings": [],
    }
    changed = _deploy(client, "first", max_scale=3)
    assert (changed.status_code, changed.json()["action"], changed.json()["changed"]) == (200, "updated", True)
    again = _deploy(client, "first", max_scale=3)
    assert (again.status_code, again.json()["changed"]) == (200, False)


def test_every_field_reaches_the_object(api: RunningApi, client: httpx.Client) -> None:
    """KS-01: the InferenceService has what was asked for."""
    fields: dict[str, Any] = {
        "envs": {"MODE": "fast"},
        "min_scale": 1,
        "max_scale": 4,
        "concurrency": 50,
        "port": 9000,
        "readiness_path": "/readyz",
        "size": "lg",
        "image_pull_secret": "registry",
        "custom_domain": "shop.acme.example",
        "idle_timeout": "5m",
    }
    assert _deploy(client, "whole", **fields).status_code == 201
    spec = api.cluster.call(lambda store: store.get(ISVC, "team-a", "whole"))["spec"]["predictor"]
    container = spec["containers"][0]
    assert (spec["minReplicas"], spec["maxReplicas"], spec["scaleTarget"]) == (1, 4, 50)
    assert container["ports"][0]["containerPort"] == 9000
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 9000}
    assert container["resources"]["limits"] == {"cpu": "1", "memory": "2Gi"}
    assert {"name": "MODE", "value": "fast"} in container["env"]
    view = client.get("/models/team-a/whole").json()
    assert view["custom_domain"] == "shop.acme.example"
    assert view["idle_timeout_s"] == 300
    assert view["readiness_path"] == "/readyz"
    removed = _deploy(client, "whole", custom_domain=None, idle_timeout=None, readiness_path=None)
    assert removed.status_code == 200
    view = client.get("/models/team-a/whole").json()
    assert (view["custom_domain"], view["idle_timeout_s"], view["max_scale"]) == (None, None, 4)
    assert view["readiness_path"] is None


@pytest.mark.parametrize(("given", "seconds"), [(90, 90), ("90", 90), ("90s", 90), ("2m", 120), ("1h", 3600)])
def test_an_idle_timeout_is_seconds_or_text(client: httpx.Client, given: object, seconds: int) -> None:
    """KS-01: idle_timeout is a number of seconds, or text with a unit."""
    assert _deploy(client, "idle", idle_timeout=given).status_code in {200, 201}
    assert client.get("/models/team-a/idle").json()["idle_timeout_s"] == seconds


def test_all_wrong_fields_are_told_at_once(client: httpx.Client) -> None:
    """KS-01: unknown fields, wrong types and wrong values in one answer, by field."""
    body = {
        "name": "Not_A_Label",
        "image": 7,
        "port": "80",
        "bogus": 1,
        "envs": {"1A": "x", "B": 5},
        "max_scale": -1,
        "idle_timeout": "soon",
        "custom_domain": "evil.example",
        "resources": {"cpu_limit": "lots", "gpu": "1"},
        "size": "sm",
        "redeploy": "yes",
    }
    errors = _errors(client.post("/deploy", json=body))
    wanted = "name image port bogus envs.B max_scale idle_timeout custom_domain resources.gpu redeploy"
    assert set(wanted.split()) <= set(errors)
    assert errors["bogus"] == "this field is not known"
    assert set(_errors(client.post("/deploy", json={}))) == {"name", "image"}
    assert "size" in _errors(_deploy(client, "both", size="sm", resources={"cpu_limit": "1"}))


def test_values_are_not_told_back(client: httpx.Client) -> None:
    """KS-08: a secret in the wrong place does not come back in the refusal."""
    secret = "canary-" + "9" * 12
    answer = client.post("/deploy", json={"name": "x", "image": IMAGE, "port": secret, "secret_envs": {"A": [secret]}})
    assert answer.status_code == 422
    assert secret not in answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'"text"', 400),
        (b"", 400),
        (b'{"name": "a", "name": "b"}', 400),
        (b'{"port": NaN}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 50_000, 400),
        (b'{"name": "\\ud800", "image": "a"}', 422),
    ],
    ids=["broken", "list", "text", "empty", "twice", "nan", "not-utf8", "deep", "surrogate"],
)
def test_what_is_no_json_object_is_refused(client: httpx.Client, body: bytes, status: int) -> None:
    """KS-01: nothing is guessed from a body that is not a JSON object."""
    answer = client.post("/deploy", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status


def test_an_error_keeps_its_shape_whatever_the_values_of_variables_are(client: httpx.Client) -> None:
    """KS-08: values are hidden in what is told, not in the names of the error's own fields."""
    envs = {"A": "message", "B": "invalid_request", "C": "request_id", "D": "details"}
    error = _deploy(client, "Wrong", secret_envs=envs).json()["error"]
    assert error["code"] == "invalid_request"
    assert {"code", "message", "details", "request_id"} == set(error)


def test_a_body_that_a_web_page_could_send_is_refused(client: httpx.Client) -> None:
    answer = client.post("/deploy", content=b'{"name": "a", "image": "b"}', headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "not_json")


def test_waiting_ends_with_504_when_the_app_does_not_start(client: httpx.Client) -> None:
    """Trouble app-wont-start: wait=true tells the conditions."""
    image = IMAGE.replace("1.0", "slow")
    answer = client.post("/deploy?wait=true", json={"name": "slow", "image": image})
    assert (answer.status_code, answer.json()["error"]["code"]) == (504, "not_ready_in_time")
    assert answer.json()["error"]["details"]["conditions"]


def test_an_unknown_parameter_is_refused(client: httpx.Client) -> None:
    assert set(_errors(client.get("/models?limt=1"))) == {"limt"}
    assert set(_errors(client.get("/models/team-a/first?wait=true"))) == {"wait"}
    assert set(_errors(client.get("/models?limit=0"))) == {"limit"}


def test_apps_are_listed_page_by_page(api: RunningApi) -> None:
    """KS-05: each app once, until there is no cursor."""
    with api.client("globex") as client:
        for number in range(5):
            assert _deploy(client, f"page-{number}").status_code == 201
        found, cursor = [], ""
        for _ in range(10):
            page = client.get("/models", params={"limit": 2, "cursor": cursor, "namespace": "team-b"}).json()
            assert len(page["models"]) <= 2
            found += [item["name"] for item in page["models"]]
            cursor = page["cursor"]
            if cursor is None:
                break
        assert sorted(found) == [f"page-{number}" for number in range(5)]
        assert client.get("/models", params={"cursor": "nonsense"}).status_code in {410, 422}


def test_an_app_is_shown_changed_and_deleted(api: RunningApi, client: httpx.Client) -> None:
    """KS-05: detail with revisions and traffic, deletion with 202 or, with wait, 200; then 404."""
    assert _deploy(client, "life", "?wait=true").status_code == 201
    assert _deploy(client, "life", "?wait=true", envs={"A": "1"}).status_code == 200
    shown = client.get("/models/team-a/life").json()
    assert shown["ready"] is True
    assert shown["env_names"] == ["A"]
    revisions = client.get("/models/team-a/life/revisions").json()["revisions"]
    assert [revision["name"] for revision in revisions] == ["life-predictor-00002", "life-predictor-00001"]
    assert client.put("/models/team-a/life/traffic", json={"latest_percent": 20}).status_code == 200
    api.cluster.settle()
    traffic = client.get("/models/team-a/life").json()["traffic"]
    assert {share["revision"]: share["percent"] for share in traffic} == {
        "life-predictor-00002": 20,
        "life-predictor-00001": 80,
    }
    assert "latest_percent" in _errors(client.put("/models/team-a/life/traffic", json={"latest_percent": 101}))
    back = client.post("/models/team-a/life/rollback?wait=true", json={"revision": "life-predictor-00001"})
    assert back.status_code == 200, back.text
    assert client.get("/models/team-a/life").json()["env_names"] == []
    assert client.post("/models/team-a/life/restart").status_code == 200
    assert client.delete("/models/team-a/life").status_code == 202
    api.cluster.settle()
    assert client.get("/models/team-a/life").status_code == 404
    assert client.delete("/models/team-a/life?wait=true").status_code == 404
    assert _deploy(client, "short").status_code == 201
    gone = client.delete("/models/team-a/short?wait=true")
    assert (gone.status_code, gone.json()["status"]) == (200, "deleted")


def test_a_name_that_can_be_no_app_is_not_found(client: httpx.Client) -> None:
    for name in ("Shop", "a_b", "a%2e%2e", "-a", "x" * 80):
        answer = client.get(f"/models/team-a/{name}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
