"""SC-09: records reach S3 in batches, under the UTC hour in which they began, and none is lost while S3 is away."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import fields
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.errors import HistoryUnavailableError
from scheduler.executions import execution_log
from scheduler.executions.execution_log import ExecutionLog
from scheduler.executions.object_store import ObjectStore
from scheduler.executions.record import ExecutionRecord
from scheduler.executions.record_json import record_from
from scheduler.executions.spool import Spool
from scheduler.settings import Settings
from scheduler.tests.record_cases import record
from scheduler.tests.running_s3 import BUCKET, RunningS3, running_s3

_KEY = re.compile(r"metrics/year=2026/month=05/day=04/hour=13/metrics-\d{13}-[0-9a-f]{8}\.json\Z")
_NOTES = (
    "workspace_id job_id job_name trigger_url trigger_method timestamp status duration_ms http_status retry_count "
    "error_message environment"
).split()


@pytest.fixture(scope="module")
def running() -> Iterator[RunningS3]:
    with running_s3() as s3:
        yield s3


@pytest.fixture
def s3(running: RunningS3) -> RunningS3:
    running.clear()
    return running


@asynccontextmanager
async def _log(s3: RunningS3, folder: Path, **values: object) -> AsyncIterator[ExecutionLog]:
    settings = Settings(**{**s3.settings, "spool_dir": folder, **values})
    spool = Spool(folder, settings.spool_mb << 20)
    async with ObjectStore.open(settings) as store:
        log = ExecutionLog(settings, store, spool)
        running = asyncio.create_task(log.run())
        try:
            yield log
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
            spool.close()


async def _until(log: ExecutionLog, pending: int, *, timeout_s: float = 10) -> None:
    async with asyncio.timeout(timeout_s):
        while log.pending_records != pending:
            await asyncio.sleep(0.01)


def test_hundredth_record_flushes_at_once(s3: RunningS3, tmp_path: Path) -> None:
    """Flow metrics: the 100th record flushes at once, long before 60 s, as one object with a JSON array."""

    async def scenario() -> None:
        async with _log(s3, tmp_path) as log:
            for number in range(99):
                log.write(record(number))
            await asyncio.sleep(0.2)
            assert log.pending_records == 99
            assert s3.objects() == {}
            log.write(record(99))
            await _until(log, 0)
            assert log.last_flush_at is not None

    asyncio.run(scenario())
    ((key, body),) = s3.objects().items()
    assert _KEY.match(key)
    array = json.loads(body)
    assert isinstance(array, list)
    assert [found["execution_id"] for found in array] == [f"run-{number}" for number in range(100)]


def test_one_record_flushes_within_its_time(s3: RunningS3, tmp_path: Path) -> None:
    """Flow metrics: 1 record flushes within the flush time (60 s; here 0.3)."""
    assert Settings().metrics_flush_s == 60
    assert Settings().metrics_buffer == 100

    async def scenario() -> None:
        async with _log(s3, tmp_path, metrics_flush_s=0.3) as log:
            log.write(record(1))
            await asyncio.sleep(0.1)
            assert log.pending_records == 1
            await _until(log, 0, timeout_s=3)

    asyncio.run(scenario())
    assert [found["execution_id"] for found in s3.records()] == ["run-1"]


def test_object_holds_every_field_of_the_record(s3: RunningS3, tmp_path: Path) -> None:
    """SC-09: the schema; the original passed `environment` but did not store it, so its filter found nothing."""
    written = record(
        7, environment="prod", status="failed", error_message="the target answered 500: ä", http_status=500
    )

    async def scenario() -> None:
        async with _log(s3, tmp_path) as log:
            log.write(written)
            await log.flush()

    asyncio.run(scenario())
    (stored,) = s3.records()
    assert list(stored)[:12] == _NOTES
    assert set(stored) == {field.name for field in fields(ExecutionRecord)}
    assert stored["environment"] == "prod"
    assert record_from(stored) == written


def test_key_is_that_of_the_records_hour_in_utc(s3: RunningS3, tmp_path: Path) -> None:
    """Flow metrics: the key matches UTC year=/month=/day=/hour= of each record, in one batch or not."""

    async def scenario() -> None:
        async with _log(s3, tmp_path) as log:
            log.write(record(1))
            log.write(record(2, after=timedelta(seconds=5)))
            log.write(record(3, timestamp="2026-05-05T01:30:00.000+02:00"))
            await log.flush()

    asyncio.run(scenario())
    hours = {key.partition("/metrics-")[0]: json.loads(body) for key, body in s3.objects().items()}
    assert {hour: [found["execution_id"] for found in of_hour] for hour, of_hour in hours.items()} == {
        "metrics/year=2026/month=05/day=04/hour=13": ["run-1"],
        "metrics/year=2026/month=05/day=04/hour=14": ["run-2"],
        "metrics/year=2026/month=05/day=04/hour=23": ["run-3"],
    }


def test_workspaces_are_apart_when_a_setting_says_so(s3: RunningS3, tmp_path: Path) -> None:
    async def scenario() -> None:
        async with _log(s3, tmp_path, metrics_by_workspace=True) as log:
            log.write(record(1))
            log.write(record(2, workspace="globex"))
            await log.flush()

    asyncio.run(scenario())
    assert {key.partition("/metrics-")[0] for key in s3.objects()} == {
        f"metrics/workspace={workspace}/year=2026/month=05/day=04/hour=13" for workspace in ("acme", "globex")
    }


def test_two_writers_in_the_same_millisecond_keep_both(
    s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Original: keys were made of the millisecond alone, so the second writer replaced the first one's object."""

    def original_key(moment_ms: int) -> str:
        return f"metrics/original/metrics-{moment_ms}.json"

    for number in (1, 2):
        s3.put(original_key(1_777_903_200_000), json.dumps([{"execution_id": number}]).encode())
    assert len(s3.objects("metrics/original/")) == 1

    monkeypatch.setattr("scheduler.executions.spool.time.time_ns", lambda: 1_777_903_200_000_000_000)

    async def scenario() -> None:
        async with _log(s3, tmp_path) as one, _log(s3, tmp_path) as two:
            one.write(record(1))
            two.write(record(2))
            await asyncio.gather(one.flush(), two.flush())

    asyncio.run(scenario())
    keys = list(s3.objects("metrics/year"))
    assert len(keys) == 2
    assert all("metrics-1777903200000-" in key for key in keys)


