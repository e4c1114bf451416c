"""The one app that is looked at, and the objects that belong to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kserve_api.apps.app import CONTAINER
from kserve_api.apps.revisions import revision_selector
from kserve_api.apps.views import latest_created_revision
from kserve_api.cluster.cluster import Object
from kserve_api.cluster.resources import INFERENCE_SERVICE, POD, REVISION
from kserve_api.operations.doctor.surroundings import Surroundings

__all__ = ["AppTarget", "container_status"]

_CUSTOM_DOMAIN = "kserve-api/custom-domain"
_DEFAULT_PORT = 8080
_REVISION_LABEL = "serving.knative.dev/revision"


@dataclass(frozen=True, slots=True)
class AppTarget:
    """An app by name; reads its objects anew each time, since they change while one looks. Raises ClusterError."""

    around: Surroundings
    namespace: str
    name: str

    @property
    def label(self) -> str:
        """The label that all of the app's pods have."""
        return f"serving.kserve.io/inferenceservice={self.name}"

    async def inference_service(self) -> Object:
        """The InferenceService."""
        return await self.around.cluster.get(INFERENCE_SERVICE, self.name, self.namespace)

    async def newest_revision(self) -> Object | None:
        """The revision that KServe made last; None when it has made none, or it is gone."""
        name = latest_created_revision(await self.inference_service())
        revisions = await self.around.cluster.list(REVISION, self.namespace, labels=revision_selector(self.name))
        return next((each for each in revisions.items if each["metadata"]["name"] == name), None)

    async def pods(self) -> Sequence[Object]:
        """Its pods that are not being deleted, newest first; of the same second, those of the newer revision."""
        found = (await self.around.cluster.list(POD, self.namespace, labels=self.label)).items
        present = [pod for pod in found if not pod["metadata"].get("deletionTimestamp")]
        return sorted(present, key=_age, reverse=True)

    async def hosts(self) -> Sequence[str]:
        """The names it answers at: the one under the base domain, then its own domain if it has one."""
        annotations = (await self.inference_service())["metadata"].get("annotations") or {}
        custom = annotations.get(_CUSTOM_DOMAIN)
        return [f"{self.name}.{self.around.settings.base_domain}", *([custom] if custom else [])]

    async def port(self) -> int:
        """The port its container is said to listen at."""
        predictor = ((await self.inference_service()).get("spec") or {}).get("predictor") or {}
        containers = predictor.get("containers") or [{}]
        ports = containers[0].get("ports") or [{}]
        return int(ports[0].get("containerPort", _DEFAULT_PORT))


def _age(pod: Object) -> tuple[str, str]:
    metadata = pod["metadata"]
    return str(metadata.get("creationTimestamp")), str((metadata.get("labels") or {}).get(_REVISION_LABEL))


def container_status(pod: Object) -> Object:
    """The status of a pod's app container; empty before the node has taken the pod."""
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    return next((each for each in statuses if each.get("name") == CONTAINER), {})
