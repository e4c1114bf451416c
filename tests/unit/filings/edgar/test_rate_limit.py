from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.filings.edgar.rate_limit import MAX_PAUSE_S, RateLimit
from tests.unit.filings.edgar.edgar_server import LIMIT_PER_SECOND, EdgarServer
from tests.unit.filings.edgar.fake_time import FakeTime
from tests.unit.filings.edgar.filer import CONTACT

ROOT = Path(__file__).parents[4]


def _limit(folder: Path, fake_time: FakeTime) -> RateLimit:
    return RateLimit(folder / "next", clock=fake_time.clock, sleep=fake_time.sleep)


def _departures(limit: RateLimit, fake_time: FakeTime, count: int) -> list[float]:
    moments = []
    for _ in range(count):
        limit.wait()
        moments.append(fake_time.now)
    return moments


def _busiest_second(moments: list[float]) -> int:
    return max(sum(0 <= other - moment < 1 for other in moments) for moment in moments)


def test_first_request_leaves_at_once(tmp_path: Path, fake_time: FakeTime) -> None:
    _limit(tmp_path, fake_time).wait()

    assert fake_time.sleeps == []


def test_requests_stay_below_ten_a_second_and_close_to_it(tmp_path: Path, fake_time: FakeTime) -> None:
    moments = _departures(_limit(tmp_path, fake_time), fake_time, 50)

    assert _busiest_second(moments) < LIMIT_PER_SECOND
    assert moments[-1] - moments[0] < 50 / 7


@given(late=st.lists(st.floats(0, 3), min_size=20, max_size=60), idle=st.lists(st.floats(0, 0.5), min_size=60))
def test_requests_stay_below_ten_a_second_however_late_the_machine_wakes_us(
    tmp_path_factory: pytest.TempPathFactory, late: list[float], idle: list[float]
) -> None:
    oversleeps = iter(late)

    class LateTime(FakeTime):
        def sleep(self, seconds: float) -> None:
            super().sleep(seconds + next(oversleeps, 0.0))

    time = LateTime()
    limit = _limit(tmp_path_factory.mktemp("rate"), time)
    moments = []
    for pause in idle[:40]:
        limit.wait()
        moments.append(time.now)
        time.now += pause * (pause > 0.3)

    assert _busiest_second(moments) < LIMIT_PER_SECOND


@pytest.mark.parametrize("content", [b"", b"garbage", b"nan", b"inf", b"\xff" * 40, b"9" * 32, b"-5"])
def test_damaged_file_does_not_stop_anything(tmp_path: Path, fake_time: FakeTime, content: bytes) -> None:
    (tmp_path / "next").write_bytes(content)
    limit = _limit(tmp_path, fake_time)

    moments = _departures(limit, fake_time, 20)

    assert _busiest_second(moments) < LIMIT_PER_SECOND
    assert moments[-1] - moments[0] < 4


def test_clock_that_is_set_back_does_not_stop_anything(tmp_path: Path, fake_time: FakeTime) -> None:
    _limit(tmp_path, fake_time).wait()
    fake_time.now -= 86_400

    _limit(tmp_path, fake_time).wait()

    assert sum(fake_time.sleeps) < 1


def test_pause_holds_for_all_who_share_the_file_and_is_capped(tmp_path: Path, fake_time: FakeTime) -> None:
    started = fake_time.now
    _limit(tmp_path, fake_time).postpone(1e9)

    _limit(tmp_path, fake_time).wait()

    assert fake_time.now - started == pytest.approx(MAX_PAUSE_S)


def _list_facts(edgar: EdgarServer, count: int) -> None:
    for cik in range(count):
        edgar.files[f"/api/xbrl/companyfacts/CIK{cik:010d}.json"] = b"{}"


def test_server_sees_at_most_ten_requests_in_any_second_from_many_threads(edgar: EdgarServer, tmp_path: Path) -> None:
    edgar.throttles = True
    _list_facts(edgar, 16)

    with (
        EdgarClient(CONTACT, tmp_path, archives_url=edgar.url, data_url=edgar.url) as client,
        ThreadPoolExecutor(8) as threads,
    ):
        assert list(threads.map(client.company_facts, range(16))) == [b"{}"] * 16

    assert len(edgar.received) == 16
    assert edgar.busiest_second() <= LIMIT_PER_SECOND


def test_server_sees_at_most_ten_requests_in_any_second_from_two_processes(edgar: EdgarServer, tmp_path: Path) -> None:
    edgar.throttles = True
    _list_facts(edgar, 16)

    with _worker(edgar.url, tmp_path, 0, 8) as one, _worker(edgar.url, tmp_path, 8, 16) as other:
        for worker in (one, other):
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n"
        for worker in (one, other):
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        assert [worker.wait(timeout=30) for worker in (one, other)] == [0, 0]

    assert len(edgar.received) == 16
    assert edgar.busiest_second() <= LIMIT_PER_SECOND


@contextmanager
def _worker(url: str, folder: Path, first: int, last: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.unit.filings.edgar.rate_worker", url, str(folder), str(first), str(last)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
