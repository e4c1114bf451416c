"""The condition list of one object as Knative keeps it: sorted by type, `Ready` derived from the ones it depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

Object = dict[str, Any]
Truth = Literal["True", "False", "Unknown"]


class Conditions:
    """Marks conditions in `status`; a transition time changes only when something else of the condition does."""

    def __init__(self, status: Object, *, depends_on: Sequence[str], now: str) -> None:
        self._status = status
        self._depends_on = tuple(depends_on)
        self._now = now
        for kind in self._depends_on:
            if self.get(kind) is None:
                self._set(kind, "Unknown", "", "")
        self._derive()

    def get(self, kind: str) -> Object | None:
        return next((item for item in self._status.get("conditions", []) if item["type"] == kind), None)

    def truth(self, kind: str) -> Truth:
        found = self.get(kind)
        status: Truth = found["status"] if found else "Unknown"
        return status

    def mark(self, kind: str, truth: Truth, reason: str = "", message: str = "") -> None:
        self._set(kind, truth, reason, message)
        if kind in self._depends_on:
            self._derive()

    def copy(self, kind: str, source: Object | None) -> None:
        """Take over what another object says of itself; nothing when it says nothing yet. As Knative does, a true
        condition loses its reason."""
        if source is None:
            return
        if source["status"] == "True":
            self.mark(kind, "True")
        else:
            self.mark(kind, source["status"], source.get("reason", ""), source.get("message", ""))

    def _derive(self) -> None:
        for truth in ("False", "Unknown"):
            for kind in self._depends_on:
                found = self.get(kind)
                if found is not None and found["status"] == truth:
                    self._set("Ready", truth, found.get("reason", ""), found.get("message", ""))
                    return
        self._set("Ready", "True", "", "")

    def _set(self, kind: str, truth: str, reason: str, message: str) -> None:
        made: Object = {"type": kind, "status": truth}
        if kind not in (*self._depends_on, "Ready"):
            made["severity"] = "Info"
        if reason:
            made["reason"] = reason
        if message:
            made["message"] = message
        present = self._status.setdefault("conditions", [])
        old = self.get(kind)
        if old is not None:
            if {key: value for key, value in old.items() if key != "lastTransitionTime"} == made:
                return
            present.remove(old)
        present.append({**made, "lastTransitionTime": self._now})
        present.sort(key=lambda item: str(item["type"]))


def condition(holder: Object, kind: str) -> Object | None:
    """The condition of an object, if it has one of that type."""
    conditions = holder.get("status", {}).get("conditions", [])
    return next((item for item in conditions if item["type"] == kind), None)


def is_true(holder: Object, kind: str = "Ready") -> bool:
    found = condition(holder, kind)
    return found is not None and found["status"] == "True"


def is_false(holder: Object, kind: str = "Ready") -> bool:
    found = condition(holder, kind)
    return found is not None and found["status"] == "False"
