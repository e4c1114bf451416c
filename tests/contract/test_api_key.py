"""With FINRAG_API_KEY set, everything but the probes asks for the key, and nothing repeats it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.conftest import EMPLOYEES
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import Server, serve_backend

KEY = "the-shared-key-of-this-test"
PREVIOUS = "the-key-before-it"
CLOSED = [("POST", "/query"), ("GET", "/catalog"), ("GET", "/passages/x"), ("GET", "/openapi.json"), ("GET", "/docs")]


@pytest.fixture(scope="module")
def guarded(sample_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    keys = {"FINRAG_API_KEY": KEY, "FINRAG_API_KEY_PREVIOUS": PREVIOUS}
    with serve_backend(str(sample_store), tmp_path_factory.mktemp("guarded"), access=keys) as server:
        yield server


@pytest.fixture(scope="module")
def visitor(guarded: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=guarded.url, trust_env=False, timeout=30) as opened:
        yield opened


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("given", [None, "", "wrong", KEY[:-1], KEY + "x", PREVIOUS + KEY, "ключ"])
def test_request_without_the_key_is_refused(visitor: httpx.Client, method: str, path: str, given: str | None) -> None:
    headers = [] if given is None else [(b"X-API-Key", given.encode())]
    response = visitor.request(method, path, headers=headers)
    assert "X-API-Key" in assert_problem(response, 401)["detail"]
    assert KEY not in response.text + str(response.headers)


@pytest.mark.parametrize(
    "headers",
    [
        [(b"X-API-Key", KEY.encode()), (b"X-API-Key", b"wrong")],
        [(b"X-API-Key", KEY.encode()), (b"x-api-key", KEY.encode())],
        [(b"X-API-Key", KEY.encode() + b"\xff")],
        [(b"X-API-Key", f"{KEY},{PREVIOUS}".encode())],
        [(b"Authorization", b"Bearer " + KEY.encode())],
        [(b"X-API-Key-Previous", PREVIOUS.encode())],
    ],
)
def test_key_that_is_not_given_once_and_alone_is_refused(
    visitor: httpx.Client, headers: list[tuple[bytes, bytes]]
) -> None:
    assert_problem(visitor.get("/catalog", headers=headers), 401)


@pytest.mark.parametrize("key", [KEY, PREVIOUS])
def test_both_keys_are_taken_while_clients_change_over(visitor: httpx.Client, key: str) -> None:
    assert visitor.get("/catalog", headers={"X-API-Key": key}).status_code == httpx.codes.OK


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/health"])
def test_probes_need_no_key(visitor: httpx.Client, path: str) -> None:
    assert visitor.get(path).status_code == httpx.codes.OK


@pytest.mark.parametrize("path", ["//catalog", "/./catalog", "/livez/../catalog", "/livez/", "/LIVEZ", "/catalog/"])
def test_other_spellings_of_an_address_open_nothing(visitor: httpx.Client, path: str) -> None:
    response = visitor.get(path)
    assert "companies" not in response.text
    assert response.status_code in {401, 404}


def test_request_with_the_key_is_answered(visitor: httpx.Client) -> None:
    response = visitor.post("/query", json={"question": EMPLOYEES}, headers={"X-API-Key": KEY})
    assert response.json()["status"] == "answered"
    assert KEY not in response.text


def test_key_is_not_logged(visitor: httpx.Client, guarded: Server) -> None:
    visitor.get("/catalog", headers={"X-API-Key": KEY})
    visitor.get("/catalog", headers={"X-API-Key": "wrong"})
    assert KEY not in guarded.output
