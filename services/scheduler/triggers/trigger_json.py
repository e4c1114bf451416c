"""A set of triggers as the JSON text that is kept of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields

from scheduler.triggers.trigger import PlacedTrigger, Trigger, TriggerSet

__all__ = ["decode_set", "encode_set", "encode_trigger"]

_FIELDS = tuple(field.name for field in fields(Trigger))


def encode_set(triggers: TriggerSet) -> str:
    """Return the text of a set."""
    placed = [
        {"index": one.index, "revision": one.revision, "trigger": _values(one.trigger)} for one in triggers.triggers
    ]
    return json.dumps({"revision": triggers.revision, "triggers": placed}, ensure_ascii=False, separators=(",", ":"))


def decode_set(workspace_id: str, environment: str, text: str) -> TriggerSet:
    """Return the set of a text by `encode_set`. Fields that are not known are left out: a newer version wrote them."""
    kept = json.loads(text)
    placed = tuple(PlacedTrigger(one["index"], _trigger(one["trigger"]), one["revision"]) for one in kept["triggers"])
    return TriggerSet(workspace_id, environment, kept["revision"], placed)


def encode_trigger(trigger: Trigger) -> str:
    """Return a text that differs where triggers differ: in Python, the bodies `1` and `true` are equal."""
    return json.dumps(_values(trigger), sort_keys=True)


def _values(trigger: Trigger) -> dict[str, object]:
    values = {name: getattr(trigger, name) for name in _FIELDS}
    return {**values, "headers": dict(trigger.headers)}


def _trigger(values: Mapping[str, object]) -> Trigger:
    known: dict[str, object] = {name: values[name] for name in _FIELDS if name in values}
    return Trigger(**known)  # type: ignore[arg-type]
