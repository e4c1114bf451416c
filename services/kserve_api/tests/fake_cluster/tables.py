"""The Table form of objects that `kubectl get` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from kserve_api.tests.fake_cluster.entry import Object
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.schemas import Json

__all__ = ["table"]


def table(kind: Kind, items: Sequence[Object], metadata: Object) -> Object:
    """Rows with the kind's columns; every row carries its object's metadata."""
    columns = [{"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}]
    columns += [
        {"name": column.title, "type": "string", "format": "", "description": "", "priority": int(column.wide)}
        for column in kind.columns
    ]
    columns.append({"name": "Age", "type": "string", "format": "", "description": "", "priority": 0})
    rows = [
        {
            "cells": [item["metadata"]["name"], *(_cell(item, column.path) for column in kind.columns), _age(item)],
            "object": {
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": {name: value for name, value in item["metadata"].items() if name != "managedFields"},
            },
        }
        for item in items
    ]
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": columns,
        "rows": rows,
    }


def _cell(item: Object, path: str) -> Json:
    how, colon, what = path.partition(":")
    if not colon:
        return _at(item, path)
    if how == "count":
        return len(item.get(what) or ())
    if how == "label":
        return (item["metadata"].get("labels") or {}).get(what, "")
    if how == "pod":
        return _pod_cell(item, what)
    conditions = item.get("status", {}).get("conditions") or ()
    found: Object = next((condition for condition in conditions if condition["type"] == what), {})
    return found.get("status" if how == "condition" else "reason", "")


def _at(item: Object, path: str) -> Json:
    value: Any = item
    for name in path.split("."):
        if isinstance(value, list):
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else value


def _pod_cell(pod: Object, what: str) -> Json:
    status = pod.get("status", {})
    containers = status.get("containerStatuses") or ()
    if what == "ready":
        return f"{sum(bool(one.get('ready')) for one in containers)}/{len(pod['spec']['containers'])}"
    if what == "restarts":
        return sum(one.get("restartCount", 0) for one in containers)
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    for one in containers:
        for state in ("waiting", "terminated"):
            if reason := (one.get("state") or {}).get(state, {}).get("reason"):
                return reason
    return status.get("phase", "")


def _age(item: Object) -> str:
    made = datetime.fromisoformat(item["metadata"]["creationTimestamp"])
    seconds = max(0, int((datetime.now(UTC) - made).total_seconds()))
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
