"""`GET /usage` counts today's and earlier queries, also those of a process that has ended, and the budget."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.backend.query_log import QueryLog
from tests.contract.conftest import EMPLOYEES
from tests.contract.served_stores import ServedStore, s3_settings
from tests.local_processes import Server, free_port, serve_backend, wait_until
from tests.logged_queries import record
from tests.sample_index import linked_store

Json = dict[str, Any]

TOTALS = {"queries", "input_tokens", "output_tokens", "cached_tokens", "cost_usd"}


def usage(server: Server) -> Json:
    response = httpx.get(f"{server.url}/usage", trust_env=False, timeout=10).raise_for_status()
    body: Json = response.json()
    return body


def ask(server: Server) -> None:
    url = f"{server.url}/query"
    httpx.post(url, json={"question": EMPLOYEES}, trust_env=False, timeout=30).raise_for_status()


def has_read_the_log(server: Server) -> bool:
    since = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()
    return bool(usage(server)["total"]["since"] == since)


def write_logged(store: ObjectStore, moment: datetime, cost: str) -> None:
    """Put a query of another process into the log."""
    log = QueryLog(store, clock=lambda: moment)
    log.start()
    log.append(record(timestamp=moment, input_tokens=100, output_tokens=20, cached_tokens=60, cost_usd=Decimal(cost)))
    log.close(10)


def just_now() -> datetime:
    """A moment of today before now; at midnight the test waits for it."""
    wait_until(lambda: datetime.now(UTC).time().replace(tzinfo=None).isoformat() > "00:00:02", "midnight has passed")
    return datetime.now(UTC) - timedelta(seconds=1)


def test_usage_has_exactly_the_agreed_fields(sample_store: Path, tmp_path: Path) -> None:
    folder = linked_store(sample_store, tmp_path / "store")
    with serve_backend(str(folder), tmp_path / "backend") as server:
        fresh = usage(server)
        for _ in range(3):
            ask(server)
        used = usage(server)
    assert set(used) == {"since_start_only", "today", "total", "latency_ms", "budget"}
    assert set(used["today"]) == TOTALS
    assert set(used["total"]) == {*TOTALS, "since"}
    assert set(used["budget"]) == {"daily_usd", "spent_today_usd", "left_usd", "is_spent", "is_complete"}
    assert fresh["latency_ms"] == {"p50": None, "p95": None}
    assert 0 < used["latency_ms"]["p50"] <= used["latency_ms"]["p95"]
    assert (used["today"]["queries"], used["total"]["queries"], used["today"]["cost_usd"]) == (3, 3, 0)
    assert (used["budget"]["daily_usd"], used["budget"]["left_usd"], used["budget"]["is_spent"]) == (None, None, False)


def test_restart_forgets_neither_queries_nor_spending(served_store: ServedStore, tmp_path: Path) -> None:
    moment = just_now()
    write_logged(served_store.store, moment, "1.25")
    write_logged(served_store.store, moment - timedelta(days=2), "7.5")
    access = {**served_store.access, "FINRAG_DAILY_BUDGET_USD": "2"}
    with serve_backend(served_store.url, tmp_path / "first", access=access) as server:
        ask(server)
        wait_until(lambda: has_read_the_log(server), "the log is read")
        first = usage(server)
    assert first["today"] == {
        "queries": 2,
        "input_tokens": 100,
        "output_tokens": 20,
        "cached_tokens": 60,
        "cost_usd": 1.25,
    }
    assert (first["total"]["queries"], first["total"]["cost_usd"]) == (3, 8.75)
    assert first["budget"] == {
        "daily_usd": 2.0,
        "spent_today_usd": 1.25,
        "left_usd": 0.75,
        "is_spent": False,
        "is_complete": True,
    }

    write_logged(served_store.store, just_now(), "0.75")
    with serve_backend(served_store.url, tmp_path / "second", access=access) as server:
        wait_until(lambda: has_read_the_log(server), "the log is read")
        second = usage(server)
        ask(server)
        assert usage(server)["today"]["queries"] == second["today"]["queries"] + 1
    assert (second["today"]["queries"], second["today"]["cost_usd"]) == (3, 2.0)
    assert (second["budget"]["left_usd"], second["budget"]["is_spent"]) == (0.0, True)


@pytest.mark.parametrize(("budget", "is_spent"), [("0", True), ("0.01", False)])
def test_budget_is_that_of_the_settings(sample_store: Path, tmp_path: Path, budget: str, is_spent: bool) -> None:
    folder = linked_store(sample_store, tmp_path / "store")
    with serve_backend(str(folder), tmp_path / "backend", FINRAG_DAILY_BUDGET_USD=budget) as server:
        assert usage(server)["budget"]["is_spent"] is is_spent
        ask(server)


def test_usage_is_told_while_the_store_is_away(tmp_path: Path) -> None:
    access = s3_settings(f"http://127.0.0.1:{free_port()}")
    with serve_backend("s3://bucket/prefix", tmp_path / "backend", awaiting="/livez", access=access) as server:
        told = usage(server)
        wait_until(lambda: "not fully known" in server.output, "a warning")
    assert (told["today"]["queries"], told["budget"]["is_complete"]) == (0, False)
