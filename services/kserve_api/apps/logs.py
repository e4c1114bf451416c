"""Log lines of an app's pods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["LogEvent"]


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One step of a followed log: `pod` names the pod that is followed from now on, `line` is one of its lines
    (without the line end), `notice` says in words why none come (no pods, container not started).
    """

    kind: Literal["pod", "line", "notice"]
    text: str
    pod: str = ""
