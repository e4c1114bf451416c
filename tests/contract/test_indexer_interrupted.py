"""Jobs whose service ends before they do are told as failed, and readers see nothing of them; on S3 as on a folder."""

from __future__ import annotations

import signal
import uuid
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import boto3
import pytest

from finrag_ml_tg1.loaders.lease import LeaseHeldError, take_lease, utc_now
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.s3_store import S3Store
from serving.indexer.jobs import LEASE_KEY, Jobs
from serving.indexer.process import JobProcess
from serving.indexer.records import JobRecords, new_job_id
from serving.indexer.schemas import Job
from tests.contract.indexer_jobs import finished, is_running, job_process, post_job
from tests.contract.served_stores import s3_settings
from tests.local_processes import end, serve_indexer, wait_until
from tests.sample_index import SAMPLES
from tests.unit.filings.documents import filing_html


def test_service_on_s3_ingests_from_s3_and_fails_its_job_when_it_is_ended(
    moto_endpoint: str, tmp_path: Path, encoder_folder: Path
) -> None:
    access = s3_settings(moto_endpoint)
    bucket = f"indexer-{uuid.uuid4().hex}"
    session = boto3.session.Session("testing", "testing-secret", region_name="us-east-1")
    with closing(session.client("s3", endpoint_url=moto_endpoint)) as client:
        client.create_bucket(Bucket=bucket)
    config = load_config(environ=access, folder=tmp_path)
    with (
        closing(S3Store(bucket, "finrag", config)) as store,
        closing(S3Store(bucket, "inbox", config)) as inbox,
    ):
        inbox.put("new/plain.html", filing_html(body="<p><b>Item 1. Business</b></p><p>We make plain examples.</p>"))
        inbox.put("new/readme.md", b"not a filing")
        settings = access | {"FINRAG_INDEXER_SOURCES": f"s3://{bucket}/inbox"}
        with serve_indexer(f"s3://{bucket}/finrag", tmp_path, encoder_folder, settings) as server:
            done = finished(server, post_job(server, "ingest", {"sources": ["new/"]}).json()["job_id"])
            assert done["status"] == "succeeded"
            assert (done["result"]["read"], done["result"]["index"]["filings"]) == (1, 1)
            current = store.get("index/CURRENT")
            assert current.data.decode() == done["result"]["index"]["version"]

            inbox.put("new/sample.html", (SAMPLES / "TDRY_10-K_9990000002-24-000001.html").read_bytes())
            job_id = post_job(server, "ingest", {"sources": ["."]}).json()["job_id"]
            process = job_process(server)
            end(server.process)

        stored = JobRecords(store).read(job_id)
        assert stored is not None
        assert (stored.job.status, stored.job.result) == ("failed", None)
        assert "interrupted" in str(stored.job.error)
        assert not is_running(process)
        assert store.get("index/CURRENT") == current
        take_lease(store, LEASE_KEY, holder="next", purpose="x", duration=timedelta(seconds=1))


def test_job_of_a_service_that_was_killed_has_failed_once_its_lease_has_expired(
    tmp_path: Path, encoder_folder: Path
) -> None:
    store = LocalFolderStore(tmp_path / "store")
    settings = {"FINRAG_INDEXER_SOURCES": str(SAMPLES), "FINRAG_INDEXER_LEASE_S": "2"}
    with serve_indexer(store.url, tmp_path / "service", encoder_folder, settings) as server:
        job_id = post_job(server, "ingest", {"sources": ["."]}).json()["job_id"]
        process = job_process(server)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()

    wait_until(lambda: not is_running(process), "the job's process has followed its service")

    jobs = Jobs(store, 2)

    def failed() -> bool:
        found = jobs.find(job_id)
        return found is not None and found.status == "failed"

    wait_until(failed, "the job has failed")
    stored = JobRecords(store).read(job_id)
    assert stored is not None
    assert "interrupted" in str(stored.job.error)


def test_job_of_another_service_is_running_while_its_lease_lasts(tmp_path: Path) -> None:
    store = LocalFolderStore(tmp_path)
    now = utc_now()
    job = Job(job_id=new_job_id(now), kind="ingest", status="running", request={}, owner="elsewhere", created_at=now)
    JobRecords(store).create(job)
    lease = take_lease(
        store, LEASE_KEY, holder="elsewhere", purpose=job.job_id, duration=timedelta(seconds=600), clock=utc_now
    )
    here = Jobs(store, 60)
    assert here.find(job.job_id) == job
    with pytest.raises(LeaseHeldError, match="elsewhere"):
        here.post("ingest", {}, None)

    lease.release()

    failed = here.find(job.job_id)
    assert failed is not None
    assert (failed.status, failed.finished_at is None) == ("failed", False)
    assert here.latest(5) == [failed]


def test_process_that_is_ended_gives_an_answer() -> None:
    process = JobProcess()
    process.end()
    assert "exit code" in process.follow({"kind": "ingest", "request": {}}, lambda progress: None)["error"]
