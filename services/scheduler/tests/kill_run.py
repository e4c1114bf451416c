"""SIGKILL of workers, API replicas and Redis at random, while triggers tick: the processes and the kills."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from scheduler.tests.running_redis import RunningRedis, free_port

__all__ = ["Cluster", "Kill", "KillPlan", "kill_at_random", "register"]

_SERVICES = Path(__file__).parents[2]
_START_S = 60.0
_REPLICAS = 2
# Seconds that a role is away.
_AWAY_S = (1.0, 3.0)
_WEIGHTS = {"worker": 2, "api": 1, "redis": 1}
WORKSPACES = ("a", "ab", "abc", "b")


@dataclass(frozen=True, slots=True)
class KillPlan:
    """How many kills, and how far apart on average; `seed` makes victims and pauses the same again."""

    kills: int
    gap_s: float
    seed: int
    triggers: int = 20


@dataclass(frozen=True, slots=True)
class Kill:
    """What was killed when (seconds since 1970), and when it was started again."""

    role: str
    at: float
    again_at: float


@dataclass
class Cluster:
    """Redis, two API replicas and two workers of a test."""

    redis: RunningRedis
    folder: Path
    ports: tuple[int, ...] = field(default_factory=lambda: tuple(free_port() for _ in range(_REPLICAS)))
    _processes: dict[tuple[str, int], subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        """Start both roles, and wait until the API answers."""
        for number in range(_REPLICAS):
            self.start_one("api", number)
            self.start_one("worker", number)
        end = time.monotonic() + _START_S
        while not all(self._answers(port) for port in self.ports):
            assert time.monotonic() < end, (self.folder / "api-0.log").read_text()[-3000:]
            time.sleep(0.2)

    def start_one(self, role: str, number: int) -> None:
        """Start a process of a role."""
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            **self.redis.environment,
            "PYTHONPATH": str(_SERVICES),
            "SCHEDULER_PORT": str(self.ports[number]),
            "SCHEDULER_WORKER_PORT": "0",
            "SCHEDULER_ALLOW_PRIVATE_TARGETS": "true",
            "SCHEDULER_MIN_INTERVAL_S": "1",
            "SCHEDULER_LOCK_S": "3",
            "SCHEDULER_STALLED_S": "3",
            "SCHEDULER_RECONCILE_S": "5",
            "SCHEDULER_SPOOL_DIR": str(self.folder / f"spool-{number}"),
            # Nothing answers there: records wait on disk, and are no part of this.
            "SCHEDULER_S3_ENDPOINT": "http://127.0.0.1:9",
            "SCHEDULER_S3_ACCESS_KEY_ID": "none",
            "SCHEDULER_S3_SECRET_ACCESS_KEY": "none",
        }
        with (self.folder / f"{role}-{number}.log").open("ab") as log:
            command = [sys.executable, "-m", "scheduler", role]
            process = subprocess.Popen(command, env=environment, cwd=self.folder, stdout=log, stderr=log)
        self._processes[role, number] = process

    def kill_one(self, role: str, number: int) -> None:
        """End a process of a role with SIGKILL."""
        process = self._processes.pop((role, number))
        process.kill()
        process.wait()

    def ended_by_themselves(self) -> list[str]:
        """The processes that are not there although nobody killed them."""
        return [f"{role}-{number}" for (role, number), one in self._processes.items() if one.poll() is not None]

    def stop(self) -> None:
        """End all processes."""
        for role, number in list(self._processes):
            self.kill_one(role, number)

    @staticmethod
    def _answers(port: int) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


def register(cluster: Cluster, target: str, plan: KillPlan) -> Mapping[str, int]:
    """Register triggers of each second and one of each minute; return the seconds between ticks by key."""
    intervals: dict[str, int] = {}
    share = plan.triggers // len(WORKSPACES)
    for place, workspace in enumerate(WORKSPACES):
        triggers = [{"cron": "* * * * * *", "url": f"{target}/{workspace}/{index}"} for index in range(share)]
        if place == 0:
            triggers.append({"cron": "* * * * *", "url": f"{target}/{workspace}/minute"})
        url = f"http://127.0.0.1:{cluster.ports[place % 2]}/api/workspaces/{workspace}/triggers"
        answer = httpx.post(url, json={"triggers": triggers, "environment": "prod"}, timeout=30)
        assert answer.status_code == 200, answer.text
        intervals |= {f"{workspace}:prod:{index}": 1 for index in range(share)}
    return {**intervals, f"{WORKSPACES[0]}:prod:{share}": 60}


def kill_at_random(cluster: Cluster, plan: KillPlan) -> list[Kill]:
    """Kill and start again, as planned."""
    chance = random.Random(plan.seed)
    kills: list[Kill] = []
    for _ in range(plan.kills):
        time.sleep(plan.gap_s * chance.uniform(0.6, 1.4))
        [role] = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        number, away_s = chance.randrange(_REPLICAS), chance.uniform(*_AWAY_S)
        at = time.time()
        if role == "redis":
            cluster.redis.kill()
        else:
            cluster.kill_one(role, number)
        time.sleep(away_s)
        if role == "redis":
            cluster.redis.start()
        else:
            cluster.start_one(role, number)
        kills.append(Kill(role, at, time.time()))
    return kills


def kills_by_role(kills: list[Kill]) -> dict[str, int]:
    """How many kills each role had."""
    return dict(sorted(Counter(kill.role for kill in kills).items()))
