"""Which versions were current, in order: one small object for each switch, written before it.

A switch that was lost takes its record away again. One that was killed in between may leave a record of a version that
is whole but was never current, which does no harm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["HISTORY_PREFIX", "Switch", "record_switch", "switches"]

HISTORY_PREFIX = "index/history/"
_TIME = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(r"[0-9TZ.]+-([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Switch:
    """A record: its key, and the version that was made current."""

    key: str
    version: str


def record_switch(store: ObjectStore, version: str) -> Switch:
    """Write that the version becomes current now, and return the record."""
    switch = Switch(f"{HISTORY_PREFIX}{datetime.now(UTC).strftime(_TIME)}-{version}", version)
    store.put(switch.key, f"{version}\n".encode())
    return switch


def switches(store: ObjectStore) -> list[Switch]:
    """Return the records, newest first."""
    found = []
    for entry in store.list(HISTORY_PREFIX):
        match = _NAME.fullmatch(entry.key.removeprefix(HISTORY_PREFIX))
        if match:
            found.append(Switch(entry.key, match[1]))
    return found[::-1]
