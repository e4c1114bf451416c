"""What clients ask an API server about itself: version, groups, resources, and enough OpenAPI for kubectl."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from kserve_api.tests.fake_cluster.kinds import KINDS, Kind

__all__ = ["AGGREGATED", "discovery"]

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_VERSION = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4",
    "gitCommit": "0" * 40,
    "gitTreeState": "clean",
    "buildDate": "2025-04-22T00:00:00Z",
    "goVersion": "go1.23.6",
    "compiler": "gc",
    "platform": "linux/amd64",
}
_PATCHES = ("application/json-patch+json", "application/merge-patch+json", "application/apply-patch+yaml")


def discovery(path: str, *, aggregated: bool) -> dict[str, Any] | str | None:
    """The document at a path (a text for health checks), None where there is none. `aggregated`: the client takes the
    one-document form of /api and /apis.
    """
    parts = path.strip("/").split("/")
    document: dict[str, Any] | str | None = None
    if path in ("/healthz", "/livez", "/readyz"):
        document = "ok"
    elif path == "/version":
        document = _VERSION
    elif parts[:2] == ["openapi", "v3"]:
        document = _openapi("/".join(parts[2:]))
    elif path in ("/api", "/apis") and aggregated:
        document = _aggregated(core=path == "/api")
    elif path == "/api":
        document = {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    elif path == "/apis":
        document = {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in _groups() if name]}
    elif parts[0] == "apis" and len(parts) == 2 and parts[1] in _groups():
        document = {"apiVersion": "v1"} | _group(parts[1])
    elif (group_version := path.removeprefix("/apis/").removeprefix("/api/")) in {
        kind.api_version for kind in KINDS.values()
    }:
        document = _resources(group_version)
    return document


def _groups() -> list[str]:
    return list(dict.fromkeys(kind.group for kind in KINDS.values()))


def _versions(group: str) -> list[str]:
    return sorted(
        {kind.version for kind in KINDS.values() if kind.group == group},
        key=lambda name: ("alpha" in name, "beta" in name),
    )


def _group(group: str) -> dict[str, Any]:
    versions = [{"groupVersion": f"{group}/{version}", "version": version} for version in _versions(group)]
    return {"kind": "APIGroup", "name": group, "versions": versions, "preferredVersion": versions[0]}


def _subresources(kind: Kind) -> Iterable[tuple[str, list[str]]]:
    if kind.status:
        yield "status", ["get", "patch", "update"]
    if kind.key == "pods":
        yield "log", ["get"]


def _resources(group_version: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = []
    for kind in (kind for kind in KINDS.values() if kind.api_version == group_version):
        common = {"namespaced": kind.namespaced, "kind": kind.kind}
        entry = common | {"name": kind.plural, "singularName": kind.kind.lower(), "verbs": list(kind.verbs)}
        found.append(entry | ({"shortNames": list(kind.short_names)} if kind.short_names else {}))
        for name, verbs in _subresources(kind):
            found.append(common | {"name": f"{kind.plural}/{name}", "singularName": "", "verbs": verbs})
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": found}


def _aggregated(*, core: bool) -> dict[str, Any]:
    items = []
    for group in _groups():
        if bool(group) is core:
            continue
        versions = [
            {
                "version": version,
                "freshness": "Current",
                "resources": [
                    _aggregated_resource(kind)
                    for kind in KINDS.values()
                    if (kind.group, kind.version) == (group, version)
                ],
            }
            for version in _versions(group)
        ]
        items.append({"metadata": {"name": group, "creationTimestamp": None}, "versions": versions})
    return {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items}


def _aggregated_resource(kind: Kind) -> dict[str, Any]:
    response_kind = {"group": kind.group, "version": kind.version, "kind": kind.kind}
    entry: dict[str, Any] = {
        "resource": kind.plural,
        "responseKind": response_kind,
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.kind.lower(),
        "verbs": list(kind.verbs),
        "shortNames": list(kind.short_names),
    }
    subresources = [
        {"subresource": name, "responseKind": response_kind, "verbs": verbs} for name, verbs in _subresources(kind)
    ]
    return entry | ({"subresources": subresources} if subresources else {})


def _openapi(path: str) -> dict[str, Any] | None:
    places = {_place(kind): kind for kind in KINDS.values()}
    if not path:
        digest = hashlib.sha256(json.dumps(sorted(places)).encode()).hexdigest()[:32]
        return {"paths": {place: {"serverRelativeURL": f"/openapi/v3/{place}?hash={digest}"} for place in places}}
    if path not in places:
        return None
    paths, schemas = {}, {}
    for kind in (kind for kind in KINDS.values() if _place(kind) == path):
        group_version_kind = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        name = f"{'.'.join(reversed((kind.group or 'core').split('.')))}.{kind.version}.{kind.kind}"
        schemas[name] = kind.schema | {"x-kubernetes-group-version-kind": [group_version_kind]}
        scope = "/namespaces/{namespace}" if kind.namespaced else ""
        parameters = [
            {"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": True}}
            for name in ("dryRun", "fieldManager", "fieldValidation", "force")
        ]
        # No strategic merge: kubectl then works its patches out from the types it knows itself.
        paths[f"/{path}{scope}/{kind.plural}/{{name}}"] = {
            "patch": {
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": group_version_kind,
                "parameters": parameters,
                "requestBody": {"content": {content: {"schema": {"type": "object"}} for content in _PATCHES}},
                "responses": {"200": {"description": "OK"}},
            }
        }
    info = {"title": "Kubernetes", "version": _VERSION["gitVersion"]}
    return {"openapi": "3.0.0", "info": info, "paths": paths, "components": {"schemas": schemas}}


def _place(kind: Kind) -> str:
    return f"apis/{kind.api_version}" if kind.group else f"api/{kind.version}"
