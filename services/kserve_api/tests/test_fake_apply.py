"""Server-side apply of the fake against the rules that Kubernetes documents for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kserve_api.tests.fake_cluster.apply import applied
from kserve_api.tests.fake_cluster.field_sets import decode, encode, fields_of
from kserve_api.tests.fake_cluster.kinds import KINDS
from kserve_api.tests.fake_cluster.status_error import StatusError
from kserve_api.tests.loopback_client import LoopbackClient
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

CONFIG = "/api/v1/namespaces/team-a/configmaps/settings"
ISVC = "/apis/serving.kserve.io/v1beta1/namespaces/team-a/inferenceservices/shop"
DEPLOYMENT = "/apis/apps/v1/namespaces/team-a/deployments/web"


def config(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}, "data": data}


def isvc(container: dict[str, Any], **predictor: object) -> dict[str, Any]:
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "shop"},
        "spec": {"predictor": {"containers": [{"name": "kserve-container", "image": "a:1"} | container], **predictor}},
    }


def container_of(item: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = item["spec"]["predictor"]["containers"][0]
    return found


def managers(item: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(entry["manager"], entry["operation"]): entry["fieldsV1"] for entry in item["metadata"]["managedFields"]}


@pytest.fixture
def cluster() -> Iterator[RunningCluster]:
    with running_cluster(controllers=False) as running:
        yield running


@pytest.fixture
def client(cluster: RunningCluster) -> Iterator[LoopbackClient]:
    with LoopbackClient(cluster) as asking:
        yield asking


def test_the_first_apply_creates_and_the_same_again_changes_nothing(client: LoopbackClient) -> None:
    made = client.apply(CONFIG, config(a="1"), "one")
    assert made.status == 201
    assert managers(made.json) == {("one", "Apply"): {"f:data": {"f:a": {}}}}
    again = client.apply(CONFIG, config(a="1"), "one")
    assert (again.status, again.json) == (200, made.json)


def test_fields_no_longer_sent_are_removed(client: LoopbackClient) -> None:
    client.apply(CONFIG, config(a="1", b="2"), "one")
    assert client.apply(CONFIG, config(a="1"), "one").json["data"] == {"a": "1"}


def test_fields_of_others_stay(client: LoopbackClient) -> None:
    client.apply(CONFIG, config(a="1", b="2"), "one")
    client.merge(f"{CONFIG}?fieldManager=hand", {"data": {"c": "3"}, "metadata": {"labels": {"team": "x"}}})
    kept = client.apply(CONFIG, config(a="1"), "one").json
    assert kept["data"] == {"a": "1", "c": "3"}
    assert kept["metadata"]["labels"] == {"team": "x"}


def test_a_field_that_two_apply_with_one_value_is_shared_and_stays_with_the_other(client: LoopbackClient) -> None:
    client.apply(CONFIG, config(a="1", b="2"), "one")
    client.apply(CONFIG, config(b="2"), "two")
    left = client.apply(CONFIG, config(a="1"), "one").json
    assert left["data"] == {"a": "1", "b": "2"}
    assert managers(left)["two", "Apply"] == {"f:data": {"f:b": {}}}


def test_another_value_is_a_conflict_unless_forced(client: LoopbackClient) -> None:
    client.apply(CONFIG, config(a="1"), "one")
    refused = client.apply(CONFIG, config(a="2"), "two")
    assert refused.told == (409, "Conflict")
    assert refused.json["message"] == 'Apply failed with 1 conflict: conflict with "one": .data.a'
    assert refused.json["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".data.a"}
    ]
    forced = client.apply(CONFIG, config(a="2"), "two", force=True).json
    assert forced["data"] == {"a": "2"}
    assert set(managers(forced)) == {("two", "Apply")}
    assert client.apply(CONFIG, config(a="1"), "one").status == 409


def test_all_conflicts_are_told_at_once(client: LoopbackClient) -> None:
    client.apply(CONFIG, config(a="1", b="1"), "one")
    message = client.apply(CONFIG, config(a="2", b="2"), "two").json["message"]
    assert message == 'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\n- .data.b'


def test_who_updates_a_field_takes_it_over(client: LoopbackClient) -> None:
    client.apply(CONFIG, config(a="1", b="1"), "one")
    updated = client.merge(f"{CONFIG}?fieldManager=hand", {"data": {"a": "2"}}).json
    assert managers(updated) == {("one", "Apply"): {"f:data": {"f:b": {}}}, ("hand", "Update"): {"f:data": {"f:a": {}}}}
    message = client.apply(CONFIG, config(a="1", b="1"), "one").json["message"]
    assert message.startswith('Apply failed with 1 conflict: conflict with "hand" using v1 at ')


def test_an_update_without_a_manager_is_its_user_agents(client: LoopbackClient) -> None:
    client.http.headers["User-Agent"] = "kubectl/v1.32.4 (linux/amd64)"
    made = client.post("/api/v1/namespaces/team-a/configmaps", config(a="1")).json
    assert set(managers(made)) == {("kubectl", "Update")}


def test_containers_merge_by_name_and_env_by_name(client: LoopbackClient) -> None:
    """KS-02: variables that are no longer sent go, and only those."""
    client.apply(ISVC, isvc({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]}), "one")
    hand = isvc({"env": [{"name": "C", "value": "3"}]})
    del container_of(hand)["image"]
    assert client.apply(ISVC, hand, "hand").status == 200
    left = client.apply(ISVC, isvc({"env": [{"name": "B", "value": "2"}]}), "one").json
    assert {one["name"] for one in container_of(left)["env"]} == {"B", "C"}
    assert container_of(left)["image"] == "a:1"


def test_a_list_whose_last_item_goes_is_gone(client: LoopbackClient) -> None:
    client.apply(ISVC, isvc({"env": [{"name": "A", "value": "1"}]}, minReplicas=1), "one")
    left = client.apply(ISVC, isvc({}), "one").json
    assert "env" not in container_of(left)
    assert "minReplicas" not in left["spec"]["predictor"]


def test_ports_are_told_apart_by_number_and_protocol(client: LoopbackClient) -> None:
    made = client.apply(ISVC, isvc({"ports": [{"containerPort": 8080}]}), "one").json
    fields = managers(made)["one", "Apply"]["f:spec"]["f:predictor"]["f:containers"]['k:{"name":"kserve-container"}']
    assert fields["f:ports"] == {'k:{"containerPort":8080,"protocol":"TCP"}': {".": {}, "f:containerPort": {}}}
    changed = client.apply(ISVC, isvc({"ports": [{"containerPort": 9090, "protocol": "TCP"}]}), "one").json
    assert container_of(changed)["ports"] == [{"containerPort": 9090, "protocol": "TCP"}]


def test_a_value_from_a_secret_takes_the_place_of_a_plain_one(client: LoopbackClient) -> None:
    client.apply(ISVC, isvc({"env": [{"name": "A", "value": "1"}]}), "one")
    source = {"secretKeyRef": {"name": "env", "key": "A"}}
    changed = client.apply(ISVC, isvc({"env": [{"name": "A", "valueFrom": source}]}), "one").json
    assert container_of(changed)["env"] == [{"name": "A", "valueFrom": source}]


def test_a_version_in_the_configuration_guards_it(client: LoopbackClient) -> None:
    """KS-02: an apply with an old resourceVersion is a conflict, even when it is forced."""
    old = client.apply(CONFIG, config(a="1"), "one").json["metadata"]["resourceVersion"]
    new = client.merge(CONFIG, {"data": {"b": "2"}}).json["metadata"]["resourceVersion"]
    guarded = config(a="2")
    guarded["metadata"]["resourceVersion"] = old
    assert client.apply(CONFIG, guarded, "one", force=True).told == (409, "Conflict")
    guarded["metadata"]["resourceVersion"] = new
    assert client.apply(CONFIG, guarded, "one", force=True).json["data"] == {"a": "2", "b": "2"}


def test_an_object_that_is_gone_is_not_made_again_by_a_guarded_apply(client: LoopbackClient) -> None:
    made = client.apply(CONFIG, config(a="1"), "one").json
    client.delete(CONFIG)
    for field in ("uid", "resourceVersion"):
        guarded = config(a="1")
        guarded["metadata"][field] = made["metadata"][field]
        assert client.apply(CONFIG, guarded, "one").told == (409, "Conflict")
    assert client.get(CONFIG).status == 404


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("", "fieldManager: Required value: is required for apply patch"),
        ("?fieldManager=one&fieldValidation=Strict", 'unknown field "nothing"'),
    ],
)
def test_a_bad_apply_is_refused(client: LoopbackClient, query: str, says: str) -> None:
    body = config(a="1") | ({"nothing": 1} if "Strict" in query else {})
    refused = client.ask("PATCH", f"{CONFIG}{query}", body, content="application/apply-patch+yaml")
    assert refused.status in (400, 422)
    assert says in refused.json["message"]


def test_a_configuration_may_be_yaml_and_may_be_part_of_an_object(client: LoopbackClient) -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 3}\n"
    missing = client.apply(DEPLOYMENT, text, "scaler")
    assert missing.told == (422, "Invalid")
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "api", "image": "a"}]}}
    spec = {"selector": {"matchLabels": {"a": "b"}}, "template": template}
    whole = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    client.apply(DEPLOYMENT, whole, "one")
    assert client.apply(DEPLOYMENT, text, "scaler").json["spec"]["replicas"] == 3
    assert client.apply(DEPLOYMENT, whole, "one").json["spec"]["replicas"] == 3


def test_a_status_is_applied_apart_from_the_spec(client: LoopbackClient) -> None:
    client.apply(ISVC, isvc({}), "one")
    told = isvc({}, minReplicas=9) | {"status": {"url": "http://shop"}}
    told = client.apply(f"{ISVC}/status", told, "controller").json
    assert told["status"] == {"url": "http://shop"}
    assert "minReplicas" not in told["spec"]["predictor"]
    assert client.apply(ISVC, isvc({}), "one").json["status"] == {"url": "http://shop"}


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"), max_size=4)),
        min_size=1,
        max_size=12,
    )
)
@settings(deadline=None)
def test_after_forced_applies_the_object_is_what_its_managers_last_asked_for(
    steps: list[tuple[str, dict[str, str]]],
) -> None:
    """The model: every key has the value of its last writer, as long as one manager's last configuration has it."""
    item: dict[str, Any] | None = None
    asked: dict[str, set[str]] = {}
    values: dict[str, str] = {}
    for manager, data in steps:
        item = applied(KINDS["configmaps"], item, config(**data), manager=manager, force=True)
        for key, value in data.items():
            if values.get(key) != value:
                for keys in asked.values():
                    keys.discard(key)
        asked[manager] = set(data)
        values |= data
        owned = set().union(*asked.values())
        values = {key: value for key, value in values.items() if key in owned}
        assert (item.get("data") or {}) == values


@given(
    st.recursive(
        st.text("ab", max_size=2) | st.integers(0, 3),
        lambda inner: st.dictionaries(st.text("ab.", min_size=1, max_size=2), inner, max_size=3),
        max_leaves=8,
    )
)
@settings(deadline=None)
def test_field_sets_survive_being_written_down(value: object) -> None:
    fields = fields_of({"spec": value}, {})
    assert decode(encode(fields)) == fields


def test_without_force_nothing_of_a_conflicting_apply_is_done() -> None:
    kind = KINDS["configmaps"]
    first = applied(kind, None, config(a="1"), manager="one", force=False)
    before = repr(first)
    with pytest.raises(StatusError):
        applied(kind, first, config(a="2", b="2"), manager="two", force=False)
    assert repr(first) == before
