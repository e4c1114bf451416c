"""A bucket with executions, and the history that reads it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from scheduler.executions.history import ExecutionPage
from scheduler.executions.object_store import ObjectStore
from scheduler.executions.record import ExecutionRecord
from scheduler.executions.s3_history import S3ExecutionHistory
from scheduler.settings import Settings
from scheduler.tests.record_cases import BEGAN
from scheduler.tests.running_s3 import RunningS3

__all__ = ["AFTER", "BEFORE", "HistoryReader", "history_reader", "put_records"]

T = TypeVar("T")

BEFORE, AFTER = BEGAN - timedelta(days=1), BEGAN + timedelta(days=2)


def put_records(s3: RunningS3, name: str, records: Iterable[ExecutionRecord], *, workspace: str = "") -> str:
    """Keep records as one object in the hour of the first; return its key."""
    written = list(records)
    hour = datetime.fromisoformat(written[0].timestamp).astimezone(UTC)
    root = f"metrics/workspace={workspace}/" if workspace else "metrics/"
    key = f"{root}{hour:year=%Y/month=%m/day=%d/hour=%H}/metrics-{name}.json"
    s3.put(key, json.dumps([asdict(record) for record in written]).encode())
    return key


class HistoryReader:
    """A history and a store that several tests use, on one event loop."""

    def __init__(self, runner: asyncio.Runner, history: S3ExecutionHistory, store: ObjectStore) -> None:
        self._runner = runner
        self.history = history
        self.store = store

    def run(self, scenario: Coroutine[object, object, T]) -> T:
        """Run a coroutine on that loop."""
        return self._runner.run(scenario)

    def page(
        self,
        workspace: str = "acme",
        *,
        since: datetime = BEFORE,
        until: datetime = AFTER,
        environment: str | None = None,
        limit: int = 100,
    ) -> ExecutionPage:
        """Read a page."""
        return self.run(self.history.page(workspace, since=since, until=until, environment=environment, limit=limit))


@contextmanager
def history_reader(s3: RunningS3) -> Iterator[HistoryReader]:
    """Open a history until the end of the block."""
    settings = Settings(**s3.settings)
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        history = runner.run(stack.enter_async_context(S3ExecutionHistory.open(settings)))
        store = runner.run(stack.enter_async_context(ObjectStore.open(settings)))
        try:
            yield HistoryReader(runner, history, store)
        finally:
            runner.run(stack.aclose())
