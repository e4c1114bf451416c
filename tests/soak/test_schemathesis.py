"""FINRAG_SOAK_CASES requests made from the OpenAPI documents of both services: every answer is one that they describe.

Both are asked as they are started on a laptop; with values that something is found for; and from outside, without the
key and over the rate, where every answer is a refusal.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.local_processes import Server, serve_backend, serve_indexer
from tests.sample_index import SAMPLES
from tests.soak.results import number_setting, write_result
from tests.soak.schema_runs import SchemaRun, hold_against_document

GUARDED = {"FINRAG_API_KEY": "the-key-of-this-run", "FINRAG_RATE_PER_MINUTE": "5"}  # pragma: allowlist secret
QUESTION = "How many employees does Orquenna have in fiscal 2024?"
METHODS = {"get", "post", "put", "patch", "delete"}
DOCS = Path(__file__).parents[2] / "docs"


@contextmanager
def indexing(store: Path, folder: Path, encoder_folder: Path, guarded: dict[str, str]) -> Iterator[Server]:
    folder.mkdir()
    (folder / "data").mkdir()
    settings = {"FINRAG_INDEXER_SOURCES": str(SAMPLES.parent), "FINRAG_EVAL_DATA": str(folder / "data")} | guarded
    with serve_indexer(str(store), folder, encoder_folder, settings) as server:
        yield server


def documented_operations(document: str) -> int:
    """Number of operations of a committed document: every one of them is to be asked for."""
    paths = json.loads((DOCS / document).read_text())["paths"].values()
    return sum(len(methods.keys() & METHODS) for methods in paths)


def found_values(server: Server) -> dict[str, str]:
    """Values of parameters that the sample filings have something for."""
    answer = httpx.post(f"{server.url}/query", json={"question": QUESTION}, trust_env=False, timeout=30).json()
    return {
        "tickers": "ORQN",
        "metrics": "revenue,net_margin",
        "fiscal_years": "2024",
        "passage_id": answer["citations"][0]["passage_id"],
    }


@pytest.mark.soak
def test_every_answer_is_one_that_the_document_describes(
    sample_store: Path, encoder_folder: Path, tmp_path: Path
) -> None:
    cases, seed = number_setting("FINRAG_SOAK_CASES", 5_000), number_setting("FINRAG_SOAK_SEED", 1)
    examples = cases // (documented_operations("openapi.json") + documented_operations("openapi-indexer.json"))
    started = time.monotonic()
    runs: dict[str, SchemaRun] = {}
    with serve_backend(str(sample_store), tmp_path / "backend") as server:
        runs["backend"] = hold_against_document(server, tmp_path, examples=examples, seed=seed)
        runs["backend, known values"] = hold_against_document(
            server, tmp_path, examples=examples // 5, seed=seed, phases="fuzzing", parameters=found_values(server)
        )
        assert "Traceback" not in server.output
    with serve_backend(str(sample_store), tmp_path / "guarded", access=GUARDED) as server:
        runs["backend, refused"] = _refused(server, tmp_path, examples, seed)
    with indexing(sample_store, tmp_path / "indexer", encoder_folder, {}) as server:
        runs["indexer"] = hold_against_document(server, tmp_path, examples=examples, seed=seed)
        assert "Traceback" not in server.output
    with indexing(sample_store, tmp_path / "guarded indexer", encoder_folder, GUARDED) as server:
        runs["indexer, refused"] = _refused(server, tmp_path, examples, seed)

    findings = [{"run": name, **failure} for name, run in runs.items() for failure in run.failures]
    counts = {name: run.cases for name, run in runs.items()}
    settings = {"FINRAG_SOAK_CASES": cases, "FINRAG_SOAK_SEED": seed}
    write_result("schemathesis", settings, time.monotonic() - started, counts | {"all": sum(counts.values())}, findings)
    assert not findings
    assert sum(counts.values()) >= cases


def _refused(server: Server, folder: Path, examples: int, seed: int) -> SchemaRun:
    address = f"{server.url}/openapi.json"
    document = httpx.get(address, headers={"X-API-Key": GUARDED["FINRAG_API_KEY"]}, trust_env=False).raise_for_status()
    return hold_against_document(
        server, folder, examples=examples // 5, seed=seed, phases="fuzzing", document=document.content
    )


def test_answers_to_some_requests_are_described(sample_store: Path, tmp_path: Path) -> None:
    with serve_backend(str(sample_store), tmp_path / "backend") as server:
        run = hold_against_document(server, tmp_path, examples=10, seed=1, phases="fuzzing")
    assert run.failures == []
    assert run.operations == documented_operations("openapi.json")
    assert run.cases >= 50