def test_two_writers_without_disk_in_the_same_millisecond_keep_both(
    s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Original: the same, also for records that wait in memory because the disk takes none."""
    monkeypatch.setattr("scheduler.executions.spool.time.time_ns", lambda: 1_777_903_200_000_000_000)
    monkeypatch.setattr(Spool, "append", _no_space)

    async def scenario() -> None:
        async with _log(s3, tmp_path) as one, _log(s3, tmp_path) as two:
            one.write(record(1))
            two.write(record(2))
            await asyncio.gather(one.flush(), two.flush())

    asyncio.run(scenario())
    assert sorted(found["execution_id"] for found in s3.records()) == ["run-1", "run-2"]


def test_nothing_is_lost_and_memory_is_bounded_while_s3_is_away(
    s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Original: what could not be written went back to the head of a list in memory that had no end."""
    monkeypatch.setattr(execution_log, "_FIRST_WAIT_S", 0.1)
    s3.stop()

    async def scenario() -> None:
        async with _log(s3, tmp_path) as log:
            for number in range(1050):
                log.write(record(number))
                await asyncio.sleep(0)
            await asyncio.sleep(0.3)
            assert log.pending_records == 1050
            assert "does not answer" in (log.last_flush_error or "")
            assert log._unwritten == []
            s3.start()
            await _until(log, 50)
            assert log.last_flush_error is None
            await log.flush()

    asyncio.run(scenario())
    found = [each["execution_id"] for each in s3.records()]
    assert sorted(found) == sorted(f"run-{number}" for number in range(1050))


def test_records_wait_for_the_next_worker_when_s3_stays_away(s3: RunningS3, tmp_path: Path) -> None:
    s3.stop()

    async def before() -> None:
        async with _log(s3, tmp_path) as log:
            log.write(record(1))
            with pytest.raises(HistoryUnavailableError):
                await log.flush()

    async def after() -> None:
        async with _log(s3, tmp_path) as log:
            await _until(log, 0)

    asyncio.run(before())
    s3.start()
    asyncio.run(after())
    assert [found["execution_id"] for found in s3.records()] == ["run-1"]


def test_batch_that_is_written_twice_is_there_once(s3: RunningS3, tmp_path: Path) -> None:
    """SC-09: a worker killed between writing an object and deleting its file leaves both."""

    async def scenario() -> None:
        async with _log(s3, tmp_path) as log:
            log.write(record(1))
            file = next(tmp_path.rglob("*.jsonl"))
            text = file.read_bytes()
            await log.flush()
            file.write_bytes(text)
        async with _log(s3, tmp_path) as log:
            assert log.pending_records == 1
            await _until(log, 0)

    asyncio.run(scenario())
    assert len(s3.objects()) == 1


def test_no_more_jobs_are_wanted_when_the_spool_is_full_or_broken(
    s3: RunningS3, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(execution_log, "_FIRST_WAIT_S", 0.1)
    s3.stop()

    async def scenario() -> None:
        async with _log(s3, tmp_path, spool_mb=1) as log:
            for number in range(12):
                log.write(record(number, response="x" * 100_000))
            assert log.is_full
            with monkeypatch.context() as broken:
                broken.setattr(Spool, "append", _no_space)
                log.write(record(12))
            assert log.pending_records == 13
            s3.start()
            await _until(log, 0)
            assert not log.is_full

    asyncio.run(scenario())
    assert len(s3.records()) == 13


def _no_space(_spool: Spool, _line: str) -> None:
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "InvalidAccessKeyId", "SCHEDULER_S3_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "SCHEDULER_S3_SECRET_ACCESS_KEY"),
        (403, "AccessDenied", f"may not use the bucket {BUCKET}"),
        (404, "NoSuchBucket", "SCHEDULER_S3_BUCKET"),
        (503, "SlowDown", "503 SlowDown"),
    ],
)
def test_refusal_says_what_to_do(s3: RunningS3, tmp_path: Path, status: int, code: str, told: str) -> None:
    """Trouble metrics not showing: credentials, 403 and 404 are told apart."""
    s3.refusal = (status, code)

    async def scenario() -> None:
        async with _log(s3, tmp_path) as log:
            log.write(record(1))
            with pytest.raises(HistoryUnavailableError, match=told):
                await log.flush()
            s3.refusal = None
            await log.flush()

    asyncio.run(scenario())
    assert len(s3.records()) == 1
