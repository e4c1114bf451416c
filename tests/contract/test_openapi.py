"""The OpenAPI document tells a programmer the routes, the fields and the errors that really come."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

ROUTES = {
    "/query": "post",
    "/query/stream": "post",
    "/facts": "get",
    "/catalog": "get",
    "/passages/{passage_id}": "get",
    "/feedback": "post",
    "/usage": "get",
    "/admin/fix": "post",
    "/admin/fix/{job_id}": "get",
    "/metrics": "get",
    "/health": "get",
    "/livez": "get",
    "/readyz": "get",
}


@pytest.fixture(scope="module")
def document(client: httpx.Client) -> dict[str, Any]:
    body: dict[str, Any] = client.get("/openapi.json").raise_for_status().json()
    return body


def test_document_lists_the_routes(document: dict[str, Any]) -> None:
    assert {path: "".join(operations) for path, operations in document["paths"].items()} == ROUTES


def test_every_route_is_described(document: dict[str, Any]) -> None:
    for path, method in ROUTES.items():
        assert document["paths"][path][method]["description"]


@pytest.mark.parametrize(
    ("path", "statuses"),
    [
        ("/query", {"200", "400", "401", "408", "413", "422", "429", "503"}),
        ("/query/stream", {"200", "400", "401", "408", "413", "422", "429", "503"}),
        ("/catalog", {"200", "401", "408", "413", "429", "503"}),
        ("/passages/{passage_id}", {"200", "401", "404", "408", "413", "422", "429", "503"}),
        ("/feedback", {"202", "400", "401", "408", "413", "422", "429", "503"}),
        ("/admin/fix", {"202", "400", "401", "404", "408", "413", "422", "429", "502", "503"}),
        ("/admin/fix/{job_id}", {"200", "401", "404", "408", "413", "422", "429", "502", "503"}),
        ("/usage", {"200", "401", "408", "413", "429"}),
        ("/metrics", {"200", "401", "408", "413", "429"}),
        ("/health", {"200", "408", "413", "503"}),
        ("/readyz", {"200", "408", "413", "503"}),
        ("/livez", {"200", "408", "413"}),
    ],
)
def test_document_lists_the_statuses_a_route_can_give(document: dict[str, Any], path: str, statuses: set[str]) -> None:
    assert set(document["paths"][path][ROUTES[path]]["responses"]) == statuses


def test_errors_are_problems(document: dict[str, Any]) -> None:
    for path, method in ROUTES.items():
        for status, response in document["paths"][path][method]["responses"].items():
            if status >= "400" and (path, status) != ("/health", "503"):
                assert list(response["content"]) == ["application/problem+json"], (path, status)
                schema = response["content"]["application/problem+json"]["schema"]
                name = "NotReadyProblem" if (path, status) == ("/readyz", "503") else "Problem"
                assert schema == {"$ref": f"#/components/schemas/{name}"}
    assert {"title", "status", "detail", "errors"} <= set(document["components"]["schemas"]["Problem"]["properties"])


def test_question_limits_are_described(document: dict[str, Any]) -> None:
    request = document["components"]["schemas"]["QueryRequest"]
    assert request["additionalProperties"] is False
    question = request["properties"]["question"]
    assert (question["minLength"], question["maxLength"]) == (3, 3_500)
