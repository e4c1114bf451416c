"""The images' recipes, followed to the end: built from the locks, started read-only as nobody, asked, and stopped."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.frontend_load import run_sessions
from tests.containers import Container, read_image, run_container, why_no_containers
from tests.event_loops import run
from tests.sample_index import SAMPLES, linked_store
from tests.soak.image_build import build_image, size_mb
from tests.soak.results import write_result

pytestmark = pytest.mark.soak

# How a server ends that was asked to: by itself, or by the signal once it is done.
ENDED = {0, 143}
READY_WITHIN_S = 20.0


@pytest.mark.skipif(bool(why_no_containers()), reason=why_no_containers() or "processes can be contained")
def test_images_built_from_their_locks_answer_read_only(sample_store: Path, tmp_path: Path) -> None:
    started = time.monotonic()
    names = ("backend", "frontend", "indexer")
    images = {name: read_image(name) for name in names}
    files = {name: build_image(images[name], tmp_path / name) for name in names}
    counts: dict[str, Any] = {name: _sizes(files[name]) for name in names}
    store = linked_store(sample_store, tmp_path / "store")
    seen = time.monotonic()

    def ready(name: str) -> None:
        counts[name]["healthy_after_s"] = round(time.monotonic() - seen, 2)

    with run_container(
        images["backend"],
        files["backend"],
        tmp_path / "backend.log",
        writable={"/tmp/store": store},
        FINRAG_STORE="/tmp/store",
    ) as backend:
        ready("backend")
        seen = time.monotonic()
        with run_container(
            images["frontend"], files["frontend"], tmp_path / "frontend.log", BACKEND_URL=backend.server.url
        ) as frontend:
            ready("frontend")
            companies = (
                httpx.get(f"{backend.server.url}/catalog", trust_env=False).raise_for_status().json()["companies"]
            )
            load = run(run_sessions(frontend.server.url, companies, 2, 2))
            counts["backend"]["rss_mb"] = _resident_mb(backend)
            counts["frontend"]["rss_mb"] = _resident_mb(frontend)
            counts["frontend"]["ended"] = frontend.stop()
        counts["backend"]["ended"] = backend.stop()
    seen = time.monotonic()
    empty = tmp_path / "indexed"
    empty.mkdir()
    with run_container(
        images["indexer"],
        {**files["indexer"], "/tmp/filings": SAMPLES},
        tmp_path / "indexer.log",
        writable={"/tmp/store": empty},
        FINRAG_STORE="/tmp/store",
        FINRAG_INDEXER_SOURCES="/tmp/filings",
    ) as indexer:
        ready("indexer")
        counts["indexer"]["job"] = _index(indexer)
        counts["indexer"]["ended"] = indexer.stop()
    outputs = {name: (tmp_path / f"{name}.log").read_text(errors="replace") for name in names}
    findings = [{"what": failure} for failure in load.failures]
    for name in names:
        if counts[name]["ended"] not in ENDED:
            findings.append({"what": f"{name} ended with {counts[name]['ended']}"})
        if counts[name]["healthy_after_s"] > READY_WITHIN_S:
            findings.append({"what": f"{name} was healthy only after {counts[name]['healthy_after_s']} s"})
        findings += [{"what": f"{name}: {line}"} for line in outputs[name].splitlines() if "Read-only file" in line]
    write_result("container_recipe", {}, time.monotonic() - started, counts, findings)
    assert not findings, findings
    assert len(load.turns) == 4
    assert counts["indexer"]["job"] == "succeeded"
    assert (empty / "index" / "CURRENT").is_file()


def _sizes(files: Mapping[str, Path]) -> dict[str, Any]:
    return {f"{place[1:].replace('/', '_')}_mb": size_mb(folder) for place, folder in files.items()}


def _resident_mb(container: Container) -> float:
    return round(int(container.told("VmRSS").split()[0]) / 1024, 1)


def _index(indexer: Container) -> str:
    """Read and index the sample filings; return how the job ended."""
    with httpx.Client(base_url=indexer.server.url, trust_env=False, timeout=30) as client:
        posted = client.post("/jobs/ingest", json={"sources": ["."]}).raise_for_status()
        job: dict[str, Any] = posted.json()
        deadline = time.monotonic() + 240
        while job["status"] in {"queued", "running"} and time.monotonic() < deadline:
            time.sleep(0.5)
            job = client.get(posted.headers["Location"]).raise_for_status().json()
    return str(job["status"]) if job["status"] == "succeeded" else f"{job['status']}: {job.get('error')}"
