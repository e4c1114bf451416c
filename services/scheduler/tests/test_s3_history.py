"""SC-10: what the dashboard reads: statistics and executions of a workspace, from S3."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import statistics
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.errors import HistoryUnavailableError
from scheduler.executions.history import Hour
from scheduler.executions.record import Attempt, ExecutionRecord
from scheduler.executions.s3_history import S3ExecutionHistory
from scheduler.tests.history_cases import AFTER, BEFORE, HistoryReader, history_reader, put_records
from scheduler.tests.record_cases import BEGAN, record
from scheduler.tests.running_s3 import BUCKET, RunningS3, running_s3


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


def _mixed(count: int) -> list[ExecutionRecord]:
    chance = random.Random(7)
    return [
        record(
            number,
            after=timedelta(minutes=number),
            status="failed" if chance.random() < 0.2 else "success",
            duration_ms=chance.randrange(1, 5000),
            environment=chance.choice(["dev", "prod"]),
        )
        for number in range(count)
    ]


def test_statistics_are_those_of_all_executions(s3: RunningS3, reader: HistoryReader) -> None:
    """SC-10: total, success, failed, rate, average, p95 and the chart by hour, against Python's own arithmetic."""
    records = _mixed(150)
    for begin in range(0, 150, 7):
        put_records(s3, f"1-{begin}", records[begin : begin + 7])
    page = reader.page(limit=20)
    durations = [each.duration_ms for each in records]
    succeeded = sum(each.status == "success" for each in records)
    told = page.statistics
    assert (told.total, told.success, told.failed) == (150, succeeded, 150 - succeeded)
    assert told.success_rate == pytest.approx(100 * succeeded / 150)
    assert told.avg_duration == pytest.approx(statistics.fmean(durations))
    assert told.p95 == pytest.approx(statistics.quantiles(durations, n=20, method="inclusive")[-1])
    expected: dict[datetime, list[int]] = {}
    for each in records:
        hour = datetime.fromisoformat(each.timestamp).replace(minute=0, second=0, microsecond=0)
        expected.setdefault(hour, [0, 0])[each.status == "failed"] += 1
    assert told.hours == tuple(Hour(hour, *counts) for hour, counts in sorted(expected.items()))
    assert list(page.executions) == records[::-1][:20]
    assert list(page.unread) == []


def test_environment_is_filtered(s3: RunningS3, reader: HistoryReader) -> None:
    """Original: `environment` was passed but not stored, so its filter returned nothing."""
    records = _mixed(30)
    put_records(s3, "1-a", records)
    page = reader.page(environment="prod")
    wanted = [each for each in records if each.environment == "prod"]
    assert list(page.executions) == wanted[::-1]
    assert page.statistics.total == len(wanted) > 0

    def original(stored: dict[str, object]) -> bool:
        without = {name: value for name, value in stored.items() if name != "environment"}
        return without.get("environment") == "prod"

    assert not any(original({"environment": each.environment}) for each in records)


def test_workspace_sees_only_its_own(s3: RunningS3, reader: HistoryReader) -> None:
    """Original: workspaces were matched by a part of a name, so that `a` saw what is of `abc`."""
    put_records(s3, "1-a", [record(1, workspace="a"), record(2, workspace="abc")])
    put_records(s3, "1-b", [record(3, workspace="abc")], workspace="abc")
    assert [each.execution_id for each in reader.page("a").executions] == ["run-1"]
    assert {each.execution_id for each in reader.page("abc").executions} == {"run-2", "run-3"}


def test_period_is_half_open_to_the_millisecond(s3: RunningS3, reader: HistoryReader) -> None:
    moments = [BEGAN, BEGAN + timedelta(milliseconds=1), BEGAN + timedelta(hours=2)]
    put_records(s3, "1-a", [record(number, after=moment - BEGAN) for number, moment in enumerate(moments)])
    page = reader.page(since=moments[1], until=moments[2])
    assert [each.execution_id for each in page.executions] == ["run-1"]


def test_execution_that_is_there_twice_is_counted_once(s3: RunningS3, reader: HistoryReader) -> None:
    """SC-07: at-least-once: a job that ran twice, or a batch written twice; the last outcome counts."""
    put_records(s3, "1-a", [record(1, status="failed"), record(2)])
    put_records(s3, "1-b", [record(1, after=timedelta(minutes=5)), record(2)])
    page = reader.page()
    assert (page.statistics.total, page.statistics.success) == (2, 2)
    assert [each.execution_id for each in page.executions] == ["run-1", "run-2"]


def test_record_comes_back_as_it_was_written(s3: RunningS3, reader: HistoryReader) -> None:
    written = record(
        1,
        status="failed",
        http_status=None,
        retry_count=2,
        error_message="the target cannot be reached: ü",
        lateness_ms=None,
        response=None,
        attempts=(Attempt("2026-05-04T13:59:58.250Z", 3, 500, "no"), Attempt("2026-05-04T14:00:00.300Z", 4, None, "x")),
    )
    put_records(s3, "1-a", [written])
    assert list(reader.page().executions) == [written]


def test_nothing_ran_is_an_empty_page(s3: RunningS3, reader: HistoryReader) -> None:
    page = reader.page()
    told = page.statistics
    assert (told.total, told.success_rate, told.avg_duration, told.p95, told.hours) == (0, None, None, None, ())
    assert (list(page.executions), list(page.unread)) == ([], [])


