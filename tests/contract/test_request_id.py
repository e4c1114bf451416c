"""Every response names its request, so that what a user reports can be found in the log."""

from __future__ import annotations

import httpx
import pytest

GIVEN = "my.own-request_id-1"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/livez"),
        ("GET", "/readyz"),
        ("GET", "/health"),
        ("GET", "/catalog"),
        ("GET", "/openapi.json"),
        ("GET", "/passages/unknown"),
        ("GET", "/nothing"),
        ("PUT", "/query"),
        ("POST", "/query"),
    ],
)
def test_every_response_carries_the_clients_id(client: httpx.Client, method: str, path: str) -> None:
    response = client.request(method, path, headers={"X-Request-ID": GIVEN})
    assert response.headers.get_list("X-Request-ID") == [GIVEN]


def test_refused_large_body_carries_the_id(client: httpx.Client) -> None:
    response = client.post("/query", content=b" " * 2**20, headers={"X-Request-ID": GIVEN})
    assert response.headers["X-Request-ID"] == GIVEN


def test_answer_repeats_the_id_of_its_header(client: httpx.Client) -> None:
    response = client.post("/query", json={"question": "What is covered here?"})
    assert response.json()["request_id"] == response.headers["X-Request-ID"]


@pytest.mark.parametrize("given", ["", "short", "x" * 65, "has space here", "semi;colon;inside", "<script>alert()"])
def test_malformed_id_is_replaced(client: httpx.Client, given: str) -> None:
    response = client.get("/livez", headers={"X-Request-ID": given})
    assert response.headers["X-Request-ID"] not in {"", given}


def test_ids_differ_between_requests(client: httpx.Client) -> None:
    assert len({client.get("/livez").headers["X-Request-ID"] for _ in range(5)}) == 5
