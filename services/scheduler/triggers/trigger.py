"""A trigger, the set that a workspace has in one environment, and the names that jobs carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = [
    "ENVIRONMENTS",
    "METHODS",
    "WORKSPACE_ID",
    "PlacedTrigger",
    "Trigger",
    "TriggerSet",
    "job_id",
    "job_name",
    "parse_key",
]

ENVIRONMENTS = ("dev", "stg", "prod")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# Neither a colon nor a slash: job ids and object keys are made of it and taken apart again.
WORKSPACE_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?\Z")


@dataclass(frozen=True, slots=True)
class Trigger:
    """What is called when: validated, immutable. `body` is any JSON value; None sends no body."""

    cron: str
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    tz: str = "UTC"
    timeout_s: float = 30.0
    enabled: bool = True
    name: str | None = None


@dataclass(frozen=True, slots=True)
class PlacedTrigger:
    """A trigger at its place in its set. `revision` is that of the set in which this place last changed."""

    index: int
    trigger: Trigger
    revision: int


@dataclass(frozen=True, slots=True)
class TriggerSet:
    """All triggers of one workspace in one environment, replaced as a whole. `revision` grows with every change."""

    workspace_id: str
    environment: str
    revision: int
    triggers: tuple[PlacedTrigger, ...]

    def at(self, index: int) -> PlacedTrigger | None:
        """Return the trigger at an index, or None where the set has none there."""
        return next((placed for placed in self.triggers if placed.index == index), None)


def job_id(workspace_id: str, environment: str, index: int) -> str:
    """Return the key of a trigger's schedule: `{workspace}:{environment}:{index}`."""
    return f"{workspace_id}:{environment}:{index}"


def job_name(workspace_id: str, environment: str, index: int) -> str:
    """Return the name of a trigger's jobs: `{workspace}-{environment}-trigger-{index}`."""
    return f"{workspace_id}-{environment}-trigger-{index}"


def parse_key(key: str) -> tuple[str, str, int] | None:
    """Return workspace, environment and index of a trigger's key, or None where it is none."""
    workspace_id, _, rest = key.partition(":")
    environment, _, index = rest.partition(":")
    if environment not in ENVIRONMENTS or not (index.isascii() and index.isdecimal()):
        return None
    # Spelled in this one way only: 01 is not 1.
    return (workspace_id, environment, int(index)) if job_id(workspace_id, environment, int(index)) == key else None
