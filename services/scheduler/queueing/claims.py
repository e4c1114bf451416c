"""Who runs a job, and how its attempt ended where BullMQ could not be told: no call is made again for nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from redis.asyncio import Redis

__all__ = ["OUTCOME_FIELD", "Claim", "Claims", "Outcome"]

# Beside BullMQ's own fields of a job; it goes when the job goes.
OUTCOME_FIELD = "outcome"

# Renews a job's lock, also one that ran out while nobody else took the job: BullMQ renews only locks that are there.
_HOLD = """
local lock = redis.call('GET', KEYS[2])
if lock ~= ARGV[1] and (lock or not redis.call('LPOS', KEYS[3], ARGV[2])) then return {0, false} end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])
redis.call('SREM', KEYS[4], ARGV[2])
return {1, redis.call('HGET', KEYS[1], 'outcome')}
"""

# Keeps an outcome unless the job is gone, has ended, or is at another attempt by now.
_KEEP = """
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local job = redis.call('HMGET', KEYS[1], 'finishedOn', 'atm')
if job[1] or tonumber(job[2] or 0) + 1 ~= tonumber(ARGV[1]) then return 0 end
redis.call('HSET', KEYS[1], 'outcome', ARGV[2])
return 1
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended."""

    attempt: int
    kind: Literal["completed", "failed", "retry", "later"]
    result: Mapping[str, object] = field(default_factory=dict)
    reason: str = ""
    after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a job is ours, and the outcome that a former worker kept of an attempt."""

    ours: bool
    outcome: Outcome | None


class Claims:
    """Locks and outcomes of the jobs of one queue; `keys` are BullMQ's names of it in Redis."""

    def __init__(self, redis: Redis, keys: Mapping[str, str], *, lock_ms: int) -> None:
        self._keys = keys
        self._lock_ms = lock_ms
        self._hold = redis.register_script(_HOLD)
        self._keep = redis.register_script(_KEEP)

    async def hold(self, job_id: str, token: str) -> Claim:
        """Keep a job for another lock duration, and say whether it is still ours."""
        job = self._keys[""] + job_id
        keys = [job, f"{job}:lock", self._keys["active"], self._keys["stalled"]]
        ours, kept = await self._hold(keys=keys, args=[token, job_id, self._lock_ms])
        return Claim(bool(ours), Outcome(**json.loads(kept)) if kept else None)

    async def keep(self, job_id: str, outcome: Outcome) -> bool:
        """Keep an outcome for whoever takes the job next; return whether it is still wanted."""
        text = json.dumps(asdict(outcome))
        return bool(await self._keep(keys=[self._keys[""] + job_id], args=[outcome.attempt, text]))
