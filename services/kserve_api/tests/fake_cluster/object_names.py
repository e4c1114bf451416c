"""Names, labels and annotation keys that Kubernetes accepts."""

from __future__ import annotations

import re
from typing import Any

from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.status_error import invalid

__all__ = ["check_metadata"]

_SUBDOMAIN = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?"
_LABEL_KINDS = ("namespaces", "services")
_PATH_SAFE_KINDS = "rbac.authorization.k8s.io"


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
        f"{more}, and must start and end with an alphanumeric character "
        f"(e.g. '{'my-name' if label else 'example.com'}', "
        f"regex used for validation is '{_LABEL if label else _SUBDOMAIN}')"
    )


def _invalid_key(key: str) -> str:
    return (
        f"Invalid value: \"{key}\": name part must consist of alphanumeric characters, '-', '_' or '.', "
        "and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', "
        "regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
    )


def _invalid_label(value: str) -> str:
    if len(value) > 63:
        return f'Invalid value: "{value}": must be no more than 63 characters'
    return (
        f'Invalid value: "{value}": a valid label must be an empty string or consist of alphanumeric characters, '
        "'-', '_' or '.', and must start and end with an alphanumeric character "
        "(e.g. 'MyValue',  or 'my_value',  or '12345', "
        "regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
    )
