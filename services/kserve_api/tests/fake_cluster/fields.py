"""Objects as they arrive against the schema of their kind: unknown fields, duplicates, wrong types, missing fields."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.schemas import Json, Schema
from kserve_api.tests.fake_cluster.status_error import bad_request, invalid

__all__ = ["check_fields", "parse"]

_QUANTITY = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?")
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
}


class _Twice(dict[str, Any]):
    """An object in whose text a key appears twice."""

    duplicates: tuple[str, ...] = ()


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    marked = _Twice(found)
    marked.duplicates = tuple(sorted({name for name in names if names.count(name) > 1}))
    return marked


def parse(body: bytes) -> Json:
    """The JSON or YAML of a body; StatusError 400 when it is neither."""
    try:
        return json.loads(body, object_pairs_hook=_pairs)
    except ValueError:
        try:
            return yaml.safe_load(body)
        except yaml.YAMLError as error:
            raise bad_request(f"error decoding: {str(error).splitlines()[0]}") from error


@dataclass(slots=True)
class _Findings:
    custom: bool
    unknown: list[str] = field(default_factory=list)
    wrong: list[tuple[str, str, str]] = field(default_factory=list)


def check_fields(
    kind: Kind, item: dict[str, Any], validation: str, *, partial: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """The object without its unknown fields, and warnings that name them (`validation` Warn). `partial`: an applied
    configuration, in which required fields may be missing.

    StatusError 400 where `validation` is Strict and a field is unknown or there twice, or where a field of a built-in
    kind has the wrong type; 422 for wrong types, values and missing fields otherwise.
    """
    findings = _Findings(kind.custom)
    checked = _walk(item, kind.schema, "", findings)
    unknown = list(dict.fromkeys(findings.unknown))
    if unknown and validation == "Strict":
        prefix = "" if kind.custom else _cannot_be_handled(kind)
        raise bad_request(f"{prefix}strict decoding error: {', '.join(unknown)}")
    metadata = item.get("metadata")
    name = str(metadata.get("name", "")) if isinstance(metadata, dict) else ""
    types = [cause for cause in findings.wrong if cause[1] == "FieldValueTypeInvalid"]
    if types and not kind.custom:
        raise bad_request(f"{_cannot_be_handled(kind)}json: cannot unmarshal value of field {types[0][0]}")
    if partial:
        findings.wrong = [cause for cause in findings.wrong if cause[1] != "FieldValueRequired"]
    if findings.wrong:
        raise invalid(kind, name, *findings.wrong)
    return checked, unknown if validation == "Warn" else []


def _cannot_be_handled(kind: Kind) -> str:
    return f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '


def _walk(value: Json, schema: Schema, path: str, findings: _Findings) -> Json:
    if isinstance(value, _Twice):
        findings.unknown += [f'duplicate field "{_below(path, name)}"' for name in value.duplicates]
    if schema.get("x-kubernetes-int-or-string"):
        _check_quantity(value, schema, path, findings)
    if "x-kubernetes-int-or-string" in schema or "x-kubernetes-preserve-unknown-fields" in schema:
        return value
    if value is None and schema.get("nullable"):
        return value
    expected = schema.get("type", "object")
    if not isinstance(value, _TYPES[expected]) or (expected == "integer" and isinstance(value, bool)):
        message = f'Invalid value: "{_type_of(value)}": {path} in body must be of type {expected}: "{_type_of(value)}"'
        findings.wrong.append((path, "FieldValueTypeInvalid", message))
        return value
    if isinstance(value, dict):
        return _walk_object(value, schema, path, findings)
    if isinstance(value, list):
        return _walk_array(value, schema, path, findings)
    if value not in schema.get("enum", (value,)):
        supported = ", ".join(f'"{choice}"' for choice in schema["enum"])
        why = f'Unsupported value: "{value}": supported values: {supported}'
        findings.wrong.append((path, "FieldValueNotSupported", why))
    return value


def _check_quantity(value: Json, schema: Schema, path: str, findings: _Findings) -> None:
    text = schema.get("format") != "quantity" or _QUANTITY.fullmatch(str(value))
    if not isinstance(value, int | float) and not (isinstance(value, str) and text):
        message = (
            f"Invalid value: {json.dumps(value)}: quantities must match the regular expression "
            r"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
        findings.wrong.append((path, "FieldValueInvalid", message))


def _walk_object(value: dict[str, Any], schema: Schema, path: str, findings: _Findings) -> dict[str, Any]:
    free = schema.get("additionalProperties")
    known = schema.get("properties", {})
    checked: dict[str, Any] = {}
    for name, item in value.items():
        below = _below(path, name)
        field_schema = known.get(name, free)
        if field_schema is None:
            findings.unknown.append(f'unknown field "{below}"')
        elif item is not None or not _drops_null(field_schema, below, findings):
            checked[name] = _walk(item, field_schema, below, findings)
    for name in schema.get("required", ()):
        if value.get(name) in (None, ""):
            findings.wrong.append((_below(path, name), "FieldValueRequired", "Required value"))
    return checked


def _drops_null(schema: Schema, path: str, findings: _Findings) -> bool:
    """Built-in types, and the metadata of all, take null for nothing; a CRD refuses it where it is not nullable."""
    if schema.get("nullable"):
        return False
    return path == "status" or path.startswith("metadata") or not findings.custom


def _walk_array(value: list[Any], schema: Schema, path: str, findings: _Findings) -> list[Any]:
    checked = [_walk(item, schema["items"], f"{path}[{index}]", findings) for index, item in enumerate(value)]
    keys = schema.get("x-kubernetes-list-map-keys")
    seen: set[tuple[Any, ...]] = set()
    for index, item in enumerate(value if keys else ()):
        if not isinstance(item, dict):
            continue
        key = tuple(item.get(name, "TCP" if name == "protocol" else None) for name in keys or ())
        if key in seen:
            shown = json.dumps({name: part for name, part in zip(keys or (), key, strict=True) if part is not None})
            findings.wrong.append((f"{path}[{index}]", "FieldValueDuplicate", f"Duplicate value: {shown}"))
        seen.add(key)
    return checked


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _type_of(value: Json) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return "object" if isinstance(value, dict) else names.get(type(value), "null")
