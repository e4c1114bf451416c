"""Knative's controller of Services: one Configuration and one Route each, and what they report."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.controllers.conditions import Conditions, condition
from kserve_api.tests.fake_cluster.controllers.platform import CONFIGURATION, ROUTE, SERVICE, Platform, owner

Object = dict[str, Any]

_DEPENDS_ON = ("ConfigurationsReady", "RoutesReady")


def reconcile(platform: Platform, namespace: str, name: str) -> None:
    service = platform.store.find(SERVICE, namespace, name)
    if service is None or "deletionTimestamp" in service["metadata"]:
        return
    configuration = _part(platform, service, CONFIGURATION, {"template": service["spec"]["template"]})
    route = _part(platform, service, ROUTE, {"traffic": _targets(service)})
    status: Object = service.setdefault("status", {})
    status["observedGeneration"] = service["metadata"]["generation"]
    conditions = Conditions(status, depends_on=_DEPENDS_ON, now=platform.clock.stamp())
    if _up_to_date(configuration):
        conditions.copy("ConfigurationsReady", condition(configuration, "Ready"))
    else:
        conditions.mark(
            "ConfigurationsReady",
            "Unknown",
            "OutOfDate",
            "The Configuration is still working to reflect the latest desired specification.",
        )
    for field in ("latestCreatedRevisionName", "latestReadyRevisionName"):
        if field in configuration.get("status", {}):
            status[field] = configuration["status"][field]
    for field in ("url", "address", "traffic"):
        if field in route.get("status", {}):
            status[field] = route["status"][field]
    _mark_route(conditions, configuration, route)
    platform.store.set_status(SERVICE, namespace, name, status)


def _mark_route(conditions: Conditions, configuration: Object, route: Object) -> None:
    if not _up_to_date(route):
        conditions.mark(
            "RoutesReady",
            "Unknown",
            "OutOfDate",
            "The Route is still working to reflect the latest desired specification.",
        )
        return
    conditions.copy("RoutesReady", condition(route, "Ready"))
    ready = configuration.get("status", {}).get("latestReadyRevisionName")
    behind = any(
        target.get("latestRevision") and target["revisionName"] != ready
        for target in route.get("status", {}).get("traffic", [])
    )
    if conditions.truth("ConfigurationsReady") == "True" and behind:
        conditions.mark(
            "RoutesReady",
            "Unknown",
            "TrafficNotMigrated",
            "Traffic is not yet migrated to the latest revision.",
        )


def _part(platform: Platform, service: Object, key: str, spec: Object) -> Object:
    metadata = service["metadata"]
    annotations = {
        name: value
        for name, value in metadata.get("annotations", {}).items()
        if not name.startswith("kubectl.kubernetes.io/")
    }
    return platform.ensure(
        key,
        {
            "metadata": {
                "name": metadata["name"],
                "namespace": metadata["namespace"],
                "labels": {
                    **metadata.get("labels", {}),
                    "serving.knative.dev/service": metadata["name"],
                    "serving.knative.dev/serviceUID": metadata["uid"],
                },
                "annotations": annotations,
                "ownerReferences": [owner(service)],
            },
            "spec": spec,
        },
        "spec",
    )


def _targets(service: Object) -> list[Object]:
    return [
        {**target, "configurationName": service["metadata"]["name"]} if target.get("latestRevision") else target
        for target in service["spec"]["traffic"]
    ]


def _up_to_date(item: Object) -> bool:
    return bool(item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"])
