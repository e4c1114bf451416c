"""Workers and replicas are killed at any moment: no accepted job is lost, and no issue gets two pull requests."""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from coding_agent.jobs.job import ENDED
from coding_agent.tests.running_agent import (
    API_KEY,
    RunningAgent,
    answer,
    open_folder,
    running_agent,
    script_line,
    submission,
)
from coding_agent.tests.toy_repositories import TOYS

_TOY = TOYS[0]
_NAMES = ("api-0", "api-1", "worker-0", "worker-1")
_RESULTS = Path(__file__).parents[3] / "benchmarks" / "soak" / "coding_agent_kills.json"


@dataclass
class Tally:
    """What was done and what came of it."""

    kills: Counter[str]
    accepted: int = 0
    lost_jobs: int = 0
    duplicate_pull_requests: int = 0
    ends: Counter[str] | None = None
    attempts: Counter[int] | None = None


def submit(agent: RunningAgent, url: str, key: str) -> str:
    """Submit through whichever replica answers, again and again with the same key, as a client does."""
    for turn in range(200):
        try:
            address = agent.urls[turn % 2]
            accepted = httpx.post(
                f"{address}/fix-issue",
                json={"issue_url": url},
                headers={"X-API-Key": API_KEY, "Idempotency-Key": key},
                timeout=10,
            )
        except httpx.HTTPError:
            time.sleep(0.05)
            continue
        assert accepted.status_code in (200, 202), accepted.text
        job_id: str = accepted.json()["job_id"]
        return job_id
    raise AssertionError("no replica answers")


def start(agent: RunningAgent, name: str) -> None:
    kind, _, number = name.partition("-")
    if kind == "api":
        agent.start_api(int(number))
    else:
        agent.start_worker(int(number))


def job_of(agent: RunningAgent, job_id: str) -> dict[str, object] | None:
    with agent.client() as client:
        found = client.get(f"/jobs/{job_id}")
    return None if found.status_code == 404 else dict(found.raise_for_status().json())


def kill_and_count(kills: int, seed: int) -> Tally:
    chance = random.Random(seed)
    steps = [answer("sleep 0.3"), *(answer(command) for command in _TOY.fix), submission("Done.")]
    script = script_line(_TOY.title, *steps)
    tally = Tally(kills=Counter())
    with (
        open_folder() as folder,
        running_agent(folder, script, replicas=2, workers=2, tested=_TOY.name, lease_s="3") as agent,
    ):
        jobs: dict[str, str] = {}
        for number in range(kills):
            for _ in range(2):
                url = agent.add_toy(_TOY)
                jobs[url] = submit(agent, url, f"key-{number}-{len(jobs)}")
            time.sleep(chance.uniform(0.0, 1.5))
            name = chance.choice(_NAMES)
            agent.kill(name)
            tally.kills[name.partition("-")[0]] += 1
            time.sleep(chance.uniform(0.0, 0.5))
            start(agent, name)
        tally.accepted = len(jobs)
        deadline = time.monotonic() + 120 + 3 * len(jobs)
        ends: list[dict[str, object]] = []
        for job_id in jobs.values():
            while (job := job_of(agent, job_id)) is not None and job["status"] not in ENDED:
                assert time.monotonic() < deadline, (job, agent.log("worker-0")[-3000:])
                time.sleep(0.1)
            if job is None:
                tally.lost_jobs += 1
            else:
                ends.append(job)
        tally.ends = Counter(f"{job['status']} {job['error']['code'] if job['error'] else ''}".strip() for job in ends)  # type: ignore[index]
        tally.attempts = Counter(int(str(job["attempt"])) for job in ends)
        pulls = agent.github.state.repositories[f"acme/{_TOY.name}"].pulls.values()
        opened = Counter(pull.head.rpartition("-")[0] for pull in pulls)
        tally.duplicate_pull_requests = sum(count - 1 for count in opened.values())
        successes = sum(job["status"] == "success" for job in ends)
        assert len(opened) >= successes
    return tally


def check(tally: Tally) -> None:
    assert tally.lost_jobs == 0
    assert tally.duplicate_pull_requests == 0
    assert tally.ends is not None
    # A job whose worker was killed twice fails, and says so; nothing fails for another reason.
    assert set(tally.ends) <= {"success", "failed worker_lost"}


def test_no_job_is_lost_and_no_pull_request_opened_twice_when_processes_are_killed() -> None:
    check(kill_and_count(4, seed=20261127))


@pytest.mark.soak
def test_no_job_is_lost_over_two_hundred_kills() -> None:
    began = time.monotonic()
    tally = kill_and_count(200, seed=1)
    record = {
        "what": "SIGKILL of workers and replicas at random moments while jobs are submitted and run",
        "command": "make soak-services",
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "seconds": round(time.monotonic() - began),
        "kills": dict(tally.kills),
        "jobs_accepted": tally.accepted,
        "lost_jobs": tally.lost_jobs,
        "duplicate_pull_requests": tally.duplicate_pull_requests,
        "ends": dict(tally.ends or {}),
        "jobs_by_attempts": {str(key): count for key, count in sorted((tally.attempts or Counter()).items())},
    }
    _RESULTS.write_text(json.dumps(record, indent=2) + "\n")
    check(tally)
