"""Both processes as their images run them: as nobody, without rights, and only /tmp can be written."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from benchmarks.frontend_load import run_sessions
from tests.containers import Container, read_image, run_container, why_no_containers
from tests.event_loops import run
from tests.sample_index import linked_store, sample_store

__all__ = ["sample_store"]

# How a server ends that was asked to: by itself, or by the signal once it is done.
ENDED = {0, 143}


def _present(image_name: str) -> dict[str, Path]:
    """Return what an image copies from this repository, and the environment that runs the tests instead of its own."""
    copied = read_image(image_name).sources
    return {place: path for place, path in copied.items() if place.startswith("/app")} | {sys.prefix: Path(sys.prefix)}


@pytest.mark.skipif(bool(why_no_containers()), reason=why_no_containers() or "processes can be contained")
def test_question_is_answered_in_containers_that_can_write_tmp_alone(sample_store: Path, tmp_path: Path) -> None:
    store = linked_store(sample_store, tmp_path / "store")
    programs = str(Path(sys.executable).parent)
    with ExitStack() as running:
        backend = running.enter_context(
            run_container(
                read_image("backend"),
                _present("backend"),
                tmp_path / "backend.log",
                writable={"/tmp/store": store},
                first_on_path=programs,
                FINRAG_STORE="/tmp/store",
            )
        )
        frontend = running.enter_context(
            run_container(
                read_image("frontend"),
                _present("frontend"),
                tmp_path / "frontend.log",
                first_on_path=programs,
                BACKEND_URL=backend.server.url,
            )
        )
        companies = httpx.get(f"{backend.server.url}/catalog", trust_env=False).raise_for_status().json()["companies"]
        load = run(run_sessions(frontend.server.url, companies, 1, 1))
        assert not load.failures, load.failures
        assert len(load.turns) == 1
        for container in (backend, frontend):
            _assert_contained(container)
            assert container.stop() in ENDED, container.server.output
            assert "Traceback" not in container.server.output
            assert "Read-only file system" not in container.server.output
    assert list((store / "logs" / "queries").rglob("*.parquet")), "the question's log entry was not kept at the end"


def _assert_contained(container: Container) -> None:
    assert set(container.told("CapBnd")) == {"0"}
    assert container.told("NSpid").split()[-1] == "1", "a shell stands between the platform and the server"
    assert "python" in container.told("Name") or container.told("Name") in {"uvicorn", "streamlit"}
    assert Path(f"/proc/{container.first_process}/uid_map").read_text().split()[0] == "10001"
