"""How much a tenant may have, and what the audit tells (KS-08)."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from kserve_api.tests.running_api import IMAGE, RunningApi, key_of, running_api

_TENANTS = (
    {"name": "small", "namespaces": ["team-a", "team-b"], "quotas": {"max_apps": 3}},
    {"name": "pods", "namespaces": ["team-a"], "quotas": {"max_pods": 10, "max_scale": 8}},
    {"name": "big", "namespaces": ["team-a"], "quotas": {"max_cpu": "1500m", "max_memory": "1Gi"}},
    {"name": "own", "namespaces": ["team-c"], "image_prefixes": ["registry.example/own/"]},
    {"name": "ops", "role": "platform-admin", "namespaces": ["default"]},
)


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api(tenants=_TENANTS) as running:
        yield running


def _deploy(client: httpx.Client, name: str, **fields: Any) -> httpx.Response:  # noqa: ANN401 any JSON
    return client.post("/deploy", json={"name": name, "image": IMAGE, **fields})


def _quota(answer: httpx.Response) -> tuple[object, ...]:
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "quota_exceeded"), answer.text
    details = answer.json()["error"]["details"]
    return tuple(details[name] for name in ("quota", "limit", "used", "asked"))


def test_many_deployments_at_once_do_not_pass_the_quota(api: RunningApi) -> None:
    """KS-08: the number of apps holds over all namespaces, also when all are asked for at the same moment."""

    async def ask() -> list[int]:
        headers = {"X-API-Key": key_of("small")}
        async with httpx.AsyncClient(base_url=api.url, headers=headers, timeout=60) as client:
            bodies = [
                {"name": f"at-once-{number}", "image": IMAGE, "namespace": ("team-a", "team-b")[number % 2]}
                for number in range(8)
            ]
            answers = await asyncio.gather(*(client.post("/deploy", json=body) for body in bodies))
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(ask()) == [201] * 3 + [403] * 5
    with api.client("small") as client:
        assert _quota(_deploy(client, "one-more")) == ("max_apps", 3, 3, 1)
        names = [
            item["name"]
            for namespace in ("team-a", "team-b")
            for item in client.get(f"/models?namespace={namespace}").json()["models"]
        ]
        assert len(names) == 3
        # What is there can be changed, and what is deleted makes room.
        namespace = client.get("/models").json()["namespace"]
        name = client.get("/models").json()["models"][0]["name"]
        assert _deploy(client, name, max_scale=2).status_code == 200
        assert client.delete(f"/models/{namespace}/{name}?wait=true").status_code == 200
        assert _deploy(client, "one-more").status_code == 201


def test_pods_are_counted_as_the_sum_of_what_apps_may_scale_to(api: RunningApi) -> None:
    """KS-08: max_pods and max_scale."""
    with api.client("pods") as client:
        assert _deploy(client, "one", max_scale=6).status_code == 201
        assert _quota(_deploy(client, "two", max_scale=5)) == ("max_pods", 10, 6, 5)
        assert _quota(_deploy(client, "two", max_scale=9))[0] in {"max_pods", "max_scale"}
        # Without the field a new app has the default of 10.
        assert _quota(_deploy(client, "two"))[3] == 10
        assert _deploy(client, "two", max_scale=4).status_code == 201
        assert _quota(_deploy(client, "one", max_scale=7)) == ("max_pods", 10, 4, 7)
        assert _deploy(client, "one", envs={"A": "1"}).status_code == 200
        assert _deploy(client, "one", max_scale=5).status_code == 200


def test_the_size_of_a_pod_is_limited(api: RunningApi) -> None:
    """KS-08: max_cpu and max_memory, as quantities."""
    with api.client("big") as client:
        assert _quota(_deploy(client, "huge", size="xl")) == ("max_cpu", "1500m", "0", "2")
        assert _quota(_deploy(client, "huge", size="lg")) == ("max_memory", "1Gi", "0", "2Gi")
        assert _deploy(client, "huge", size="md").status_code == 201


def test_a_tenant_may_have_image_prefixes_of_its_own(api: RunningApi) -> None:
    """KS-08: they stand instead of the settings' ones."""
    with api.client("own") as client:
        assert client.post("/deploy", json={"name": "a", "image": IMAGE}).status_code == 422
        body = {"name": "a", "image": "registry.example/own/a:1"}
        assert client.post("/deploy", json=body).status_code == 201


def test_every_change_leaves_one_record(api: RunningApi) -> None:
    """KS-08: who, from where, what, on which app, with which fields, and what became of it."""
    begun = len(api.audit())
    with api.client("pods") as client, api.client("pods", "read") as reader, api.anonymous() as nobody:
        _deploy(client, "audited", max_scale=0, surprise=1)
        _deploy(reader, "audited")
        _deploy(nobody, "audited")
        client.put("/models/team-a/one/traffic", json={"latest_percent": 100})
        client.delete("/models/team-a/nothing")
        client.delete("/models/elsewhere/nothing")
        client.get("/models")
    found = [
        tuple(record.get(name) for name in ("action", "outcome", "status", "tenant", "subject", "namespace", "app"))
        for record in api.audit(begun + 6)[begun:]
    ]
    assert found == [
        ("deploy", "refused", 422, "pods", "key:main", None, "audited"),
        ("deploy", "refused", 403, "pods", "key:read", None, None),
        ("authenticate", "refused", 401, None, None, None, None),
        ("traffic", "allowed", 200, "pods", "key:main", "team-a", "one"),
        ("delete", "refused", 404, "pods", "key:main", "team-a", "nothing"),
        ("delete", "refused", 404, "pods", "key:main", "elsewhere", "nothing"),
    ]
    first = api.audit()[begun]
    assert first["fields"] == ["image", "max_scale", "name", "surprise"]
    assert (first["image"], first["client"], first["error_code"]) == (IMAGE, "127.0.0.1", "invalid_request")
    assert first["request_id"]
    assert first["duration_ms"] >= 0
    assert first["time"]


def test_secrets_are_nowhere_but_in_the_cluster(api: RunningApi) -> None:
    """KS-08: neither plain nor encoded in logs, audit, errors and metrics; nor what the cluster tells back."""
    secret = "canary value/" + "Zq7" * 5
    key = key_of("ops")
    with api.client("ops") as client:
        told = [_deploy(client, "secretive", secret_envs={"TOKEN": secret}, envs={"PLAIN": secret + "-plain"})]
        assert told[0].status_code == 201, told[0].text
        api.cluster.settle()
        forms = [secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode()]
        message = f'admission webhook "x" denied the request: {" ".join(forms)} of {key} is wrong'
        for status in (403, 422, 503):
            api.cluster.fail_next("^(POST|PATCH|PUT) ", status, reason="Invalid", message=message)
            told.append(_deploy(client, "secretive", secret_envs={"TOKEN": secret}, max_scale=status % 100 + 1))
        told.append(_deploy(client, secret, secret_envs={"TOKEN": secret}, port=secret))
        told += [client.get(path) for path in ("/models/default/secretive", "/metrics", "/logs/secretive", "/ready")]
        text = "\n".join([*(answer.text for answer in told), *api.log.lines])
    assert {answer.status_code for answer in told[1:5]} <= {403, 422, 502}, [answer.text for answer in told[:5]]
    for form in (*forms, key, base64.b64encode(key.encode()).decode()):
        assert form not in text
    assert "***" in text
