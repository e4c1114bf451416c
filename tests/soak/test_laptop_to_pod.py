"""From filings on a laptop to a pod's answer, twice, with the commands that people type and keys of least privilege."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.iam_server import IamServer, enforced
from tests.index_versions import LEFT_OUT, LEFT_OUT_QUESTION
from tests.local_processes import Server, clean_environment, serve_backend, wait_until
from tests.sample_index import SAMPLES
from tests.soak.results import write_result

pytestmark = pytest.mark.soak

PREFIX = "finrag"


def test_laptop_ingests_indexes_and_publishes_and_the_pod_answers(
    moto_endpoint: str, encoder_folder: Path, tmp_path: Path
) -> None:
    began = time.monotonic()
    server = IamServer(moto_endpoint, f"laptop-{uuid.uuid4().hex}", PREFIX)
    session = boto3.session.Session("testing", "testing-secret", region_name="us-east-1")
    with closing(session.client("s3", endpoint_url=moto_endpoint)) as client:
        client.create_bucket(Bucket=server.bucket)
    publishers, pods = server.keys_for("publisher"), server.keys_for("pod-reader", "pod-logs")
    target = f"s3://{server.bucket}/{PREFIX}"
    seconds: dict[str, float] = {}

    def finrag(*arguments: str, **keys: str) -> None:
        environment = clean_environment(
            FINRAG_STORE=str(tmp_path / "store"),
            FINRAG_CACHE_DIR=str(encoder_folder.parents[1]),
            PYTHONPATH=os.pathsep.join(sys.path),
            **keys,
        )
        started = time.monotonic()
        command = [sys.executable, "-m", "finrag_ml_tg1", *arguments]
        done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        seconds[f"{len(seconds) + 1} finrag {arguments[0]}"] = round(time.monotonic() - started, 1)

    first = [path for path in sorted(SAMPLES.iterdir()) if LEFT_OUT not in path.name]
    [later] = [path for path in SAMPLES.iterdir() if LEFT_OUT in path.name]
    with enforced(server):
        finrag("ingest", *map(str, first))
        finrag("index")
        finrag("publish", "--to", target, **publishers)
        with serve_backend(target, tmp_path / "pod", access=pods | {"FINRAG_REFRESH_S": "1"}) as pod:
            before = _asked(pod)
            assert before["status"] == "abstained"
            finrag("ingest", str(later))
            finrag("index")
            finrag("publish", "--to", target, **publishers)
            published = time.monotonic()
            version = before["metadata"]["index_version"]
            wait_until(lambda: _asked(pod)["metadata"]["index_version"] != version, "the new version is taken")
            seconds["until the pod has taken it"] = round(time.monotonic() - published, 1)
            after = _asked(pod)
            assert pod.process.poll() is None
            warnings = httpx.get(f"{pod.url}/health", trust_env=False).json()["warnings"]
    assert after["status"] == "answered"
    assert after["citations"][0]["accession"] == LEFT_OUT
    assert warnings == []
    write_result("laptop_to_pod", {}, time.monotonic() - began, {"seconds": seconds}, [])


def _asked(pod: Server) -> dict[str, Any]:
    response = httpx.post(f"{pod.url}/query", json={"question": LEFT_OUT_QUESTION}, trust_env=False, timeout=30)
    body: dict[str, Any] = response.raise_for_status().json()
    return body
