"""All controllers together: told of every change, they bring the objects concerned up to date, one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, Literal

from kserve_api.tests.fake_cluster.controllers import (
    autoscaler,
    configuration,
    domain_mapping,
    knative_service,
    kserve,
    revision,
    route,
)
from kserve_api.tests.fake_cluster.controllers.gateway import Answer, Gateway
from kserve_api.tests.fake_cluster.controllers.platform import (
    AUTOSCALER,
    CONFIGURATION,
    DOMAIN_CLAIM,
    DOMAIN_MAPPING,
    ISVC,
    KNATIVE_NAMESPACE,
    KSERVE_NAMESPACE,
    REVISION,
    ROUTE,
    SERVICE,
    Logs,
    Platform,
    owned_by,
)
from kserve_api.tests.fake_cluster.status_error import StatusError
from kserve_api.tests.fake_cluster.store import ObjectStore

Object = dict[str, Any]
Name = Literal["kserve", "service", "configuration", "route", "revision", "autoscaler", "domain-mapping"]
Work = tuple[Name, str, str]

_RECONCILE: dict[Name, Callable[[Platform, str, str], None]] = {
    "kserve": kserve.reconcile,
    "service": knative_service.reconcile,
    "configuration": configuration.reconcile,
    "route": route.reconcile,
    "revision": revision.reconcile,
    "autoscaler": autoscaler.reconcile,
    "domain-mapping": domain_mapping.reconcile,
}
_OWN: dict[str, Name] = {
    ISVC: "kserve",
    SERVICE: "service",
    CONFIGURATION: "configuration",
    ROUTE: "route",
    REVISION: "revision",
    AUTOSCALER: "autoscaler",
    DOMAIN_MAPPING: "domain-mapping",
}
_OWNERS: dict[str, str] = {SERVICE: ISVC, CONFIGURATION: SERVICE, ROUTE: SERVICE, REVISION: CONFIGURATION}
_MOST_STEPS = 100_000  # More in a row mean that two controllers undo each other's work for ever.


class Controllers:
    """Runs in the loop of the store. `pause("kserve")` lets the work of one pile up until `resume`."""

    def __init__(self, store: ObjectStore, logs: Logs | None = None, previous_logs: Logs | None = None) -> None:
        self.platform = Platform(
            store,
            logs={} if logs is None else logs,
            previous_logs={} if previous_logs is None else previous_logs,
        )
        self.gateway = Gateway(self.platform)
        self.delay_s = 0.0  # Real time before each piece of work: a slow cluster.
        self.errors: list[Exception] = []  # Faults of the fake itself; a test must end with none.
        self._pending: dict[Work, None] = {}
        self._paused: set[str] = set()
        self._scheduled = False
        self._unsubscribe: Callable[[], None] | None = None
        self._tick: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Set the platform's namespaces and ConfigMaps up, and follow the store from now on."""
        self._unsubscribe = self.platform.store.subscribe(self._note)
        self.platform.install()
        self._note_everything()

    def stop(self) -> None:
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._tick is not None:
            self._tick.cancel()
        self._pending.clear()

    @property
    def busy(self) -> bool:
        """Whether there is work that is not held back by a pause."""
        return any(work[0] not in self._paused for work in self._pending)

    def pause(self, *names: Name) -> None:
        self._paused |= set(names or _RECONCILE)

    def resume(self) -> None:
        self._paused.clear()
        self._schedule()

    def advance(self, seconds: float) -> None:
        """Let time pass: idle pods go, slow ones come up, deadlines run out."""
        self.platform.clock.advance(seconds)
        self._note_everything()

    def follow_real_time(self, step_s: float = 1.0) -> None:
        """Let the clock go by itself from now on, in steps: for a cluster that is used by hand."""
        self.advance(step_s)
        self._tick = asyncio.get_running_loop().call_later(step_s, self.follow_real_time, step_s)

    def request(self, host: str) -> Answer:
        """A request through the gateway."""
        answer = self.gateway.request(host)
        self._note_all(AUTOSCALER)
        return answer

    def set_load(self, namespace: str, revision_name: str, concurrent: float) -> None:
        """So many requests at the same time, from now on."""
        self.platform.load[namespace, revision_name] = concurrent
        self.platform.last_request[namespace, revision_name] = self.platform.clock.now()
        self._add("autoscaler", namespace, revision_name)

    def run(self) -> None:
        """Do everything there is to do, now."""
        for _ in range(_MOST_STEPS):
            work = next((one for one in self._pending if one[0] not in self._paused), None)
            if work is None:
                return
            self._do(work)
        raise RuntimeError(f"the controllers do not come to rest; next would be {next(iter(self._pending))}")

    def _do(self, work: Work) -> None:
        del self._pending[work]
        name, namespace, item = work
        try:
            _RECONCILE[name](self.platform, namespace, item)
        except StatusError as refusal:
            if refusal.status not in (403, 404):  # Its namespace is going, or it went while it was looked at.
                self.errors.append(refusal)
        except Exception as error:  # noqa: BLE001 - a fault must show in the test, not end the loop
            self.errors.append(error)

    def _step(self) -> None:
        self._scheduled = False
        work = next((one for one in self._pending if one[0] not in self._paused), None)
        if work is not None:
            self._do(work)
            self._schedule()

    def _schedule(self) -> None:
        if self._scheduled or not self.busy:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # Without a loop, `run` does it.
        self._scheduled = True
        if self.delay_s:
            loop.call_later(self.delay_s, self._step)
        else:
            loop.call_soon(self._step)

    def _add(self, name: Name, namespace: str, item: str) -> None:
        self._pending.setdefault((name, namespace, item))
        self._schedule()

    def _note(self, change: str, key: str, item: Object) -> None:
        for name, namespace, target in _concerned(self.platform, key, item):
            self._add(name, namespace, target)
        if key == "configmaps" and item["metadata"]["namespace"] in (KNATIVE_NAMESPACE, KSERVE_NAMESPACE):
            self._note_everything()
        elif key == DOMAIN_CLAIM:
            self._note_all(DOMAIN_MAPPING, name=item["metadata"]["name"])
        elif key in (ROUTE, SERVICE, "services"):
            self._note_all(DOMAIN_MAPPING)
        elif key in ("secrets", "serviceaccounts") and change != "MODIFIED":
            self._note_all(AUTOSCALER, namespace=item["metadata"]["namespace"])

    def _note_all(self, key: str, *, namespace: str | None = None, name: str = "") -> None:
        for entry in self.platform.store.entries(key, namespace):
            metadata = entry.object["metadata"]
            if not name or metadata["name"] == name:
                self._add(_OWN[key], metadata["namespace"], metadata["name"])

    def _note_everything(self) -> None:
        for key in _OWN:
            self._note_all(key)


