"""Jobs in one SQLite file: the embedded default, for a service of one machine."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from coding_agent.errors import CodingAgentError, JobNotFoundError, MoveRefusedError, StoreUnavailableError
from coding_agent.jobs import transitions
from coding_agent.jobs.bounds import kept_lines, pack, unpack
from coding_agent.jobs.codec import decode_record, encode_record
from coding_agent.jobs.cursor import from_cursor, to_cursor
from coding_agent.jobs.job import Job, JobStatus
from coding_agent.jobs.leased_store import LeasedStore
from coding_agent.jobs.record import Record, open_issue_key
from coding_agent.jobs.store import Artifact, Idempotency, JobPage, LogLine, QueueState, Submission

__all__ = ["SqliteStore"]

_SCHEMA_VERSION = 1
_BUSY_S = 10.0


class SqliteStore(LeasedStore):
    """A JobStore in a file; threads and processes of one machine share it. Its clock is the machine's.

    A write is on the disk when its method returns (WAL, `synchronous=FULL`). The file may be read and written by its
    owner only. Not for network file systems, which lock wrongly.
    """

    def __init__(self, path: Path, *, retention: timedelta, max_log_lines: int, max_artifact_bytes: int) -> None:
        self._path = path
        self._retention_s = retention.total_seconds()
        self._max_log_lines = max_log_lines
        self._max_artifact_bytes = max_artifact_bytes
        # One connection, one at a time: SQLite has one writer anyway, and no thread leaves a connection behind.
        self._lock = threading.Lock()
        try:
            path.touch(mode=0o600, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=64
            )
        except (OSError, sqlite3.Error) as error:
            raise self._unavailable(error) from error
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def submit(self, job: Job, idempotency: Idempotency | None = None) -> Submission:
        """Keep a pending job and queue it, unless its key or its open issue has one already."""
        with self._transaction("IMMEDIATE") as sql:
            now = time.time()
            if idempotency is not None and (sent := self._job_of_key(sql, idempotency, now)) is not None:
                return Submission(sent, created=False)
            issue = open_issue_key(job.request)
            row = sql.execute(
                "SELECT number, record FROM jobs WHERE issue = ? AND status IN ('pending', 'running')", (issue,)
            ).fetchone()
            created = row is None
            number, record = (
                (self._insert(sql, transitions.submitted(job, now), issue), job)
                if created
                else (row[0], decode_record(row[1]).job)
            )
            if idempotency is not None:
                sql.execute(
                    "INSERT OR REPLACE INTO idempotency_keys VALUES (?, ?, ?, ?, ?)",
                    (
                        idempotency.client,
                        idempotency.key,
                        idempotency.body_digest,
                        number,
                        now + self._retention_s,
                    ),
                )
            return Submission(record, created=created)

    def get(self, job_id: str) -> Job:
        """Return the job. Raises JobNotFoundError."""
        with self._transaction("DEFERRED") as sql:
            return _read(sql, job_id)[1].job

    def find(
        self,
        *,
        status: JobStatus | None = None,
        repository: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> JobPage:
        """Return jobs, newest first. Raises CodingAgentError `bad_cursor`."""
        wanted: list[tuple[str, str | int]] = []
        if status is not None:
            wanted.append(("status = ?", status.value))
        if repository is not None:
            wanted.append(("repository = ?", repository))
        if cursor is not None:
            wanted.append(("number < ?", from_cursor(cursor)))
        where = " AND ".join(condition for condition, _ in wanted) or "1"
        query = f"SELECT number, record FROM jobs WHERE {where} ORDER BY number DESC LIMIT ?"
        with self._transaction("DEFERRED") as sql:
            rows = sql.execute(query, [*(value for _, value in wanted), limit + 1]).fetchall()
        jobs = tuple(decode_record(text).job for _, text in rows[:limit])
        return JobPage(jobs, to_cursor(rows[limit - 1][0]) if len(rows) > limit else None)

    def claim(self, worker: str, lease_s: float) -> Job | None:
        """Take the oldest pending job for `lease_s` seconds."""
        head = "SELECT number, record FROM jobs WHERE status = 'pending' ORDER BY number LIMIT 1"
        with self._transaction("DEFERRED") as sql:
            # Idle workers ask often: looking takes no lock from those who write.
            if sql.execute(head).fetchone() is None:
                return None
        with self._transaction("IMMEDIATE") as sql:
            row = sql.execute(head).fetchone()
            if row is None:
                return None
            record = transitions.claimed(decode_record(row[1]), worker, lease_s, time.time())
            self._write(sql, row[0], record)
            return record.job

    def reap(self) -> Sequence[Job]:
        """Handle leases that have run out, and return those jobs; remove what is older than the retention."""
        reaped = []
        with self._transaction("IMMEDIATE") as sql:
            now = time.time()
            rows = sql.execute("SELECT number, record FROM jobs WHERE lease_until <= ?", (now,)).fetchall()
            for number, text in rows:
                old = decode_record(text)
                record = transitions.lost(old, now)
                if record is not old:
                    self._write(sql, number, record)
                    reaped.append(record.job)
            for table in ("jobs", "idempotency_keys", "deliveries"):
                sql.execute(f"DELETE FROM {table} WHERE expires_at <= ?", (now,))
        return reaped

    def append_log(self, job_id: str, lines: Sequence[str]) -> None:
        """Add lines to the job's log; beyond `max_log_lines` the oldest go. Raises JobNotFoundError."""
        with self._transaction("IMMEDIATE") as sql:
            row = sql.execute("SELECT number, log_count FROM jobs WHERE id = ?", (job_id,)).fetchone()
            if row is None:
                raise JobNotFoundError(job_id)
            job, count = row
            now = time.time()
            kept = kept_lines(lines)
            sql.executemany(
                "INSERT INTO log_lines VALUES (?, ?, ?, ?)",
                ((job, number, now, text) for number, text in enumerate(kept, count + 1)),
            )
            count += len(kept)
            sql.execute("DELETE FROM log_lines WHERE job = ? AND number <= ?", (job, count - self._max_log_lines))
            sql.execute("UPDATE jobs SET log_count = ? WHERE number = ?", (count, job))

    def read_log(self, job_id: str, *, after: int = 0, tail: int | None = None) -> Sequence[LogLine]:
        """Return the lines numbered above `after`, of them the last `tail`. Raises JobNotFoundError."""
        with self._transaction("DEFERRED") as sql:
            job, _ = _read(sql, job_id)
            rows = sql.execute(
                "SELECT number, at, text FROM log_lines WHERE job = ? AND number > ? ORDER BY number DESC LIMIT ?",
                (job, after, -1 if tail is None else max(tail, 0)),
            ).fetchall()
        return [LogLine(*row) for row in reversed(rows)]

    def put_artifact(self, job_id: str, artifact: Artifact, data: bytes) -> None:
        """Keep an artifact, in place of an earlier one. Raises JobNotFoundError; `artifact_too_large`."""
        packed = pack(artifact, data, self._max_artifact_bytes)
        with self._transaction("IMMEDIATE") as sql:
            job, _ = _read(sql, job_id)
            sql.execute("INSERT OR REPLACE INTO artifacts VALUES (?, ?, ?)", (job, artifact.value, packed))

    def get_artifact(self, job_id: str, artifact: Artifact) -> bytes | None:
        """Return an artifact, or None while there is none. Raises JobNotFoundError."""
        with self._transaction("DEFERRED") as sql:
            job, _ = _read(sql, job_id)
            row = sql.execute("SELECT data FROM artifacts WHERE job = ? AND name = ?", (job, artifact.value)).fetchone()
        return None if row is None else unpack(row[0])

    def first_sight(self, delivery_id: str, ttl_s: float) -> bool:
        """Return whether this delivery was never seen in the last `ttl_s` seconds, and remember it."""
        with self._transaction("IMMEDIATE") as sql:
            now = time.time()
            seen = sql.execute("SELECT 1 FROM deliveries WHERE id = ? AND expires_at > ?", (delivery_id, now))
            if seen.fetchone() is not None:
                return False
            sql.execute("INSERT OR REPLACE INTO deliveries VALUES (?, ?)", (delivery_id, now + ttl_s))
            return True

    def queue_state(self) -> QueueState:
        """Return counts by status, and how long the oldest pending job has waited."""
        with self._transaction("DEFERRED") as sql:
            counts = dict(sql.execute("SELECT status, count(*) FROM jobs GROUP BY status").fetchall())
            (oldest,) = sql.execute("SELECT min(queued_at) FROM jobs WHERE status = 'pending'").fetchone()
        waited = 0.0 if oldest is None else max(0.0, time.time() - oldest)
        return QueueState({status: counts.get(status.value, 0) for status in JobStatus}, waited)

    def ping(self) -> None:
        """Return when the file can be read."""
        with self._transaction("DEFERRED") as sql:
            sql.execute("SELECT 1 FROM jobs LIMIT 1").fetchone()

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._connection.close()

    def _change(self, job_id: str, step: Callable[[Record, float], Record]) -> Record:
        with self._transaction("IMMEDIATE") as sql:
            number, old = _read(sql, job_id)
            record = step(old, time.time())
            if record is not old:
                self._write(sql, number, record)
            return record

    def _prepare(self) -> None:
        with self._lock:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.execute("PRAGMA foreign_keys = ON")
            except sqlite3.Error as error:
                raise self._unavailable(error) from error
        with self._transaction("IMMEDIATE") as sql:
            (version,) = sql.execute("PRAGMA user_version").fetchone()
            if version == 0:
                schema = Path(__file__).with_name("sqlite_schema.sql").read_text("utf-8")
                # Not `executescript`, which would commit first: two processes may find the file empty.
                for statement in filter(str.strip, schema.split(";\n")):
                    sql.execute(statement)
                sql.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
            elif version != _SCHEMA_VERSION:
                raise StoreUnavailableError(
                    f"{self._path} was written by another version of the service (schema {version}); move it away"
                )

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._connection.execute(f"BEGIN {kind}")
                yield self._connection
                self._connection.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise self._unavailable(error) from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        # A closed connection says so when it is asked, and has nothing to roll back.
        with suppress(sqlite3.ProgrammingError):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _unavailable(self, error: Exception) -> StoreUnavailableError:
        return StoreUnavailableError(f"The file of jobs {self._path} cannot be used: {error}")

    def _job_of_key(self, sql: sqlite3.Connection, idempotency: Idempotency, now: float) -> Job | None:
        row = sql.execute(
            "SELECT body_digest, record FROM idempotency_keys AS k JOIN jobs AS j ON j.number = k.job"
            " WHERE k.client = ? AND k.key = ? AND k.expires_at > ?",
            (idempotency.client, idempotency.key, now),
        ).fetchone()
        if row is None:
            return None
        if row[0] != idempotency.body_digest:
            raise CodingAgentError("idempotency_mismatch", "This Idempotency-Key was sent with another body before")
        return decode_record(row[1]).job

    def _insert(self, sql: sqlite3.Connection, record: Record, issue: str) -> int:
        job = record.job
        if sql.execute("SELECT 1 FROM jobs WHERE id = ?", (job.id,)).fetchone() is not None:
            raise MoveRefusedError(f"There is a job {job.id} already")
        number = sql.execute(
            "INSERT INTO jobs (id, record, status, repository, issue, queued_at) VALUES (?, ?, ?, ?, ?, ?)",
            (job.id, encode_record(record), job.status.value, job.request.issue.repository, issue, record.queued_at),
        ).lastrowid
        assert number is not None
        return number

    def _write(self, sql: sqlite3.Connection, number: int, record: Record) -> None:
        ended_at = record.job.ended_at
        sql.execute(
            "UPDATE jobs SET record = ?, status = ?, queued_at = ?, lease_until = ?, expires_at = ? WHERE number = ?",
            (
                encode_record(record),
                record.job.status.value,
                record.queued_at,
                record.lease_until,
                None if ended_at is None else ended_at.timestamp() + self._retention_s,
                number,
            ),
        )


def _read(sql: sqlite3.Connection, job_id: str) -> tuple[int, Record]:
    row = sql.execute("SELECT number, record FROM jobs WHERE id = ?", (job_id,)).fetchone()
    if row is None:
        raise JobNotFoundError(job_id)
    return row[0], decode_record(row[1])
