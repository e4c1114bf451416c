"""No value of a secret stands in a manifest."""

from __future__ import annotations

import re
from collections.abc import Iterator

from finrag_ml_tg1.operations.scaling.manifests.kit import Kit, Rule
from finrag_ml_tg1.operations.scaling.manifests.manifest import Manifest, mappings
from finrag_ml_tg1.operations.scaling.manifests.pods import containers_of

__all__ = ["RULES"]

_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|PRIVATE|(?:^|[_.-])KEY(?:$|[_.-])", re.IGNORECASE)
# Names of where a secret is are no secrets.
_PLACE = re.compile(r"(?:FILE|PATH|DIR|NAME|URL|HEADER|ISSUER)$", re.IGNORECASE)


def secrets_have_no_values(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A Secret in a file is a template: its values are made where it is used."""
    if not manifest.is_a("Secret"):
        return
    for part in ("data", "stringData"):
        for name, value in (manifest.body.get(part) or {}).items():
            if value:
                yield f"{part}.{name} has a value: leave it empty, and make the Secret with kubectl create secret"


def variables_hold_no_secrets(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """A variable that is named like a secret takes its value from a Secret."""
    for container in containers_of(manifest):
        for variable in mappings(container.body.get("env")):
            if variable.get("value") and _is_secret(str(variable.get("name"))):
                yield f"container {container.name}: {variable['name']} has a value: take it from a Secret"


def config_maps_hold_no_secrets(manifest: Manifest, _kit: Kit) -> Iterator[str]:
    """Whoever reads ConfigMaps need not be allowed to read secrets."""
    if manifest.is_a("ConfigMap"):
        for name, value in (manifest.body.get("data") or {}).items():
            if value and _is_secret(str(name)):
                yield f"data.{name} is named like a secret: put it into a Secret"


def _is_secret(name: str) -> bool:
    return bool(_SECRET.search(name)) and not _PLACE.search(name)


RULES: tuple[Rule, ...] = (secrets_have_no_values, variables_hold_no_secrets, config_maps_hold_no_secrets)
