"""Random steps of two tenants, of people with kubectl and of a failing cluster; after each the model must be right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from kserve_api.tests.app_agreement import CLAIM, ISVC, MAPPING, MARK, REVISION, Agreement, isvc_of
from kserve_api.tests.app_model import BASE_DOMAIN, Expected, Model, Refusal
from kserve_api.tests.fake_cluster.controllers.clock import Clock
from kserve_api.tests.fake_cluster.store import ObjectStore
from kserve_api.tests.running_api import RunningApi

__all__ = ["TENANTS", "AppMachine"]

# team-b is shared; www.shared.example is a domain that all of them may want.
TENANTS: tuple[dict[str, Any], ...] = (
    {"name": "acme", "namespaces": ["team-a", "team-b"], "custom_domains": ["shared.example"]},
    {"name": "globex", "namespaces": ["team-b"], "custom_domains": ["shared.example"], "quotas": {"max_apps": 2}},
)
_NAMESPACES = {"acme": ("team-a", "team-b"), "globex": ("team-b",)}
_IMAGES = "registry.digitalocean.com/calvin-apps/"
_TENANTS = st.sampled_from(["acme", "globex"])
_PLACES = st.tuples(st.sampled_from(["team-a", "team-b"]), st.sampled_from(["shop", "api", "web"]))
_PLACE_NUMBERS = st.integers(0, 7)
_SECRETS = st.dictionaries(st.sampled_from(["K", "S", "T"]), st.sampled_from([MARK + "a" * 9, MARK + "b" * 9]))
_BODIES = st.fixed_dictionaries(
    {"image": st.sampled_from([f"{_IMAGES}shop:1", f"{_IMAGES}shop:2", f"{_IMAGES}shop:broken-pull"])},
    optional={
        "envs": st.dictionaries(st.sampled_from(["A", "B", "K"]), st.sampled_from(["1", "2 $(K)"])),
        "secret_envs": _SECRETS,
        "min_scale": st.integers(0, 2),
        "max_scale": st.integers(1, 4),
        "concurrency": st.sampled_from([None, 10, 100]),
        "port": st.sampled_from([8080, 9000]),
        "image_pull_secret": st.sampled_from([None, "registry"]),
        "custom_domain": st.sampled_from([None, "www.shared.example", "shop.shared.example"]),
        "idle_timeout": st.sampled_from([None, 30, "5m", "1h"]),
        "redeploy": st.booleans(),
    },
)
_SIZES = st.sampled_from(
    [{}, {}, {"size": "sm"}, {"size": "lg"}, {"resources": {"cpu_limit": "2", "memory_request": "256Mi"}}]
)
_BAD_REQUESTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/deploy", {"json": {"name": "shop"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": f"{_IMAGES}shop:1", "bogus": 1}}, 422),
    ("POST", "/deploy", {"json": {"name": "Shop", "image": f"{_IMAGES}shop:1"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": "elsewhere.example/shop:1"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": f"{_IMAGES}shop:1", "port": MARK + "port"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": f"{_IMAGES}shop:1", "custom_domain": "evil.test"}}, 422),
    ("POST", "/deploy", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    ("POST", "/deploy?wiat=true", {"json": {"name": "shop", "image": f"{_IMAGES}shop:1"}}, 422),
    ("PUT", "/models/team-b/shop/traffic", {"json": {"latest_percent": 101}}, 422),
    ("POST", "/models/team-b/shop/rollback", {"json": {"revision": "../x"}}, 422),
    ("GET", "/models?limit=0", {}, 422),
    ("GET", "/models?namespace=knative-serving", {}, 403),
    ("GET", "/models?cursor=nonsense", {}, 422),
    ("DELETE", "/models/kube-system/shop", {}, 404),
    ("GET", "/logs/shop?tail_lines=0", {}, 422),
    ("POST", "/shop", {}, 404),
]
_WRITES = r"(POST|PATCH) .*/(secrets|inferenceservices|domainmappings)"
_FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    # The first three are made good by the service itself.
    "conflict": (r"PATCH .*/inferenceservices/.*force=true", {"status": 409}),
    "read broken": (r"GET ", {"drop": True}),
    "read broken twice": (r"GET ", {"drop": True, "times": 2}),
    "read 500": (r"GET ", {"status": 500}),
    "read 429": (r"GET ", {"status": 429, "retry_after_s": 3}),
    "write 500": (_WRITES, {"status": 500}),
    "write 429": (_WRITES, {"status": 429, "retry_after_s": 3}),
    "write lost": (_WRITES, {"drop": True}),
    "answer of write lost": (_WRITES, {"drop": True, "after": True}),
    "service lost": (r"(POST|PATCH) .*/inferenceservices", {"drop": True}),
    "answer of service lost": (r"(POST|PATCH) .*/inferenceservices", {"drop": True, "after": True}),
    "domain 500": (r"POST .*/domainmappings", {"status": 500, "times": 2}),
    "owner 500": (r"PATCH .*/secrets", {"status": 500}),
}
_EDITS = ("scale", "concurrency", "pull secret", "idle timeout", "port", "env", "service url", "note", "rename")
_HARMLESS = ("conflict", "read broken")


def _has_apps(machine: AppMachine) -> bool:
    return bool(machine.model.apps)


class AppMachine(RuleBasedStateMachine):
    """`api` is set by the test: one service and one cluster, emptied before each sequence."""

    api: ClassVar[RunningApi]
    clients: ClassVar[Mapping[str, httpx.Client]]
    readers: ClassVar[Mapping[str, httpx.Client]]
    steps: ClassVar[Counter[str]]
    makes_claims: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(_NAMESPACES, {"globex": 2}, makes_claims=self.makes_claims)
        self.agreement = Agreement(self.api.cluster, self.model, self.clients)
        self.advanced_s = self.pushes = 0
        self.old_strays: set[tuple[str, str]] = set()
        controllers = self.api.cluster.controllers
        assert controllers is not None
        autocreate = "false" if self.makes_claims else "true"
        self.api.cluster.call(
            lambda _: controllers.platform.set_config("config-network", autocreate_cluster_domain_claims=autocreate)
        )
        self.api.cluster.call(_emptied)
        self.api.cluster.settle()
        controllers.platform.clock = Clock()
        self.api.cluster.server.requests.clear()
        self.api.log.lines.clear()
        self.steps["sequences"] += 1

    # Tenants

    @initialize(body=_BODIES, other=_BODIES, tenant=_TENANTS, place=_PLACES)
    def begin(self, body: dict[str, Any], other: dict[str, Any], tenant: str, place: tuple[str, str]) -> None:
        """Two apps (if the second may be): most steps are about one that is there."""
        self._deploy("acme", ("team-a", "shop"), body)
        self._deploy(tenant, place, other)

    @rule(tenant=_TENANTS, place=_PLACES, body=_BODIES, size=_SIZES)
    def deploy(self, tenant: str, place: tuple[str, str], body: dict[str, Any], size: dict[str, Any]) -> None:
        self.steps["deploy"] += 1
        self._deploy(tenant, place, body | size)

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS, body=_BODIES, size=_SIZES, only_image=st.booleans())
    def update(self, number: int, body: dict[str, Any], size: dict[str, Any], only_image: bool) -> None:
        """The app's own tenant changes it."""
        self.steps["update only the image" if only_image else "update"] += 1
        place = self._place(number)
        self._deploy(self.model.apps[place].tenant, place, {"image": body["image"]} if only_image else body | size)

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS)
    def deploy_the_same(self, number: int) -> None:
        self.steps["deploy the same"] += 1
        place = self._place(number)
        app = self.model.apps[place]
        body = {"image": app.run.image, "max_scale": app.max_scale, "min_scale": app.min_scale}
        if set(app.run.secret_data) == set(app.run.secrets):
            body["secret_envs"] = dict(app.run.secrets)
        self._deploy(app.tenant, place, body)

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS, wait=st.booleans(), stranger=st.booleans())
    def delete(self, number: int, wait: bool, stranger: bool) -> None:
        place = self._place(number)
        self.steps["delete and wait" if wait else "delete"] += 1
        app = self.model.apps[place]
        tenant = next(other for other in _NAMESPACES if (other != app.tenant) is stranger)
        answer = self.clients[tenant].delete(f"/models/{place[0]}/{place[1]}", params={"wait": wait} if wait else {})
        if stranger:
            _assert_refused(answer, Refusal(404, "not_found"))
            return
        assert (answer.status_code, answer.json()["status"]) == ((200, "deleted") if wait else (202, "deleting"))
        if wait:
            assert isvc_of(self.api.cluster, *place) is None
        self._forget(place)

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS, body=_BODIES)
    def delete_slowly(self, number: int, body: dict[str, Any]) -> None:
        """KServe takes its time: meanwhile the app is shown as going, and cannot be deployed."""
        place = self._place(number)
        if self.model.apps[place].broken:
            return
        self.steps["delete slowly"] += 1
        client = self.clients[self.model.apps[place].tenant]
        controllers = self.api.cluster.controllers
        assert controllers is not None
        self.api.cluster.call(lambda _: controllers.pause("kserve"))
        assert client.delete(f"/models/{place[0]}/{place[1]}").status_code == 202
        assert client.get(f"/models/{place[0]}/{place[1]}").json()["deleting"] is True
        answer = client.post("/deploy", json={"name": place[1], "namespace": place[0], "image": body["image"]})
        _assert_refused(answer, Refusal(409, "being_deleted"))
        self.api.cluster.call(lambda _: controllers.resume())
        self._forget(place)

    @rule(tenant=_TENANTS, namespace=st.sampled_from(["team-a", "team-b"]), limit=st.integers(1, 3))
    def list_pages(self, tenant: str, namespace: str, limit: int) -> None:
        self.steps["list by pages"] += 1
        found: list[str] = []
        parameters: dict[str, Any] = {"namespace": namespace, "limit": limit}
        for _ in range(10):
            answer = self.readers[tenant].get("/models", params=parameters)
            if namespace not in _NAMESPACES[tenant]:
                _assert_refused(answer, Refusal(403, "namespace_not_allowed"))
                return
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(page["models"]) <= limit
            found += [one["name"] for one in page["models"]]
            if page["cursor"] is None:
                break
            parameters["cursor"] = page["cursor"]
        assert found == self.model.owned(tenant, namespace)

    @rule(tenant=_TENANTS, place=_PLACES)
    def look(self, tenant: str, place: tuple[str, str]) -> None:
        self.steps["get, revisions"] += 1
        expected = self.model.visible(tenant, place)
        for path in ("", "/revisions"):
            answer = self.readers[tenant].get(f"/models/{place[0]}/{place[1]}{path}")
            if isinstance(expected, Refusal):
                _assert_refused(answer, expected)
            else:
                assert len(answer.json()["revisions"]) == len(expected.revisions)

    @rule(tenant=_TENANTS, place=_PLACES, lines=st.sampled_from([1, 100]))
    def logs(self, tenant: str, place: tuple[str, str], lines: int) -> None:
        self.steps["logs"] += 1
        namespace, name = place
        answer = self.readers[tenant].get(f"/logs/{name}", params={"namespace": namespace, "tail_lines": lines})
        if namespace not in _NAMESPACES[tenant]:
            _assert_refused(answer, Refusal(403, "namespace_not_allowed"))
            return
        app = self.model.apps.get(place)
        expected = self.model.visible(tenant, place)
        if isinstance(expected, Refusal) and not (app and app.broken and app.tenant == tenant):
            _assert_refused(answer, expected)
            return
        assert answer.status_code == 200, answer.text
        selector = f"serving.kserve.io/inferenceservice={name}"
        pods = {
            pod["metadata"]["name"]: pod
            for pod in self.api.cluster.call(lambda store: store.list("pods", namespace, labels=selector))
        }
        shown = answer.json()
        if app and app.broken:
            return  # Which container's lines are shown is said by their message.
        if not pods:
            assert (shown["pod_name"], shown["logs"]) == (None, "")
            assert "No pods" in shown["message"]
            return
        written = self.api.cluster.pod_logs.lines.get((namespace, shown["pod_name"], "kserve-container"), [])
        newest = max(_generation(pod) for pod in pods.values())
        assert _generation(pods[shown["pod_name"]]) == newest
        assert shown["logs"].splitlines() == [str(line) for line in written[-lines:]]
        assert written or "has not started" in shown["message"]

    @precondition(_has_apps)
    @rule(tenant=_TENANTS, number=_PLACE_NUMBERS, percent=st.sampled_from([0, 10, 50, 100]))
    def share_traffic(self, tenant: str, number: int, percent: int) -> None:
        place = self._place(number)
        self.steps["traffic"] += 1
        expected = self.model.visible(tenant, place)
        answer = self.clients[tenant].put(f"/models/{place[0]}/{place[1]}/traffic", json={"latest_percent": percent})
        if isinstance(expected, Refusal):
            _assert_refused(answer, expected)
            return
        assert answer.status_code == 200, answer.text
        whole = replace(expected, service_url_lost=False, unmapped=frozenset())
        changed = replace(whole, latest_percent=None if percent == 100 else percent)
        self.model.apps[place] = changed.rolled_out() if expected.service_url_lost else changed

    @precondition(_has_apps)
    @rule(tenant=_TENANTS, number=_PLACE_NUMBERS, to=st.one_of(st.none(), st.integers(1, 6)))
    def roll_back(self, tenant: str, number: int, to: int | None) -> None:
        place = self._place(number)
        self.steps["rollback"] += 1
        namespace, name = place
        expected = self.model.rollback(tenant, place, to, self._digests(place))
        body = {} if to is None else {"json": {"revision": f"{name}-predictor-{to:05d}"}}
        answer = self.clients[tenant].post(f"/models/{namespace}/{name}/rollback", **body)
        self._done(place, expected, answer)

    @precondition(_has_apps)
    @rule(tenant=_TENANTS, number=_PLACE_NUMBERS, wait=st.booleans())
    def restart(self, tenant: str, number: int, wait: bool) -> None:
        place = self._place(number)
        self.steps["restart"] += 1
        expected = self.model.restart(tenant, place)
        waits = wait and isinstance(expected, Expected) and expected.app.ready
        path = f"/models/{place[0]}/{place[1]}/restart{'?wait=true' if waits else ''}"
        self._done(place, expected, self.clients[tenant].post(path))

    @rule(tenant=_TENANTS, number=st.integers(0, len(_BAD_REQUESTS) - 1))
    def ask_badly(self, tenant: str, number: int) -> None:
        self.steps["bad request"] += 1
        method, path, arguments, status = _BAD_REQUESTS[number]
        answer = self.clients[tenant].request(method, path, **arguments)
        assert answer.status_code == status, (path, answer.text)

    @rule(tenant=_TENANTS, place=_PLACES)
    def change_with_a_readers_key(self, tenant: str, place: tuple[str, str]) -> None:
        self.steps["change as a reader"] += 1
        reader, path = self.readers[tenant], f"/models/{place[0]}/{place[1]}"
        body = {"name": place[1], "namespace": place[0], "image": f"{_IMAGES}shop:1"}
        for answer in (reader.post("/deploy", json=body), reader.post(f"{path}/restart"), reader.delete(path)):
            assert answer.status_code in ({403} if place[0] in _NAMESPACES[tenant] else {403, 404}), answer.text

    # Others, and the cluster

    @rule(place=_PLACES)
    def somebody_else_creates(self, place: tuple[str, str]) -> None:
        """An InferenceService under a name that an app could have."""
        if place in self.model.apps or place in self.model.foreign:
            return
        self.steps["created by somebody else"] += 1
        container = {"name": "kserve-container", "image": f"{_IMAGES}other:1"}
        annotations = {"serving.kserve.io/deploymentMode": "Knative"}
        item = {
            "metadata": {"namespace": place[0], "name": place[1], "annotations": annotations},
            "spec": {"predictor": {"minReplicas": 0, "maxReplicas": 2, "containers": [container]}},
        }
        self.api.cluster.call(lambda store: store.create(ISVC, item))
        self.model.foreign.add(place)

    @precondition(lambda self: bool(self.model.foreign))
    @rule(number=_PLACE_NUMBERS)
    def somebody_else_deletes(self, number: int) -> None:
        self.steps["deleted by somebody else"] += 1
        namespace, name = sorted(self.model.foreign)[number % len(self.model.foreign)]
        self.api.cluster.call(lambda store: store.delete(ISVC, namespace, name))
        self.model.foreign.remove((namespace, name))

    @rule(namespace=st.sampled_from(["team-a", "team-b"]), domain=st.sampled_from(["www.shared.example", "own"]))
    def somebody_else_maps(self, namespace: str, domain: str) -> None:
        """A DomainMapping that is in the way, or goes again."""
        name = f"web.{BASE_DOMAIN}" if domain == "own" else domain
        if name in self.model.claims() and name not in self.model.foreign_domains:
            return
        self.steps["mapped by somebody else"] += 1
        if (place := self.model.foreign_domains.pop(name, None)) is not None:
            self.api.cluster.call(lambda store: store.delete(MAPPING, place, name))
            if self.makes_claims:
                self.api.cluster.call(lambda store: store.delete(CLAIM, None, name))
            return
        reference = {"apiVersion": "v1", "kind": "Service", "name": "elsewhere"}
        item = {"metadata": {"namespace": namespace, "name": name}, "spec": {"ref": reference}}
        if self.makes_claims:
            claim = {"metadata": {"name": name}, "spec": {"namespace": namespace}}
            self.api.cluster.call(lambda store: store.create(CLAIM, claim))
        self.api.cluster.call(lambda store: store.create(MAPPING, item))
        self.model.foreign_domains[name] = namespace

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS, edit=st.sampled_from(_EDITS))
    def edit_by_hand(self, number: int, edit: str) -> None:
        """What kubectl edit does to an app."""
        place = self._place(number)
        if self.model.apps[place].broken:
            return
        app = self.model.apps[place]
        self.steps["edited by hand"] += 1
        service = isvc_of(self.api.cluster, *place)
        assert service is not None
        containers = service["spec"]["predictor"]["containers"]
        env = containers[0]["env"]
        patch: dict[str, Any] = {"spec": {"predictor": {"containers": containers}}}
        if edit == "scale":
            patch = {"spec": {"predictor": {"maxReplicas": 7}}}
            edited = replace(app, max_scale=7)
        elif edit == "concurrency":
            patch = {"spec": {"predictor": {"scaleTarget": 7, "scaleMetric": "concurrency"}}}
            edited = replace(app, concurrency=7)
        elif edit == "pull secret":
            patch = {"spec": {"predictor": {"imagePullSecrets": [{"name": "hand"}]}}}
            edited = replace(app, image_pull_secret="hand")
        elif edit == "idle timeout":
            retention = {"autoscaling.knative.dev/scale-to-zero-pod-retention-period": "40s"}
            patch = {"metadata": {"annotations": retention}}
            edited = replace(app, idle_timeout_s=40)
        elif edit == "port":
            containers[0]["ports"] = [{"containerPort": 7000, "protocol": "TCP"}]
            edited = replace(app, run=replace(app.run, port=7000))
        elif edit == "env":
            containers[0]["env"] = [one for one in env if one["name"] != "HAND"] + [{"name": "HAND", "value": "1"}]
            edited = replace(app, run=replace(app.run, envs={**app.run.envs, "HAND": "1"}))
        elif edit == "service url":
            containers[0]["env"] = [one for one in env if one["name"] != "SERVICE_URL"]
            edited = replace(app, service_url_lost=True)
        elif edit == "note":
            patch = {"metadata": {"annotations": {"example.com/note": "by hand"}}}
            edited = replace(app, note=True)
        else:
            containers[0]["name"] = "main"
            edited = replace(app, broken=True)
        self.kubectl_patch(place, patch)
        self.model.apps[place] = edited if edited == app else edited.rolled_out()

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS)
    def unmap_by_hand(self, number: int) -> None:
        """Somebody deletes the DomainMapping of an app, which its next deployment makes again."""
        place = self._place(number)
        name = f"{place[1]}.{BASE_DOMAIN}"
        app = self.model.apps[place]
        if name in app.unmapped:
            return
        self.steps["unmapped by hand"] += 1
        self.api.cluster.call(lambda store: store.delete(MAPPING, place[0], name))
        self.model.apps[place] = replace(app, unmapped=app.unmapped | {name})

    @rule(tag=st.sampled_from(["1", "2"]))
    def push_again(self, tag: str) -> None:
        """Other content under the same tag: revisions that there are keep theirs."""
        self.steps["tag pushed again"] += 1
        self.pushes += 1
        controllers, content = self.api.cluster.controllers, f"push {self.pushes}"
        assert controllers is not None
        self.api.cluster.call(lambda _: controllers.platform.registry.push(f"{_IMAGES}shop:{tag}", content))

    @rule()
    def time_passes(self) -> None:
        """Idle pods go, and Secrets are no longer new."""
        if self.advanced_s >= 400:
            return
        self.steps["time passes"] += 1
        self.advanced_s += 100
        controllers = self.api.cluster.controllers
        assert controllers is not None
        self.api.cluster.call(lambda _: controllers.advance(100))
        self.api.cluster.call(_made_earlier)
        self.old_strays = set(self.model.strays)

    @rule(
        number=_PLACE_NUMBERS,
        body=_BODIES,
        fault=st.sampled_from(sorted(_FAULTS)),
        new=_PLACES,
        tenant=_TENANTS,
        then=st.sampled_from(["again", "again", "delete"]),
        is_new=st.booleans(),
    )
    def deploy_while_it_fails(
        self, number: int, body: dict[str, Any], fault: str, new: tuple[str, str], tenant: str, then: str, is_new: bool
    ) -> None:
        place = new
        if self.model.apps and not is_new:
            place = self._place(number)
            tenant = self.model.apps[place].tenant
        expected = self.model.deploy(tenant, place, body)
        if isinstance(expected, Refusal):
            return
        self.steps[f"deploy, {fault}"] += 1
        before = self._written(place)
        matcher, options = _FAULTS[fault]
        self.api.cluster.fail_next(matcher, **options)
        answer = self._post(tenant, place, body)
        self.api.cluster.call(lambda _: self.api.cluster.server.faults.clear())
        self.api.cluster.settle()
        if fault in _HARMLESS:
            assert answer.status_code in (200, 201), (fault, answer.text)
        if answer.status_code in (200, 201) and not answer.json()["warnings"]:
            self._done(place, expected, answer)
            return
        assert answer.status_code in (200, 201, 409, 429, 502, 503), (fault, answer.text)
        if self._written(place) != before:
            self.model.apps[place] = expected.app
        if "secret_envs" in body:
            self.model.strays.add(place)
            self.old_strays.discard(place)
        if then == "again":
            self._deploy(tenant, place, body)
            return
        exists = place in self.model.apps
        answer = self.clients[tenant].delete(f"/models/{place[0]}/{place[1]}")
        assert answer.status_code == (202 if exists else 404), answer.text
        if exists:
            self._forget(place)

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS, how=st.sampled_from(["500", "429", "lost", "answer lost"]), of_read=st.booleans())
    def delete_while_it_fails(self, number: int, how: str, of_read: bool) -> None:
        place = self._place(number)
        self.steps["delete, " + how] += 1
        client, path = self.clients[self.model.apps[place].tenant], f"/models/{place[0]}/{place[1]}"
        options = {"status": int(how)} if how.isdigit() else {"drop": True, "after": how == "answer lost"}
        self.api.cluster.fail_next("GET " if of_read else "DELETE .*/inferenceservices", **options)
        answer = client.delete(path)
        self.api.cluster.call(lambda _: self.api.cluster.server.faults.clear())
        assert answer.status_code in (202, 429, 502, 503), answer.text
        self.api.cluster.settle()
        if answer.status_code != 202:
            gone = isvc_of(self.api.cluster, *place) is None
            assert client.delete(path).status_code == (404 if gone else 202)
        self._forget(place)

    @precondition(_has_apps)
    @rule(number=_PLACE_NUMBERS, status=st.sampled_from([429, 500, 503]))
    def read_while_it_fails(self, number: int, status: int) -> None:
        place = self._place(number)
        self.steps["read, refused"] += 1
        self.api.cluster.fail_next("GET .*/inferenceservices/", status=status)
        answer = self.readers[self.model.apps[place].tenant].get(f"/models/{place[0]}/{place[1]}")
        assert answer.status_code == (429 if status == 429 else 502)
        assert ("retry-after" in answer.headers) is (status == 429)

    @invariant()
    def the_model_is_right(self) -> None:
        """All of it, after each step."""
        self.agreement.check()

    def teardown(self) -> None:
        """Nothing secret is in the log, and the cluster has not been asked for what it does not allow."""
        assert not any(MARK in line for line in self.api.log.lines)
        forbidden = [one for one in self.api.cluster.requests if one.status == 403 and "kserve-api" in one.account]
        assert forbidden == []

    # Steps of steps

    def kubectl_patch(self, place: tuple[str, str], patch: dict[str, Any]) -> None:
        """As an administrator's kubectl does it."""
        path = f"/apis/serving.kserve.io/v1beta1/namespaces/{place[0]}/inferenceservices/{place[1]}"
        headers = {
            "Authorization": f"Bearer {self.api.cluster.token()}",
            "Content-Type": "application/merge-patch+json",
        }
        url = f"{self.api.cluster.url}{path}?fieldManager=kubectl-edit"
        httpx.patch(url, json=patch, headers=headers).raise_for_status()

    def _place(self, number: int) -> tuple[str, str]:
        places = sorted(self.model.apps)
        return places[number % len(places)]

    def _post(self, tenant: str, place: tuple[str, str], body: dict[str, Any], *, wait: bool = False) -> httpx.Response:
        request = {"namespace": place[0], "name": place[1], **body}
        return self.clients[tenant].post("/deploy", json=request, params={"wait": "true"} if wait else {})

    def _deploy(self, tenant: str, place: tuple[str, str], body: dict[str, Any]) -> None:
        expected = self.model.deploy(tenant, place, body)
        waits = isinstance(expected, Expected) and expected.app.ready and expected.app.max_scale % 2 == 0
        answer = self._post(tenant, place, body, wait=waits)
        self._done(place, expected, answer)

    def _done(self, place: tuple[str, str], expected: Expected | Refusal, answer: httpx.Response) -> None:
        """Hold an answer against what was expected, which then is how the app should be."""
        if isinstance(expected, Refusal):
            _assert_refused(answer, expected)
            return
        assert answer.status_code == (201 if expected.action == "created" else 200), answer.text
        told = answer.json()
        assert (told["namespace"], told["name"]) == place
        assert (told["action"], told["changed"]) == (expected.action, expected.changed), (told, expected)
        partly = expected.app.latest_percent is not None and expected.changed
        assert len(told["warnings"]) == int(partly), told["warnings"]
        before = self.model.apps.get(place, expected.app)
        self.model.apps[place] = expected.app
        if place in self.old_strays and (before.run.secrets or expected.app.run.secrets):
            self.model.strays.discard(place)
            self.old_strays.discard(place)

    def _forget(self, place: tuple[str, str]) -> None:
        del self.model.apps[place]
        self.model.strays.discard(place)
        self.old_strays.discard(place)

    def _written(self, place: tuple[str, str]) -> tuple[str, int]:
        service = isvc_of(self.api.cluster, *place)
        return (service["metadata"]["uid"], service["metadata"]["generation"]) if service else ("", 0)

    def _digests(self, place: tuple[str, str]) -> dict[int, str]:
        selector = f"serving.kserve.io/inferenceservice={place[1]}"
        revisions = self.api.cluster.call(lambda store: store.list(REVISION, place[0], labels=selector))
        return {_generation(one): one["status"]["containerStatuses"][0]["imageDigest"] for one in revisions}


def _assert_refused(answer: httpx.Response, expected: Refusal) -> None:
    assert answer.status_code == expected.status, (expected, answer.text)
    assert answer.json()["error"]["code"] == expected.code


def _generation(item: dict[str, Any]) -> int:
    return int(item["metadata"]["labels"]["serving.knative.dev/configurationGeneration"])


def _emptied(store: ObjectStore) -> None:
    for key in (ISVC, MAPPING, CLAIM, "secrets"):
        for one in store.list(key):
            place = (one["metadata"].get("namespace"), one["metadata"]["name"])
            if store.find(key, *place):
                store.delete(key, *place)


def _made_earlier(store: ObjectStore) -> None:
    """Let every Secret be older than any minutes."""
    for entry in store.entries("secrets"):
        entry.object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
        entry._encoded = None
