"""Which fields an object has, as managedFields names them: paths of `f:name`, `k:{keys}` and `v:value` steps."""

from __future__ import annotations

import json
from typing import Any

from kserve_api.tests.fake_cluster.schemas import Json, Schema

__all__ = ["FieldSet", "Path", "child_schema", "decode", "encode", "fields_of", "item_step", "shown", "value_at"]

Path = tuple[str, ...]
FieldSet = set[Path]

_OWNED_METADATA = ("labels", "annotations", "finalizers", "ownerReferences")
_KEY_DEFAULTS = {"protocol": "TCP"}
_MISSING = object()


def fields_of(item: dict[str, Any], schema: Schema) -> FieldSet:
    """The fields that somebody can own: all but type, name, and what the API server itself writes into the metadata."""
    found: FieldSet = set()
    for name, value in item.items():
        if name in ("apiVersion", "kind"):
            continue
        if name == "metadata":
            owned = {part: value[part] for part in _OWNED_METADATA if value.get(part)}
            if owned:
                _collect(owned, child_schema(schema, name), ("f:metadata",), found)
        else:
            _collect(value, child_schema(schema, name), (f"f:{name}",), found)
    return found


def child_schema(schema: Schema, name: str) -> Schema:
    """Schema of a field; of an unknown one, that of anything."""
    known: Schema | None = schema.get("properties", {}).get(name)
    return known or schema.get("additionalProperties") or {"x-kubernetes-preserve-unknown-fields": True}


def item_step(item: Json, schema: Schema) -> str:
    """The step to an item of a keyed list or a set; `schema` is the list's."""
    keys = schema.get("x-kubernetes-list-map-keys")
    if keys is None:
        return f"v:{json.dumps(item)}"
    named = {key: item.get(key, _KEY_DEFAULTS.get(key)) for key in sorted(keys)}
    return f"k:{json.dumps(named, separators=(',', ':'))}"


def _collect(value: Json, schema: Schema, path: Path, found: FieldSet) -> None:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            _collect(item, child_schema(schema, name), (*path, f"f:{name}"), found)
    elif isinstance(value, list) and value and (kind := schema.get("x-kubernetes-list-type")):
        for item in value:
            step = (*path, item_step(item, schema))
            found.add(step)
            if kind == "map":
                for name, part in item.items():
                    _collect(part, child_schema(schema["items"], name), (*step, f"f:{name}"), found)
    else:
        found.add(path)


def value_at(item: Json, schema: Schema, path: Path) -> Json:
    """The value at a path; an own marker (equal only to itself) where there is none."""
    for step in path:
        if step.startswith("f:"):
            name = step[2:]
            if not isinstance(item, dict) or name not in item:
                return _MISSING
            item, schema = item[name], child_schema(schema, name)
        else:
            if not isinstance(item, list):
                return _MISSING
            item = next((one for one in item if item_step(one, schema) == step), _MISSING)
            schema = schema["items"]
            if item is _MISSING:
                return _MISSING
    return item


def encode(fields: FieldSet) -> dict[str, Any]:
    """The fieldsV1 form."""
    root: dict[str, Any] = {}
    for path in sorted(fields):
        node = root
        for step in path:
            node = node.setdefault(step, {})
        if path[-1].startswith("k:"):
            node["."] = {}
    return root


def decode(fields: dict[str, Any]) -> FieldSet:
    """The set of a fieldsV1."""
    found: FieldSet = set()

    def walk(node: dict[str, Any], path: Path) -> None:
        if path and (not node or "." in node):
            found.add(path)
        for step, below in node.items():
            if step != ".":
                walk(below, (*path, step))

    walk(fields, ())
    return found


def shown(path: Path) -> str:
    """A path as messages name it: `.spec.containers[name="x"].image`."""
    text = ""
    for step in path:
        if step.startswith("f:"):
            text += f".{step[2:]}"
        elif step.startswith("k:"):
            text += "[" + ",".join(f"{key}={json.dumps(value)}" for key, value in json.loads(step[2:]).items()) + "]"
        else:
            text += f"[={step[2:]}]"
    return text
