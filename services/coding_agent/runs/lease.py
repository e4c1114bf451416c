"""Holding a job: a sign of life while it runs, and the news that comes back with it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, Unpack

from coding_agent.errors import MoveRefusedError, StoreUnavailableError
from coding_agent.jobs.job import Job
from coding_agent.jobs.store import JobChanges, JobStore, LeaseState
from coding_agent.runs.stop import Stop, StopReason

__all__ = ["Lease"]

_log = logging.getLogger(__name__)


class Lease:
    """A job that this worker has claimed; while entered, a thread extends it and sets `stop` when it is time to.

    It is time when the job is cancelled, when its minutes are over, when another worker has it, and when the store has
    not answered for as long as the lease holds: by then another worker may have it.
    """

    def __init__(
        self, store: JobStore, job: Job, worker: str, *, lease_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.stop = Stop()
        self.worker = worker
        self.job_id = job.id
        self._store = store
        self._lease_s = lease_s
        self._clock = clock
        self._deadline = clock() + job.request.max_minutes * 60
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease-{job.id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    @property
    def left_s(self) -> float:
        """Seconds until the job's time is over."""
        return max(self._deadline - self._clock(), 0.0)

    def update(self, **changes: Unpack[JobChanges]) -> Job:
        """Change the job. Raises JobStoppedError when it is not ours any more, or is to stop."""
        self.stop.check()
        try:
            return self._store.update(self.job_id, self.worker, **changes)
        except MoveRefusedError:
            if self._store.extend(self.job_id, self.worker, self._lease_s) is LeaseState.LOST:
                self.stop.set(StopReason.LEASE_LOST)
                self.stop.check()
            raise

    def _keep(self) -> None:
        answered = self._clock()
        while not self._ended.wait(min(self._lease_s / 3, max(self.left_s, 0.05))):
            if self.left_s <= 0:
                self.stop.set(StopReason.TIMED_OUT)
            try:
                state = self._store.extend(self.job_id, self.worker, self._lease_s)
            except StoreUnavailableError as error:
                _log.warning("The lease of a job could not be extended: %s", error, extra={"job_id": self.job_id})
                if self._clock() - answered > self._lease_s:
                    self.stop.set(StopReason.LEASE_LOST)
                    return
                continue
            answered = self._clock()
            if state is LeaseState.LOST:
                self.stop.set(StopReason.LEASE_LOST)
                return
            if state is LeaseState.CANCEL_REQUESTED:
                self.stop.set(StopReason.CANCELLED)
