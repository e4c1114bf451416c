"""Random steps during which the API server fails once or twice."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kserve_api.tests.app_agreement import isvc_of
from kserve_api.tests.app_model import Refusal
from kserve_api.tests.app_steps import BODIES, NUMBERS, PLACES, TENANT, AppSteps, has_apps

__all__ = ["FailingSteps"]

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
_HARMLESS = ("conflict", "read broken")


class FailingSteps(AppSteps):
    """A change that is refused is made as a whole or not at all, and doing it again completes it."""

    @rule(
        number=NUMBERS,
        body=BODIES,
        fault=st.sampled_from(sorted(_FAULTS)),
        new=PLACES,
        tenant=TENANT,
        then=st.sampled_from(["again", "again", "delete"]),
        is_new=st.booleans(),
    )
    def deploy_while_it_fails(
        self,
        *,
        number: int,
        body: dict[str, Any],
        fault: str,
        new: tuple[str, str],
        tenant: str,
        then: str,
        is_new: bool,
    ) -> None:
        """Then the tenant asks for the same again, or gives up and deletes the app."""
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

    @precondition(has_apps)
    @rule(number=NUMBERS, how=st.sampled_from(["500", "429", "lost", "answer lost"]), of_read=st.booleans())
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

    @precondition(has_apps)
    @rule(number=NUMBERS, status=st.sampled_from([429, 500, 503]))
    def read_while_it_fails(self, number: int, status: int) -> None:
        place = self._place(number)
        self.steps["read, refused"] += 1
        self.api.cluster.fail_next("GET .*/inferenceservices/", status=status)
        answer = self.readers[self.model.apps[place].tenant].get(f"/models/{place[0]}/{place[1]}")
        assert answer.status_code == (429 if status == 429 else 502)
        assert ("retry-after" in answer.headers) is (status == 429)
