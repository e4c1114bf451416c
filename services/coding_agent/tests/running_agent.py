"""The whole service as processes: replicas of the API, workers, Redis, and our own GitHub beside them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from coding_agent.jobs.job import ENDED
from coding_agent.tests.fake_github import FakeGitHub
from coding_agent.tests.git_server import GitServer
from coding_agent.tests.redis_server import free_port, redis_server
from coding_agent.tests.toy_repositories import TEST_COMMAND, ToyRepository, write_bare

__all__ = [
    "API_KEY",
    "GITHUB_TOKEN",
    "RunningAgent",
    "answer",
    "open_folder",
    "running_agent",
    "script_line",
    "submission",
]

API_KEY = "an-api-key-" + "7" * 24
GITHUB_TOKEN = "ghp_" + "Canary0" * 6
SERVICES = Path(__file__).parents[2]

_START_S = 60.0


def answer(command: str, thought: str = "") -> str:
    """Return what a model answers that wants this command run."""
    return f"{thought or 'Next step.'}\n\n```bash\n{command}\n```"


def submission(summary: str) -> str:
    """Return the answer that ends the work."""
    return answer(f"echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT\ncat <<'EOF'\n{summary}\nEOF")


def script_line(when: str, *answers: str) -> str:
    """Return a line of the scripted model's file."""
    return json.dumps({"when": when, "answers": answers})


@dataclass
class RunningAgent:
    """What runs, and how tests reach it. Processes are started and killed by name: `api-0`, `worker-0`, …"""

    folder: Path
    environment: dict[str, str]
    github: FakeGitHub
    git: GitServer
    urls: list[str] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)

    def start_api(self, number: int) -> None:
        """Start a replica, and return when it answers."""
        name = f"api-{number}"
        port = self.ports.setdefault(name, free_port())
        environment = {**self.environment, "CODING_AGENT_WORKERS": "0"}
        command = ["-m", "uvicorn", "coding_agent.backend:app", "--host", "127.0.0.1", "--port", str(port)]
        self._start(name, [*command, "--log-level", "warning"], environment)
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{url}/healthz", timeout=5).status_code == 200:
                    break
            if self.processes[name].poll() is not None:
                raise RuntimeError(f"{name} ended: {self.log(name)[-2000:]}")
            time.sleep(0.05)
        if url not in self.urls:
            self.urls.append(url)

    def start_worker(self, number: int) -> None:
        """Start a worker process."""
        self._start(f"worker-{number}", ["-m", "coding_agent", "worker"], self.environment)

    def kill(self, name: str) -> None:
        """Kill a process as a crash would."""
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def terminate(self, name: str) -> int:
        """End a process as a deployment would, and return its exit code."""
        process = self.processes.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(120)

    def log(self, name: str) -> str:
        """Return what a process has written so far."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def client(self, replica: int = 0) -> httpx.Client:
        """Return a client of a replica."""
        return httpx.Client(base_url=self.urls[replica], headers={"X-API-Key": API_KEY}, timeout=30)

    def add_toy(self, toy: ToyRepository, title: str | None = None) -> str:
        """Put a repository and its issue onto GitHub, and return the issue's address."""
        if f"acme/{toy.name}" not in self.github.state.repositories:
            write_bare(toy, self.folder / "git")
            self.github.state.add_repository(f"acme/{toy.name}")
        number = self.github.state.add_issue(f"acme/{toy.name}", title or toy.title, toy.body)
        return f"https://github.com/acme/{toy.name}/issues/{number}"

    def wait_for_end(self, job_id: str, seconds: float = 120, replica: int = 0) -> dict[str, object]:
        """Return the job once it has ended."""
        deadline = time.monotonic() + seconds
        with self.client(replica) as client:
            while time.monotonic() < deadline:
                job: dict[str, object] = client.get(f"/jobs/{job_id}").raise_for_status().json()
                if job["status"] in ENDED:
                    return job
                if ended := [name for name, process in self.processes.items() if process.poll() is not None]:
                    raise AssertionError(f"{ended[0]} has ended: {self.log(ended[0])[-2000:]}")
                time.sleep(0.2)
            log = client.get(f"/jobs/{job_id}/logs").text
        raise AssertionError(f"job {job_id} has not ended in {seconds} s: {job} {log[-2000:]}")

    def close(self) -> None:
        """End every process."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, name: str, command: list[str], environment: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, *command], env=environment, stdout=log, stderr=log, cwd=self.folder
            )


@contextlib.contextmanager
def open_folder() -> Iterator[Path]:
    """Yield a folder that other users may pass, as commands are when we are root; pytest's own they may not."""
    with tempfile.TemporaryDirectory(prefix="agent-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@contextlib.contextmanager
def running_agent(
    folder: Path, script: str, *, replicas: int = 2, workers: int = 1, **settings: str
) -> Iterator[RunningAgent]:
    """Run the service on Redis and the scripted model; skipped where an engine is missing."""
    if missing := [program for program in ("bwrap", "git", "redis-server") if shutil.which(program) is None]:
        pytest.skip(f"{', '.join(missing)} is not installed")
    (folder / "model.jsonl").write_text(script)
    (folder / "git").mkdir()
    with (
        redis_server(folder, "--appendonly", "yes", "--appendfsync", "always") as redis_url,
        FakeGitHub(folder / "git") as github,
        GitServer(folder / "git", github.state.accepts) as git,
    ):
        github.state.add_token(GITHUB_TOKEN, "coding-agent-bot")
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(SERVICES),
            "CODING_AGENT_STORE": redis_url,
            "CODING_AGENT_API_KEY_DIGESTS": f"tests:{hashlib.sha256(API_KEY.encode()).hexdigest()}",
            "CODING_AGENT_RATE_LIMIT_PER_KEY": "100000/minute",
            "CODING_AGENT_RATE_LIMIT_PER_REPOSITORY": "100000/minute",
            "CODING_AGENT_GITHUB_API_URL": github.url,
            "CODING_AGENT_GITHUB_GIT_URL": git.url,
            "CODING_AGENT_GITHUB_TOKEN": GITHUB_TOKEN,
            "CODING_AGENT_REPOSITORIES": "acme/*",
            "CODING_AGENT_MODEL": "scripted",
            "CODING_AGENT_MODEL_SCRIPT": str(folder / "model.jsonl"),
            "CODING_AGENT_WORKSPACE": str(folder / "workspace"),
            "CODING_AGENT_TEST_COMMANDS": json.dumps(
                {f"acme/{line}": TEST_COMMAND for line in settings.pop("tested", "").split(",") if line}
            ),
            **{f"CODING_AGENT_{name.upper()}": value for name, value in settings.items()},
        }
        agent = RunningAgent(folder, environment, github, git)
        try:
            for number in range(replicas):
                agent.start_api(number)
            for number in range(workers):
                agent.start_worker(number)
            yield agent
        finally:
            agent.close()
