"""SC-10: 100,000 executions in 168 hours: how long the first page takes, and what memory it needs."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from scheduler.executions.compaction import Compaction
from scheduler.executions.object_store import ObjectStore
from scheduler.executions.polars_process import PolarsProcess
from scheduler.settings import Settings
from scheduler.tests.process_memory import memory_mb
from scheduler.tests.record_cases import BEGAN, record
from scheduler.tests.running_redis import running_redis
from scheduler.tests.running_role import RunningRole, running_role
from scheduler.tests.running_s3 import RunningS3, running_s3
from scheduler.tests.soak_results import write_result

_HOURS = 168
_PER_HOUR = 596
_BATCH = 100
_MOST_S = 1.0
_MOST_MB = 120
_SETTLE_S = 3


@pytest.mark.soak
def test_first_page_is_there_within_a_second(tmp_path: Path) -> None:
    """SC-10: after the workers merged closed hours and days; the API is a fresh process with nothing cached."""
    now = datetime.now(UTC)
    with running_redis() as redis, running_s3() as s3:
        total = _put(s3, now)
        objects = len(s3.objects())
        merged_s = asyncio.run(_merge(s3, now))
        environment = {**redis.environment, **s3.environment}
        with running_role("api", environment, tmp_path) as api:
            # As a pod is: asked only when it is ready, and a moment later.
            _seconds(api, "/health")
            time.sleep(_SETTLE_S)
            first, times = _seconds(api, "/metrics/api/acme?limit=100"), []
            for _ in range(10):
                times.append(_seconds(api, "/metrics/api/acme?limit=100"))
            page_s = _seconds(api, "/metrics?workspace_id=acme")
            answer = httpx.get(f"{api.url}/metrics/api/acme?limit=100").json()
            children = psutil.Process(api.process.pid).children()
            reader_mb = max(memory_mb(child.pid) for child in children)
            api_mb = memory_mb(api.process.pid)
    result = {
        "executions": total,
        "hours": _HOURS,
        "objects_written": objects,
        "merged_in_s": round(merged_s, 1),
        "objects_read": len(s3.asked),
        "first_page_s": round(first, 2),
        "next_pages_median_s": round(sorted(times)[len(times) // 2], 2),
        "html_page_s": round(page_s, 2),
        "api_peak_rss_mb": round(api_mb, 1),
        "reader_peak_rss_mb": round(reader_mb, 1),
    }
    write_result("reading", "The dashboard's data over a week, from a fresh API process; all on the same cores", result)
    assert answer["total"] == total
    assert len(answer["executions"]) == 100
    assert first <= _MOST_S
    assert max(api_mb, reader_mb) <= _MOST_MB


def _put(s3: RunningS3, now: datetime) -> int:
    """Keep what two workers would have written; return how many executions."""
    begin = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=_HOURS - 1)
    number = 0
    for hour in range(_HOURS):
        start = begin + timedelta(hours=hour)
        span = min(timedelta(hours=1), now - start)
        for first in range(0, _PER_HOUR, _BATCH):
            of_batch = range(first, min(first + _BATCH, _PER_HOUR))
            moments = [start - BEGAN + span * (each / _PER_HOUR) for each in of_batch]
            records = [asdict(record(number + place, after=after)) for place, after in enumerate(moments)]
            number += len(records)
            s3.put(f"metrics/{start:year=%Y/month=%m/day=%d/hour=%H}/metrics-{number}-x.json", _json(records))
    return number


def _json(records: list[dict[str, object]]) -> bytes:
    return json.dumps(records).encode()


async def _merge(s3: RunningS3, now: datetime) -> float:
    began = time.monotonic()
    settings = Settings(**s3.settings)
    async with ObjectStore.open(settings) as store:
        polars = PolarsProcess()
        await Compaction(settings, store, polars).run_once(now)
        await polars.close()
    s3.asked.clear()
    return time.monotonic() - began


def _seconds(api: RunningRole, path: str) -> float:
    began = time.monotonic()
    assert httpx.get(api.url + path, timeout=60, headers={"Accept": "*/*"}).status_code == 200
    return time.monotonic() - began
