"""What came of kills: how many of which target, and every fault that was found, by its kind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

__all__ = ["KillTally"]


@dataclass(slots=True)
class KillTally:
    """Kills by target, and what was lost, was half visible, needed hands or was left lying after them."""

    kills: Counter[str] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    _findings: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def lost(self, what: str, moment: str) -> None:
        """Note that something is not there, or stands twice, or is another than an undisturbed run makes."""
        self._find("lost", what, moment)

    def half_visible(self, what: str, moment: str) -> None:
        """Note that a reader saw something unfinished."""
        self._find("half visible", what, moment)

    def needed_hands(self, what: str, moment: str) -> None:
        """Note that the next run did not succeed by itself."""
        self._find("needed hands", what, moment)

    def litter(self, what: str, moment: str) -> None:
        """Note that something lies where nobody will remove it."""
        self._find("litter", what, moment)

    def add(self, other: KillTally) -> None:
        """Take over what another tally holds."""
        self.kills += other.kills
        self.checks += other.checks
        for key, finding in other._findings.items():
            empty = finding | {"times": 0}
            self._findings.setdefault(key, empty)["times"] += finding["times"]

    @property
    def findings(self) -> list[dict[str, Any]]:
        """All that was found, each kind of it once with how often and when first."""
        return list(self._findings.values())

    def counts(self) -> dict[str, Any]:
        """Return what a result holds."""
        found = Counter[str]()
        for finding in self.findings:
            found[finding["kind"]] += finding["times"]
        kinds = {kind.replace(" ", "_"): found[kind] for kind in ("lost", "half visible", "needed hands", "litter")}
        return {"kills": self.kills.total(), "by_target": dict(self.kills), **kinds, "checks": dict(self.checks)}

    def _find(self, kind: str, what: str, moment: str) -> None:
        empty = {"kind": kind, "what": what, "times": 0, "first": moment}
        self._findings.setdefault((kind, what), empty)["times"] += 1
