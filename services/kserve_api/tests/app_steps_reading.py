"""Random steps that change nothing: reads, and requests that are refused."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from kserve_api.tests.app_agreement import MARK
from kserve_api.tests.app_model import Refusal
from kserve_api.tests.app_steps import IMAGES, NAMESPACES, PLACES, TENANT, AppSteps, assert_refused, generation

__all__ = ["ReadingSteps"]

_BAD_REQUESTS: list[tuple[str, str, dict[str, Any], int]] = [
    ("POST", "/deploy", {"json": {"name": "shop"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": f"{IMAGES}shop:1", "bogus": 1}}, 422),
    ("POST", "/deploy", {"json": {"name": "Shop", "image": f"{IMAGES}shop:1"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": "elsewhere.example/shop:1"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": f"{IMAGES}shop:1", "port": MARK + "port"}}, 422),
    ("POST", "/deploy", {"json": {"name": "shop", "image": f"{IMAGES}shop:1", "custom_domain": "evil.test"}}, 422),
    ("POST", "/deploy", {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400),
    ("POST", "/deploy?wiat=true", {"json": {"name": "shop", "image": f"{IMAGES}shop:1"}}, 422),
    ("PUT", "/models/team-b/shop/traffic", {"json": {"latest_percent": 101}}, 422),
    ("POST", "/models/team-b/shop/rollback", {"json": {"revision": "../x"}}, 422),
    ("GET", "/models?limit=0", {}, 422),
    ("GET", "/models?namespace=knative-serving", {}, 403),
    ("GET", "/models?cursor=nonsense", {}, 422),
    ("DELETE", "/models/kube-system/shop", {}, 404),
    ("GET", "/logs/shop?tail_lines=0", {}, 422),
    ("POST", "/shop", {}, 404),
]


class ReadingSteps(AppSteps):
    """Lists, details, logs, and what is not granted."""

    @rule(tenant=TENANT, namespace=st.sampled_from(["team-a", "team-b"]), limit=st.integers(1, 3))
    def list_pages(self, tenant: str, namespace: str, limit: int) -> None:
        self.steps["list by pages"] += 1
        found: list[str] = []
        parameters: dict[str, Any] = {"namespace": namespace, "limit": limit}
        for _ in range(10):
            answer = self.readers[tenant].get("/models", params=parameters)
            if namespace not in NAMESPACES[tenant]:
                assert_refused(answer, Refusal(403, "namespace_not_allowed"))
                return
            assert answer.status_code == 200, answer.text
            page = answer.json()
            assert len(page["models"]) <= limit
            found += [one["name"] for one in page["models"]]
            if page["cursor"] is None:
                break
            parameters["cursor"] = page["cursor"]
        assert found == self.model.owned(tenant, namespace)

    @rule(tenant=TENANT, place=PLACES)
    def look(self, tenant: str, place: tuple[str, str]) -> None:
        self.steps["get, revisions"] += 1
        expected = self.model.visible(tenant, place)
        for path in ("", "/revisions"):
            answer = self.readers[tenant].get(f"/models/{place[0]}/{place[1]}{path}")
            if isinstance(expected, Refusal):
                assert_refused(answer, expected)
            else:
                assert len(answer.json()["revisions"]) == len(expected.revisions)

    @rule(tenant=TENANT, place=PLACES, lines=st.sampled_from([1, 100]))
    def logs(self, tenant: str, place: tuple[str, str], lines: int) -> None:
        self.steps["logs"] += 1
        namespace, name = place
        answer = self.readers[tenant].get(f"/logs/{name}", params={"namespace": namespace, "tail_lines": lines})
        if namespace not in NAMESPACES[tenant]:
            assert_refused(answer, Refusal(403, "namespace_not_allowed"))
            return
        app = self.model.apps.get(place)
        expected = self.model.visible(tenant, place)
        if isinstance(expected, Refusal) and not (app and app.broken and app.tenant == tenant):
            assert_refused(answer, expected)
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
        newest = max(generation(pod) for pod in pods.values())
        assert generation(pods[shown["pod_name"]]) == newest
        assert shown["logs"].splitlines() == [str(line) for line in written[-lines:]]
        assert written or "has not started" in shown["message"]

    @rule(tenant=TENANT, number=st.integers(0, len(_BAD_REQUESTS) - 1))
    def ask_badly(self, tenant: str, number: int) -> None:
        self.steps["bad request"] += 1
        method, path, arguments, status = _BAD_REQUESTS[number]
        answer = self.clients[tenant].request(method, path, **arguments)
        assert answer.status_code == status, (path, answer.text)

    @rule(tenant=TENANT, place=PLACES)
    def change_with_a_readers_key(self, tenant: str, place: tuple[str, str]) -> None:
        self.steps["change as a reader"] += 1
        reader, path = self.readers[tenant], f"/models/{place[0]}/{place[1]}"
        body = {"name": place[1], "namespace": place[0], "image": f"{IMAGES}shop:1"}
        for answer in (reader.post("/deploy", json=body), reader.post(f"{path}/restart"), reader.delete(path)):
            assert answer.status_code in ({403} if place[0] in NAMESPACES[tenant] else {403, 404}), answer.text
