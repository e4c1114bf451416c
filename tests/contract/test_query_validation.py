"""A request that cannot be used is refused with a problem that names the field; nothing a client sends gives a 5xx."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

JSON = {"Content-Type": "application/json"}
VALID = "How many employees does Orquenna have in fiscal 2024?"
MEBIBYTE = 2**20

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "question"),
    ({"question": ""}, "question"),
    ({"question": "ab"}, "question"),
    ({"question": " a \n"}, "question"),
    ({"question": "x" * 3_501}, "question"),
    ({"question": 7}, "question"),
    ({"question": None}, "question"),
    ({"question": ["What?"]}, "question"),
    ({"question": "lone \ud800 surrogate"}, "question"),
    ({"question": VALID, "include_kpi": "perhaps"}, "include_kpi"),
    ({"question": VALID, "include_kpi": False, "include_rag": False}, "include_kpi"),
    ({"question": VALID, "model_key": 5}, "model_key"),
    ({"question": VALID, "unknown": 1}, "unknown"),
    ({"question": VALID, "top_k": 0}, "top_k"),
    ({"question": VALID, "top_k": 51}, "top_k"),
    ({"question": VALID, "top_k": 1.5}, "top_k"),
    ({"question": VALID, "top_k": float("inf")}, "top_k"),
    ({"question": VALID, "filters": []}, "filters"),
    ({"question": VALID, "filters": {"ticker": ["ORQN"]}}, "filters.ticker"),
    ({"question": VALID, "filters": {"tickers": "ORQN"}}, "filters.tickers"),
    ({"question": VALID, "filters": {"tickers": [""]}}, "filters.tickers.0"),
    ({"question": VALID, "filters": {"tickers": ["\ud800"]}}, "filters.tickers.0"),
    ({"question": VALID, "filters": {"fiscal_years": ["last"]}}, "filters.fiscal_years.0"),
    ({"question": VALID, "filters": {"fiscal_years": [2024, 10**30]}}, "filters.fiscal_years.1"),
    ({"question": VALID, "filters": {"items": ["17"]}}, "filters.items.0"),
    ({"question": VALID, "filters": {"forms": ["20-F"]}}, "filters.forms.0"),
    ({"question": VALID, "history": "earlier"}, "history"),
    ({"question": VALID, "history": [{"role": "system", "content": "x"}]}, "history.0.role"),
    ({"question": VALID, "history": [{"role": "user"}]}, "history.0.content"),
    ({"question": VALID, "history": [{"role": "user", "content": "x", "name": "y"}]}, "history.0.name"),
    ({"question": VALID, "history": [{"role": "user", "content": "x" * 4_001}]}, "history.0.content"),
    ({"question": VALID, "history": [{"role": "user", "content": "x"}] * 21}, "history"),
]


def assert_problem(response: httpx.Response, status: int) -> dict[str, Any]:
    """Check an error against RFC 9457 and return it."""
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Request-ID"]
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert len(problem["detail"]) > len(problem["title"]), "the detail says no more than the title"
    assert "Traceback" not in response.text
    return problem


@pytest.mark.parametrize(("body", "field"), REFUSED, ids=[f"{i}-{field}" for i, (_, field) in enumerate(REFUSED)])
def test_wrong_field_is_refused_by_name(client: httpx.Client, body: dict[str, Any], field: str) -> None:
    problem = assert_problem(client.post("/query", content=json.dumps(body), headers=JSON), 422)
    named = {error["field"]: error["message"] for error in problem["errors"]}
    if field in named:
        assert named[field]
    else:
        assert field in " ".join(named.values()), named
    assert field in problem["detail"]


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{", b"[" * 100_000, b'{"top_k": ' + b"9" * 5_000 + b"}"])
def test_invalid_json_is_a_bad_request_that_says_so(client: httpx.Client, content: bytes) -> None:
    problem = assert_problem(client.post("/query", content=content, headers=JSON), 400)
    assert "JSON" in problem["detail"]


@pytest.mark.parametrize("content", [b"", b"null", b"[1]", b'"text"', b"3"])
def test_body_that_is_no_object_is_refused_in_plain_words(client: httpx.Client, content: bytes) -> None:
    problem = assert_problem(client.post("/query", content=content, headers=JSON), 422)
    assert "JSON object" in problem["detail"]


def test_body_of_another_content_type_is_told_which_one_to_send(client: httpx.Client) -> None:
    response = client.post("/query", content=json.dumps({"question": VALID}), headers={"Content-Type": "text/plain"})
    assert "application/json" in assert_problem(response, 422)["detail"]


def test_announced_body_of_a_megabyte_is_too_large(client: httpx.Client) -> None:
    response = client.post("/query", content=b" " * MEBIBYTE, headers=JSON)
    assert "512 KiB" in assert_problem(response, 413)["detail"]


def test_chunked_body_of_a_megabyte_is_too_large(client: httpx.Client) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(16):
            yield b" " * (MEBIBYTE // 16)

    assert_problem(client.post("/query", content=chunks(), headers=JSON), 413)


def test_server_answers_after_a_body_that_was_too_large(client: httpx.Client) -> None:
    client.post("/query", content=b" " * MEBIBYTE, headers=JSON)
    assert client.get("/livez").status_code == httpx.codes.OK


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [("GET", "/query", "POST"), ("DELETE", "/catalog", "GET"), ("POST", "/passages/x", "GET")],
)
def test_wrong_method_is_told_the_right_one(client: httpx.Client, method: str, path: str, allowed: str) -> None:
    response = client.request(method, path)
    assert allowed in assert_problem(response, 405)["detail"]
    assert response.headers["Allow"] == allowed


@pytest.mark.parametrize("path", ["/", "/nothing", "/passages/", "/query/streams", "/%00", "/..%2f..%2fetc"])
def test_unknown_address_is_not_found(client: httpx.Client, path: str) -> None:
    assert_problem(client.get(path), 404)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(exclude_categories=[]), max_size=40)
    | st.sampled_from(["ORQN", "10-K", "1A", "user", VALID]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["tickers", "fiscal_years", "items", "forms", "role", "content"]) | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "question": st.just(VALID) | st.text(min_size=3, max_size=80) | json_values,
        "include_kpi": json_values,
        "include_rag": json_values,
        "model_key": json_values,
        "filters": st.fixed_dictionaries(
            {},
            optional={
                "tickers": st.lists(st.text(max_size=12), max_size=3),
                "fiscal_years": st.lists(st.integers(1980, 2100), max_size=3),
                "items": st.lists(st.sampled_from(["1", "1A", "7", "II-1A", "16"]), max_size=3),
                "forms": st.lists(st.sampled_from(["10-K", "10-Q", "8-K", "10-K/A"]), max_size=3),
            },
        )
        | json_values,
        "history": json_values,
        "top_k": st.integers(1, 50) | json_values,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=fields | json_values)
def test_no_json_body_makes_the_server_fail(client: httpx.Client, body: object) -> None:
    response = client.post("/query", content=json.dumps(body), headers=JSON)
    assert response.status_code in {200, 400, 422}, response.text
    assert response.headers["X-Request-ID"]
    if response.status_code == httpx.codes.OK:
        assert response.json()["status"] in {"answered", "abstained"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200))
def test_no_bytes_make_the_server_fail(client: httpx.Client, content: bytes) -> None:
    assert client.post("/query", content=content, headers=JSON).status_code in {200, 400, 422}
