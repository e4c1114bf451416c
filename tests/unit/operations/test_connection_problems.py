"""Requests that got no answer: why, and whether they may have arrived."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import urllib3
from urllib3.exceptions import HTTPError, ProtocolError, SSLError

from finrag_ml_tg1.operations.connection_problems import problem_of, was_sent
from tests.local_processes import free_port


@contextmanager
def silent_server() -> Iterator[str]:
    """Give the address of a server that takes connections, and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def error_of(url: str) -> HTTPError:
    timeout = urllib3.Timeout(connect=1, read=0.1)
    with urllib3.PoolManager(timeout=timeout, retries=False) as pool, pytest.raises(HTTPError) as caught:
        pool.request("GET", url)
    return caught.value


@pytest.mark.parametrize(
    ("url", "words", "arrives"),
    [
        ("http://finrag.invalid/", "name is not known", False),
        ("http://127.0.0.1:{closed}/", "nothing listens", False),
        ("http://{silent}/", "does not answer in time", True),
    ],
)
def test_reason_and_whether_it_was_sent(url: str, words: str, arrives: bool) -> None:
    with silent_server() as silent:
        error = error_of(url.format(silent=silent, closed=free_port()))
    assert words in problem_of(error)
    assert was_sent(error) is arrives


def test_server_without_tls_is_told_from_one_that_is_silent() -> None:
    error = SSLError("wrong version number")
    assert "TLS" in problem_of(error)
    assert not was_sent(error)


def test_connection_that_breaks_off_may_have_carried_the_request() -> None:
    error = ProtocolError("Connection aborted.")
    assert "the connection fails (ProtocolError)" in problem_of(error)
    assert was_sent(error)
