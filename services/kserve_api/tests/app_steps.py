"""What all random steps stand on: one service and one cluster, the model, and how answers are held against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

import httpx
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from kserve_api.tests.app_agreement import CLAIM, ISVC, MAPPING, MARK, REVISION, Agreement, isvc_of
from kserve_api.tests.app_model import Expected, Model, Refusal
from kserve_api.tests.fake_cluster.controllers.clock import Clock
from kserve_api.tests.fake_cluster.controllers.controllers import Controllers
from kserve_api.tests.fake_cluster.store import ObjectStore
from kserve_api.tests.running_api import RunningApi

__all__ = [
    "BODIES",
    "IMAGES",
    "NAMESPACES",
    "NUMBERS",
    "PLACES",
    "TENANT",
    "TENANTS",
    "AppSteps",
    "assert_refused",
    "generation",
    "has_apps",
]

# team-b is shared; www.shared.example is a domain that all of them may want.
TENANTS: tuple[dict[str, Any], ...] = (
    {"name": "acme", "namespaces": ["team-a", "team-b"], "custom_domains": ["shared.example"]},
    {"name": "globex", "namespaces": ["team-b"], "custom_domains": ["shared.example"], "quotas": {"max_apps": 2}},
)
NAMESPACES = {"acme": ("team-a", "team-b"), "globex": ("team-b",)}
IMAGES = "registry.digitalocean.com/calvin-apps/"
TENANT = st.sampled_from(["acme", "globex"])
PLACES = st.tuples(st.sampled_from(["team-a", "team-b"]), st.sampled_from(["shop", "api", "web"]))
NUMBERS = st.integers(0, 7)
_SECRETS = st.dictionaries(st.sampled_from(["K", "S", "T"]), st.sampled_from([MARK + "a" * 9, MARK + "b" * 9]))
BODIES = st.fixed_dictionaries(
    {"image": st.sampled_from([f"{IMAGES}shop:1", f"{IMAGES}shop:2", f"{IMAGES}shop:broken-pull"])},
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


class AppSteps(RuleBasedStateMachine):
    """`api` is set by the test: one service and one cluster, emptied before each sequence."""

    api: ClassVar[RunningApi]
    clients: ClassVar[Mapping[str, httpx.Client]]
    readers: ClassVar[Mapping[str, httpx.Client]]
    steps: ClassVar[Counter[str]]
    makes_claims: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(NAMESPACES, {"globex": 2}, makes_claims=self.makes_claims)
        self.agreement = Agreement(self.api.cluster, self.model, self.clients)
        self.advanced_s = self.pushes = 0
        self.old_strays: set[tuple[str, str]] = set()
        autocreate = "false" if self.makes_claims else "true"
        self.api.cluster.call(
            lambda _: self.controllers.platform.set_config(
                "config-network", autocreate_cluster_domain_claims=autocreate
            )
        )
        self.api.cluster.call(_emptied)
        self.api.cluster.settle()
        self.controllers.platform.clock = Clock()
        self.api.cluster.server.requests.clear()
        self.api.log.lines.clear()
        self.steps["sequences"] += 1

    @property
    def controllers(self) -> Controllers:
        """KServe and Knative."""
        found = self.api.cluster.controllers
        assert found is not None
        return found

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
            assert_refused(answer, expected)
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
        return {generation(one): one["status"]["containerStatuses"][0]["imageDigest"] for one in revisions}


def has_apps(machine: AppSteps) -> bool:
    """A precondition."""
    return bool(machine.model.apps)


def assert_refused(answer: httpx.Response, expected: Refusal) -> None:
    assert answer.status_code == expected.status, (expected, answer.text)
    assert answer.json()["error"]["code"] == expected.code


def generation(item: dict[str, Any]) -> int:
    return int(item["metadata"]["labels"]["serving.knative.dev/configurationGeneration"])


def _emptied(store: ObjectStore) -> None:
    for key in (ISVC, MAPPING, CLAIM, "secrets"):
        for one in store.list(key):
            place = (one["metadata"].get("namespace"), one["metadata"]["name"])
            if store.find(key, *place):
                store.delete(key, *place)
