"""The storage with one writer is killed and comes back: how long until it serves, what was lost, who noticed.

Redis with its append-only file is started again by a supervisor, as the kubelet does with a StatefulSet's pod; back
ends that share it answer all the time. The index has one writer by a lease, which another takes over when it expired.
"""

from __future__ import annotations

import itertools
import statistics
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from finrag_ml_tg1.loaders.lease import HeldLease, LeaseHeldError, take_lease
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from serving.indexer.jobs import LEASE_KEY
from tests.constant_clients import constantly
from tests.durable_redis import DurableRedis
from tests.local_processes import Server, serve_backend, wait_until
from tests.sample_index import ROOT
from tests.soak.results import number_setting, write_result

pytestmark = pytest.mark.soak

MOST_SECONDS = 30.0
# From the end of a container to the start of the next: longer than the kubelet takes for the first restart.
RESTART_S = 2.0
LEASE_S = 20
CLIENTS = 4
FILLED = 100_000
QUESTION = "How many employees does Orquenna have in fiscal 2024?"


class Counting:
    """A client of Redis that counts with it; each number that it was told must be there afterwards."""

    def __init__(self, redis: DurableRedis) -> None:
        self._redis = redis
        self.acknowledged = 0

    def count(self) -> bool:
        """Count one more; False while Redis does not answer."""
        try:
            self.acknowledged = int(self._redis.ask("INCR", "soak:counter"))
        except (subprocess.CalledProcessError, ValueError):
            return False
        return True


class Questions:
    """Clients of the back ends; keeps every answer that is not 200."""

    def __init__(self, clients: list[httpx.Client]) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self.answered = 0
        self.faults: list[str] = []

    def ask(self, number: int) -> None:
        """Ask one of the back ends; a question is new each second time."""
        body = {"question": QUESTION, "top_k": 1 + number // 2 % 40}
        fault = ""
        try:
            response = self._clients[number % len(self._clients)].post("/query", json=body)
            if response.status_code != httpx.codes.OK:
                fault = f"{response.status_code} {response.text[-300:]}"
        except httpx.HTTPError as error:
            fault = repr(error)
        with self._lock:
            self.answered += not fault
            if fault:
                self.faults.append(fault)


def reaches_redis(client: httpx.Client) -> bool:
    """Whether a back end says that the Redis it shares answers."""
    lines = client.get("/metrics").text.splitlines()
    (line,) = (line for line in lines if line.startswith("finrag_shared_redis_reachable "))
    return float(line.split()[1]) == 1.0


def open_client(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.url, trust_env=False, timeout=30)


def test_storage_with_one_writer_serves_again_within_30_seconds(sample_store: Path, tmp_path: Path) -> None:
    """SU-04: failover in less than 30 seconds, without a failed question or a lost acknowledged write."""
    kills = number_setting("FINRAG_SOAK_STORAGE_KILLS", 10)
    began = time.monotonic()
    durable = ["--appendonly", "yes", "--save", "", "--enable-debug-command", "yes"]
    with DurableRedis(tmp_path / "redis", *durable) as redis:
        redis.ask("DEBUG", "POPULATE", str(FILLED), "filled", "200")
        redis.ask("BGREWRITEAOF")
        wait_until(lambda: "aof_rewrite_in_progress:0" in redis.ask("INFO", "persistence"), "the file is whole")
        with (
            serve_backend(str(sample_store), tmp_path / "one", FINRAG_SHARED_REDIS=redis.url) as one,
            serve_backend(str(sample_store), tmp_path / "two", FINRAG_SHARED_REDIS=redis.url) as two,
            open_client(one) as first,
            open_client(two) as second,
        ):
            back_ends = [first, second]
            questions = Questions(back_ends)
            counting = Counting(redis)
            rows: list[dict[str, float]] = []
            with constantly(questions.ask, CLIENTS):
                for _ in range(kills):
                    wait_until(lambda: all(map(reaches_redis, back_ends)), "both back ends share")
                    assert counting.count()
                    rows.append(kill_and_wait(redis, counting, back_ends))
            lost = counting.acknowledged - int(redis.ask("GET", "soak:counter"))
            kept = int(redis.ask("DBSIZE"))
    lease = writer_takes_over(tmp_path / "index")
    slowest = max(row["back_ends_s"] for row in rows)
    findings: list[dict[str, Any]] = [{"what": fault} for fault in questions.faults]
    if lost or kept < FILLED:
        findings.append({"what": f"{lost} acknowledged writes and {FILLED - kept} keys were lost"})
    counts = {
        "kills": kills,
        "restart_after_s": RESTART_S,
        "keys": FILLED,
        "redis_serves_s": _spread([row["redis_s"] for row in rows]),
        "back_ends_share_again_s": _spread([row["back_ends_s"] for row in rows]),
        "questions_answered": questions.answered,
        "questions_failed": len(questions.faults),
        "acknowledged_writes_lost": lost,
        "writer_lease_s": LEASE_S,
        "second_writer_refused": lease["refused"],
        "second_writer_takes_over_s": lease["took_s"],
    }
    settings = {"FINRAG_SOAK_STORAGE_KILLS": kills}
    write_result("storage_failover", settings, time.monotonic() - began, counts, findings)
    assert not findings
    assert slowest < MOST_SECONDS
    assert lease["took_s"] < MOST_SECONDS


def kill_and_wait(redis: DurableRedis, counting: Counting, back_ends: list[httpx.Client]) -> dict[str, float]:
    """Kill Redis, have it started again after a while; return the seconds until it serves, and until it is shared."""
    killed = time.monotonic()
    redis.kill()
    supervisor = threading.Timer(RESTART_S, redis.restart)
    supervisor.start()
    wait_until(lambda: not any(map(reaches_redis, back_ends)), "both back ends have noticed")
    wait_until(counting.count, "a write is acknowledged", MOST_SECONDS)
    served = time.monotonic() - killed
    wait_until(lambda: all(map(reaches_redis, back_ends)), "both back ends share again", MOST_SECONDS)
    shared = time.monotonic() - killed
    supervisor.join()
    return {"redis_s": served, "back_ends_s": shared}


def writer_takes_over(folder: Path) -> dict[str, float]:
    """Kill the holder of the writer's lease; return how often another was refused before, and its seconds after."""
    store = LocalFolderStore(folder)
    command = [sys.executable, "-m", "tests.soak.lease_holder", str(folder), str(LEASE_S)]
    refused = itertools.count()
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"

        def is_taken() -> HeldLease | None:
            duration = timedelta(seconds=LEASE_S)
            try:
                return take_lease(store, LEASE_KEY, holder="second", purpose="soak", duration=duration)
            except LeaseHeldError:
                next(refused)
                return None

        # Longer than the lease: it is held because its holder lives.
        until = time.monotonic() + 1.2 * LEASE_S
        while time.monotonic() < until:
            assert is_taken() is None
            time.sleep(0.5)
        holder.kill()
        holder.wait()
        killed = time.monotonic()
        wait_until(lambda: is_taken() is not None, "the second writer has the lease", MOST_SECONDS)
    return {"refused": next(refused), "took_s": round(time.monotonic() - killed, 1)}


def _spread(seconds: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(seconds), 2), "max": round(max(seconds), 2)}
