"""The jobs of a store: taken one at a time under a lease, and told of whichever service runs or ran them."""

from __future__ import annotations

import os
import secrets
import socket
import threading
from datetime import timedelta
from itertools import islice
from typing import Any

from finrag_ml_tg1.errors import FinRAGError, PreconditionFailedError
from finrag_ml_tg1.loaders.lease import HeldLease, read_lease, take_lease, utc_now
from finrag_ml_tg1.loaders.object_store import ObjectStore
from serving.indexer.records import JobRecords, StoredJob, new_job_id
from serving.indexer.running import RunningJob
from serving.indexer.schemas import Job, JobKind

__all__ = ["LEASE_KEY", "Jobs", "KeyUsedError"]

LEASE_KEY = "leases/indexer.json"
INTERRUPTED = "interrupted: its service ended before the job did; what it wrote is whole, post it again"

_BEATS = 3  # renewals within the time of a lease
_END_S = 15.0


class KeyUsedError(FinRAGError):
    """An Idempotency-Key came again with another request."""


class Jobs:
    """What the routes work on; any method may be called from any thread and raises StoreError."""

    def __init__(self, store: ObjectStore, lease_s: int) -> None:
        self._store = store
        self._records = JobRecords(store)
        self._lease_s = lease_s
        self._owner = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._running: RunningJob | None = None
        self._posting = threading.Lock()

    def post(self, kind: JobKind, request: dict[str, Any], idempotency_key: str | None) -> Job:
        """Begin a job and return it; with a key that was given before, the job it was given for, whatever became of it.

        Raises LeaseHeldError while another job runs, KeyUsedError for a key that was given with another request.
        """
        with self._posting:
            posted = self._posted(kind, request, idempotency_key)
            if posted is not None:
                return posted
            now = utc_now()
            job = Job(
                job_id=new_job_id(now), kind=kind, status="queued", request=request, owner=self._owner, created_at=now
            )
            lease = take_lease(
                self._store,
                LEASE_KEY,
                holder=self._owner,
                purpose=job.job_id,
                duration=timedelta(seconds=self._lease_s),
            )
            try:
                # By another service, between the look above and the lease.
                return self._posted(kind, request, idempotency_key, lease) or self._begin(job, lease, idempotency_key)
            except BaseException:
                lease.release()
                raise

    def find(self, job_id: str) -> Job | None:
        """Return a job as it stands; None when there is none with this id. One whose service is gone has failed."""
        running = self._running
        if running is not None and running.job.job_id == job_id:
            return running.job
        stored = self._records.read(job_id)
        if stored is None or stored.job.is_over or self._is_leased(job_id):
            return None if stored is None else stored.job
        return self._interrupted(stored)

    def latest(self, limit: int) -> list[Job]:
        """Return the latest jobs, newest first."""
        newest_first = reversed(list(self._records.ids()))
        found = (self.find(job_id) for job_id in newest_first)
        return list(islice((job for job in found if job is not None), limit))

    def check_store(self) -> None:
        """Raise StoreError when no job could be taken now."""
        self._store.head(LEASE_KEY)

    def close(self) -> None:
        """End the running job, which has failed then, and give the lease back."""
        with self._posting:
            running = self._running
        if running is not None and not running.job.is_over:
            running.interrupt("interrupted: its service was ended; what it wrote is whole, post it again")
            running.join(_END_S)

    def _posted(
        self, kind: JobKind, request: dict[str, Any], key: str | None, lease: HeldLease | None = None
    ) -> Job | None:
        job_id = None if key is None else self._records.find_by_key(key)
        job = None if job_id is None else self.find(job_id)
        if job is None:
            return None
        if (job.kind, job.request) != (kind, request):
            raise KeyUsedError(
                f"This Idempotency-Key was given with another request, for job {job.job_id}: take another for a new job"
            )
        if lease is not None:
            lease.release()
        return job

    def _begin(self, job: Job, lease: HeldLease, key: str | None) -> Job:
        stored = self._records.create(job)
        if key is not None:
            self._records.remember_key(key, job.job_id)
        self._running = RunningJob(stored, self._records, lease, self._lease_s / _BEATS)
        return job

    def _is_leased(self, job_id: str) -> bool:
        lease = read_lease(self._store, LEASE_KEY)
        return lease is not None and lease.purpose == job_id and lease.until > utc_now()

    def _interrupted(self, stored: StoredJob) -> Job:
        failed = stored.job.model_copy(update={"status": "failed", "error": INTERRUPTED, "finished_at": utc_now()})
        try:
            return self._records.replace(stored, failed).job
        except PreconditionFailedError:  # its owner recorded its end meanwhile
            now = self._records.read(stored.job.job_id)
            return stored.job if now is None else now.job
