"""Back end and front end in networks of their own: the world reaches the front end alone, and has its answers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest

from benchmarks.pod_limits import limited, why_not_limited
from tests.local_processes import clean_environment, end, wait_until
from tests.namespaces import enter, separate_networks, why_no_namespaces
from tests.procfile import APPLICATIONS, PODS, commands, environment_of
from tests.sample_index import ROOT, linked_store
from tests.soak.results import write_result

pytestmark = pytest.mark.soak

HEALTHY_WITHIN_S = 10.0
# Prints the body, or why there is none.
LOOK = """
import sys, urllib.request as ask
try:
    page = ask.build_opener(ask.ProxyHandler({})).open(sys.argv[1], timeout=float(sys.argv[2]))
    print("answered:", page.read().decode())
except OSError as error:
    print("refused:", error)
"""
# Opens the chat, as a browser does, and asks.
READ = """
import asyncio, sys
from benchmarks.frontend_session import open_session
async def read():
    async with open_session(sys.argv[1]) as session:
        await session.load()
        turn = await session.ask("How many employees does Orquenna have in fiscal 2024?")
        print(turn.failure or " ".join(sorted(turn.keys & {"answer-1", "abstained-1", "stopped-1"})))
asyncio.run(read())
"""


@pytest.mark.skipif(bool(why_no_namespaces()), reason=why_no_namespaces() or "there can be namespaces")
def test_world_reaches_the_front_end_and_through_it_alone_the_back_end(sample_store: Path, tmp_path: Path) -> None:
    store = linked_store(sample_store, tmp_path / "store")
    backend, frontend = APPLICATIONS["web"], APPLICATIONS["frontend"]
    started = time.monotonic()
    with separate_networks() as networks:
        described = {"FINRAG_STORE": str(store), "FINRAG_CACHE_DIR": str(tmp_path / "cache")}
        with (
            _serve(networks.backend, "web", tmp_path, **described),
            _serve(networks.frontend, "frontend", tmp_path, BACKEND_URL=f"http://backend:{backend.port}"),
        ):
            by_name = f"http://backend:{backend.port}{backend.probes.readiness.path}"
            wait_until(lambda: _look(networks.frontend, by_name).startswith("answered"), "the back end is ready")
            chat = f"http://{networks.frontend_address}:{frontend.port}"
            health = f"{chat}{frontend.probes.readiness.path}"
            wait_until(lambda: _look(networks.outside, health) == "answered: ok", "the front end is healthy")
            seen: dict[str, object] = {"both_healthy_after_s": (healthy_s := round(time.monotonic() - started, 1))}

            seen["name_outside"] = _look(networks.outside, by_name)
            by_address = f"http://{networks.backend_address}:{backend.port}{backend.probes.liveness.path}"
            seen["address_from_front_end"] = _look(networks.frontend, by_address)
            seen["address_outside"] = _look(networks.outside, by_address, wait_s=1)
            seen["chat_outside"] = _python(networks.outside, READ, chat)
    findings = [{"what": f"healthy only after {healthy_s} s"}] if healthy_s > HEALTHY_WITHIN_S else []
    write_result("separate_networks", {}, time.monotonic() - started, seen, findings)
    assert not findings
    assert "resolution" in str(seen["name_outside"]), "the name stands for something outside"
    assert str(seen["address_from_front_end"]).startswith("answered"), "else the next line says nothing"
    assert str(seen["address_outside"]).startswith("refused")
    assert seen["chat_outside"] == "answer-1"


@contextmanager
def _serve(namespace: str, name: str, folder: Path, **settings: str) -> Iterator[None]:
    """Run a process of the Procfile in a namespace and within its pod, at the port that it has by itself."""
    command = enter(namespace, ["sh", "-c", commands()[name]])
    environment = environment_of(APPLICATIONS[name], **settings)
    with (
        nullcontext() if why_not_limited() else limited(*PODS[name]) as pod,
        (folder / f"{name}.log").open("wb") as output,
    ):
        process = subprocess.Popen(
            pod.enclose(command) if pod else command, cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            yield
        finally:
            end(process)


def _look(namespace: str, url: str, wait_s: float = 5) -> str:
    return _python(namespace, LOOK, url, str(wait_s), options=("-I", "-S"))


def _python(namespace: str, program: str, *arguments: str, options: tuple[str, ...] = ()) -> str:
    """Run a program in a namespace and return what it printed."""
    command = enter(namespace, [sys.executable, *options, "-c", program, *arguments])
    done = subprocess.run(
        command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
