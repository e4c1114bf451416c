"""Knative's controller of Configurations: a new Revision for every new template, and the clearing away of old ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import md5
from typing import Any

from kserve_api.tests.fake_cluster.controllers.conditions import Conditions, condition, is_true
from kserve_api.tests.fake_cluster.controllers.platform import CONFIGURATION, REVISION, ROUTE, Platform, owner
from kserve_api.tests.fake_cluster.kinds import KINDS
from kserve_api.tests.fake_cluster.selectors import selector

Object = dict[str, Any]

GENERATION = "serving.knative.dev/configurationGeneration"
_NAME_LIMIT = 63
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


def child_name(parent: str, suffix: str) -> str:
    """As Knative names children: a parent too long for the suffix ends in its MD5."""
    room = _NAME_LIMIT - len(suffix)
    if len(parent) > room:
        parent = parent[: room - 32] + md5(parent.encode(), usedforsecurity=False).hexdigest()
    return parent + suffix


def seconds(text: str) -> float:
    """A Go duration."""
    return sum(float(value) * _UNITS[unit] for value, unit in re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text))


def reconcile(platform: Platform, namespace: str, name: str) -> None:
    configuration = platform.store.find(CONFIGURATION, namespace, name)
    if configuration is None or "deletionTimestamp" in configuration["metadata"]:
        return
    generation: int = configuration["metadata"]["generation"]
    latest = child_name(name, f"-{generation:05d}")
    revision = platform.store.find(REVISION, namespace, latest)
    if revision is None:
        revision = platform.store.create(REVISION, _revision(configuration, latest))
    status: Object = configuration.setdefault("status", {})
    status["observedGeneration"] = generation
    status["latestCreatedRevisionName"] = latest
    conditions = Conditions(status, depends_on=(), now=platform.clock.stamp())
    ready = condition(revision, "Ready")
    if ready is None or ready["status"] == "Unknown":
        conditions.mark("Ready", "Unknown")
    elif ready["status"] == "True":
        conditions.mark("Ready", "True")
    else:
        why = ready.get("message", "")
        conditions.mark("Ready", "False", "RevisionFailed", f'Revision "{latest}" failed with message: {why}.')
    newest_ready = _newest_ready(platform, namespace, name)
    if newest_ready:
        status["latestReadyRevisionName"] = newest_ready
    platform.store.set_status(CONFIGURATION, namespace, name, status)
    _clear_away(platform, configuration)


def _newest_ready(platform: Platform, namespace: str, name: str) -> str:
    """Not always the newest: that may never become ready, and one before it late."""
    match = selector(KINDS[REVISION], f"serving.knative.dev/configuration={name}", "")
    ready = [entry.object for entry in platform.store.entries(REVISION, namespace, match) if is_true(entry.object)]
    newest = max(ready, key=lambda revision: int(revision["metadata"]["labels"][GENERATION]), default=None)
    return str(newest["metadata"]["name"]) if newest else ""


def _revision(configuration: Object, name: str) -> Object:
    metadata, template = configuration["metadata"], configuration["spec"]["template"]
    labels = {
        **template.get("metadata", {}).get("labels", {}),
        "serving.knative.dev/configuration": metadata["name"],
        GENERATION: str(metadata["generation"]),
        "serving.knative.dev/configurationUID": metadata["uid"],
        "serving.knative.dev/service": metadata["labels"]["serving.knative.dev/service"],
        "serving.knative.dev/serviceUID": metadata["labels"]["serving.knative.dev/serviceUID"],
        "serving.knative.dev/routingState": "pending",
    }
    return {
        "metadata": {
            "name": name,
            "namespace": metadata["namespace"],
            "labels": labels,
            "annotations": {
                **template.get("metadata", {}).get("annotations", {}),
                "serving.knative.dev/creator": metadata["annotations"].get("serving.knative.dev/creator", ""),
            },
            "ownerReferences": [owner(configuration)],
        },
        "spec": template["spec"],
    }


def _clear_away(platform: Platform, configuration: Object) -> None:
    """Old revisions go by ConfigMap config-gc; one that has traffic, or is the latest created or ready, never does."""
    namespace, name = configuration["metadata"]["namespace"], configuration["metadata"]["name"]
    status = configuration["status"]
    route = platform.store.find(ROUTE, namespace, name) or {}
    kept = {target.get("revisionName") for target in route.get("spec", {}).get("traffic", [])}
    kept |= {target.get("revisionName") for target in route.get("status", {}).get("traffic", [])}
    kept |= {status.get("latestCreatedRevisionName"), status.get("latestReadyRevisionName")}
    idle = [
        revision
        for revision in platform.store.list(REVISION, namespace, labels=f"serving.knative.dev/configuration={name}")
        if revision["metadata"]["name"] not in kept
        and revision["metadata"].get("annotations", {}).get("serving.knative.dev/no-gc") != "true"
    ]
    idle.sort(key=lambda revision: int(revision["metadata"]["labels"][GENERATION]))
    settings = platform.config("config-gc")
    at_least, at_most = (
        _limit(settings, "min-non-active-revisions", 20),
        _limit(settings, "max-non-active-revisions", 1000),
    )
    keep_s = seconds(settings.get("retain-since-create-time", "48h"))
    for position, revision in enumerate(idle):
        left = len(idle) - position
        old = platform.clock.age_s(revision["metadata"]["creationTimestamp"]) > keep_s
        if (at_most is not None and left > at_most) or (at_least is not None and left > at_least and old):
            platform.store.delete(REVISION, namespace, revision["metadata"]["name"])


def _limit(settings: Mapping[str, str], key: str, default: int) -> int | None:
    text = settings.get(key, str(default))
    return None if text == "disabled" else int(text)
