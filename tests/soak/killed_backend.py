"""A back end on a cache folder that it inherits from those that were killed before it."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.local_processes import end, free_port, wait_until
from tests.soak.random_kill import NEVER, start_program, steps_done

__all__ = ["QUESTIONS", "KilledBackend"]

QUESTIONS = (
    "How many employees does Orquenna have in fiscal 2024?",
    "What are the main risk factors of Tarrendray?",
    "Which companies mention tariffs as a risk?",
    "What was the revenue of Tarrendray in fiscal 2024?",
)
_READY_S = 120.0


@dataclass(slots=True)
class KilledBackend:
    """Starts back ends, one after the other, in `folder`; the steps that are counted are of the files in `prefixes`."""

    store: str
    folder: Path
    prefixes: list[str]
    access: Mapping[str, str]
    url: str = ""
    process: subprocess.Popen[bytes] | None = None

    @property
    def cache(self) -> Path:
        """The folder that all of them use."""
        return self.folder / "cache"

    @property
    def steps(self) -> int:
        """How many steps the one that was started last has done."""
        return steps_done(self.folder / "steps")

    @property
    def log(self) -> str:
        """What they have printed."""
        return (self.folder / "steps.log").read_text(errors="replace")

    def start(self, step: int = NEVER) -> None:
        """Start one that kills itself before that step."""
        port = free_port()
        settings = {"FINRAG_STORE": self.store, "FINRAG_CACHE_DIR": str(self.cache), "FINRAG_REFRESH_S": "0.2"}
        settings |= dict(self.access)
        counter = self.folder / "steps"
        self.process = start_program("backend", [str(port)], step, self.prefixes, counter, **settings)
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_ready(self, version: str | None = None) -> bool:
        """Return true once it is ready, with that version where one is named; false when it has ended before."""
        wait_until(lambda: self.has_ended or self._is_ready(version), "the back end is ready", _READY_S)
        return not self.has_ended

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended, however."""
        assert self.process is not None
        return self.process.poll() is not None

    def kill(self) -> bool:
        """Kill it, if it has not ended; return whether it ended by SIGKILL."""
        assert self.process is not None
        self.process.kill()
        return self.process.wait() == -signal.SIGKILL

    def stop(self) -> None:
        """Tell it to end, and wait for that."""
        if self.process is not None:
            end(self.process)

    def answers(self) -> list[dict[str, Any]]:
        """What it answers, without what differs each time."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=60) as client:
            bodies = [{"question": question} for question in QUESTIONS]
            responses = [client.post("/query", json=body).raise_for_status().json() for body in bodies]
        for response in responses:
            del response["request_id"]
            for name in ("timings_ms", "timestamp", "processing_time_ms"):
                del response["metadata"][name]
        return responses

    def _is_ready(self, version: str | None) -> bool:
        """Asked often, so by the plain client: the other one takes longer to make than the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", int(self.url.rpartition(":")[2]), timeout=5)
        try:
            connection.request("GET", "/health")
            response = connection.getresponse()
            health = json.loads(response.read())
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
        return response.status == httpx.codes.OK and version in (None, health["index_version"])
