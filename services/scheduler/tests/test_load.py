"""Two thousand triggers on one minute, through two API replicas and two workers."""

from __future__ import annotations

import json
import math
import os
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from scheduler.tests.counting_target import Arrival, counting_target
from scheduler.tests.process_memory import memory_mb
from scheduler.tests.running_redis import free_port, running_redis
from scheduler.tests.running_roles import running_role
from scheduler.tests.running_s3 import running_s3

_RESULTS = Path(os.environ.get("SCHEDULER_SOAK_RESULTS", Path(__file__).resolve().parents[3] / "benchmarks" / "soak"))
_WORKSPACES = 20
_EACH = 100
_DELAY_S = 0.05
_TICKS = 3
# Of the last tick: its calls, their retries if any, and a margin.
_SETTLE_S = 25


def _of_ticks(arrivals: Sequence[Arrival], ticks: Sequence[int]) -> dict[int, Counter[str]]:
    """Calls of each tick by schedule; a key is `repeat:{schedule}:{tick in ms}`."""
    found: dict[int, Counter[str]] = {tick: Counter() for tick in ticks}
    for arrival in arrivals:
        schedule, _, tick = arrival.key.rpartition(":")
        if int(tick) in found:
            found[int(tick)][schedule] += 1
    return found


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


@pytest.mark.soak
def test_two_thousand_triggers_of_a_minute_fire_once_each_within_six_seconds(tmp_path: Path) -> None:
    with ExitStack() as held:
        redis = held.enter_context(running_redis(tmp_path))
        s3 = held.enter_context(running_s3())
        target = held.enter_context(counting_target(tmp_path, delay_s=_DELAY_S))
        settings = {
            "redis_url": redis.url,
            **s3.settings,
            "allow_private_targets": "true",
            "concurrency": "25",
            "calls_per_second": "1000",
            "workspace_concurrency": "25",
        }
        apis = [held.enter_context(running_role("api", settings, tmp_path, port=free_port())) for _ in range(2)]
        workers = [
            held.enter_context(
                running_role(
                    "worker", {**settings, "spool_dir": str(tmp_path / f"spool-{n}")}, tmp_path, port=free_port()
                )
            )
            for n in range(2)
        ]
        _away_from_the_minute()
        began = time.monotonic()
        for workspace in range(_WORKSPACES):
            triggers = [
                {"cron": "* * * * *", "url": f"{target.url}/{each}", "method": "POST", "body": {}}
                for each in range(_EACH)
            ]
            answer = httpx.post(
                f"{apis[workspace % 2].url}/api/workspaces/ws-{workspace}/triggers",
                json={"triggers": triggers},
                timeout=60,
            )
            assert answer.status_code == httpx.codes.OK, answer.text
        registered_s = time.monotonic() - began
        first = (int(time.time()) // 60 + 1) * 60
        ticks = [(first + 60 * each) * 1000 for each in range(_TICKS)]
        time.sleep(ticks[-1] / 1000 + _SETTLE_S - time.time())
        arrivals = target.arrivals()
        memory = {
            "api_peak_rss_mb": [round(memory_mb(api.pid), 1) for api in apis],
            "worker_peak_rss_mb": [round(memory_mb(worker.pid), 1) for worker in workers],
        }
    expected = _WORKSPACES * _EACH
    by_tick = _of_ticks(arrivals, ticks)
    lateness = [
        a.at_ms / 1000 - int(a.key.rpartition(":")[2]) / 1000
        for a in arrivals
        if int(a.key.rpartition(":")[2]) in by_tick
    ]
    figures = [_figures(arrivals, tick) for tick in ticks]
    record = {
        "what": f"{expected} triggers on one minute, {_TICKS} ticks, 2 API replicas, 2 workers x 25 calls, "
        f"a target of {_DELAY_S * 1000:.0f} ms; all on the same cores",
        "command": "make soak-services",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "registered_s": round(registered_s, 2),
        "fired_once_percent": round(
            100 * sum(1 for c in by_tick.values() for n in c.values() if n == 1) / (expected * _TICKS), 3
        ),
        "duplicates": sum(n - 1 for c in by_tick.values() for n in c.values()),
        "lateness_p99_s": round(_percentile(lateness, 0.99), 2),
        "ticks": figures,
        **memory,
    }
    (_RESULTS / "scheduler_load.json").write_text(json.dumps(record, indent=2) + "\n")
    assert record["fired_once_percent"] == 100
    assert record["duplicates"] == 0
    assert _percentile(lateness, 0.99) <= 6
    assert max(*memory["api_peak_rss_mb"], *memory["worker_peak_rss_mb"]) <= 120


def _away_from_the_minute() -> None:
    """Registering must end before the next tick, else the first would be of a part of the triggers."""
    second = time.time() % 60
    if second > 30:
        time.sleep(61 - second)


def _figures(arrivals: Sequence[Arrival], tick: int) -> dict[str, float]:
    late = [(a.at_ms - tick) / 1000 for a in arrivals if a.key.endswith(f":{tick}")]
    return {
        "calls": len(late),
        "p50_s": round(_percentile(late, 0.5), 2),
        "p99_s": round(_percentile(late, 0.99), 2),
        "last_s": round(max(late), 2),
    }
