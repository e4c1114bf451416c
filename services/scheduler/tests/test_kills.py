"""SC-06, SC-07, SC-08: kills at random lose no trigger and no tick, and repeat hardly a call."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.tests.kill_account import account
from scheduler.tests.kill_run import Cluster, Kill, KillPlan, kill_at_random, kills_by_role, register
from scheduler.tests.running_redis import running_redis
from scheduler.tests.running_target import Asked, Reply, running_target

_REPOSITORY = Path(__file__).parents[3]
_RESULTS = _REPOSITORY / "benchmarks" / "soak" / "scheduler_kills.json"
_MOST_PER_1000 = 2.0
# Until everything runs again after the last kill: lock and stall interval, the reconciler, a few ticks.
_SETTLE_S = 20.0
_TARGET_S = 0.005


@pytest.mark.soak
def test_kills_at_random_lose_nothing_and_repeat_hardly_a_call(tmp_path: Path) -> None:
    """Measure: 100 kills, 0 triggers lost, 0 ticks lost beyond coalescing, at most 2 duplicates per 1,000 calls."""
    plan = KillPlan(
        kills=int(os.environ.get("SCHEDULER_SOAK_KILLS", "100")),
        gap_s=float(os.environ.get("SCHEDULER_SOAK_GAP_S", "7")),
        seed=int(os.environ.get("SCHEDULER_SOAK_SEED", "13")),
    )
    with running_redis(tmp_path, append_only=True) as redis, running_target() as target:
        cluster = Cluster(redis, tmp_path)
        try:
            cluster.start()
            for path in [f"/{workspace}/{index}" for workspace in ("a", "ab", "abc", "b") for index in range(5)]:
                target.answer(path, Reply(delay_s=_TARGET_S))
            began = time.time()
            intervals = register(cluster, target.url, plan)
            kills = kill_at_random(cluster, plan)
            time.sleep(_SETTLE_S)
            until = time.time()
            ended = cluster.ended_by_themselves()
        finally:
            cluster.stop()
    done = account(target.asked, intervals, kills, until=until, alive_s=5)
    result = {
        "what": "SIGKILL of workers, API replicas and Redis at random while triggers tick each second and each minute",
        "command": "make soak-services",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        # Of 15 minutes: other work on the machine makes calls longer, and more are cut off.
        "load": round(os.getloadavg()[2], 1),
        "parameters": {
            **asdict(plan),
            "replicas": 2,
            "workers": 2,
            "appendfsync": "always",
            "lock_s": 3,
            "stalled_s": 3,
        },
        "seconds": round(until - began),
        "kills": kills_by_role(kills),
        "kills_per_minute": round(len(kills) / (until - began) * 60, 1),
        **asdict(done),
        "duplicates_per_1000": done.duplicates_per_1000,
    }
    Path(os.environ.get("SCHEDULER_SOAK_RESULTS", _RESULTS)).write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))  # noqa: T201
    assert ended == []
    assert done.lost_triggers == ()
    assert done.lost_ticks == ()
    assert done.duplicates_per_1000 <= _MOST_PER_1000


def test_account_tells_lost_ticks_from_coalesced_ones_and_counts_calls_made_again() -> None:
    def asked(key: str, tick: int, at: float) -> Asked:
        return Asked(at, "GET", "/", {"idempotency-key": f"repeat:{key}:{tick}000"}, b"")

    calls = [
        *[asked("a:dev:0", tick, tick + 0.1) for tick in (100, 101)],
        # Tick 102 ran at 104.2 and stands for 103 and 104; 106 is lost.
        asked("a:dev:0", 102, 104.2),
        *[asked("a:dev:0", tick, tick + 0.1) for tick in (105, 107)],
        asked("a:dev:0", 107, 109.0),
        asked("b:dev:0", 60, 60.1),
    ]
    found = account(calls, {"a:dev:0": 1, "b:dev:0": 60}, [Kill("worker", 108.0, 109.0)], until=111.0, alive_s=5)
    assert (found.calls, found.ticks, found.duplicates) == (7, 6, 1)
    assert found.duplicates_by_kill == {"worker": 1}
    assert found.coalesced == 2
    assert found.lost_ticks == ("a:dev:0 at 106",)
    assert found.lost_triggers == ()
    assert account(calls, {"a:dev:0": 1, "b:dev:0": 1}, [], until=111.0, alive_s=5).lost_triggers == ("b:dev:0",)
