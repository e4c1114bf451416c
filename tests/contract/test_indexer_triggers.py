"""The calls of deploy/kubernetes/examples/finrag-triggers are taken by the indexing service as they stand there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.contract.indexer_jobs import finished
from tests.contract.test_indexer_jobs import FILING
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import Server, serve_indexer
from tests.sample_index import ROOT, SAMPLES
from tests.unit.evaluation.folders import write_manifest, write_sections

EXAMPLE = ROOT / "deploy/kubernetes/examples/finrag-triggers/triggers.json"
NIGHTLY, WEEKLY = json.loads(EXAMPLE.read_text("utf-8"))["triggers"]
KEY = "the-key-of-the-indexing-service"


@pytest.fixture(scope="module")
def indexer(tmp_path_factory: pytest.TempPathFactory, encoder_folder: Path) -> Iterator[Server]:
    """An indexing service with one filing to read, and one to measure itself by."""
    folder = tmp_path_factory.mktemp("triggered")
    filings = folder / "data" / "filings"
    filings.mkdir(parents=True)
    shutil.copy(SAMPLES / FILING, filings)
    write_manifest(
        filings, [{"file": FILING, "sections_file": write_sections(filings, "items.json", ["1", "1A", "7"])}]
    )
    data = str(folder / "data")
    settings = {"FINRAG_API_KEY": KEY, "FINRAG_INDEXER_SOURCES": data, "FINRAG_EVAL_DATA": data}
    with serve_indexer(str(folder / "store"), folder, encoder_folder, settings) as server:
        yield server


def call(server: Server, trigger: Mapping[str, Any], run: str, *, attempt: int = 1, key: str = KEY) -> httpx.Response:
    """Send what a worker of the scheduler sends: what the file says, and the headers of its own."""
    headers = {name: value.replace("${FINRAG_API_KEY}", key) for name, value in trigger["headers"].items()}
    own = {"Idempotency-Key": run, "X-Workspace-Id": "finrag", "X-Trigger-Attempt": str(attempt)}
    return httpx.request(
        trigger["method"],
        server.url + urlsplit(trigger["url"]).path,
        headers={**headers, **own},
        json=trigger["body"],
        timeout=trigger["timeout_s"],
        trust_env=False,
        verify=False,
    )


def test_the_nightly_call_reads_new_filings_once_however_often_it_is_tried(indexer: Server) -> None:
    run = "repeat:finrag:prod:0:1788157800000"
    first = call(indexer, NIGHTLY, run)
    assert first.status_code == httpx.codes.ACCEPTED, first.text
    again = call(indexer, NIGHTLY, run, attempt=2)
    assert (again.status_code, again.json()["job_id"]) == (first.status_code, first.json()["job_id"])
    job = finished(indexer, first.json()["job_id"], X_API_Key=KEY)
    assert (job["status"], job["result"]["read"]) == ("succeeded", 1), job


def test_the_weekly_call_measures(indexer: Server) -> None:
    told = call(indexer, WEEKLY, "repeat:finrag:prod:1:1788258600000")
    assert told.status_code == httpx.codes.ACCEPTED, told.text
    job = finished(indexer, told.json()["job_id"], X_API_Key=KEY)
    assert (job["status"], job["error"]) == ("succeeded", None)


@pytest.mark.parametrize("trigger", [NIGHTLY, WEEKLY], ids=["nightly", "weekly"])
def test_without_the_key_nothing_is_begun(indexer: Server, trigger: Mapping[str, Any]) -> None:
    assert_problem(call(indexer, trigger, "repeat:finrag:prod:0:1", key="another"), 401)


def test_no_key_stands_in_the_file() -> None:
    assert {value for trigger in (NIGHTLY, WEEKLY) for value in trigger["headers"].values()} == {"${FINRAG_API_KEY}"}
