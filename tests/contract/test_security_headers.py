"""What stands in the head of every answer, errors and streams included, and what never does."""

from __future__ import annotations

import httpx
import pytest

EXPECTED = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
}
REQUESTS = [
    ("GET", "/livez", b""),
    ("GET", "/readyz", b""),
    ("GET", "/health", b""),
    ("GET", "/catalog", b""),
    ("GET", "/openapi.json", b""),
    ("GET", "/passages/unknown", b""),
    ("GET", "/nothing", b""),
    ("PUT", "/query", b""),
    ("POST", "/query", b"{}"),
    ("POST", "/query", b"x" * 600_000),
    ("POST", "/query/stream", b'{"question": "What is covered here?"}'),
]


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS)
def test_every_answer_carries_the_security_headers(client: httpx.Client, method: str, path: str, body: bytes) -> None:
    response = client.request(method, path, content=body, headers={"Content-Type": "application/json"})
    assert {name: response.headers.get_list(name) for name in EXPECTED} == {
        name: [value] for name, value in EXPECTED.items()
    }
    assert "server" not in response.headers


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_pages_of_other_sites_are_allowed_nothing(client: httpx.Client, method: str) -> None:
    asking = {"Origin": "https://elsewhere.example", "Access-Control-Request-Method": "POST"}
    response = client.request(method, "/catalog", headers=asking)
    assert not [name for name in response.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_page_with_scripts_of_another_company_is_served(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/catalog/", "/query/", "/passages/x/"])
def test_the_host_a_request_names_is_not_repeated(client: httpx.Client, path: str) -> None:
    response = client.get(path, headers={"Host": "elsewhere.example"})
    assert response.status_code == 404
    assert "elsewhere" not in response.text + str(response.headers)
