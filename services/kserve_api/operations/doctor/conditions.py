"""Reading conditions of Kubernetes objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["condition", "conditions", "has_condition", "said"]

_LONGEST_MESSAGE = 300


def conditions(item: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """The conditions of an object's status, as they are there."""
    return (item.get("status") or {}).get("conditions") or []


def condition(item: Mapping[str, Any], type_: str) -> Mapping[str, str]:
    """The condition of this type; empty when the object has none."""
    return next((each for each in conditions(item) if each.get("type") == type_), {})


def has_condition(item: Mapping[str, Any], type_: str, status: str) -> bool:
    """Whether the condition of this type has this status."""
    return condition(item, type_).get("status") == status


def said(found: Mapping[str, str]) -> str:
    """Reason and message of a condition, to be put after a sentence; empty when it gives none."""
    words = " ".join(" ".join((found.get("reason", ""), found.get("message", ""))).split())
    return f": {words[:_LONGEST_MESSAGE]}" if words else ""
