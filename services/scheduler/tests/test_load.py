"""SC-06: two thousand triggers on one minute, through two API replicas and two workers, fire once each and in time."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from scheduler.tests.counting_target import Arrival, counting_target
from scheduler.tests.process_memory import memory_mb
from scheduler.tests.running_redis import running_redis
from scheduler.tests.running_role import RunningRole, running_role
from scheduler.tests.running_s3 import running_s3
from scheduler.tests.soak_results import write_result

_WORKSPACES = 20
_EACH = 100
_DELAY_S = 0.05
_TICKS = 3
_MOST_LATE_S = 6
_MOST_MB = 120
# Of the last tick: its calls, and a margin in which a second call of the same tick would come.
_SETTLE_S = 25
_SETTINGS = {
    "SCHEDULER_CONCURRENCY": "25",
    "SCHEDULER_WORKSPACE_CONCURRENCY": "25",
    "SCHEDULER_CALLS_PER_SECOND": "1000",
}


@pytest.mark.soak
def test_two_thousand_triggers_of_a_minute_fire_once_each_within_six_seconds(tmp_path: Path) -> None:
    with ExitStack() as held:
        redis = held.enter_context(running_redis())
        s3 = held.enter_context(running_s3())
        target = held.enter_context(counting_target(tmp_path, delay_s=_DELAY_S))
        environment = {**redis.environment, **s3.environment, **_SETTINGS}
        apis = [held.enter_context(running_role("api", environment, tmp_path)) for _ in range(2)]
        workers = [held.enter_context(running_role("worker", environment, tmp_path)) for _ in range(2)]
        registered_s = _register(apis, target.url)
        first = (int(time.time()) // 60 + 1) * 60
        ticks = [(first + 60 * each) * 1000 for each in range(_TICKS)]
        time.sleep(ticks[-1] / 1000 + _SETTLE_S - time.time())
        arrivals = target.arrivals()
        memory = {
            "api_peak_rss_mb": [round(memory_mb(api.process.pid), 1) for api in apis],
            "worker_peak_rss_mb": [round(memory_mb(worker.process.pid), 1) for worker in workers],
        }
    fired = Counter(arrival.key for arrival in arrivals)
    expected = {
        f"repeat:ws-{workspace}:dev:{index}:{tick}"
        for workspace in range(_WORKSPACES)
        for index in range(_EACH)
        for tick in ticks
    }
    late = {tick: _lateness(arrivals, tick) for tick in ticks}
    duplicates = sum(fired[key] - 1 for key in expected if fired[key] > 1)
    p99_s = max(_percentile(of_tick, 0.99) for of_tick in late.values())
    write_result(
        "load",
        f"{_WORKSPACES * _EACH} triggers on one minute, {_TICKS} ticks, 2 API replicas, 2 workers x 25 calls, a target "
        f"that takes {_DELAY_S * 1000:.0f} ms; all on the same cores",
        {
            "settings": _SETTINGS,
            "registered_s": round(registered_s, 2),
            "fired_percent": round(100 * sum(fired[key] >= 1 for key in expected) / len(expected), 3),
            "duplicates": duplicates,
            "lateness_p99_s": round(p99_s, 2),
            "ticks": [_figures(of_tick) for of_tick in late.values()],
            **memory,
        },
    )
    assert set(fired) >= expected
    assert duplicates == 0
    assert p99_s <= _MOST_LATE_S
    assert max(*memory["api_peak_rss_mb"], *memory["worker_peak_rss_mb"]) <= _MOST_MB


def _register(apis: Sequence[RunningRole], target: str) -> float:
    """Register all triggers through both replicas, well before the next minute; return the seconds it took."""
    into_minute = time.time() % 60
    if into_minute > 30:
        time.sleep(61 - into_minute)
    began = time.monotonic()
    for workspace in range(_WORKSPACES):
        triggers = [
            {"cron": "* * * * *", "url": f"{target}/{each}", "method": "POST", "body": {}} for each in range(_EACH)
        ]
        address = f"{apis[workspace % 2].url}/api/workspaces/ws-{workspace}/triggers"
        answer = httpx.post(address, json={"triggers": triggers}, timeout=60)
        assert answer.status_code == httpx.codes.OK, answer.text
    return time.monotonic() - began


def _lateness(arrivals: Sequence[Arrival], tick: int) -> Sequence[float]:
    """Seconds from a tick to each of its calls, in order."""
    return sorted((arrival.at_ms - tick) / 1000 for arrival in arrivals if arrival.key.endswith(f":{tick}"))


def _percentile(ordered: Sequence[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.inf


def _figures(late: Sequence[float]) -> Mapping[str, float]:
    return {
        "calls": len(late),
        "p50_s": round(_percentile(late, 0.5), 2),
        "p99_s": round(_percentile(late, 0.99), 2),
        "last_s": round(_percentile(late, 1), 2),
    }
