"""A bucket with executions, and the history that reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

from scheduler.executions.history import ExecutionPage
from scheduler.executions.record import ExecutionRecord
from scheduler.executions.s3_history import S3ExecutionHistory
from scheduler.settings import Settings
from scheduler.tests.record_cases import BEGAN
from scheduler.tests.running_s3 import RunningS3

__all__ = ["BEFORE", "AFTER", "put_records", "read_page"]

BEFORE, AFTER = BEGAN - timedelta(days=1), BEGAN + timedelta(days=2)


def put_records(s3: RunningS3, name: str, records: Iterable[ExecutionRecord], *, workspace: str = "") -> str:
    """Keep records as one object in the hour of the first; return its key."""
    written = list(records)
    hour = datetime.fromisoformat(written[0].timestamp).astimezone(UTC)
    root = f"metrics/workspace={workspace}/" if workspace else "metrics/"
    key = f"{root}{hour:year=%Y/month=%m/day=%d/hour=%H}/metrics-{name}.json"
    s3.put(key, json.dumps([asdict(record) for record in written]).encode())
    return key


def read_page(
    s3: RunningS3,
    workspace: str = "acme",
    *,
    since: datetime = BEFORE,
    until: datetime = AFTER,
    environment: str | None = None,
    limit: int = 100,
) -> ExecutionPage:
    """Read once, with nothing cached."""

    async def scenario() -> ExecutionPage:
        async with S3ExecutionHistory.open(Settings(**s3.settings)) as history:
            return await history.page(workspace, since=since, until=until, environment=environment, limit=limit)

    return asyncio.run(scenario())
