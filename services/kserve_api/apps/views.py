"""What callers see of an app's objects; pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from kserve_api.apps.app import AppSummary, Condition, TrafficShare
from kserve_api.apps.manifest import app_url, predictor_name
from kserve_api.cluster.cluster import Object
from kserve_api.settings import Settings

__all__ = [
    "conditions_of",
    "created_at",
    "is_ready",
    "latest_created_revision",
    "latest_ready_revision",
    "predictor_status",
    "summary_of",
    "traffic_of",
]

_STATUSES: dict[str, Literal["True", "False"]] = {"True": "True", "False": "False"}


def summary_of(service: Object, settings: Settings) -> AppSummary:
    """One line of an InferenceService."""
    name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
    return AppSummary(
        name=name,
        namespace=namespace,
        url=app_url(name, settings),
        # KServe tells it once its Knative Service has one; inside the cluster this name always holds.
        predictor_url=predictor_status(service).get("url")
        or f"http://{predictor_name(name)}.{namespace}.svc.cluster.local",
        ready=is_ready(service),
    )


def is_ready(service: Object) -> bool:
    """Whether its condition `Ready` is True: it serves, if perhaps not yet what was deployed last.

    `status.observedGeneration` is no help: KServe copies it from its Knative Service, which counts by itself.
    """
    # Straight from the object: lists ask this of every app, and times need not be read for it.
    conditions = (service.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def conditions_of(thing: Object) -> list[Condition]:
    """The conditions in its status, in their order."""
    return [
        Condition(
            type=one.get("type", ""),
            status=_STATUSES.get(one.get("status", ""), "Unknown"),
            reason=one.get("reason", ""),
            message=one.get("message", ""),
            changed_at=_moment(one.get("lastTransitionTime")),
        )
        for one in (thing.get("status") or {}).get("conditions") or []
    ]


def predictor_status(service: Object) -> dict[str, Any]:
    """KServe's status of the predictor; empty until it has one."""
    status: dict[str, Any] = ((service.get("status") or {}).get("components") or {}).get("predictor") or {}
    return status


def latest_created_revision(service: Object) -> str:
    """Name of the newest revision; empty until there is one."""
    return str(predictor_status(service).get("latestCreatedRevision") or "")


def latest_ready_revision(service: Object) -> str:
    """Name of the newest revision that became ready; empty until there is one."""
    return str(predictor_status(service).get("latestReadyRevision") or "")


def traffic_of(service: Object) -> Sequence[TrafficShare]:
    """Who gets which share of the requests."""
    return [
        TrafficShare(
            revision=one.get("revisionName") or latest_ready_revision(service),
            percent=one.get("percent") or 0,
            latest=one.get("latestRevision") is True,
        )
        for one in predictor_status(service).get("traffic") or []
    ]


def created_at(thing: Object) -> datetime:
    """When it was created."""
    moment = _moment(thing["metadata"].get("creationTimestamp"))
    if moment is None:
        raise ValueError("an object of the API server without creationTimestamp")
    return moment


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
