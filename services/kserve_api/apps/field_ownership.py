"""Which fields of an object are ours, as server-side apply sees it; pure.

https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence

from kserve_api.apps.app import CONTAINER, MANAGED_BY
from kserve_api.apps.manifest import OPTIONAL_ANNOTATIONS, OPTIONAL_FIELDS
from kserve_api.cluster.cluster import Object

__all__ = ["applied_entries", "covers"]

_Path = tuple[str, ...]
_ANNOTATIONS: _Path = ("f:metadata", "f:annotations")
_PREDICTOR: _Path = ("f:spec", "f:predictor")
_CONTAINER: _Path = (*_PREDICTOR, "f:containers", f'k:{{"name":"{CONTAINER}"}}')
_ITSELF = "."


def covers(present: object, wanted: object) -> bool:
    """Whether everything wanted is there; more may be (defaults of the cluster, fields of others)."""
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(key in present and covers(present[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        if not isinstance(present, list) or len(present) != len(wanted):
            return False
        return all(covers(one, other) for one, other in zip(present, wanted, strict=True))
    return present == wanted


def applied_entries(managed_fields: Sequence[Object], manifest: Object) -> list[Object] | None:
    """The entries of `managedFields` from which an apply of the manifest removes what it is without; None: as they are.

    Fields that we have created become ones that we have applied: their creation, a plain write, would still own them.
    Fields that are a deployment's to set (variables, ports, scaling, our annotations), but were set by somebody else
    and are not in the manifest, become ours: whoever set them would still own them.
    """
    entries = copy.deepcopy(list(managed_fields))
    ours = next((one for one in entries if _is_ours(one)), None)
    if ours is None:
        return None
    changed = ours.get("operation") == "Update"
    ours["operation"] = "Apply"
    for entry in entries:
        if entry is ours or entry.get("subresource"):
            continue
        for path in list(_unwanted(entry.get("fieldsV1") or {}, manifest)):
            _put(ours["fieldsV1"], path, _take(entry["fieldsV1"], path))
            changed = True
    return [one for one in entries if one.get("fieldsV1")] if changed else None


def _is_ours(entry: Object) -> bool:
    return entry.get("manager") == MANAGED_BY and not entry.get("subresource")


def _unwanted(fields: Object, manifest: Object) -> Iterator[_Path]:
    """Of these fields those that are a deployment's to set, and not in the manifest."""
    predictor = manifest["spec"]["predictor"]
    container = predictor["containers"][0]
    for above, names, wanted in (
        (_ANNOTATIONS, OPTIONAL_ANNOTATIONS, manifest["metadata"]["annotations"]),
        (_PREDICTOR, OPTIONAL_FIELDS, predictor),
    ):
        present = _at(fields, above)
        yield from ((*above, f"f:{name}") for name in names if f"f:{name}" in present and name not in wanted)
    for above, key, items in (
        ((*_CONTAINER, "f:env"), "name", container["env"]),
        ((*_CONTAINER, "f:ports"), "containerPort", container["ports"]),
        ((*_PREDICTOR, "f:imagePullSecrets"), "name", predictor.get("imagePullSecrets", [])),
    ):
        kept = {item[key] for item in items}
        for step in _at(fields, above) if items else ():
            if step.startswith("k:") and json.loads(step[2:])[key] not in kept:
                yield (*above, step)


def _at(fields: Object, path: _Path) -> Object:
    """The fields below a path; none where there are none."""
    for step in path:
        fields = fields.get(step) or {}
    return fields


def _take(fields: Object, path: _Path) -> Object:
    """Remove what is at the path, and what is empty then: an empty entry would mean a whole field."""
    below: Object
    if len(path) == 1:
        below = fields.pop(path[0])
        return below
    below = _take(fields[path[0]], path[1:])
    if not fields[path[0]]:
        del fields[path[0]]
    return below


def _put(fields: Object, path: _Path, below: Object) -> None:
    for step in path[:-1]:
        fields = fields.setdefault(step, {_ITSELF: {}} if step.startswith("k:") else {})
    fields[path[-1]] = below
