"""Nobody waits for a Redis that is away; it is asked again when it is back."""

from __future__ import annotations

import logging
import socket
import socketserver
import subprocess
import sys
import threading
import time

import pytest

from serving.backend.shared.connection import SharedAwayError, SharedRedis
from tests.local_processes import clean_environment, free_port, wait_until
from tests.redis_server import RedisServer
from tests.sample_index import ROOT
from tests.unit.serving.shared.conftest import OpenShared

ONE = "return 1"


def seconds_to_be_refused(shared: SharedRedis) -> float:
    started = time.monotonic()
    with pytest.raises(SharedAwayError, match="the shared Redis at"):
        shared.run(ONE, ())
    return time.monotonic() - started


def test_killed_redis_is_noticed_at_once_and_used_again_when_it_is_back(
    mortal_redis: RedisServer, open_mortal: OpenShared
) -> None:
    """SU-06: no reader waits for the shared Redis."""
    shared = open_mortal()
    assert shared.run(ONE, ()) == 1
    mortal_redis.kill()

    assert seconds_to_be_refused(shared) < 1
    assert sum(seconds_to_be_refused(shared) for _ in range(100)) < 0.2
    assert shared.failures == 1

    mortal_redis.start()
    wait_until(lambda: not shared.outage, "the Redis is used again")
    assert shared.run(ONE, ()) == 1


def test_silent_redis_holds_a_reader_for_a_fraction_of_a_second_once() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        shared = SharedRedis(f"redis://127.0.0.1:{silent.getsockname()[1]}", "test:")

        assert seconds_to_be_refused(shared) < 1
        assert seconds_to_be_refused(shared) < 0.1


def test_password_is_not_in_what_is_said_of_an_outage() -> None:
    word = "hidden-word"
    shared = SharedRedis(f"redis://user:{word}@127.0.0.1:{free_port()}", "test:")

    seconds_to_be_refused(shared)

    assert "127.0.0.1" in shared.outage
    assert word not in shared.outage


def test_what_nobody_waits_for_is_done_before_the_end(open_shared: OpenShared) -> None:
    shared = open_shared()
    done: list[int] = []
    for number in range(100):
        shared.later(lambda number=number: done.append(number))  # type: ignore[misc]

    shared.close()

    assert done == list(range(100))


def test_back_end_without_a_shared_redis_does_not_load_its_client() -> None:
    command = "import sys, serving.backend.app; sys.exit('redis' in sys.modules)"

    loaded = subprocess.run([sys.executable, "-c", command], env=clean_environment(), cwd=ROOT, check=False)

    assert loaded.returncode == 0


def test_full_redis_is_taken_to_be_away_once_and_not_every_second(
    mortal_redis: RedisServer, open_mortal: OpenShared, caplog: pytest.LogCaptureFixture
) -> None:
    """One that answers a PING is not there for that: SU-06."""
    caplog.set_level(logging.INFO, "serving.backend.shared.connection")
    shared = open_mortal()
    mortal_redis.limit_memory(1)
    with pytest.raises(SharedAwayError, match="does not do what it is asked"):
        shared.run("return redis.call('SET', KEYS[1], 1)", (f"{shared.prefix}key",))
    for _ in range(20):
        assert shared.outage
        time.sleep(0.02)
    mortal_redis.limit_memory(0)
    wait_until(lambda: not shared.outage, "the Redis is used again")
    wait_until(lambda: len(caplog.records) == 2, "it is said")

    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]


def test_lasting_fault_that_a_look_meets_is_logged_once(
    open_shared: OpenShared, caplog: pytest.LogCaptureFixture
) -> None:
    shared = open_shared()
    looks: list[bool] = []

    def look() -> None:
        looks.append(True)
        shared.run("return redis.call('NONE')", ())

    shared.watch(look)
    wait_until(lambda: len(looks) > 4, "it was looked several times")

    assert len([record for record in caplog.records if record.levelno >= logging.INFO]) == 1


def test_what_answers_otherwise_than_a_redis_fails_nobody_and_is_asked_on() -> None:
    asked: list[bytes] = []

    class Other(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while data := self.request.recv(4096):
                asked.append(data)
                self.request.sendall(b":no number\r\n" * 9)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Other) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        shared = SharedRedis(f"redis://127.0.0.1:{server.server_address[1]}", "test:", look_s=0.02)
        seconds_to_be_refused(shared)
        shared.start()
        before = len(asked)
        wait_until(lambda: len(asked) > before + 3, "it is asked again and again")
        done: list[int] = []
        shared.later(lambda: done.append(1))
        shared.close()
        server.shutdown()

    assert done == [1]
