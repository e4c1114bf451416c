"""Stores of jobs under threads, processes, kills and lost replies: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis

from coding_agent.jobs.job import JobStatus
from coding_agent.jobs.store import Idempotency, JobStore
from coding_agent.tests.job_samples import KINDS, a_job, a_store, store_address
from coding_agent.tests.redis_server import redis_server

WAIT_S = 60.0


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis"), "--appendonly", "yes") as url:
        yield url


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    kind = request.param
    return store_address(kind, tmp_path, request.getfixturevalue("redis_url") if kind == "redis" else "")


@contextmanager
def worker_process(address: str, lease_s: float = 60) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "coding_agent.tests.tight_worker", address, str(lease_s)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def words(process: subprocess.Popen[str]) -> list[tuple[str, str]]:
    assert process.stdout is not None
    found = (line.split() for line in process.stdout)
    return [(line[0], line[1]) for line in found if len(line) == 2]


def start(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()


def drain(store: JobStore, worker: str) -> list[str]:
    """Claim and finish until nothing is pending or running."""
    done = []
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        store.reap()
        job = store.claim(worker, 60)
        if job is not None:
            store.finish(job.id, worker, JobStatus.SUCCESS)
            done.append(job.id)
        elif not store.queue_state().counts[JobStatus.RUNNING]:
            return done
    raise AssertionError("jobs are still running")


def test_no_job_is_claimed_twice_by_threads(address: str) -> None:
    store = a_store(address)
    ids = [store.submit(a_job(number)).job.id for number in range(40)]

    def work(number: int) -> list[str]:
        claimed = []
        while (job := store.claim(f"w{number}", 60)) is not None:
            claimed.append(job.id)
            store.finish(job.id, f"w{number}", JobStatus.SUCCESS)
        return claimed

    with ThreadPoolExecutor(8) as threads:
        claimed = [job_id for each in threads.map(work, range(8)) for job_id in each]
    assert sorted(claimed) == sorted(ids)
    store.close()


def test_no_job_is_claimed_twice_by_processes(address: str) -> None:
    store = a_store(address)
    ids = [store.submit(a_job(number)).job.id for number in range(40)]
    with worker_process(address) as one, worker_process(address) as two:
        start(one)
        start(two)
        said = [*words(one), *words(two)]
    assert Counter(job_id for word, job_id in said if word == "claimed") == dict.fromkeys(ids, 1)
    assert Counter(job_id for word, job_id in said if word == "finished") == dict.fromkeys(ids, 1)
    assert store.queue_state().counts[JobStatus.SUCCESS] == 40
    store.close()


@pytest.mark.parametrize("with_key", [False, True])
def test_concurrent_submits_of_one_issue_are_one_job(address: str, with_key: bool) -> None:
    stores = [a_store(address), a_store(address, empty=False)]
    key = Idempotency("alice", "k", "d") if with_key else None
    barrier = threading.Barrier(16)

    def submit(number: int) -> tuple[str, bool]:
        barrier.wait(WAIT_S)
        submission = stores[number % 2].submit(a_job(7), key)
        return submission.job.id, submission.created

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(submit, range(16)))
    assert len({job_id for job_id, _ in answers}) == 1
    assert [created for _, created in answers].count(True) == 1
    assert len(stores[0].find().jobs) == 1
    for store in stores:
        store.close()


def test_one_of_many_sees_a_delivery_first(address: str) -> None:
    store = a_store(address)
    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(lambda _: store.first_sight("d1", 60), range(32)))
    assert seen.count(True) == 1
    store.close()


def test_log_lines_of_threads_are_numbered_without_gaps(address: str) -> None:
    store = a_store(address)
    job = store.submit(a_job()).job
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: store.append_log(job.id, [f"{number}a", f"{number}b"]), range(40)))
    lines = store.read_log(job.id)
    assert [line.number for line in lines] == list(range(1, 81))
    # What was added together stands together.
    assert all(lines[at].text[:-1] == lines[at + 1].text[:-1] for at in range(0, 80, 2))
    store.close()


def one_round_of_a_kill(address: str, chance: random.Random) -> None:
    store = a_store(address)
    ids = [store.submit(a_job(number)).job.id for number in range(200)]
    with worker_process(address, lease_s=0.3) as process:
        start(process)
        time.sleep(chance.uniform(0.005, 0.1))
        process.kill()
        said = words(process)
    drained = drain(store, "after")
    finished = [job_id for word, job_id in said if word == "finished"]
    claimed = [job_id for word, job_id in said if word == "claimed"]
    # A finished job is never run again, and at most one was in the killed worker's hands.
    assert not set(finished) & set(drained)
    assert len(set(claimed) - set(finished)) <= 1
    jobs = store.find(limit=1000).jobs
    assert sorted(job.id for job in jobs) == sorted(ids)
    assert {job.status for job in jobs} == {JobStatus.SUCCESS}
    assert sum(job.attempt == 2 for job in jobs) <= 1
    store.close()


@pytest.mark.parametrize("seed", range(2))
def test_a_worker_killed_while_it_claims_and_finishes_loses_nothing(address: str, seed: int) -> None:
    one_round_of_a_kill(address, random.Random(seed))


@pytest.mark.soak
def test_a_hundred_killed_workers_lose_nothing(address: str) -> None:
    chance = random.Random(1)
    for _ in range(100):
        one_round_of_a_kill(address, chance)


def test_a_redis_that_is_killed_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    with redis_server(tmp_path, "--appendonly", "yes") as url:
        store = a_store(url)
        ids = [store.submit(a_job(number)).job.id for number in range(20)]
        job = store.claim("w1", 60)
        assert job is not None
        store.finish(job.id, "w1", JobStatus.SUCCESS)
        with redis.Redis.from_url(url, socket_timeout=10) as client:
            process_id = int(client.info("server")["process_id"])
        os.kill(process_id, signal.SIGKILL)
    port = urlsplit(url).port
    with redis_server(tmp_path, "--appendonly", "yes", port=port):
        # The same store finds the server again by itself.
        assert {each.id for each in store.find(status=JobStatus.PENDING).jobs} == set(ids[1:])
        assert store.get(ids[0]).status is JobStatus.SUCCESS
        store.close()


class ReplyDroppingProxy:
    """Stands before Redis; drops the connection instead of the reply to the next script that is called."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = ThreadPoolExecutor(32)
        self.armed = False
        self.dropped = 0
        self._threads.submit(self._accept)
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self._threads.submit(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._port)) as server:
            while request := client.recv(1 << 20):
                server.sendall(request)
                reply = server.recv(1 << 20)
                if self.armed and b"EVALSHA" in request and not reply.startswith(b"-NOSCRIPT"):
                    self.armed = False
                    self.dropped += 1
                    return
                client.sendall(reply)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._threads.shutdown(wait=False, cancel_futures=True)


def test_a_lost_reply_of_redis_does_nothing_twice(redis_url: str) -> None:
    direct = a_store(redis_url)
    port = urlsplit(redis_url).port
    assert port is not None
    proxy = ReplyDroppingProxy(port)
    store = a_store(proxy.url, empty=False)

    proxy.armed = True
    submission = store.submit(a_job(1), Idempotency("alice", "k", "d"))
    assert submission.created
    proxy.armed = True
    job = store.claim("w1", 60)
    assert job is not None
    assert (job.id, job.attempt) == (submission.job.id, 1)
    proxy.armed = True
    store.append_log(job.id, ["once"])
    proxy.armed = True
    assert store.finish(job.id, "w1", JobStatus.SUCCESS).status is JobStatus.SUCCESS
    assert proxy.dropped == 4
    assert [line.text for line in direct.read_log(job.id)] == ["once"]
    assert [each.status for each in direct.find().jobs] == [JobStatus.SUCCESS]
    for each in (store, direct):
        each.close()
    proxy.close()
