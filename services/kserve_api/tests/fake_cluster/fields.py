"""Objects as they arrive against the schema of their kind: unknown fields, duplicates, wrong types, missing fields."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.schemas import Schema
from kserve_api.tests.fake_cluster.status_error import bad_request, invalid

__all__ = ["check_fields", "check_metadata", "parse"]

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_QUANTITY = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?")
_LABEL_KINDS = ("namespaces", "services")
_PATH_SAFE_KINDS = "rbac.authorization.k8s.io"
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


def parse(body: bytes) -> Any:
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
    findings = _Findings()
    checked = _walk(item, kind.schema, "", findings)
    unknown = list(dict.fromkeys(findings.unknown))
    if unknown and validation == "Strict":
        problems = ", ".join(unknown)
        raise bad_request(
            f"strict decoding error: {problems}"
            if kind.custom
            else f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: strict decoding error: {problems}'
        )
    name = str((item.get("metadata") or {}).get("name", ""))
    types = [cause for cause in findings.wrong if cause[1] == "FieldValueTypeInvalid"]
    if types and not kind.custom:
        raise bad_request(
            f'{kind.kind} in version "{kind.version}" cannot be handled as a {kind.kind}: '
            f"json: cannot unmarshal value of field {types[0][0]}"
        )
    if partial:
        findings.wrong = [cause for cause in findings.wrong if cause[1] != "FieldValueRequired"]
    if findings.wrong:
        raise invalid(kind, name, *findings.wrong)
    return checked, unknown if validation == "Warn" else []


def _walk(value: Any, schema: Schema, path: str, findings: _Findings) -> Any:
    if isinstance(value, _Twice):
        findings.unknown += [f'duplicate field "{_below(path, name)}"' for name in value.duplicates]
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return value
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, int | float) and not (isinstance(value, str) and _fits_quantity(path, value)):
            message = (
                f"Invalid value: {json.dumps(value)}: quantities must match the regular expression "
                r"'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            )
            findings.wrong.append((path, "FieldValueInvalid", message))
        return value
    expected = schema.get("type", "object")
    if value is None and (schema.get("nullable") or expected != "array"):
        return value
    if not isinstance(value, _TYPES[expected]) or (expected == "integer" and isinstance(value, bool)):
        message = f'Invalid value: "{_type_of(value)}": {path} in body must be of type {expected}: "{_type_of(value)}"'
        findings.wrong.append((path, "FieldValueTypeInvalid", message))
        return value
    if expected == "object":
        return _walk_object(value, schema, path, findings)
    if expected == "array":
        return _walk_array(value, schema, path, findings)
    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(f'"{choice}"' for choice in schema["enum"])
        findings.wrong.append(
            (path, "FieldValueNotSupported", f'Unsupported value: "{value}": supported values: {supported}')
        )
    return value


def _walk_object(value: dict[str, Any], schema: Schema, path: str, findings: _Findings) -> dict[str, Any]:
    free = schema.get("additionalProperties")
    known = schema.get("properties", {})
    checked: dict[str, Any] = {}
    for name, item in value.items():
        below = _below(path, name)
        if free is not None:
            checked[name] = _walk(item, free, below, findings)
        elif name in known:
            checked[name] = _walk(item, known[name], below, findings)
        else:
            findings.unknown.append(f'unknown field "{below}"')
    for name in schema.get("required", ()):
        if value.get(name) in (None, ""):
            findings.wrong.append((_below(path, name), "FieldValueRequired", "Required value"))
    return checked


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


def _fits_quantity(path: str, value: str) -> bool:
    return bool(_QUANTITY.fullmatch(value)) or path.endswith(
        ("ort", "maxSurge", "available", "Available", "Unavailable")
    )


def _type_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return names.get(type(value), "null") if not isinstance(value, dict) else "object"


def check_metadata(kind: Kind, item: dict[str, Any]) -> None:
    """StatusError 422 for a name, label or annotation key that Kubernetes refuses."""
    metadata, causes = item["metadata"], []
    name = metadata.get("name", "")
    if name and kind.group != _PATH_SAFE_KINDS:
        label = kind.key in _LABEL_KINDS
        if not re.fullmatch(_LABEL if label else _SUBDOMAIN, name) or len(name) > (63 if label else 253):
            causes.append(("metadata.name", "FieldValueInvalid", _invalid_name(name, label)))
    for key, value in (metadata.get("labels") or {}).items():
        if not _is_qualified(key):
            causes.append(("metadata.labels", "FieldValueInvalid", _invalid_key(key)))
        if value and (not re.fullmatch(_NAME, value) or len(value) > 63):
            causes.append(("metadata.labels", "FieldValueInvalid", _invalid_label(value)))
    for key in metadata.get("annotations") or {}:
        if not _is_qualified(key.lower()):
            causes.append(("metadata.annotations", "FieldValueInvalid", _invalid_key(key)))
    if causes:
        raise invalid(kind, name, *causes)


def _is_qualified(key: str) -> bool:
    prefix, slash, name = key.rpartition("/")
    if slash and (not re.fullmatch(_SUBDOMAIN, prefix) or len(prefix) > 253):
        return False
    return bool(re.fullmatch(_NAME, name)) and len(name) <= 63


def _invalid_name(name: str, label: bool) -> str:
    if len(name) > (63 if label else 253):
        return f'Invalid value: "{name}": must be no more than {63 if label else 253} characters'
    what, more = ("label", "'-'") if label else ("subdomain", "'-' or '.'")
    return (
        f'Invalid value: "{name}": a lowercase RFC 1123 {what} must consist of lower case alphanumeric characters, '
        f"{more}, and must start and end with an alphanumeric character (e.g. '{'my-name' if label else 'example.com'}', "
        f"regex used for validation is '{_LABEL if label else _SUBDOMAIN}')"
    )


def _invalid_key(key: str) -> str:
    return (
        f"Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start "
        "and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation "
        "is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    )


def _invalid_label(value: str) -> str:
    if len(value) > 63:
        return f'Invalid value: "{value}": must be no more than 63 characters'
    return (
        f"Invalid value: \"{value}\": a valid label must be an empty string or consist of alphanumeric characters, '-', "
        "'_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', "
        "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    )
