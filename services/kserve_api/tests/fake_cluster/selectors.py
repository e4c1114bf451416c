"""Label and field selectors, in the grammar of the API server."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.status_error import bad_request

__all__ = ["Match", "field_value", "selector"]

Match = Callable[[dict[str, Any]], bool]

_SET = re.compile(r"^(?P<key>[^\s!=(),]+)\s+(?P<not>not)?in\s*\((?P<values>[^()]*)\)$")
_EQUALS = re.compile(r"^(?P<key>[^\s!=(),]+)\s*(?P<operator>==|=|!=)\s*(?P<value>[^\s!=(),]*)$")
_EXISTS = re.compile(r"^(?P<not>!)?\s*(?P<key>[^\s!=(),]+)$")
_BETWEEN = re.compile(r",(?![^(]*\))")
_COMMON_FIELDS = ("metadata.name", "metadata.namespace")
_FIELDS = {
    "events": (
        *(f"involvedObject.{field}" for field in ("apiVersion", "fieldPath", "kind", "name", "namespace", "uid")),
        "reason",
        "type",
        "reportingComponent",
        "source",
    ),
    "pods": ("spec.nodeName", "spec.restartPolicy", "spec.serviceAccountName", "status.phase", "status.podIP"),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
}


def selector(kind: Kind, labels: str, fields: str) -> Match | None:
    """What both selectors ask for, None when they ask for nothing. Raises StatusError 400 where one does not parse."""
    tests = [_label_test(part.strip(), labels) for part in _BETWEEN.split(labels)] if labels.strip() else []
    tests += [_field_test(kind, part.strip()) for part in fields.split(",")] if fields.strip() else []
    return (lambda item: all(test(item) for test in tests)) if tests else None


def field_value(fields: str, name: str) -> str:
    """The value that a field selector asks of a field, empty when it does not."""
    for part in fields.split(","):
        if (found := _EQUALS.match(part.strip())) and found["key"] == name and found["operator"] != "!=":
            return found["value"]
    return ""


def _labels(item: dict[str, Any]) -> dict[str, str]:
    return item["metadata"].get("labels") or {}


def _label_test(part: str, whole: str) -> Match:
    if found := _SET.match(part):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["not"]:
            return lambda item: _labels(item).get(key) not in values
        return lambda item: key in _labels(item) and _labels(item)[key] in values
    if found := _EQUALS.match(part):
        key, value = found["key"], found["value"]
        if found["operator"] == "!=":
            return lambda item: _labels(item).get(key) != value
        return lambda item: _labels(item).get(key) == value
    if found := _EXISTS.match(part):
        key, absent = found["key"], bool(found["not"])
        return lambda item: (key in _labels(item)) is not absent
    raise bad_request(f'unable to parse requirement: found "{part}" in label selector "{whole}"')


def _field_test(kind: Kind, part: str) -> Match:
    found = _EQUALS.match(part)
    if found is None:
        raise bad_request(f"invalid field selector: {part}: can't understand it")
    field, value = found["key"], found["value"]
    if field not in _COMMON_FIELDS and field not in _FIELDS.get(kind.key, ()):
        raise bad_request(f"field label not supported: {field}")
    path, wanted = field.split("."), found["operator"] != "!="
    return lambda item: (_at(item, path) == value) is wanted


def _at(item: dict[str, Any], path: list[str]) -> str:
    value: Any = item
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return "" if value is None else str(value)
