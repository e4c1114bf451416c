"""SC-09, SC-15: objects are merged and deleted when old, and no execution is lost or counted twice thereby."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.errors import HistoryUnavailableError
from scheduler.executions import compaction
from scheduler.executions.compaction import Compaction
from scheduler.executions.housekeeping import Housekeeping
from scheduler.executions.object_store import ObjectStore
from scheduler.executions.retention import Retention
from scheduler.settings import Settings
from scheduler.tests.history_cases import HistoryReader, history_reader, put_records
from scheduler.tests.record_cases import BEGAN, record
from scheduler.tests.running_redis import running_redis
from scheduler.tests.running_s3 import BUCKET, RunningS3, running_s3

_TOMORROW = datetime(2026, 5, 5, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def running() -> Iterator[RunningS3]:
    with running_s3() as server:
        yield server


@pytest.fixture(scope="module")
def reader(running: RunningS3) -> Iterator[HistoryReader]:
    with history_reader(running) as opened:
        yield opened


@pytest.fixture
def s3(running: RunningS3) -> RunningS3:
    running.clear()
    return running


def _compact(reader: HistoryReader, now: datetime) -> int:
    return reader.run(Compaction(Settings(), reader.store, reader.history.polars).run_once(now))


def _ids(reader: HistoryReader, workspace: str = "acme") -> list[str]:
    page = reader.page(workspace, limit=1000)
    assert list(page.unread) == []
    assert page.statistics.total == len(page.executions)
    return sorted(each.execution_id for each in page.executions)


def test_hours_that_are_over_become_one_object_of_their_day(s3: RunningS3, reader: HistoryReader) -> None:
    for number in range(6):
        put_records(s3, f"1-{number}", [record(number, after=timedelta(hours=number // 3))])
    before = reader.page()
    assert _compact(reader, BEGAN + timedelta(minutes=20)) == 2
    assert len(s3.objects()) == 4
    assert len([key for key in s3.objects() if "/day=04/merged-" in key]) == 1
    assert reader.page() == before
    assert _compact(reader, _TOMORROW) == 3
    (key,) = s3.objects()
    assert key.startswith("metrics/year=2026/month=05/day=04/merged-")
    assert reader.page() == before
    assert _compact(reader, _TOMORROW) == 0


def test_open_hour_is_left_alone_until_it_has_many_objects(
    s3: RunningS3, reader: HistoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_MANY", 6)
    for number in range(5):
        put_records(s3, f"1-{number}", [record(number)])
    assert _compact(reader, BEGAN) == 0
    put_records(s3, "1-5", [record(5)])
    assert _compact(reader, BEGAN) == 5
    assert len(_ids(reader)) == 6


def test_late_record_of_a_merged_day_is_merged_too(s3: RunningS3, reader: HistoryReader) -> None:
    for number in range(3):
        put_records(s3, f"1-{number}", [record(number)])
        _compact(reader, _TOMORROW)
    assert len(s3.objects()) == 1
    assert _ids(reader) == ["run-0", "run-1", "run-2"]


def test_workspaces_stay_apart_in_their_layout(s3: RunningS3, reader: HistoryReader) -> None:
    for number in range(4):
        workspace = "acme" if number % 2 else "globex"
        put_records(s3, f"1-{number}", [record(number, workspace=workspace)], workspace=workspace)
    assert _compact(reader, _TOMORROW) == 2
    assert sorted(key.partition("year=")[0] for key in s3.objects()) == [
        "metrics/workspace=acme/",
        "metrics/workspace=globex/",
    ]
    assert (_ids(reader), _ids(reader, "globex")) == (["run-1", "run-3"], ["run-0", "run-2"])


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_nothing_is_lost_or_counted_twice_when_s3_fails_midway(
    s3: RunningS3, reader: HistoryReader, method: str
) -> None:
    for number in range(4):
        put_records(s3, f"1-{number}", [record(number)])
    if method == "PUT":
        s3.refusal, s3.refused_part = (503, "SlowDown"), "merged-"
    else:
        # Its sources are fetched by then; deleting the second one fails.
        s3.refusal, s3.refused_part = (
            (503, "SlowDown"),
            f"DELETE /{BUCKET}/metrics/year=2026/month=05/day=04/hour=13/metrics-1-1",
        )
    with pytest.raises(HistoryUnavailableError):
        _compact(reader, _TOMORROW)
    s3.refusal = None
    assert _ids(reader) == ["run-0", "run-1", "run-2", "run-3"]
    _compact(reader, _TOMORROW)
    assert len(s3.objects()) == 1
    assert _ids(reader) == ["run-0", "run-1", "run-2", "run-3"]


def test_two_workers_that_merge_at_once_lose_nothing(s3: RunningS3, reader: HistoryReader) -> None:
    for number in range(8):
        put_records(s3, f"1-{number}", [record(number)])

    async def scenario() -> None:
        await asyncio.gather(
            *(Compaction(Settings(), reader.store, reader.history.polars).run_once(_TOMORROW) for _ in range(2))
        )

    reader.run(scenario())
    assert _ids(reader) == [f"run-{number}" for number in range(8)]


def test_object_that_cannot_be_read_is_neither_merged_nor_deleted(
    s3: RunningS3, reader: HistoryReader, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(2):
        put_records(s3, f"1-{number}", [record(number)])
    bad = "metrics/year=2026/month=05/day=04/hour=13/metrics-9-x.json"
    s3.put(bad, b"[{]")
    _compact(reader, _TOMORROW)
    assert bad in s3.objects()
    assert len(s3.objects()) == 2
    assert bad in caplog.text
    assert list(reader.page().unread) == [bad]
    assert reader.page().statistics.total == 2


def test_only_one_worker_merges(s3: RunningS3) -> None:
    async def scenario() -> int:
        with running_redis() as redis:
            settings = redis.settings(**s3.settings)
            client = redis.address.connect()
            async with ObjectStore.open(settings) as store:
                runs = [asyncio.create_task(Housekeeping(settings, store, client).run()) for _ in range(3)]
                async with asyncio.timeout(20):
                    while not (passes := sum("delimiter" in asked for asked in s3.asked)):
                        await asyncio.sleep(0.05)
                await asyncio.sleep(0.3)
                passes = sum("delimiter" in asked for asked in s3.asked)
                for run in runs:
                    run.cancel()
                await asyncio.gather(*runs, return_exceptions=True)
            await client.aclose()
            return passes

    assert asyncio.run(scenario()) == 1


def test_worker_goes_on_when_merging_fails_for_want_of_disk(
    s3: RunningS3, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """SC-09: calls under way and records that wait would end with it; merging is tried again."""
    passes = 0

    async def no_disk(_self: Compaction, _now: datetime) -> int:
        nonlocal passes
        passes += 1
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Compaction, "run_once", no_disk)

    async def scenario() -> None:
        with running_redis() as redis:
            settings = redis.settings(**s3.settings, compact_s=0.1)
            client = redis.address.connect()
            async with ObjectStore.open(settings) as store:
                run = asyncio.create_task(Housekeeping(settings, store, client).run())
                async with asyncio.timeout(20):
                    while passes < 2 and not run.done():
                        await asyncio.sleep(0.05)
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)
            await client.aclose()

    asyncio.run(scenario())
    assert passes == 2
    assert "No space left on device" in caplog.text


def test_executions_are_kept_for_ever_unless_a_setting_says_so(s3: RunningS3, reader: HistoryReader) -> None:
    """SC-15: retention is configurable, and unlimited by default."""
    for days in (0, 29, 30, 31, 400):
        put_records(s3, f"1-{days}", [record(days, after=-timedelta(days=days))])
        put_records(s3, f"2-{days}", [record(days, after=-timedelta(days=days))], workspace="acme")
    foreign = "metrics/notes/year=2020/month=01/day=01/keep.txt"
    s3.put(foreign, b"x")

    assert reader.run(Retention(Settings(), reader.store).run_once(BEGAN)) == 0
    assert reader.run(Retention(Settings(metrics_retention_days=30), reader.store).run_once(BEGAN)) == 4
    kept = [key for key in s3.objects() if key != foreign]
    assert sorted(key.rpartition("-")[2] for key in kept) == [
        "0.json",
        "0.json",
        "29.json",
        "29.json",
        "30.json",
        "30.json",
    ]
    assert foreign in s3.objects()
