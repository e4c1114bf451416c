"""Kourier: which revision answers a request to a host, waking it up when it has no pods."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kserve_api.tests.fake_cluster.controllers import route
from kserve_api.tests.fake_cluster.controllers.conditions import is_true
from kserve_api.tests.fake_cluster.controllers.platform import DOMAIN_MAPPING, REVISION, ROUTE, Platform

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """HTTP status, and the revision that the request was for (empty: none)."""

    status: int
    revision: str = ""


@dataclass(slots=True)
class Gateway:
    """Shares requests out exactly by percent: of every hundred in a row, each revision gets as many as its share."""

    platform: Platform
    _sent: dict[tuple[str, str], int] = field(default_factory=dict)

    def request(self, host: str) -> Answer:
        """One request: 404 for a host nobody has, 503 while the revision it goes to is not ready."""
        found = self._route(host)
        if found is None:
            return Answer(404)
        revision = self._choose(found)
        if not revision:
            return Answer(503)
        namespace = found["metadata"]["namespace"]
        self.platform.last_request[namespace, revision] = self.platform.clock.now()
        present = self.platform.store.find(REVISION, namespace, revision)
        return Answer(200 if present is not None and is_true(present) else 503, revision)

    def _route(self, host: str) -> Object | None:
        store = self.platform.store
        for entry in store.entries(DOMAIN_MAPPING):
            mapping = entry.object
            if mapping["metadata"]["name"] == host and is_true(mapping):
                return store.find(ROUTE, mapping["metadata"]["namespace"], mapping["spec"]["ref"]["name"])
        for entry in store.entries(ROUTE):
            metadata = entry.object["metadata"]
            if route.host(self.platform, metadata["namespace"], metadata["name"]) == host:
                return entry.object
        return None

    def _choose(self, found: Object) -> str:
        targets = found.get("status", {}).get("traffic", [])
        place = (found["metadata"]["namespace"], found["metadata"]["name"])
        turn = self._sent.get(place, 0) * 37 % 100  # 37 and 100 have no common factor: all turns come up, mixed.
        self._sent[place] = self._sent.get(place, 0) + 1
        for target in targets:
            turn -= target.get("percent", 0)
            if turn < 0:
                name: str = target["revisionName"]
                return name
        return ""
