"""The indexing service on a folder: what a job leaves in the store, and what is refused without a trace."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from finrag_ml_tg1.answering.models.opening import open_models
from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.lease import take_lease
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.pipeline import FinRAG
from serving.backend.catalog_presentation import catalog_response
from serving.indexer.jobs import LEASE_KEY
from tests.contract.indexer_jobs import Json, finished, get_job, job_process, post_job
from tests.contract.test_query_validation import assert_problem
from tests.local_processes import Server, serve_indexer
from tests.sample_index import SAMPLES, ground_truth
from tests.unit.cli.test_evaluate_numbers import write_programs

FILING = "ORQN_10-K_9990000001-25-000001.html"
KEY = "the-key-of-the-indexing-service"
PROGRAMS = {"what": "programs", "questions": "questions.jsonl", "contexts": "contexts.parquet"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the service's store, its data and its cache are."""
    return tmp_path_factory.mktemp("indexer")


@pytest.fixture(scope="module")
def store(folder: Path) -> LocalFolderStore:
    return LocalFolderStore(folder / "store")


@pytest.fixture(scope="module")
def indexer(folder: Path, encoder_folder: Path) -> Iterator[Server]:
    (folder / "data").mkdir()
    (folder / "data" / "outside").symlink_to("/etc")
    write_programs(folder / "data")
    settings = {
        "FINRAG_API_KEY": KEY,
        "FINRAG_INDEXER_SOURCES": str(SAMPLES.parent),
        "FINRAG_EVAL_DATA": str(folder / "data"),
    }
    with serve_indexer(str(folder / "store"), folder, encoder_folder, settings) as server:
        yield server


def post(server: Server, kind: str, body: Json, **headers: str) -> httpx.Response:
    return post_job(server, kind, body, X_API_Key=KEY, **headers)


def keys(store: LocalFolderStore) -> set[str]:
    return {entry.key for entry in store.list("")}


@pytest.fixture(scope="module")
def ingested(indexer: Server) -> Json:
    """A job that has read one sample filing, posted as a nightly trigger posts it; a second post meets it running."""
    response = post(indexer, "ingest", {"sources": [f"filings/{FILING}"]}, Idempotency_Key="nightly-1")
    assert response.status_code == httpx.codes.ACCEPTED
    job: Json = response.json()
    assert response.headers["Location"] == f"/jobs/{job['job_id']}"
    assert (job["kind"], job["status"]) == ("ingest", "queued")

    again = post(indexer, "ingest", {"sources": [f"filings/{FILING}"]}, Idempotency_Key="nightly-1")
    assert (again.status_code, again.json()["job_id"]) == (202, job["job_id"])
    other = post(indexer, "ingest", {"sources": ["."]})
    problem = assert_problem(other, 409)
    assert (problem["job_id"], problem["instance"]) == (job["job_id"], f"/jobs/{job['job_id']}")
    assert problem["holder"] == job["owner"]
    assert problem["holder"] in problem["detail"]
    assert 1 <= int(other.headers["Retry-After"]) <= 60
    return finished(indexer, job["job_id"], X_API_Key=KEY)


def test_ingested_filing_is_in_the_current_index_and_the_back_ends_catalog(
    ingested: Json, folder: Path, store: LocalFolderStore
) -> None:
    truth = next(filing for filing in ground_truth() if filing["file"] == FILING)
    assert (ingested["status"], ingested["error"]) == ("succeeded", None)
    result = ingested["result"]
    assert (result["read"], result["unchanged"], result["skipped"]) == (1, 0, [])
    assert result["index"]["changed"] is True
    assert store.get("index/CURRENT").data.decode() == result["index"]["version"]
    finrag = FinRAG.open(store, DiskCache(folder / "reader", store, 2**28), folder / "reader")
    catalog = catalog_response(finrag.index.catalog, finrag.index.version, open_models(MLConfig()))
    held = [
        (company.cik, filing.fiscal_year, filing.accession)
        for company in catalog.companies
        for filing in company.filings
    ]
    assert held == [(int(truth["cik"]), truth["fiscal_year"], truth["accession"])]
    assert result["passages"] == result["index"]["passages"] == finrag.index.manifest.passages


