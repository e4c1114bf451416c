"""The fake API server against what Kubernetes documents of its API: statuses, versions, lists, watches, deletion.

The expectations are those of the API concepts and conventions documents of Kubernetes, not of our own code.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kserve_api.tests.loopback_client import LoopbackClient
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

ISVCS = "/apis/serving.kserve.io/v1beta1/namespaces/team-a/inferenceservices"
CONFIGS = "/api/v1/namespaces/team-a/configmaps"
SECRETS = "/api/v1/namespaces/team-a/secrets"
PODS = "/api/v1/namespaces/team-a/pods"
JSON_PATCH = "application/json-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"


def isvc(name: str = "shop", **predictor: object) -> dict[str, Any]:
    container = {"name": "kserve-container", "image": "registry.example/shop:1"}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name},
        "spec": {"predictor": {"containers": [container], **predictor}},
    }


def config(name: str, labels: dict[str, str] | None = None, **data: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name} | ({"labels": labels} if labels else {})
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def pod(name: str, *containers: str, **metadata: object) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "team-a", **metadata},
        "spec": {"containers": [{"name": container, "image": "image"} for container in containers]},
        "status": {"phase": "Running"},
    }


def owner(item: dict[str, Any], **more: object) -> dict[str, Any]:
    metadata = item["metadata"]
    return {
        "apiVersion": item["apiVersion"],
        "kind": item["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
    } | more


@pytest.fixture
def cluster() -> Iterator[RunningCluster]:
    with running_cluster(controllers=False) as running:
        yield running


@pytest.fixture
def client(cluster: RunningCluster) -> Iterator[LoopbackClient]:
    with LoopbackClient(cluster) as asking:
        yield asking


def test_a_created_object_has_what_the_server_fills_in(client: LoopbackClient) -> None:
    made = client.post(ISVCS, isvc())
    assert made.status == 201
    metadata = made.json["metadata"]
    assert {"uid", "resourceVersion", "creationTimestamp"} <= set(metadata)
    assert metadata["generation"] == 1
    assert metadata["namespace"] == "team-a"
    assert client.get(f"{ISVCS}/shop").json == made.json


def test_errors_are_status_objects_with_reason_code_and_details(client: LoopbackClient) -> None:
    missing = client.get(f"{ISVCS}/shop")
    assert missing.json == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'inferenceservices.serving.kserve.io "shop" not found',
        "reason": "NotFound",
        "details": {"name": "shop", "group": "serving.kserve.io", "kind": "inferenceservices"},
        "code": 404,
    }
    client.post(ISVCS, isvc())
    again = client.post(ISVCS, isvc())
    assert again.told == (409, "AlreadyExists")
    assert again.json["message"] == 'inferenceservices.serving.kserve.io "shop" already exists'
    assert client.post(ISVCS.replace("team-a", "nowhere"), isvc()).json["message"] == 'namespaces "nowhere" not found'
    assert client.get("/apis/serving.kserve.io/v1/namespaces/team-a/inferenceservices").status == 404
    assert client.get("/apis/serving.kserve.io/v1beta1/nothing").text == "404 page not found\n"
    assert client.ask("PUT", ISVCS, isvc()).told == (405, "MethodNotAllowed")


def test_a_token_that_nobody_has_gets_401(cluster: RunningCluster, client: LoopbackClient) -> None:
    for headers in ({}, {"Authorization": "Bearer nobody"}):
        answer = httpx.get(f"{cluster.url}{ISVCS}", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["reason"] == "Unauthorized"
    assert cluster.requests[-1].account == ""


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param({"port": 8080}, 'unknown field "spec.predictor.containers[0].port"', id="notes-container-port"),
        pytest.param({"env": [{"nam": "A"}]}, 'unknown field "spec.predictor.containers[0].env[0].nam"', id="nested"),
    ],
)
def test_strict_validation_names_unknown_fields(client: LoopbackClient, body: dict[str, Any], says: str) -> None:
    """Original: invalid manifests — `port` is no field of a container."""
    item = isvc()
    item["spec"]["predictor"]["containers"][0] |= body
    refused = client.post(f"{ISVCS}?fieldValidation=Strict", item)
    assert refused.told == (400, "BadRequest")
    assert says in refused.json["message"]


def test_duplicate_fields_are_refused_when_strict(client: LoopbackClient) -> None:
    text = json.dumps(isvc()).replace('"predictor": {', '"predictor": {"minReplicas": 1, "minReplicas": 2, ', 1)
    refused = client.post(f"{ISVCS}?fieldValidation=Strict", text)
    assert refused.told == (400, "BadRequest")
    assert refused.json["message"] == 'strict decoding error: duplicate field "spec.predictor.minReplicas"'


def test_unknown_fields_are_pruned_with_a_warning_by_default(client: LoopbackClient) -> None:
    item = isvc(replicas=3)
    made = client.post(ISVCS, item)
    assert made.status == 201
    assert "replicas" not in made.json["spec"]["predictor"]
    assert made.headers["Warning"] == '299 - "unknown field \\"spec.predictor.replicas\\""'
    assert "Warning" not in client.post(f"{ISVCS}?fieldValidation=Ignore", isvc("quiet", replicas=3)).headers


def test_wrong_types_and_missing_fields_are_422_for_a_crd_and_400_for_a_built_in_kind(client: LoopbackClient) -> None:
    wrong = client.post(ISVCS, isvc(minReplicas="two"))
    assert wrong.told == (422, "Invalid")
    assert 'spec.predictor.minReplicas in body must be of type integer: "string"' in wrong.json["message"]
    assert wrong.json["details"]["causes"][0]["field"] == "spec.predictor.minReplicas"
    missing = isvc()
    del missing["spec"]["predictor"]
    assert client.post(ISVCS, missing).json["details"]["causes"][0]["reason"] == "FieldValueRequired"
    core = client.post(CONFIGS, {**config("a"), "data": {"key": 1}})
    assert core.told == (400, "BadRequest")


@pytest.mark.parametrize("name", ["Shop", "shop_1", "-shop", "s" * 254])
def test_names_are_dns_names(client: LoopbackClient, name: str) -> None:
    refused = client.post(CONFIGS, config(name))
    assert refused.told == (422, "Invalid")
    assert refused.json["details"]["causes"][0]["field"] == "metadata.name"


def test_label_values_have_at_most_63_characters(client: LoopbackClient) -> None:
    assert client.post(CONFIGS, config("a", {"app": "x" * 63})).status == 201
    assert client.post(CONFIGS, config("b", {"app": "x" * 64})).told == (422, "Invalid")


def test_generation_counts_changes_of_the_spec_only(client: LoopbackClient) -> None:
    client.post(ISVCS, isvc())
    labelled = client.merge(f"{ISVCS}/shop", {"metadata": {"labels": {"a": "b"}}}).json["metadata"]
    assert labelled["generation"] == 1
    scaled = client.merge(f"{ISVCS}/shop", {"spec": {"predictor": {"minReplicas": 1}}}).json["metadata"]
    assert scaled["generation"] == 2
    assert int(scaled["resourceVersion"]) > int(labelled["resourceVersion"])


def test_a_change_of_nothing_uses_up_no_version(client: LoopbackClient) -> None:
    client.post(ISVCS, isvc())
    scaled = client.merge(f"{ISVCS}/shop", {"spec": {"predictor": {"minReplicas": 1}}}).json
    assert client.merge(f"{ISVCS}/shop", {"spec": {"predictor": {"minReplicas": 1}}}).json == scaled


def test_status_and_spec_are_written_apart(client: LoopbackClient) -> None:
    made = client.post(ISVCS, isvc() | {"status": {"url": "http://ignored"}}).json
    assert "status" not in made
    made["spec"]["predictor"]["minReplicas"] = 5
    told = client.put(f"{ISVCS}/shop/status", made | {"status": {"url": "http://told"}}).json
    assert told["status"] == {"url": "http://told"}
    assert "minReplicas" not in told["spec"]["predictor"]
    assert told["metadata"]["generation"] == 1
    kept = client.merge(f"{ISVCS}/shop", {"status": {"url": "http://ignored"}}).json
    assert kept["status"] == {"url": "http://told"}


def test_an_old_version_is_a_conflict_and_a_current_one_is_not(client: LoopbackClient) -> None:
    old = client.post(ISVCS, isvc()).json
    new = client.merge(f"{ISVCS}/shop", {"spec": {"predictor": {"minReplicas": 1}}}).json
    for answer in (
        client.put(f"{ISVCS}/shop", old),
        client.merge(f"{ISVCS}/shop", {"metadata": {"resourceVersion": old["metadata"]["resourceVersion"]}}),
    ):
        assert answer.told == (409, "Conflict")
        assert "the object has been modified; please apply your changes to the latest version" in answer.json["message"]
    assert client.put(f"{ISVCS}/shop", new).status == 200
    del new["metadata"]["resourceVersion"]
    unguarded = client.put(f"{ISVCS}/shop", new)
    assert unguarded.told == (422, "Invalid")
    assert "must be specified for an update" in unguarded.json["message"]


def test_patch_types(client: LoopbackClient) -> None:
    client.post(ISVCS, isvc(minReplicas=1))
    removed = client.ask(
        "PATCH", f"{ISVCS}/shop", [{"op": "remove", "path": "/spec/predictor/minReplicas"}], content=JSON_PATCH
    )
    assert "minReplicas" not in removed.json["spec"]["predictor"]
    failed = [{"op": "test", "path": "/metadata/name", "value": "other"}]
    assert client.ask("PATCH", f"{ISVCS}/shop", failed, content=JSON_PATCH).status == 422
    replaced = client.merge(f"{ISVCS}/shop", {"spec": {"predictor": {"containers": [{"name": "a", "image": "b"}]}}})
    assert [one["name"] for one in replaced.json["spec"]["predictor"]["containers"]] == ["a"]
    for content in (STRATEGIC, "application/json", "text/plain"):
        assert client.ask("PATCH", f"{ISVCS}/shop", {}, content=content).told == (415, "UnsupportedMediaType")


def test_a_strategic_patch_merges_containers_by_name(client: LoopbackClient) -> None:
    path = "/apis/apps/v1/namespaces/team-a/deployments"
    containers = [{"name": "api", "image": "a:1", "env": [{"name": "A", "value": "1"}]}, {"name": "side", "image": "s"}]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": containers}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    client.post(path, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "api", "image": "a:2"}]}}}}
    patched = client.ask("PATCH", f"{path}/web", patch, content=STRATEGIC).json["spec"]["template"]["spec"]
    assert [(one["name"], one["image"]) for one in patched["containers"]] == [("api", "a:2"), ("side", "s")]
    assert patched["containers"][0]["env"] == [{"name": "A", "value": "1"}]


def test_dry_run_writes_nothing(client: LoopbackClient) -> None:
    assert client.post(f"{ISVCS}?dryRun=All", isvc()).status == 201
    assert client.get(f"{ISVCS}/shop").status == 404
    client.post(ISVCS, isvc())
    assert client.merge(f"{ISVCS}/shop?dryRun=All", {"spec": {"predictor": {"minReplicas": 1}}}).status == 200
    assert client.delete(f"{ISVCS}/shop?dryRun=All").status == 200
    assert "minReplicas" not in client.get(f"{ISVCS}/shop").json["spec"]["predictor"]
    assert client.post(f"{ISVCS}?dryRun=Some", isvc()).status == 400


def test_secrets_take_string_data_and_can_be_immutable(client: LoopbackClient) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "env"}, "stringData": {"A": "value"}}
    made = client.post(SECRETS, secret | {"immutable": True}).json
    assert made["data"] == {"A": "dmFsdWU="}
    assert "stringData" not in made
    refused = client.merge(f"{SECRETS}/env", {"stringData": {"A": "other"}})
    assert refused.told == (422, "Invalid")
    assert "field is immutable when `immutable` is set" in refused.json["message"]
    assert client.post(SECRETS, secret | {"data": {"B": "no base64!"}, "metadata": {"name": "x"}}).status == 400


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=a", ["one", "two"]),
        ("app==a,tier!=web", ["two"]),
        ("tier", ["one"]),
        ("!tier", ["three", "two"]),
        ("app in (b, c)", ["three"]),
        ("app notin (b)", ["one", "two"]),
        ("app=a,tier in (web,db)", ["one"]),
    ],
)
def test_label_selectors(client: LoopbackClient, selector: str, names: list[str]) -> None:
    for name, labels in (("one", {"app": "a", "tier": "web"}), ("two", {"app": "a"}), ("three", {"app": "b"})):
        client.post(CONFIGS, config(name, labels))
    found = client.get(f"{CONFIGS}?labelSelector={httpx.QueryParams({'s': selector})['s']}").json["items"]
    assert [item["metadata"]["name"] for item in found] == names


def test_field_selectors_and_selectors_that_do_not_parse(client: LoopbackClient) -> None:
    for name in ("one", "two"):
        client.post(CONFIGS, config(name))
    found = client.get(f"{CONFIGS}?fieldSelector=metadata.name=two").json["items"]
    assert [item["metadata"]["name"] for item in found] == ["two"]
    assert client.get(f"{CONFIGS}?fieldSelector=data.a=b").json["message"] == "field label not supported: data.a"
    assert client.get(f"{CONFIGS}?labelSelector=a in b").status == 400


def test_pages_show_one_moment_until_their_token_expires(cluster: RunningCluster, client: LoopbackClient) -> None:
    for number in range(5):
        client.post(CONFIGS, config(f"c{number}"))
    first = client.get(f"{CONFIGS}?limit=2").json
    assert first["metadata"]["remainingItemCount"] == 3
    client.delete(f"{CONFIGS}/c3")
    client.post(CONFIGS, config("c00"))
    token = first["metadata"]["continue"]
    rest = client.get(f"{CONFIGS}?limit=10&continue={token}").json
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c2", "c3", "c4"]
    assert rest["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert "continue" not in rest["metadata"]
    cluster.call(lambda _: cluster.server.lister.expire())
    assert client.get(f"{CONFIGS}?limit=2&continue={token}").told == (410, "Expired")
    assert client.get(f"{CONFIGS}?continue=nonsense").status == 400


def test_a_watch_goes_on_from_the_version_of_a_list(client: LoopbackClient) -> None:
    client.post(CONFIGS, config("old"))
    version = client.get(CONFIGS).json["metadata"]["resourceVersion"]
    client.post(CONFIGS, config("new", {"app": "a"}, a="1"))
    client.merge(f"{CONFIGS}/new", {"data": {"a": "2"}})
    client.post("/api/v1/namespaces/team-b/configmaps", config("elsewhere"))
    client.delete(f"{CONFIGS}/old")
    watch = f"{CONFIGS}?watch=true&resourceVersion={version}"
    seen = [(event["type"], event["object"]["metadata"]["name"]) for event in client.lines(watch, 3)]
    assert seen == [("ADDED", "new"), ("MODIFIED", "new"), ("DELETED", "old")]


def test_a_watch_without_version_begins_with_what_is_there_and_tells_what_comes(client: LoopbackClient) -> None:
    client.post(CONFIGS, config("there"))
    seen = []
    with client.http.stream("GET", f"{CONFIGS}?watch=1&fieldSelector=metadata.name=there") as response:
        for line in response.iter_lines():
            event = json.loads(line)
            seen.append(event["type"])
            if len(seen) == 1:
                client.post(CONFIGS, config("other"))
                client.merge(f"{CONFIGS}/there", {"data": {"a": "2"}})
            elif len(seen) == 2:
                client.delete(f"{CONFIGS}/there")
            else:
                break
    assert seen == ["ADDED", "MODIFIED", "DELETED"]


def test_an_object_that_ceases_to_match_is_told_as_deleted(client: LoopbackClient) -> None:
    version = client.post(CONFIGS, config("a", {"app": "x"})).json["metadata"]["resourceVersion"]
    client.merge(f"{CONFIGS}/a", {"metadata": {"labels": {"app": "y"}}})
    client.merge(f"{CONFIGS}/a", {"metadata": {"labels": {"app": "x"}}})
    watch = f"{CONFIGS}?watch=1&labelSelector=app=x&resourceVersion={version}"
    assert [event["type"] for event in client.lines(watch, 2)] == ["DELETED", "ADDED"]


def test_a_watch_from_a_forgotten_version_gets_410(cluster: RunningCluster, client: LoopbackClient) -> None:
    version = client.post(CONFIGS, config("a")).json["metadata"]["resourceVersion"]
    client.post(CONFIGS, config("b"))
    cluster.call(lambda store: store.forget_history())
    events = client.lines(f"{CONFIGS}?watch=1&timeoutSeconds=1&resourceVersion={version}")
    assert [(event["type"], event["object"]["code"], event["object"]["reason"]) for event in events] == [
        ("ERROR", 410, "Expired")
    ]


def test_bookmarks_come_when_they_are_allowed(cluster: RunningCluster, client: LoopbackClient) -> None:
    cluster.call(lambda _: setattr(cluster.server.watches, "bookmark_s", 0.2))
    version = client.post(CONFIGS, config("a")).json["metadata"]["resourceVersion"]
    watch = f"{CONFIGS}?watch=1&timeoutSeconds=1&resourceVersion={version}"
    marks = client.lines(f"{watch}&allowWatchBookmarks=true")
    assert {mark["type"] for mark in marks} == {"BOOKMARK"}
    assert marks[0]["object"]["metadata"]["resourceVersion"] == version


def test_a_deletion_can_demand_a_uid(client: LoopbackClient) -> None:
    uid = client.post(CONFIGS, config("a")).json["metadata"]["uid"]
    wrong = client.delete(f"{CONFIGS}/a", {"preconditions": {"uid": "other"}})
    assert wrong.told == (409, "Conflict")
    assert "Precondition failed: UID in precondition: other, UID in object meta: " in wrong.json["message"]
    gone = client.delete(f"{CONFIGS}/a", {"preconditions": {"uid": uid}})
    assert gone.json["status"] == "Success"
    assert gone.json["details"] == {"name": "a", "kind": "configmaps", "uid": uid}
    assert client.delete(f"{CONFIGS}/a").status == 404


def test_what_is_owned_goes_with_its_last_owner(cluster: RunningCluster, client: LoopbackClient) -> None:
    one, two = client.post(ISVCS, isvc("one")).json, client.post(ISVCS, isvc("two")).json
    both, single = config("both"), config("single")
    both["metadata"]["ownerReferences"] = [owner(one), owner(two)]
    single["metadata"]["ownerReferences"] = [owner(one)]
    for item in (both, single):
        client.post(CONFIGS, item)
    client.delete(f"{ISVCS}/one")
    cluster.settle()
    assert (client.get(f"{CONFIGS}/both").status, client.get(f"{CONFIGS}/single").status) == (200, 404)
    client.delete(f"{ISVCS}/two")
    cluster.settle()
    assert client.get(f"{CONFIGS}/both").status == 404


def test_an_object_whose_owner_never_existed_is_garbage(cluster: RunningCluster, client: LoopbackClient) -> None:
    item = config("late")
    item["metadata"]["ownerReferences"] = [owner(isvc() | {"metadata": {"name": "gone", "uid": "no-such-uid"}})]
    assert client.post(CONFIGS, item).status == 201
    cluster.settle()
    assert client.get(f"{CONFIGS}/late").status == 404


def test_a_foreground_deletion_waits_for_what_is_owned(cluster: RunningCluster, client: LoopbackClient) -> None:
    made = client.post(ISVCS, isvc()).json
    item = config("held")
    item["metadata"] |= {"ownerReferences": [owner(made, blockOwnerDeletion=True)], "finalizers": ["tests/hold"]}
    client.post(CONFIGS, item)
    going = client.delete(f"{ISVCS}/shop", {"propagationPolicy": "Foreground"}).json
    assert going["metadata"]["finalizers"] == ["foregroundDeletion"]
    assert "deletionTimestamp" in going["metadata"]
    cluster.settle()
    assert "deletionTimestamp" in client.get(f"{CONFIGS}/held").json["metadata"]
    assert client.get(f"{ISVCS}/shop").status == 200
    client.merge(f"{CONFIGS}/held", {"metadata": {"finalizers": None}})
    cluster.settle()
    assert client.get(f"{CONFIGS}/held").status == 404
    assert client.get(f"{ISVCS}/shop").status == 404


def test_orphans_stay_and_lose_their_reference(cluster: RunningCluster, client: LoopbackClient) -> None:
    item = config("kept")
    item["metadata"]["ownerReferences"] = [owner(client.post(ISVCS, isvc()).json)]
    client.post(CONFIGS, item)
    client.delete(f"{ISVCS}/shop?propagationPolicy=Orphan")
    cluster.settle()
    assert client.get(f"{CONFIGS}/kept").json["metadata"]["ownerReferences"] == []


def test_a_namespace_goes_with_its_contents_and_takes_nothing_new(
    cluster: RunningCluster, client: LoopbackClient
) -> None:
    held = config("held")
    held["metadata"]["finalizers"] = ["tests/hold"]
    client.post(CONFIGS, held)
    assert client.delete("/api/v1/namespaces/team-a").json["status"]["phase"] == "Terminating"
    refused = client.post(CONFIGS, config("new"))
    assert refused.told == (403, "Forbidden")
    assert "because it is being terminated" in refused.json["message"]
    client.merge(f"{CONFIGS}/held", {"metadata": {"finalizers": None}})
    cluster.settle()
    assert client.get("/api/v1/namespaces/team-a").status == 404


def test_a_collection_is_deleted_by_label(client: LoopbackClient) -> None:
    for name, labels in (("one", {"app": "a"}), ("two", {"app": "a"}), ("three", {"app": "b"})):
        client.post(CONFIGS, config(name, labels))
    deleted = client.delete(f"{CONFIGS}?labelSelector=app=a").json["items"]
    assert [item["metadata"]["name"] for item in deleted] == ["one", "two"]
    assert [item["metadata"]["name"] for item in client.get(CONFIGS).json["items"]] == ["three"]


def test_a_resource_quota_refuses_one_object_too_many(client: LoopbackClient) -> None:
    hard = {"count/inferenceservices.serving.kserve.io": "1"}
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "apps"}, "spec": {"hard": hard}}
    client.post("/api/v1/namespaces/team-a/resourcequotas", quota)
    client.post(ISVCS, isvc("one"))
    refused = client.post(ISVCS, isvc("two"))
    assert refused.told == (403, "Forbidden")
    assert (
        "exceeded quota: apps, requested: count/inferenceservices.serving.kserve.io=1, "
        "used: count/inferenceservices.serving.kserve.io=1, limited: count/inferenceservices.serving.kserve.io=1"
    ) in refused.json["message"]
    assert client.post(ISVCS, isvc("one")).told == (409, "AlreadyExists")


def test_logs(cluster: RunningCluster, client: LoopbackClient) -> None:
    cluster.call(lambda store: store.create("pods", pod("web", "api")))
    cluster.call(lambda _: cluster.pod_logs.write("team-a", "web", "api", "long ago", age_s=3600))
    cluster.call(lambda _: cluster.pod_logs.write("team-a", "web", "api", "one\ntwo"))
    log = f"{PODS}/web/log"
    assert client.get(log).text == "long ago\none\ntwo\n"
    assert client.get(f"{log}?tailLines=1").text == "two\n"
    assert client.get(f"{log}?sinceSeconds=60").text == "one\ntwo\n"
    assert client.get(f"{log}?limitBytes=6&container=api").text == "long a"
    assert client.get(f"{log}?sinceSeconds=60&tailLines=1&timestamps=true").text.endswith("Z two\n")
    assert client.get(f"{PODS}/none/log").told == (404, "NotFound")
    assert client.get(f"{log}?container=other").json["message"] == "container other is not valid for pod web"
    before = client.get(f"{log}?previous=true")
    assert before.json["message"] == 'previous terminated container "api" in pod "web" not found'
    cluster.call(lambda _: cluster.pod_logs.restart("team-a", "web", "api"))
    assert client.get(f"{log}?previous=true&tailLines=1").text == "two\n"
    assert client.get(log).text == ""


def test_a_pod_of_two_containers_needs_a_name_and_a_waiting_one_has_no_log(
    cluster: RunningCluster, client: LoopbackClient
) -> None:
    cluster.call(lambda store: store.create("pods", pod("two", "kserve-container", "queue-proxy")))
    refused = client.get(f"{PODS}/two/log")
    assert refused.told == (400, "BadRequest")
    assert refused.json["message"] == (
        "a container name must be specified for pod two, choose one of: [kserve-container queue-proxy]"
    )
    waiting = pod("new", "api")
    waiting["status"] = {
        "phase": "Pending",
        "containerStatuses": [{"name": "api", "state": {"waiting": {"reason": "ImagePullBackOff"}}}],
    }
    cluster.call(lambda store: store.create("pods", waiting))
    assert client.get(f"{PODS}/new/log").json["message"] == (
        'container "api" in pod "new" is waiting to start: trying and failing to pull image'
    )


def test_a_followed_log_goes_on_until_the_pod_goes(cluster: RunningCluster, client: LoopbackClient) -> None:
    cluster.call(lambda store: store.create("pods", pod("web", "api")))
    cluster.call(lambda _: cluster.pod_logs.write("team-a", "web", "api", "before"))
    lines: list[str] = []
    with client.http.stream("GET", f"{PODS}/web/log?follow=true") as response:
        for line in response.iter_lines():
            lines.append(line)
            if line == "before":
                cluster.call(lambda _: cluster.pod_logs.write("team-a", "web", "api", "after"))
            else:
                cluster.call(lambda store: store.delete("pods", "team-a", "web"))
    assert lines == ["before", "after"]


def test_ordered_faults_happen_once(cluster: RunningCluster, client: LoopbackClient) -> None:
    cluster.fail_next("GET .*configmaps", 429, retry_after_s=7)
    limited = client.get(CONFIGS)
    assert limited.told == (429, "TooManyRequests")
    assert limited.headers["Retry-After"] == "7"
    assert limited.json["details"]["retryAfterSeconds"] == 7
    assert client.get(CONFIGS).status == 200
    cluster.fail_next(lambda method, path: method == "POST" and path == CONFIGS, 500, times=2)
    assert [client.post(CONFIGS, config("a")).status for _ in range(3)] == [500, 500, 201]
    cluster.fail_next("GET", delay_s=0.3)
    began = time.monotonic()
    assert client.get(CONFIGS).status == 200
    assert time.monotonic() - began >= 0.3


def test_a_dropped_connection_may_have_done_its_work(cluster: RunningCluster, client: LoopbackClient) -> None:
    cluster.fail_next("POST", drop=True)
    with pytest.raises(httpx.TransportError):
        client.post(CONFIGS, config("a"))
    assert client.get(f"{CONFIGS}/a").status == 404
    cluster.fail_next("POST", drop=True, after=True)
    with pytest.raises(httpx.TransportError):
        client.post(CONFIGS, config("a"))
    assert client.get(f"{CONFIGS}/a").status == 200
    assert [request.status for request in cluster.requests if request.method == "POST"] == [0, 0]


def test_what_clients_ask_about_the_server(client: LoopbackClient) -> None:
    assert client.get("/version").json["gitVersion"].startswith("v1.")
    assert client.get("/readyz").text == "ok"
    groups = {group["name"] for group in client.get("/apis").json["groups"]}
    assert {"serving.kserve.io", "serving.knative.dev", "apps"} <= groups
    resources = client.get("/apis/serving.kserve.io/v1beta1").json["resources"]
    by_name = {resource["name"]: resource for resource in resources}
    assert "watch" in by_name["inferenceservices"]["verbs"]
    assert by_name["inferenceservices/status"]["verbs"] == ["get", "patch", "update"]
    assert client.get("/apis/serving.knative.dev/v1alpha1").status == 404


def test_writers_at_the_same_time_lose_nothing_when_they_mind_conflicts(client: LoopbackClient) -> None:
    client.post(CONFIGS, config("count", n="0"))
    conflicts: list[int] = []

    def add() -> None:
        for _ in range(10):
            while True:
                item = client.get(f"{CONFIGS}/count").json
                item["data"]["n"] = str(int(item["data"]["n"]) + 1)
                if (status := client.put(f"{CONFIGS}/count", item).status) == 200:
                    break
                conflicts.append(status)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.get(f"{CONFIGS}/count").json["data"]["n"] == "40"
    assert set(conflicts) <= {409}


def test_a_watch_ends_when_its_client_goes(cluster: RunningCluster, client: LoopbackClient) -> None:
    client.post(CONFIGS, config("a"))
    with client.http.stream("GET", f"{CONFIGS}?watch=1") as response:
        lines = response.iter_lines()
        next(lines)
        assert cluster.call(lambda _: cluster.server.watches.open_now) == 1
    deadline = time.monotonic() + 20
    while cluster.call(lambda _: cluster.server.watches.open_now) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert cluster.call(lambda _: cluster.server.watches.open_now) == 0
    assert cluster.requests[-1].status == 0


def test_all_watches_end_when_the_server_restarts(cluster: RunningCluster, client: LoopbackClient) -> None:
    client.post(CONFIGS, config("a"))
    with client.http.stream("GET", f"{CONFIGS}?watch=1") as response:
        lines = response.iter_lines()
        next(lines)
        cluster.call(lambda _: cluster.server.watches.close())
        assert list(lines) == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["", "a", "10Mi", "shop"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "a", "$patch"]), inner),
    max_leaves=4,
)
PATHS = st.lists(
    st.sampled_from(
        ["metadata", "labels", "ownerReferences", "spec", "predictor", "containers", "env", "ports", "name"]
    ),
    max_size=4,
)


@given(
    requests=st.lists(
        st.tuples(
            st.sampled_from(["POST", "PUT", "merge", "json", "apply", "DELETE"]),
            PATHS,
            JSON,
        ),
        min_size=30,
        max_size=30,
    )
)
@settings(deadline=None, max_examples=10)
def test_no_body_makes_the_server_fail(requests: list[tuple[str, list[str], Any]]) -> None:
    with running_cluster(controllers=False) as cluster, LoopbackClient(cluster) as client:
        client.post(ISVCS, isvc())
        for method, path, value in requests:
            body: Any = isvc()
            if path:
                place = body
                for name in path[:-1]:
                    below = place.setdefault(name, {})
                    place = below[0] if isinstance(below, list) else below
                    if not isinstance(place, dict):
                        break
                else:
                    place[path[-1]] = value
            else:
                body = value
            if method == "apply":
                answer = client.apply(f"{ISVCS}/shop", json.dumps(body), "one", force=True)
            elif method == "json":
                operation = {"op": "replace", "path": "/" + "/".join(path), "value": value}
                answer = client.ask("PATCH", f"{ISVCS}/shop", [operation], content=JSON_PATCH)
            elif method == "merge":
                answer = client.merge(f"{ISVCS}/shop", body)
            else:
                answer = client.ask(method, ISVCS if method == "POST" else f"{ISVCS}/shop", body)
            assert answer.status < 500, (method, body, answer.text)


def test_null_is_nothing_in_built_in_kinds_and_an_error_in_a_crd(client: LoopbackClient) -> None:
    assert (
        "labels" not in client.post(CONFIGS, config("a") | {"metadata": {"name": "a", "labels": None}}).json["metadata"]
    )
    assert "immutable" not in client.post(CONFIGS, config("b") | {"immutable": None}).json
    refused = client.post(ISVCS, isvc() | {"spec": None})
    assert refused.told == (422, "Invalid")
    assert 'spec in body must be of type object: "null"' in refused.json["message"]
