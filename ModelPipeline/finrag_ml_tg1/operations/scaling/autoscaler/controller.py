"""The controller's loop: a count of replicas for each look at the metrics, with the past that it remembers."""

from __future__ import annotations

from collections.abc import Mapping

from finrag_ml_tg1.operations.scaling.autoscaler.behaviour import (
    Change,
    Recommendation,
    highest_allowed,
    lowest_allowed,
    stabilise,
)
from finrag_ml_tg1.operations.scaling.autoscaler.desired import Reading, desired_replicas
from finrag_ml_tg1.operations.scaling.autoscaler.spec import AutoscalerSpec

__all__ = ["Autoscaler"]


class Autoscaler:
    """Decides every `SYNC_PERIOD_S` seconds; it remembers no more than windows and periods reach back."""

    def __init__(self, spec: AutoscalerSpec) -> None:
        self._spec = spec
        self._asked: list[Recommendation] = []
        self._changes: list[Change] = []
        periods = [policy.period_s for rules in (spec.up, spec.down) for policy in rules.policies]
        self._memory_s = max(spec.up.window_s, spec.down.window_s, *periods)

    def sync(self, now_s: float, current: int, readings: Mapping[str, Reading | None]) -> int:
        """Return how many replicas there are to be from now on; times must not run backwards.

        Outside the bounds it goes to the nearer bound at once. What is there at the first look counts as asked for
        then. No replicas at all: it is switched off, and stays so.
        """
        if current == 0:
            return 0
        if not self._asked:
            self._asked.append(Recommendation(now_s, current))
        wanted = self._wanted(now_s, current, readings)
        if wanted != current:
            self._changes.append(Change(now_s, wanted - current))
        self._forget(now_s)
        return wanted

    def _wanted(self, now_s: float, current: int, readings: Mapping[str, Reading | None]) -> int:
        spec = self._spec
        if current > spec.most or current < spec.least:
            return min(max(current, spec.least), spec.most)
        asked = desired_replicas(current, readings, spec)
        steady = stabilise(now_s, current, asked, self._asked, spec)
        self._asked.append(Recommendation(now_s, asked))
        if steady > current:
            return min(steady, spec.most, highest_allowed(now_s, current, self._changes, spec.up))
        return min(current, max(steady, spec.least, lowest_allowed(now_s, current, self._changes, spec.down)))

    def _forget(self, now_s: float) -> None:
        self._asked = [one for one in self._asked if now_s - one.at_s <= self._memory_s]
        self._changes = [one for one in self._changes if now_s - one.at_s <= self._memory_s]