def test_job_tells_time_memory_and_progress(ingested: Json, store: LocalFolderStore) -> None:
    assert ingested["created_at"] < ingested["started_at"] < ingested["finished_at"]
    assert ingested["result"]["seconds"] > 0
    assert 50 < ingested["result"]["peak_memory_mb"] < 2000
    progress = ingested["progress"]
    assert (progress["stage"], progress["done"]) == ("indexing passages", ingested["result"]["passages"])
    assert json.loads(store.get(ingested["result_key"]).data)["read"] == 1


def test_job_that_was_posted_before_is_given_again_and_nothing_is_done(indexer: Server, ingested: Json) -> None:
    again = post(indexer, "ingest", {"sources": [f"filings/{FILING}"]}, Idempotency_Key="nightly-1")
    assert again.status_code == httpx.codes.ACCEPTED
    assert again.json() == ingested
    assert again.headers["Location"] == f"/jobs/{ingested['job_id']}"


def test_key_of_another_request_is_refused(indexer: Server, ingested: Json) -> None:
    problem = assert_problem(post(indexer, "ingest", {"again": True}, Idempotency_Key="nightly-1"), 422)
    assert ingested["job_id"] in problem["detail"]


def test_evaluation_gives_its_metrics_and_stores_the_whole_result(
    indexer: Server, ingested: Json, store: LocalFolderStore
) -> None:
    job_id = post(indexer, "evaluate", PROGRAMS).json()["job_id"]
    job = finished(indexer, job_id, X_API_Key=KEY)
    assert job["status"] == "succeeded"
    assert (job["result"]["n"], job["result"]["metrics"]["eligible"], job["result"]["misses"]) == (8, 7, 2)
    whole = json.loads(store.get(f"jobs/{job_id}/result.json").data)
    assert whole["metrics"] == job["result"]["metrics"]
    assert {miss["question"] for miss in whole["misses"]} == {"c", "d"}
    assert whole["command"] == ("finrag eval programs --questions questions.jsonl --contexts contexts.parquet")

    listed = httpx.get(
        f"{indexer.url}/jobs", params={"limit": 1}, headers={"X-API-Key": KEY}, trust_env=False, verify=False
    )
    assert [one["job_id"] for one in listed.json()["jobs"]] == [job_id]


def test_job_that_fails_says_why_in_one_line_and_leaves_the_index_alone(
    indexer: Server, ingested: Json, store: LocalFolderStore
) -> None:
    before = keys(store)
    current = store.get("index/CURRENT")
    job = finished(indexer, post(indexer, "ingest", {"sources": ["nowhere"]}).json()["job_id"], X_API_Key=KEY)
    assert (job["status"], job["result"]) == ("failed", None)
    assert job["error"].startswith("nowhere: ")
    assert "\n" not in job["error"]
    assert store.get("index/CURRENT") == current
    assert keys(store) - before == {f"jobs/{job['job_id']}.json"}


def test_job_whose_process_is_killed_has_failed_and_the_service_goes_on(indexer: Server, ingested: Json) -> None:
    job_id = post(indexer, "ingest", {"sources": ["."]}).json()["job_id"]
    os.kill(job_process(indexer), signal.SIGKILL)
    job = finished(indexer, job_id, X_API_Key=KEY)
    assert job["status"] == "failed"
    assert "want of memory" in job["error"]
    assert httpx.get(f"{indexer.url}/readyz", trust_env=False, verify=False).status_code == httpx.codes.OK


