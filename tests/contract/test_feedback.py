"""`POST /feedback` stores what readers say before it answers, and says so when it cannot."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.contract.served_stores import ServedStore, s3_settings
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import Server, free_port, serve_backend

VALID = {"request_id": "request-of-answer", "verdict": "good"}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "request_id"),
    ({"verdict": "good"}, "request_id"),
    ({"request_id": "request-of-answer"}, "verdict"),
    (VALID | {"request_id": "short"}, "request_id"),
    (VALID | {"request_id": "x" * 65}, "request_id"),
    (VALID | {"request_id": "with a space"}, "request_id"),
    (VALID | {"request_id": "../../etc/passwd"}, "request_id"),
    (VALID | {"request_id": "request-of-answer\n"}, ""),
    (VALID | {"verdict": "bad"}, "verdict"),
    (VALID | {"verdict": None}, "verdict"),
    (VALID | {"comment": "x" * 2_001}, "comment"),
    (VALID | {"comment": 5}, "comment"),
    (VALID | {"comment": "\ud800"}, "comment"),
    (VALID | {"rating": 5}, "rating"),
]


def give(server: Server, body: dict[str, Any]) -> httpx.Response:
    content = json.dumps(body)
    headers = {"Content-Type": "application/json"}
    return httpx.post(f"{server.url}/feedback", content=content, headers=headers, trust_env=False, timeout=30)


def test_accepted_feedback_is_in_the_store_at_once(served_store: ServedStore, tmp_path: Path) -> None:
    """The server is killed, so that nothing can be written after the answer."""
    before = datetime.now(UTC)
    comment = "The table is of 2023. " + "𝒮" * 1_978
    with serve_backend(served_store.url, tmp_path / "backend", access=served_store.access) as server:
        response = give(server, VALID | {"verdict": "evidence_wrong", "comment": comment})
        server.process.kill()
    assert (response.status_code, response.json()) == (202, {"accepted": True})
    [entry] = list(served_store.store.list("feedback/"))
    line = json.loads(served_store.store.get(entry.key).data)
    written = datetime.fromisoformat(line.pop("timestamp"))
    assert before <= written <= datetime.now(UTC)
    assert line == {"request_id": "request-of-answer", "verdict": "evidence_wrong", "comment": comment}
    assert entry.key.startswith(f"feedback/dt={written.date().isoformat()}/")
    assert entry.key.endswith(".jsonl")


@pytest.mark.parametrize("verdict", ["good", "answer_wrong", "evidence_wrong"])
def test_comment_may_be_left_out(backend: Server, sample_store: Path, verdict: str) -> None:
    store = LocalFolderStore(sample_store)
    before = {entry.key for entry in store.list("feedback/")}
    assert give(backend, VALID | {"verdict": verdict}).status_code == httpx.codes.ACCEPTED
    [key] = {entry.key for entry in store.list("feedback/")} - before
    line = json.loads(store.get(key).data)
    assert (line["verdict"], line["comment"]) == (verdict, "")


@pytest.mark.parametrize(("body", "field"), REFUSED, ids=[f"{i}-{field}" for i, (_, field) in enumerate(REFUSED)])
def test_wrong_feedback_is_refused_by_field(
    backend: Server, sample_store: Path, body: dict[str, Any], field: str
) -> None:
    store = LocalFolderStore(sample_store)
    before = [entry.key for entry in store.list("feedback/")]
    response = give(backend, body)
    if not field:  # white space around a text is taken away, as everywhere
        assert response.status_code == httpx.codes.ACCEPTED
        return
    problem = assert_problem(response, 422)
    assert field in [error["field"] for error in problem["errors"]]
    assert [entry.key for entry in store.list("feedback/")] == before


def test_feedback_is_not_accepted_while_the_store_is_away(tmp_path: Path) -> None:
    access = s3_settings(f"http://127.0.0.1:{free_port()}")
    with serve_backend("s3://bucket/prefix", tmp_path / "backend", awaiting="/livez", access=access) as server:
        response = give(server, VALID)
        assert_problem(response, 503)
        assert int(response.headers["Retry-After"]) > 0
        assert httpx.get(f"{server.url}/livez", trust_env=False).status_code == httpx.codes.OK
