"""The EDGAR stand-in and clients of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.filings.edgar.http import Fetched, Network
from tests.unit.filings.edgar.edgar_server import EdgarServer, serve_edgar
from tests.unit.filings.edgar.fake_time import FakeTime
from tests.unit.filings.edgar.filer import CONTACT


@pytest.fixture
def edgar() -> Iterator[EdgarServer]:
    with serve_edgar() as server:
        yield server


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def fetched() -> list[Fetched]:
    return []


@pytest.fixture
def open_client(
    edgar: EdgarServer, fake_time: FakeTime, tmp_path: Path, fetched: list[Fetched]
) -> Iterator[Callable[[], EdgarClient]]:
    """Clients of one folder, one after the other or side by side, as several runs of the program are."""
    with ExitStack() as stack:

        def open_one() -> EdgarClient:
            client = EdgarClient(
                CONTACT,
                tmp_path / "edgar",
                archives_url=edgar.url,
                data_url=edgar.url,
                progress=fetched.append,
                network=Network(clock=fake_time.clock, sleep=fake_time.sleep, timeout_s=0.3),
            )
            return stack.enter_context(client)

        yield open_one


@pytest.fixture
def client(open_client: Callable[[], EdgarClient]) -> EdgarClient:
    return open_client()