def _concerned(platform: Platform, key: str, item: Object) -> Iterator[Work]:
    """Whose work a change is: that of its own controller and of those who look at it."""
    metadata = item["metadata"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    labels = metadata.get("labels", {})
    if key in _OWN:
        yield _OWN[key], namespace, name
    if key in _OWNERS and (above := owned_by(item, _OWNERS[key])) is not None:
        yield _OWN[_OWNERS[key]], namespace, above
    if key == REVISION:
        yield "autoscaler", namespace, name
        yield "route", namespace, labels.get("serving.knative.dev/configuration", name)
    elif key == CONFIGURATION:
        yield "route", namespace, name
    elif key == ROUTE:
        yield "configuration", namespace, name
    elif key == AUTOSCALER:
        yield "revision", namespace, name
    elif key == "pods":
        if "serving.knative.dev/revision" in labels:
            yield "autoscaler", namespace, labels["serving.knative.dev/revision"]
            yield "revision", namespace, labels["serving.knative.dev/revision"]
        if "serving.kserve.io/inferenceservice" in labels:
            yield "kserve", namespace, labels["serving.kserve.io/inferenceservice"]
    elif key == "deployments.apps" and "serving.kserve.io/inferenceservice" in labels:
        yield "kserve", namespace, labels["serving.kserve.io/inferenceservice"]
