"""The permissions of the service as its manifests grant them, for the fake cluster to enforce."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

__all__ = ["deployed_roles"]

_MANIFESTS = Path(__file__).resolve().parents[3] / "deploy" / "kubernetes" / "kserve-api"
_ALWAYS = ("base/service-account.yaml", "base/rbac.yaml", "components/domain-owners/rbac.yaml")
_CLAIMS = "components/domain-claims/rbac.yaml"


def deployed_roles(folder: Path, namespaces: Sequence[str], *, claims: bool = False) -> Path:
    """Write the service account and its roles, those of tenants once for each namespace as the overlays do.

    `claims`: also what it needs to make ClusterDomainClaims itself.
    """
    documents = [document for name in (*_ALWAYS, *([_CLAIMS] if claims else [])) for document in _read(name)]
    for namespace in namespaces:
        for document in _read("tenant/rbac.yaml"):
            document["metadata"]["namespace"] = namespace
            documents.append(document)
    path = folder / "deployed-rbac.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return path


def _read(name: str) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all((_MANIFESTS / name).read_text()) if document]
