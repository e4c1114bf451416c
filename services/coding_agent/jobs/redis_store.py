"""Jobs in Redis: for several replicas of the service.

Redis must keep what it has acknowledged. A server of one's own needs `appendonly yes` (with `appendfsync everysec` the
crash of its machine, not of its process, can lose the last second; `always` loses none) and `maxmemory-policy
noeviction`: any other policy removes jobs when memory is short. Amazon MemoryDB has both by its nature; it is asked as
one shard, where all our keys are in one slot by their tag. `durability_warnings` says what a server lacks.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from coding_agent.errors import CodingAgentError, JobNotFoundError, MoveRefusedError
from coding_agent.jobs import transitions
from coding_agent.jobs.bounds import kept_lines, pack, unpack
from coding_agent.jobs.codec import decode_record, encode_record
from coding_agent.jobs.cursor import from_cursor, to_cursor
from coding_agent.jobs.job import Job, JobStatus
from coding_agent.jobs.leased_store import LeasedStore
from coding_agent.jobs.record import Record, open_issue_key
from coding_agent.jobs.redis_connection import connect, store_errors
from coding_agent.jobs.store import Artifact, Idempotency, JobPage, LogLine, QueueState, Submission

__all__ = ["RedisStore"]

_LOG = logging.getLogger(__name__)
_PREFIX = "{coding-agent}:"
_SCRIPTS = Path(__file__).with_name("lua")
_FORGOTTEN_AT_ONCE = 100


class RedisStore(LeasedStore):
    """A JobStore in Redis 6.2 or later; threads, processes and machines share it. Its clock is the server's.

    A change reads a record with its revision, decides in Python, and is committed by a script only if the revision is
    still that one; whoever was slower decides again. Each call carries a token, so that one that is sent again because
    its reply was lost is not done twice.
    """

    def __init__(self, url: str, *, retention: timedelta, max_log_lines: int, max_artifact_bytes: int) -> None:
        self._url = url
        self._retention_ms = max(1, int(retention.total_seconds() * 1000))
        self._max_log_lines = max_log_lines
        self._max_artifact_bytes = max_artifact_bytes
        self._redis = connect(url)
        self._submit = self._script("submit")
        self._commit = self._script("commit")
        self._find = self._script("find")
        self._forget = self._script("forget")
        self._append_log = self._script("append_log")
        self._read_log = self._script("read_log")
        self._put_artifact = self._script("put_artifact")

    def submit(self, job: Job, idempotency: Idempotency | None = None) -> Submission:
        """Keep a pending job and queue it, unless its key or its open issue has one already."""
        with store_errors(self._url):
            record = transitions.submitted(job, self._now())
            outcome, text = self._submit(
                keys=[_key("job", job.id)],
                args=[
                    _PREFIX,
                    job.id,
                    secrets.token_hex(8),
                    encode_record(record),
                    job.request.issue.repository,
                    open_issue_key(job.request),
                    repr(record.queued_at),
                    "" if idempotency is None else _digest(idempotency.client, idempotency.key),
                    "" if idempotency is None else idempotency.body_digest,
                    self._retention_ms,
                ],
            )
        if outcome == b"mismatch":
            raise CodingAgentError("idempotency_mismatch", "This Idempotency-Key was sent with another body before")
        if outcome == b"taken":
            raise MoveRefusedError(f"There is a job {job.id} already")
        return Submission(decode_record(text).job, created=outcome == b"created")

    def get(self, job_id: str) -> Job:
        """Return the job. Raises JobNotFoundError."""
        with store_errors(self._url):
            text: Any = self._redis.hget(_key("job", job_id), "record")
        if text is None:
            raise JobNotFoundError(job_id)
        return decode_record(text).job

    def find(
        self,
        *,
        status: JobStatus | None = None,
        repository: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """Return jobs, newest first. Raises CodingAgentError `bad_cursor`."""
        parts = ["jobs"]
        if status is not None and repository is not None:
            parts = ["repository-status", repository, status.value]
        elif repository is not None:
            parts = ["repository", repository]
        elif status is not None:
            parts = ["status", status.value]
        below = "+inf" if cursor is None else f"({from_cursor(cursor)}"
        with store_errors(self._url):
            found = self._find(keys=[_key(*parts)], args=[_PREFIX, below, limit + 1])
        jobs = tuple(decode_record(text).job for text in found[1 : 2 * limit : 2])
        return JobPage(jobs, to_cursor(int(found[2 * limit - 2])) if len(found) > 2 * limit else None)

    def claim(self, worker: str, lease_s: float) -> Job | None:
        """Take the oldest pending job for `lease_s` seconds."""
        queue = _key("status", JobStatus.PENDING)
        while True:
            with store_errors(self._url):
                head: Any = self._redis.zrange(queue, 0, 0)
            if not head:
                return None
            job_id = head[0].decode()
            try:
                return self._change(job_id, lambda old, now: transitions.claimed(old, worker, lease_s, now)).job
            except MoveRefusedError:
                continue  # another worker was faster: look again
            except JobNotFoundError:
                self._drop(job_id)

    def reap(self) -> Sequence[Job]:
        """Handle leases that have run out, and return those jobs; remove what is older than the retention."""
        reaped = []
        with store_errors(self._url):
            now = self._now()
            run_out: Any = self._redis.zrangebyscore(_key("leases"), "-inf", now)
        for job_id in (member.decode() for member in run_out):
            before: list[Record] = []

            def step(old: Record, now: float, before: list[Record] = before) -> Record:
                before[:] = [old]
                return transitions.lost(old, now)

            try:
                record = self._change(job_id, step)
            except JobNotFoundError:
                self._drop(job_id)
                continue
            if record is not before[0]:
                reaped.append(record.job)
        with store_errors(self._url):
            while self._forget(keys=[_key("expiring")], args=[_PREFIX, now, _FORGOTTEN_AT_ONCE]) == _FORGOTTEN_AT_ONCE:
                pass
        return reaped

    def append_log(self, job_id: str, lines: Sequence[str]) -> None:
        """Add lines to the job's log; beyond `max_log_lines` the oldest go. Raises JobNotFoundError."""
        with store_errors(self._url):
            kept = self._append_log(
                keys=[_key("job", job_id), _key("log", job_id)],
                args=[secrets.token_hex(8), self._max_log_lines, *kept_lines(lines)],
            )
        if not kept:
            raise JobNotFoundError(job_id)

    def read_log(self, job_id: str, *, after: int = 0, tail: int | None = None) -> Sequence[LogLine]:
        """Return the lines numbered above `after`, of them the last `tail`. Raises JobNotFoundError."""
        with store_errors(self._url):
            found = self._read_log(
                keys=[_key("job", job_id), _key("log", job_id)],
                args=[max(after, 0), "" if tail is None else max(tail, 0)],
            )
        if not found:
            raise JobNotFoundError(job_id)
        first, *lines = found
        return [
            LogLine(number, float(at), text.decode())
            for number, (at, _, text) in enumerate((line.partition(b" ") for line in lines), first)
        ]

    def put_artifact(self, job_id: str, artifact: Artifact, data: bytes) -> None:
        """Keep an artifact, in place of an earlier one. Raises JobNotFoundError; `artifact_too_large`."""
        packed = pack(artifact, data, self._max_artifact_bytes)
        with store_errors(self._url):
            keys = [_key("job", job_id), _key("artifacts", job_id)]
            kept = self._put_artifact(keys=keys, args=[artifact.value, packed])
        if not kept:
            raise JobNotFoundError(job_id)

    def get_artifact(self, job_id: str, artifact: Artifact) -> bytes | None:
        """Return an artifact, or None while there is none. Raises JobNotFoundError."""
        with store_errors(self._url), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.exists(_key("job", job_id))
            pipeline.hget(_key("artifacts", job_id), artifact.value)
            exists, data = pipeline.execute()
        if not exists:
            raise JobNotFoundError(job_id)
        return None if data is None else unpack(data)

    def first_sight(self, delivery_id: str, ttl_s: float) -> bool:
        """Return whether this delivery was never seen in the last `ttl_s` seconds, and remember it."""
        # The value tells a call that is sent again, because its reply was lost, from a second delivery.
        token = secrets.token_hex(8).encode()
        key = _key("delivery", _digest(delivery_id))
        with store_errors(self._url), self._redis.pipeline(transaction=True) as pipeline:
            pipeline.set(key, token, nx=True, px=max(1, int(ttl_s * 1000)))
            pipeline.get(key)
            _, value = pipeline.execute()
        return bool(value == token)

    def queue_state(self) -> QueueState:
        """Return counts by status, and how long the oldest pending job has waited."""
        with store_errors(self._url), self._redis.pipeline(transaction=True) as pipeline:
            for status in JobStatus:
                pipeline.zcard(_key("status", status))
            pipeline.zrange(_key("waiting"), 0, 0, withscores=True)
            pipeline.time()
            *counts, oldest, time = pipeline.execute()
        waited = max(0.0, _seconds(time) - oldest[0][1]) if oldest else 0.0
        return QueueState(dict(zip(JobStatus, counts, strict=True)), waited)

    def ping(self) -> None:
        """Return when Redis answers."""
        with store_errors(self._url):
            self._redis.ping()

    def close(self) -> None:
        """Give the connections back."""
        self._redis.close()

    def durability_warnings(self) -> Sequence[str]:
        """Return what the server lacks for losing no job, each with its remedy; nothing when all is well."""
        with store_errors(self._url):
            info: Any = self._redis.info()
        warnings = []
        policy = info.get("maxmemory_policy", "unknown")
        if policy != "noeviction":
            warnings.append(f"Redis removes jobs when memory is short: set maxmemory-policy noeviction (is {policy})")
        on_memory_db = ".memorydb." in (urlsplit(self._url).hostname or "")
        if not info.get("aof_enabled") and not on_memory_db:
            warnings.append("Redis forgets jobs when it restarts: set appendonly yes, or use Amazon MemoryDB")
        return warnings

    def _change(self, job_id: str, step: Callable[[Record, float], Record]) -> Record:
        key = _key("job", job_id)
        # It ends: whenever one is too slow another has changed the job.
        while True:
            with store_errors(self._url):
                with self._redis.pipeline(transaction=False) as pipeline:
                    pipeline.hmget(key, "record", "revision")
                    pipeline.time()
                    (text, revision), time = pipeline.execute()
                if text is None:
                    raise JobNotFoundError(job_id)
                old = decode_record(text)
                record = step(old, _seconds(time))
                if record is old:
                    return old
                done = self._commit(keys=[key], args=[_PREFIX, job_id, revision, *self._committed(record)])
            if done < 0:
                raise JobNotFoundError(job_id)
            if done:
                return record

    def _committed(self, record: Record) -> list[str | int]:
        job = record.job
        ended = job.ended_at
        return [
            secrets.token_hex(8),
            encode_record(record),
            job.status.value,
            repr(record.queued_at) if job.status is JobStatus.PENDING else "",
            "" if record.lease_until is None else repr(record.lease_until),
            "" if ended is None else self._retention_ms,
            "" if ended is None else repr(ended.timestamp() + self._retention_ms / 1000),
        ]

    def _drop(self, job_id: str) -> None:
        _LOG.error("job %s is gone from Redis while it was pending or running: does the server evict?", job_id)
        with store_errors(self._url), self._redis.pipeline(transaction=True) as pipeline:
            for index in ("jobs", "status:pending", "status:running", "waiting", "leases"):
                pipeline.zrem(_key(index), job_id)
            pipeline.execute()

    def _now(self) -> float:
        time: Any = self._redis.time()
        return _seconds(time)

    def _script(self, name: str) -> Callable[..., Any]:
        # Registering sends nothing; a server that does not know a script yet is sent it.
        return self._redis.register_script((_SCRIPTS / f"{name}.lua").read_text("utf-8"))


def _key(*parts: str) -> str:
    return _PREFIX + ":".join(parts)


def _digest(*parts: str) -> str:
    # What a caller sent has no length of ours: a digest has, and no two of these are equal by chance.
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


def _seconds(time: tuple[int, int]) -> float:
    return time[0] + time[1] / 1_000_000
