"""Revisions of an app: what each runs, and which of them a rollback goes to; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kserve_api.apps.app import CONTAINER, RevisionView, TrafficShare
from kserve_api.apps.manifest import ContainerState, container_state, predictor_name
from kserve_api.apps.views import created_at, is_ready
from kserve_api.cluster.cluster import Object
from kserve_api.errors import ApiError

__all__ = [
    "container_of",
    "is_revision_ready",
    "newest_first",
    "revision_selector",
    "revision_views",
    "rollback_target",
]

_GENERATION = "serving.knative.dev/configurationGeneration"


def revision_selector(name: str) -> str:
    """Label selector of an app's revisions."""
    return f"serving.knative.dev/service={predictor_name(name)}"


def newest_first(revisions: Sequence[Object]) -> list[Object]:
    """By the generation that each was made of: two may be of the same second."""
    return sorted(revisions, key=_generation, reverse=True)


def revision_views(revisions: Sequence[Object], traffic: Sequence[TrafficShare]) -> list[RevisionView]:
    """What is told of the revisions, newest first."""
    percent: dict[str, int] = {}
    for share in traffic:
        percent[share.revision] = percent.get(share.revision, 0) + share.percent
    return [
        RevisionView(
            name=revision["metadata"]["name"],
            image=container_of(revision).image,
            digest=_resolved_image(revision).rpartition("@")[2],
            ready=is_revision_ready(revision),
            created_at=created_at(revision),
            percent=percent.get(revision["metadata"]["name"], 0),
            pods=(revision.get("status") or {}).get("actualReplicas") or 0,
        )
        for revision in newest_first(revisions)
    ]


def rollback_target(revisions: Sequence[Object], name: str, wanted: str | None) -> ContainerState:
    """What the wanted revision ran (None: the ready one before the newest), its image by digest.

    Raises ApiError 404 `revision_not_found`, 409 `revision_not_ready`, 409 `no_earlier_revision`.
    """
    ordered = newest_first(revisions)
    if wanted is None:
        target = next((revision for revision in ordered[1:] if is_revision_ready(revision)), None)
        if target is None:
            raise ApiError(409, "no_earlier_revision", f"{name} has no earlier revision that was ready.")
    else:
        target = next((revision for revision in ordered if revision["metadata"]["name"] == wanted), None)
        if target is None:
            raise ApiError(404, "revision_not_found", f"{name} has no such revision; GET the app for those it has.")
        if not is_revision_ready(target):
            raise ApiError(409, "revision_not_ready", f"Revision {wanted} has not become ready, so it is no way back.")
    container = container_of(target)
    return replace(container, image=_resolved_image(target) or container.image)


def is_revision_ready(revision: Object) -> bool:
    """Whether it can serve (also when it has no pods at the moment)."""
    return is_ready(revision)


def container_of(revision: Object) -> ContainerState:
    """What the revision runs."""
    containers = revision.get("spec", {}).get("containers") or [{}]
    return container_state(next((one for one in containers if one.get("name") == CONTAINER), containers[0]))


def _resolved_image(revision: Object) -> str:
    statuses = (revision.get("status") or {}).get("containerStatuses") or []
    digests = {one.get("name"): one.get("imageDigest") or "" for one in statuses}
    return str(digests.get(CONTAINER) or next(iter(digests.values()), ""))


def _generation(revision: Object) -> tuple[int, str]:
    metadata = revision["metadata"]
    generation = (metadata.get("labels") or {}).get(_GENERATION, "")
    return int(generation) if generation.isdecimal() else 0, metadata["name"]