REFUSED: list[tuple[str, Json, str]] = [
    ("ingest", {}, "sources"),
    ("ingest", {"sources": []}, "sources"),
    ("ingest", {"sources": ["../secret"]}, "sources.0"),
    ("ingest", {"sources": ["/etc/passwd"]}, "sources.0"),
    ("ingest", {"sources": ["a/../../b"]}, "sources.0"),
    ("ingest", {"sources": ["a\\b"]}, "sources.0"),
    ("ingest", {"sources": ["s3://bucket/x"]}, "sources.0"),
    ("ingest", {"sources": ["x\u0000"]}, "sources.0"),
    ("ingest", {"sources": ["filings"], "again": True}, "one of them"),
    ("ingest", {"sources": ["filings"], "tickers": ["AAPL"], "years": [2024]}, "one of them"),
    ("ingest", {"tickers": ["AAPL"]}, "years"),
    ("ingest", {"tickers": ["AAPL"], "years": [1900]}, "years.0"),
    ("ingest", {"tickers": ["../x"], "years": [2024]}, "tickers.0"),
    ("ingest", {"tickers": ["AAPL"], "years": [2024]}, "FINRAG_SEC_CONTACT"),
    ("ingest", {"sources": ["filings"], "shell": "rm"}, "shell"),
    ("evaluate", {}, "what"),
    ("evaluate", {"what": "everything"}, "what"),
    ("evaluate", {"what": "items"}, "filings"),
    ("evaluate", {"what": "items", "filings": "nowhere"}, "nowhere"),
    ("evaluate", {"what": "items", "filings": ".."}, "filings"),
    ("evaluate", {"what": "items", "filings": "outside/ssl"}, "outside"),
    ("evaluate", PROGRAMS | {"contexts": "/etc/passwd"}, "contexts"),
    ("evaluate", PROGRAMS | {"out": "x"}, "out"),
    ("evaluate", {"what": "facts", "filings": ".", "url": "http://169.254.169.254/"}, "url"),
]


@pytest.mark.parametrize(("kind", "body", "named"), REFUSED)
def test_request_that_cannot_be_used_is_refused_and_changes_nothing(
    indexer: Server, ingested: Json, store: LocalFolderStore, kind: str, body: Json, named: str
) -> None:
    before = keys(store)
    assert named in assert_problem(post(indexer, kind, body), 422)["detail"]
    assert keys(store) == before


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/jobs/ingest"), ("GET", "/jobs"), ("GET", "/jobs/x"), ("GET", "/openapi.json")]
)
@pytest.mark.parametrize("key", [None, "wrong", KEY[:-1]])
def test_request_without_the_key_is_refused(indexer: Server, method: str, path: str, key: str | None) -> None:
    headers = {} if key is None else {"X-API-Key": key}
    response = httpx.request(method, indexer.url + path, headers=headers, trust_env=False, verify=False)
    assert KEY not in str(assert_problem(response, 401))


@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_probes_need_no_key_and_every_response_has_an_id(indexer: Server, path: str) -> None:
    response = httpx.get(indexer.url + path, headers={"X-Request-ID": "my.own-id"}, trust_env=False, verify=False)
    assert (response.status_code, response.headers["X-Request-ID"]) == (200, "my.own-id")


@pytest.mark.parametrize(("job_id", "status"), [("20250101T000000000000Z-00000000", 404), ("..%2Fx", 404), ("x", 422)])
def test_unknown_job_is_not_found(indexer: Server, job_id: str, status: int) -> None:
    response = httpx.get(f"{indexer.url}/jobs/{job_id}", headers={"X-API-Key": KEY}, trust_env=False, verify=False)
    assert_problem(response, status)


def test_service_takes_over_a_lease_that_has_expired_and_no_other(
    indexer: Server, ingested: Json, store: LocalFolderStore
) -> None:
    held = take_lease(store, LEASE_KEY, holder="elsewhere", purpose="its-job", duration=timedelta(seconds=40))
    before = keys(store)
    response = post(indexer, "evaluate", PROGRAMS)
    problem = assert_problem(response, 409)
    assert (problem["holder"], problem["job_id"]) == ("elsewhere", "its-job")
    assert problem["until"][:19] in problem["detail"]
    assert 30 <= int(response.headers["Retry-After"]) <= 40
    assert keys(store) == before

    held.release()  # it expires at this moment, as that of a service that has died does later

    taken = post(indexer, "evaluate", PROGRAMS)
    assert taken.status_code == httpx.codes.ACCEPTED
    assert get_job(indexer, ingested["job_id"], X_API_Key=KEY) == ingested
