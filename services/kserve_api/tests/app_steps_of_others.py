"""Random steps of people with kubectl, of the registry and of the clock."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kserve_api.tests.app_agreement import CLAIM, ISVC, MAPPING, isvc_of
from kserve_api.tests.app_model import BASE_DOMAIN
from kserve_api.tests.app_steps import IMAGES, NUMBERS, PLACES, AppSteps, has_apps
from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["StepsOfOthers"]

_EDITS = ("scale", "concurrency", "pull secret", "idle timeout", "port", "env", "service url", "note", "rename")


class StepsOfOthers(AppSteps):
    """What happens to apps, and beside them, without the service."""

    @rule(place=PLACES)
    def somebody_else_creates(self, place: tuple[str, str]) -> None:
        """An InferenceService under a name that an app could have."""
        if place in self.model.apps or place in self.model.foreign:
            return
        self.steps["created by somebody else"] += 1
        container = {"name": "kserve-container", "image": f"{IMAGES}other:1"}
        annotations = {"serving.kserve.io/deploymentMode": "Knative"}
        item = {
            "metadata": {"namespace": place[0], "name": place[1], "annotations": annotations},
            "spec": {"predictor": {"minReplicas": 0, "maxReplicas": 2, "containers": [container]}},
        }
        self.api.cluster.call(lambda store: store.create(ISVC, item))
        self.model.foreign.add(place)

    @precondition(lambda self: bool(self.model.foreign))
    @rule(number=NUMBERS)
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

    @precondition(has_apps)
    @rule(number=NUMBERS, edit=st.sampled_from(_EDITS))
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

    @precondition(has_apps)
    @rule(number=NUMBERS)
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
        content = f"push {self.pushes}"
        self.api.cluster.call(lambda _: self.controllers.platform.registry.push(f"{IMAGES}shop:{tag}", content))

    @rule()
    def time_passes(self) -> None:
        """Idle pods go, and Secrets are no longer new."""
        if self.advanced_s >= 400:
            return
        self.steps["time passes"] += 1
        self.advanced_s += 100
        self.api.cluster.call(lambda _: self.controllers.advance(100))
        self.api.cluster.call(_made_earlier)
        self.old_strays = set(self.model.strays)


def _made_earlier(store: ObjectStore) -> None:
    """Let every Secret be older than any minutes."""
    for entry in store.entries("secrets"):
        entry.object["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
        entry._encoded = None
