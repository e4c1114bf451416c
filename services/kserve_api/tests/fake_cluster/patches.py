"""The patch types other than server-side apply: RFC 7386 merge, RFC 6902 JSON, and Kubernetes's strategic merge."""

from __future__ import annotations

from typing import Any

from kserve_api.tests.fake_cluster.entry import clone
from kserve_api.tests.fake_cluster.schemas import Json, Schema
from kserve_api.tests.fake_cluster.status_error import StatusError, bad_request

__all__ = ["json_patch", "merge_patch", "strategic_patch"]

# Where a strategic merge uses one field although server-side apply tells items apart by two.
_PATCH_KEYS = {("containerPort", "protocol"): "containerPort", ("port", "protocol"): "port"}


def merge_patch(value: Json, patch: Json) -> Json:
    """RFC 7386: null removes, objects merge, everything else replaces."""
    if not isinstance(patch, dict):
        return clone(patch)
    merged = dict(value) if isinstance(value, dict) else {}
    for name, item in patch.items():
        if item is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), item)
    return merged


def strategic_patch(value: Json, patch: Json, schema: Schema) -> Json:
    """A merge patch in which keyed lists merge by their key; understands `$patch`, `$deleteFromPrimitiveList`,
    `$setElementOrder` (ignored) and `$retainKeys`.
    """
    if not isinstance(patch, dict):
        return clone(patch)
    if patch.get("$patch") == "replace":
        return {name: clone(item) for name, item in patch.items() if name != "$patch"}
    merged = dict(value) if isinstance(value, dict) else {}
    if (kept := patch.get("$retainKeys")) is not None:
        merged = {name: item for name, item in merged.items() if name in kept}
    known = schema.get("properties", {})
    for name, item in patch.items():
        if name.startswith("$deleteFromPrimitiveList/"):
            list_name = name.partition("/")[2]
            merged[list_name] = [entry for entry in merged.get(list_name, []) if entry not in item]
        elif name.startswith("$"):
            continue
        elif item is None:
            merged.pop(name, None)
        else:
            below = known.get(name) or schema.get("additionalProperties") or {}
            merged[name] = _strategic_item(merged.get(name), item, below)
    return merged


def _strategic_item(value: Json, patch: Json, schema: Schema) -> Json:
    if not isinstance(patch, list):
        return strategic_patch(value, patch, schema)
    kind = schema.get("x-kubernetes-list-type")
    if kind == "set":
        return [*(value or []), *(item for item in patch if item not in (value or []))]
    if kind != "map":
        return clone(patch)
    keys = schema["x-kubernetes-list-map-keys"]
    key = _PATCH_KEYS.get(tuple(keys), keys[0])
    merged = list(value or [])
    for item in patch:
        if not isinstance(item, dict) or key not in item:
            if item == {"$patch": "replace"}:
                merged = []
                continue
            raise bad_request(f"map: {item} does not contain declared merge key: {key}")
        at = next((index for index, entry in enumerate(merged) if entry.get(key) == item[key]), None)
        if item.get("$patch") == "delete":
            merged = [entry for entry in merged if entry.get(key) != item[key]]
        elif at is None:
            merged.append(strategic_patch({}, item, schema["items"]))
        else:
            merged[at] = strategic_patch(merged[at], item, schema["items"])
    return merged


def json_patch(value: Json, operations: Json) -> Json:
    """RFC 6902; StatusError 400 where it is malformed, 422 where it cannot be applied (a path or a test fails)."""
    if not isinstance(operations, list):
        raise bad_request("json: cannot unmarshal object into Go value of type jsonpatch.Patch")
    document = clone(value)
    for operation in operations:
        try:
            document = _operate(document, operation)
        except (KeyError, IndexError, ValueError, TypeError) as error:
            message = f"the server rejected our request due to an error in our request: {operation.get('op')} failed"
            raise StatusError(422, "Invalid", message) from error
    return document


def _operate(document: Json, operation: dict[str, Any]) -> Json:
    name, path = operation["op"], _pointer(operation["path"])
    if name == "test":
        if _at(document, path) != operation["value"]:
            raise ValueError("test failed")
        return document
    if name in ("move", "copy"):
        source = _pointer(operation["from"])
        moved = clone(_at(document, source))
        if name == "move":
            _remove(document, source)
        return _add(document, path, moved)
    if name == "remove":
        _remove(document, path)
        return document
    if name == "replace":
        _at(document, path)
        _remove(document, path)
        return _add(document, path, clone(operation["value"]))
    if name == "add":
        return _add(document, path, clone(operation["value"]))
    raise ValueError(name)


def _pointer(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise ValueError(path)
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _at(document: Json, path: list[str]) -> Json:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _remove(document: Json, path: list[str]) -> None:
    parent = _at(document, path[:-1])
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]


def _add(document: Json, path: list[str], value: Json) -> Json:
    if not path:
        return value
    parent, last = _at(document, path[:-1]), path[-1]
    if isinstance(parent, list):
        at = len(parent) if last == "-" else int(last)
        if at > len(parent):
            raise IndexError(last)
        parent.insert(at, value)
    else:
        parent[last] = value
    return document
