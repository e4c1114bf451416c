"""The Procfile's processes, run as they are written there: what a test needs to know of them."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Any

import httpx

from finrag_ml_tg1.operations.deployment.descriptor import Application, read_descriptor
from tests.local_processes import clean_environment, free_port
from tests.sample_index import ROOT

__all__ = ["APPLICATIONS", "PODS", "ask", "commands", "environment_of", "free_base_port", "is_healthy"]

_DESCRIBED = read_descriptor(ROOT / "sevalla.yml").applications
APPLICATIONS = {"web": _DESCRIBED.backend, "frontend": _DESCRIBED.frontend}
# Memory in MiB and CPUs; the front end's is less than its size of today, which has 1000.
PODS = {"web": (2000, 1.0), "frontend": (512, 0.5)}


def commands() -> dict[str, str]:
    """Return the processes' commands by name."""
    lines = [line for line in (ROOT / "Procfile").read_text().splitlines() if not line.startswith("#")]
    return {name: command for name, _, command in (line.partition(": ") for line in lines)}


def environment_of(application: Application, **settings: str) -> dict[str, str]:
    """Return the environment that an application has on the platform, this Python's programs first on its path."""
    described = {each.name: each.value for each in application.variables if each.value is not None}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return clean_environment(**described, **application.threads, PATH=path) | settings


def free_base_port(distance: int = 100) -> int:
    """Return a port that nothing listens on, nor on the one `distance` above."""
    while True:
        port = free_port()
        with socket.socket() as probe:
            if port + distance < 65536 and probe.connect_ex(("127.0.0.1", port + distance)):
                return port


def is_healthy(application: Application, url: str) -> bool:
    """Whether an application's readiness probe would pass; its body too, where that is described."""
    probe = application.probes.readiness
    try:
        answer = httpx.get(url + probe.path, trust_env=False, timeout=2)
    except httpx.TransportError:
        return False
    return answer.is_success and probe.body in {None, answer.text}


def ask(url: str, question: str) -> dict[str, Any]:
    """Return the back end's answer to a question."""
    asked = httpx.post(f"{url}/query", json={"question": question}, trust_env=False, timeout=60)
    answer: dict[str, Any] = asked.raise_for_status().json()
    return answer
