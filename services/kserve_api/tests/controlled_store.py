"""An object store with the controllers on it, without a server: for tests of the controllers themselves."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.admission import admit
from kserve_api.tests.fake_cluster.controllers.conditions import condition
from kserve_api.tests.fake_cluster.controllers.controllers import Controllers
from kserve_api.tests.fake_cluster.controllers.platform import (
    AUTOSCALER,
    DOMAIN_MAPPING,
    ISVC,
    REVISION,
    SERVICE,
)
from kserve_api.tests.fake_cluster.store import ObjectStore

Object = dict[str, Any]

IMAGE = "registry.test/apps/shop:1"


class ControlledStore:
    """Writes go through admission, as with the server; after each the controllers do all there is to do."""

    def __init__(self, *namespaces: str) -> None:
        self.store = ObjectStore()
        for namespace in namespaces or ("team-a", "team-b"):
            self.store.create("namespaces", {"metadata": {"name": namespace}})
        self.controllers = Controllers(self.store)
        self.platform = self.controllers.platform
        self.controllers.start()
        self.settle()

    def settle(self) -> None:
        self.controllers.run()
        if self.controllers.errors:
            raise self.controllers.errors[0]

    def advance(self, seconds: float) -> None:
        self.controllers.advance(seconds)
        self.settle()

    def apply(self, key: str, item: Object) -> Object:
        """Create the object, or replace all of it but its status and what controllers keep in its metadata."""
        metadata = item["metadata"]
        old = self.store.find(key, metadata.get("namespace"), metadata["name"])
        if old is not None:
            for field in ("uid", "finalizers", "ownerReferences"):
                if field in old["metadata"]:
                    metadata.setdefault(field, old["metadata"][field])
            if "status" in old:
                item["status"] = old["status"]
        namespace = metadata.get("namespace")
        if old is None:
            item = admit("CREATE", key, None, item, namespace, store=self.store, user="somebody")
            stored = self.store.create(key, item)
        else:
            item = admit("UPDATE", key, old, item, namespace, store=self.store, user="somebody")
            stored = self.store.replace(key, item)
        self.settle()
        return stored

    def delete(self, key: str, name: str, namespace: str | None = "team-a") -> None:
        self.store.delete(key, namespace, name)
        self.settle()

    def deploy(self, name: str = "shop", *, image: str = IMAGE, namespace: str = "team-a", **more: object) -> Object:
        """Apply an InferenceService as this service makes them; the object with its status."""
        self.apply(ISVC, inference_service(name, image=image, namespace=namespace, **more))  # type: ignore[arg-type]
        return self.isvc(name, namespace)

    def map_domain(self, domain: str, *, target: str = "shop-predictor", namespace: str = "team-a") -> Object:
        reference = {"apiVersion": "serving.knative.dev/v1", "kind": "Service", "name": target}
        self.apply(DOMAIN_MAPPING, {"metadata": {"name": domain, "namespace": namespace}, "spec": {"ref": reference}})
        return self.store.get(DOMAIN_MAPPING, namespace, domain)

    def isvc(self, name: str = "shop", namespace: str = "team-a") -> Object:
        return self.store.get(ISVC, namespace, name)

    def service(self, name: str = "shop-predictor", namespace: str = "team-a") -> Object:
        return self.store.get(SERVICE, namespace, name)

    def revision(self, number: int, name: str = "shop-predictor", namespace: str = "team-a") -> Object:
        return self.store.get(REVISION, namespace, f"{name}-{number:05d}")

    def autoscaler(self, number: int, name: str = "shop-predictor", namespace: str = "team-a") -> Object:
        return self.store.get(AUTOSCALER, namespace, f"{name}-{number:05d}")

    def revisions(self) -> list[str]:
        return [revision["metadata"]["name"] for revision in self.store.list(REVISION)]

    def pods(self, number: int | None = None, name: str = "shop-predictor") -> list[Object]:
        labels = "" if number is None else f"serving.knative.dev/revision={name}-{number:05d}"
        return self.store.list("pods", labels=labels)


def inference_service(
    name: str = "shop",
    *,
    image: str = IMAGE,
    namespace: str = "team-a",
    annotations: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    container: Object | None = None,
    **predictor: object,
) -> Object:
    first = {"name": "kserve-container", "image": image, "ports": [{"containerPort": 8080}], **(container or {})}
    return {
        "metadata": {
            "name": name,
            "namespace": namespace,
            "labels": labels or {},
            "annotations": {"serving.kserve.io/deploymentMode": "Knative", **(annotations or {})},
        },
        "spec": {"predictor": {"minReplicas": 0, "maxReplicas": 10, "containers": [first], **predictor}},
    }


def told(item: Object, kind: str = "Ready") -> tuple[str, str, str]:
    """Status, reason and message of a condition."""
    found = condition(item, kind) or {"status": "absent"}
    return found["status"], found.get("reason", ""), found.get("message", "")
