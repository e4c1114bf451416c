"""Kubernetes's protobuf bodies of the few kinds that kubectl sends that way (`auth can-i`, `create secret` …).

The numbers are those of the public .proto files of k8s.io/api; a field that is not listed here is a 415, not a loss.
"""

from __future__ import annotations

import base64
from typing import Any

from kserve_api.tests.fake_cluster.schemas import Json
from kserve_api.tests.fake_cluster.status_error import StatusError

__all__ = ["MEDIA_TYPE", "decode_protobuf"]

MEDIA_TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"

# Field number → (name, what it is): a type name below, `text`, `number`, `flag`, `bytes`, or a map of the last two.
Message = dict[int, tuple[str, str]]
_MESSAGES: dict[str, Message] = {
    "Unknown": {1: ("typeMeta", "TypeMeta"), 2: ("raw", "raw"), 3: ("encoding", "text"), 4: ("type", "text")},
    "TypeMeta": {1: ("apiVersion", "text"), 2: ("kind", "text")},
    "ObjectMeta": {
        1: ("name", "text"),
        2: ("generateName", "text"),
        3: ("namespace", "text"),
        4: ("selfLink", "text"),
        5: ("uid", "text"),
        6: ("resourceVersion", "text"),
        7: ("generation", "number"),
        8: ("creationTimestamp", "unset"),
        11: ("labels", "map:text"),
        12: ("annotations", "map:text"),
    },
    "SelfSubjectAccessReview": {
        1: ("metadata", "ObjectMeta"),
        2: ("spec", "AccessReviewSpec"),
        3: ("status", "unset"),
    },
    "AccessReviewSpec": {
        1: ("resourceAttributes", "ResourceAttributes"),
        2: ("nonResourceAttributes", "NonResourceAttributes"),
    },
    "ResourceAttributes": {
        1: ("namespace", "text"),
        2: ("verb", "text"),
        3: ("group", "text"),
        4: ("version", "text"),
        5: ("resource", "text"),
        6: ("subresource", "text"),
        7: ("name", "text"),
    },
    "NonResourceAttributes": {1: ("path", "text"), 2: ("verb", "text")},
    "SelfSubjectRulesReview": {1: ("metadata", "ObjectMeta"), 2: ("spec", "RulesReviewSpec"), 3: ("status", "unset")},
    "RulesReviewSpec": {1: ("namespace", "text")},
    "Namespace": {1: ("metadata", "ObjectMeta"), 2: ("spec", "unset"), 3: ("status", "unset")},
    "ServiceAccount": {1: ("metadata", "ObjectMeta"), 4: ("automountServiceAccountToken", "flag")},
    "Secret": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "map:bytes"),
        3: ("type", "text"),
        4: ("stringData", "map:text"),
        5: ("immutable", "flag"),
    },
    "ConfigMap": {
        1: ("metadata", "ObjectMeta"),
        2: ("data", "map:text"),
        3: ("binaryData", "map:bytes"),
        4: ("immutable", "flag"),
    },
}


def decode_protobuf(body: bytes) -> dict[str, Any]:
    """The object; StatusError 415 for a kind or field that is not in the table above."""
    if not body.startswith(_MAGIC):
        raise _unsupported("no protobuf of Kubernetes")
    envelope = _decode(body[len(_MAGIC) :], "Unknown")
    meta = envelope["typeMeta"]
    if meta["kind"] not in _MESSAGES:
        raise _unsupported(meta["kind"])
    return {"apiVersion": meta["apiVersion"], "kind": meta["kind"], **_decode(envelope["raw"], meta["kind"])}


def _unsupported(what: str) -> StatusError:
    message = f"the fake cluster reads protobuf of a few kinds only: {what}"
    return StatusError(415, "UnsupportedMediaType", message)


def _decode(data: bytes, name: str) -> dict[str, Any]:
    message, found, at = _MESSAGES[name], dict[str, Any](), 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == 2:
            size, at = _varint(data, at)
            value: bytes | int = data[at : at + size]
            at += size
        else:
            value, at = _varint(data, at)
        if number not in message or wire not in (0, 2):
            raise _unsupported(f"field {number} of {name}")
        field, kind = message[number]
        if kind.startswith("map:"):
            assert isinstance(value, bytes)
            key, item = _pair(value)
            found.setdefault(field, {})[key] = base64.b64encode(item).decode() if kind == "map:bytes" else item.decode()
        elif kind != "unset" and value != b"":
            found[field] = _scalar(value, kind)
    return found


def _scalar(value: bytes | int, kind: str) -> Json:
    if isinstance(value, int):
        return bool(value) if kind == "flag" else value or None
    if kind == "text":
        return value.decode()
    return value if kind == "raw" else _decode(value, kind)


def _pair(data: bytes) -> tuple[str, bytes]:
    parts, at = {1: b"", 2: b""}, 0
    while at < len(data):
        tag, at = _varint(data, at)
        size, at = _varint(data, at)
        parts[tag >> 3] = data[at : at + size]
        at += size
    return parts[1].decode(), parts[2]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, at
        shift += 7
