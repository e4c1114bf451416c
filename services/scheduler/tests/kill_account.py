"""What came of ticks while processes were killed: lost triggers, lost ticks, duplicate calls."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from scheduler.tests.kill_run import Kill
from scheduler.tests.running_target import Asked

__all__ = ["Account", "account"]


@dataclass(frozen=True, slots=True)
class Account:
    """Counts over all triggers. A tick is `coalesced` when an earlier run was so late that it stood for it."""

    calls: int
    ticks: int
    duplicates: int
    # By the role whose kill came last before the repeated call.
    duplicates_by_kill: Mapping[str, int]
    coalesced: int
    lost_ticks: tuple[str, ...]
    lost_triggers: tuple[str, ...]
    lateness_p50_s: float
    lateness_p99_s: float
    longest_silence_s: float

    @property
    def duplicates_per_1000(self) -> float:
        """Calls that were made again, per 1,000 calls."""
        return round(1000 * self.duplicates / max(self.calls, 1), 2)


def account(
    asked: Iterable[Asked], intervals: Mapping[str, int], kills: Sequence[Kill], *, until: float, alive_s: float
) -> Account:
    """Account for what a target was asked until a moment; triggers must have run in the last `alive_s` before it."""
    times: defaultdict[str, defaultdict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for one in asked:
        _, _, rest = one.key.partition("repeat:")
        key, _, tick_ms = rest.rpartition(":")
        times[key][int(tick_ms) // 1000].append(one.at)
    lost, coalesced = [], 0
    for key, ticks in times.items():
        for tick, stood_for in _missing(ticks, intervals[key]):
            coalesced += stood_for
            lost += [] if stood_for else [f"{key} at {tick}"]
    again = [at for ticks in times.values() for calls in ticks.values() for at in sorted(calls)[1:]]
    late = sorted(min(calls) - tick for ticks in times.values() for tick, calls in ticks.items())
    every = sorted(one.at for one in asked)
    return Account(
        calls=len(every),
        ticks=len(late),
        duplicates=len(again),
        duplicates_by_kill=dict(Counter(_last_kill(kills, at) for at in again)),
        coalesced=coalesced,
        lost_ticks=tuple(lost),
        lost_triggers=tuple(
            key for key, each_s in intervals.items() if not _is_alive(times[key], until, each_s + alive_s)
        ),
        lateness_p50_s=round(late[len(late) // 2], 3),
        lateness_p99_s=round(late[int(len(late) * 0.99)], 3),
        longest_silence_s=round(max(after - before for before, after in pairwise(every)), 1),
    )


def _missing(ticks: Mapping[int, Sequence[float]], each_s: int) -> list[tuple[int, bool]]:
    """Ticks without a call between the first and the last, and whether the run before was called after them."""
    known = sorted(ticks)
    missing = []
    for tick in range(known[0], known[-1], each_s):
        if tick not in ticks:
            before = known[bisect_left(known, tick) - 1]
            missing.append((tick, max(ticks[before]) >= tick))
    return missing


def _is_alive(ticks: Mapping[int, Sequence[float]], until: float, within_s: float) -> bool:
    return any(at >= until - within_s for calls in ticks.values() for at in calls)


def _last_kill(kills: Sequence[Kill], at: float) -> str:
    return next((kill.role for kill in reversed(kills) if kill.at <= at), "none")
