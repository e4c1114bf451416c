"""Random steps in which a tenant changes its apps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from kserve_api.tests.app_agreement import isvc_of
from kserve_api.tests.app_model import Expected, Refusal
from kserve_api.tests.app_steps import BODIES, NAMESPACES, NUMBERS, PLACES, TENANT, AppSteps, assert_refused, has_apps

__all__ = ["ChangingSteps"]

_SIZES = st.sampled_from(
    [{}, {}, {"size": "sm"}, {"size": "lg"}, {"resources": {"cpu_limit": "2", "memory_request": "256Mi"}}]
)


class ChangingSteps(AppSteps):
    """Deploy, delete, share traffic out, roll back, restart."""

    @initialize(body=BODIES, other=BODIES, tenant=TENANT, place=PLACES)
    def begin(self, body: dict[str, Any], other: dict[str, Any], tenant: str, place: tuple[str, str]) -> None:
        """Two apps (if the second may be): most steps are about one that is there."""
        self._deploy("acme", ("team-a", "shop"), body)
        self._deploy(tenant, place, other)

    @rule(tenant=TENANT, place=PLACES, body=BODIES, size=_SIZES)
    def deploy(self, tenant: str, place: tuple[str, str], body: dict[str, Any], size: dict[str, Any]) -> None:
        self.steps["deploy"] += 1
        self._deploy(tenant, place, body | size)

    @precondition(has_apps)
    @rule(number=NUMBERS, body=BODIES, size=_SIZES, only_image=st.booleans())
    def update(self, number: int, body: dict[str, Any], size: dict[str, Any], only_image: bool) -> None:
        """The app's own tenant changes it."""
        self.steps["update only the image" if only_image else "update"] += 1
        place = self._place(number)
        self._deploy(self.model.apps[place].tenant, place, {"image": body["image"]} if only_image else body | size)

    @precondition(has_apps)
    @rule(number=NUMBERS)
    def deploy_the_same(self, number: int) -> None:
        self.steps["deploy the same"] += 1
        place = self._place(number)
        app = self.model.apps[place]
        body = {"image": app.run.image, "max_scale": app.max_scale, "min_scale": app.min_scale}
        if set(app.run.secret_data) == set(app.run.secrets):
            body["secret_envs"] = dict(app.run.secrets)
        self._deploy(app.tenant, place, body)

    @precondition(has_apps)
    @rule(number=NUMBERS, wait=st.booleans(), stranger=st.booleans())
    def delete(self, number: int, wait: bool, stranger: bool) -> None:
        place = self._place(number)
        self.steps["delete and wait" if wait else "delete"] += 1
        app = self.model.apps[place]
        tenant = next(other for other in NAMESPACES if (other != app.tenant) is stranger)
        answer = self.clients[tenant].delete(f"/models/{place[0]}/{place[1]}", params={"wait": wait} if wait else {})
        if stranger:
            assert_refused(answer, Refusal(404, "not_found"))
            return
        assert (answer.status_code, answer.json()["status"]) == ((200, "deleted") if wait else (202, "deleting"))
        if wait:
            assert isvc_of(self.api.cluster, *place) is None
        self._forget(place)

    @precondition(has_apps)
    @rule(number=NUMBERS, body=BODIES)
    def delete_slowly(self, number: int, body: dict[str, Any]) -> None:
        """KServe takes its time: meanwhile the app is shown as going, and cannot be deployed."""
        place = self._place(number)
        if self.model.apps[place].broken:
            return
        self.steps["delete slowly"] += 1
        client = self.clients[self.model.apps[place].tenant]
        self.api.cluster.call(lambda _: self.controllers.pause("kserve"))
        assert client.delete(f"/models/{place[0]}/{place[1]}").status_code == 202
        assert client.get(f"/models/{place[0]}/{place[1]}").json()["deleting"] is True
        answer = client.post("/deploy", json={"name": place[1], "namespace": place[0], "image": body["image"]})
        assert_refused(answer, Refusal(409, "being_deleted"))
        self.api.cluster.call(lambda _: self.controllers.resume())
        self._forget(place)

    @precondition(has_apps)
    @rule(tenant=TENANT, number=NUMBERS, percent=st.sampled_from([0, 10, 50, 100]))
    def share_traffic(self, tenant: str, number: int, percent: int) -> None:
        place = self._place(number)
        self.steps["traffic"] += 1
        expected = self.model.visible(tenant, place)
        answer = self.clients[tenant].put(f"/models/{place[0]}/{place[1]}/traffic", json={"latest_percent": percent})
        if isinstance(expected, Refusal):
            assert_refused(answer, expected)
            return
        assert answer.status_code == 200, answer.text
        whole = replace(expected, service_url_lost=False, unmapped=frozenset())
        changed = replace(whole, latest_percent=None if percent == 100 else percent)
        self.model.apps[place] = changed.rolled_out() if expected.service_url_lost else changed

    @precondition(has_apps)
    @rule(tenant=TENANT, number=NUMBERS, to=st.one_of(st.none(), st.integers(1, 6)))
    def roll_back(self, tenant: str, number: int, to: int | None) -> None:
        place = self._place(number)
        self.steps["rollback"] += 1
        namespace, name = place
        expected = self.model.rollback(tenant, place, to, self._digests(place))
        body: dict[str, Any] = {} if to is None else {"json": {"revision": f"{name}-predictor-{to:05d}"}}
        answer = self.clients[tenant].post(f"/models/{namespace}/{name}/rollback", **body)
        self._done(place, expected, answer)

    @precondition(has_apps)
    @rule(tenant=TENANT, number=NUMBERS, wait=st.booleans())
    def restart(self, tenant: str, number: int, wait: bool) -> None:
        place = self._place(number)
        self.steps["restart"] += 1
        expected = self.model.restart(tenant, place)
        waits = wait and isinstance(expected, Expected) and expected.app.ready
        path = f"/models/{place[0]}/{place[1]}/restart{'?wait=true' if waits else ''}"
        self._done(place, expected, self.clients[tenant].post(path))
