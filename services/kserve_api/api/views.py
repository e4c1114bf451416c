"""Answers as JSON, made straight from what the operations return: reads are the most frequent thing here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import Response

from kserve_api.apps.app import AppDetail, AppSummary, Deployed, LogTail, Resources

__all__ = ["answer", "app_view", "deleted_view", "deployed_view", "list_view", "logs_view", "revisions_view"]

View = dict[str, Any]


def answer(content: Mapping[str, Any], status: int = 200, *, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON response."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def deployed_view(deployed: Deployed) -> View:
    """What a deployment did."""
    summary = deployed.summary
    return {
        "name": summary.name,
        "namespace": summary.namespace,
        "action": deployed.action,
        "status": "success",
        "url": summary.url,
        "predictor_url": summary.predictor_url,
        "changed": deployed.changed,
        "warnings": list(deployed.warnings),
    }


def list_view(namespace: str, apps: Sequence[AppSummary], cursor: str) -> View:
    """A page of apps."""
    return {"namespace": namespace, "models": [_item(app) for app in apps], "cursor": cursor or None}


def app_view(app: AppDetail) -> View:
    """Everything about one app."""
    return {
        **_item(app.summary),
        "image": app.image,
        "conditions": [
            {
                "type": condition.type,
                "status": condition.status,
                "reason": condition.reason,
                "message": condition.message,
                "changed_at": None if condition.changed_at is None else _time(condition.changed_at),
            }
            for condition in app.conditions
        ],
        **_revisions(app),
        "min_scale": app.min_scale,
        "max_scale": app.max_scale,
        "concurrency": app.concurrency,
        "port": app.port,
        "readiness_path": app.readiness_path,
        "resources": _resources(app.resources),
        "env_names": list(app.env_names),
        "secret_env_names": list(app.secret_env_names),
        "custom_domain": app.custom_domain,
        "idle_timeout_s": app.idle_timeout_s,
        "created_at": _time(app.created_at),
        "deleting": app.deleting,
    }


def revisions_view(app: AppDetail) -> View:
    """Revisions and traffic of one app."""
    return {"name": app.summary.name, "namespace": app.summary.namespace, **_revisions(app)}


def deleted_view(namespace: str, name: str, status: str) -> View:
    """What became of a deletion."""
    return {"name": name, "namespace": namespace, "status": status}


def logs_view(tail: LogTail) -> View:
    """The last lines; `message` only where there is one."""
    view: View = {
        "name": tail.name,
        "namespace": tail.namespace,
        "pod_name": tail.pod_name,
        "pod_status": tail.pod_status,
        "tail_lines": tail.tail_lines,
        "logs": tail.logs,
    }
    return view if tail.message is None else {**view, "message": tail.message}


def _item(app: AppSummary) -> View:
    return {
        "name": app.name,
        "namespace": app.namespace,
        "url": app.url,
        "predictor_url": app.predictor_url,
        "ready": app.ready,
    }


def _revisions(app: AppDetail) -> View:
    return {
        "revisions": [
            {
                "name": revision.name,
                "image": revision.image,
                "digest": revision.digest,
                "ready": revision.ready,
                "created_at": _time(revision.created_at),
                "percent": revision.percent,
                "pods": revision.pods,
            }
            for revision in app.revisions
        ],
        "traffic": [
            {"revision": share.revision, "percent": share.percent, "latest": share.latest} for share in app.traffic
        ],
    }


def _resources(resources: Resources) -> View:
    return {
        "cpu_request": resources.cpu_request,
        "memory_request": resources.memory_request,
        "cpu_limit": resources.cpu_limit,
        "memory_limit": resources.memory_limit,
    }


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