def test_day_is_one_listing_and_an_object_is_fetched_once(s3: RunningS3, reader: HistoryReader) -> None:
    """Original: 168 listings of hours, twice; each file was fetched with every view."""
    for number in range(5):
        put_records(s3, f"1-{number}", [record(number, after=timedelta(hours=number))])
    s3.asked.clear()

    for _ in range(3):
        page = reader.page(since=AFTER - timedelta(hours=168), until=AFTER)
        assert page.statistics.total == 5
    listings = [asked for asked in s3.asked if "list-type=2" in asked]
    # And one that looks for the other layout.
    assert len(listings) == 3 * (8 + 1)
    assert len(s3.asked) == len(listings) + 5


def test_object_that_cannot_be_read_is_named_and_the_others_count(s3: RunningS3, reader: HistoryReader) -> None:
    """Original: errors of single files were swallowed, and the rates silently wrong."""
    put_records(s3, "1-good", [record(1)])
    folder = "metrics/year=2026/month=05/day=04/hour=13/"
    broken, half, refused = (f"{folder}{name}" for name in ("metrics-2-x.json", "metrics-3-x.json", "metrics-4-x.json"))
    torn = f"{folder}merged-1-x.parquet"
    s3.put(broken, b'[{"timestamp": ')
    s3.put(half, json.dumps([{"timestamp": "never"}, {"workspace_id": "acme", **_bare("run-9")}]).encode())
    s3.put(refused, b"[]")
    s3.put(torn, b"PAR1 no PAR1")
    s3.refusal, s3.refused_part = (500, "InternalError"), "metrics-4"
    page = reader.page()
    assert {each.execution_id for each in page.executions} == {"run-1", "run-9"}
    assert list(page.unread) == sorted([broken, half, refused, torn])


def test_records_of_the_forerunner_are_read(s3: RunningS3, reader: HistoryReader) -> None:
    """Original: its records have neither an execution id nor attempts, and no environment."""
    s3.put(
        "metrics/year=2026/month=05/day=04/hour=13/metrics-1.json",
        json.dumps([{**_bare(""), "workspace_id": "acme", "execution_id": None}]).encode(),
    )
    (found,) = reader.page().executions
    assert found.attempts == ()
    assert found.timestamp == "2026-05-04T13:10:00.000Z"


def _bare(execution_id: str) -> dict[str, object]:
    return {
        "job_id": "acme:dev:0",
        "job_name": "acme-dev-trigger-0",
        "trigger_url": "https://app.example.com",
        "trigger_method": "GET",
        "timestamp": "2026-05-04T13:10:00.000Z",
        "status": "success",
        "duration_ms": 10,
        "http_status": 200,
        "retry_count": 0,
        "error_message": None,
        "execution_id": execution_id,
    }


def test_object_merged_meanwhile_is_looked_for_again(
    s3: RunningS3, reader: HistoryReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = put_records(s3, "1-a", [record(1)])
    listed = S3ExecutionHistory._objects
    times: list[int] = []

    async def merged_after_the_first(
        history: S3ExecutionHistory, workspace: str, since: datetime, until: datetime
    ) -> object:
        found = await listed(history, workspace, since, until)
        times.append(len(found))
        if len(times) == 1:
            put_records(s3, "2-b", [record(1)])
            s3.client.delete_object(Bucket=BUCKET, Key=first)
        return found

    monkeypatch.setattr(S3ExecutionHistory, "_objects", merged_after_the_first)
    page = reader.page()
    assert len(times) == 2
    assert (page.statistics.total, list(page.unread)) == (1, [])


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        (403, "InvalidAccessKeyId", "SCHEDULER_S3_ACCESS_KEY_ID"),
        (403, "AccessDenied", "give it the right to"),
        (404, "NoSuchBucket", "SCHEDULER_S3_BUCKET"),
    ],
)
def test_refusal_of_everything_says_what_to_do(
    s3: RunningS3, reader: HistoryReader, status: int, code: str, told: str
) -> None:
    """Trouble metrics not showing: credentials (403) and a bucket that is not there (404) are told apart."""
    s3.refusal, s3.refused_part = (status, code), ""
    with pytest.raises(HistoryUnavailableError, match=told):
        reader.page()


def test_s3_that_is_away_is_told(s3: RunningS3, reader: HistoryReader) -> None:
    s3.stop()
    try:
        with pytest.raises(HistoryUnavailableError, match="does not answer"):
            reader.page()
    finally:
        s3.start()


def test_reader_is_started_anew_when_it_died(s3: RunningS3, reader: HistoryReader) -> None:
    put_records(s3, "1-a", [record(1)])

    reader.page()
    assert reader.history.polars.pid is not None
    os.kill(reader.history.polars.pid, signal.SIGKILL)
    with pytest.raises(HistoryUnavailableError, match="starts it anew"):
        reader.page()
    assert reader.page().statistics.total == 1


def test_view_that_nobody_waits_for_does_not_answer_the_next(s3: RunningS3, reader: HistoryReader) -> None:
    put_records(s3, "1-a", [record(1)])

    history = reader.history

    async def scenario() -> None:
        for steps in (5, 40):
            given_up = asyncio.create_task(history.page("acme", since=BEFORE, until=BEFORE))
            await asyncio.sleep(steps / 1000)
            given_up.cancel()
            await asyncio.gather(given_up, return_exceptions=True)
            assert (await history.page("acme", since=BEFORE, until=AFTER)).statistics.total == 1

    reader.run(scenario())


def test_utc_hours_are_meant_whatever_zone_is_asked_in(s3: RunningS3, reader: HistoryReader) -> None:
    put_records(s3, "1-a", [record(1)])
    page = reader.page(since=datetime(2026, 5, 4, tzinfo=UTC), until=datetime(2026, 5, 5, tzinfo=UTC))
    assert page.statistics.hours == (Hour(datetime(2026, 5, 4, 13, tzinfo=UTC), 1, 0),)
