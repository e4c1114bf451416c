"""A job while it runs: its process followed, its record written and its lease renewed until it is over."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from finrag_ml_tg1.errors import FinRAGError, PreconditionFailedError, StoreError, StoreUnavailableError
from finrag_ml_tg1.loaders.lease import HeldLease, LeaseLostError, utc_now
from serving.indexer.process import Answer, JobProcess
from serving.indexer.records import JobRecords, StoredJob
from serving.indexer.schemas import Job, Progress

__all__ = ["RunningJob"]

_UNREADABLE = "the job's process gave an answer that cannot be read; the service's log has more"
_logger = logging.getLogger(__name__)


class RunningJob:
    """A job of this service. `job` is how it stands; over only when the lease is given back, so that the next can come.

    Two threads: one follows the process, the other is the only one that writes to the store.
    """

    def __init__(self, stored: StoredJob, records: JobRecords, lease: HeldLease, beat_s: float) -> None:
        self._stored = stored
        self._records = records
        self._lease = lease
        self._beat_s = beat_s
        self._job = stored.job.model_copy(update={"status": "running", "started_at": utc_now()})
        self._process = JobProcess()
        self._answer: Answer = {}
        self._interruption: str | None = None
        self._ended = threading.Event()
        self._follower = threading.Thread(target=self._follow, name=f"follow-{stored.job.job_id}", daemon=True)
        self._keeper = threading.Thread(target=self._keep, name=f"keep-{stored.job.job_id}", daemon=True)
        self._follower.start()
        self._keeper.start()

    @property
    def job(self) -> Job:
        """The job as it stands."""
        return self._job

    def interrupt(self, reason: str) -> None:
        """End the job, which has failed then; the first reason stands."""
        self._interruption = self._interruption or reason
        self._process.end()

    def join(self, timeout_s: float) -> None:
        """Return once the job is over and recorded, or the time is up."""
        self._keeper.join(timeout_s)

    def _follow(self) -> None:
        order = {"kind": self._job.kind, "request": self._job.request}
        try:
            self._answer = self._process.follow(order, self._show)
        except Exception:
            _logger.exception("job %s: its process could not be followed", self._job.job_id)
            self._process.end()
            self._answer = {"error": _UNREADABLE}
        finally:
            self._ended.set()

    def _show(self, progress: Progress) -> None:
        self._job = self._job.model_copy(update={"progress": progress})

    def _keep(self) -> None:
        self._beat()
        while not self._ended.wait(self._beat_s):
            self._beat()
        over = self._over()
        try:
            over = self._record_end(over)
        except FinRAGError as error:
            _logger.warning("job %s: its end could not be recorded: %s", over.job_id, error)
        self._job = over
        _logger.info("job %s %s", over.job_id, over.error or "succeeded")

    def _record_end(self, over: Job) -> Job:
        """Write the end and give the lease back; while the lease lasts, a store that is away is waited for."""
        while True:
            try:
                if over.status == "succeeded":
                    key = self._records.write_result(over.job_id, _document(self._answer["whole"]))
                    over = over.model_copy(update={"result_key": key})
                self._stored = self._records.replace(self._stored, over)
                self._lease.release()
            except StoreUnavailableError:
                if self._lease.has_expired:
                    raise
                time.sleep(self._beat_s / 2)
            else:
                return over

    def _beat(self) -> None:
        try:
            self._lease.renew()
            self._stored = self._records.replace(self._stored, self._job)
        except (LeaseLostError, PreconditionFailedError) as error:
            self.interrupt(f"interrupted: {error}")
        except StoreError as error:
            _logger.warning("job %s: the lease could not be renewed: %s", self._job.job_id, error)
            if self._lease.has_expired:
                self.interrupt(f"interrupted: the lease expired while the store could not be reached: {error}")

    def _over(self) -> Job:
        """The job as it ended."""
        ending: dict[str, Any] = {"finished_at": utc_now()}
        error = self._interruption or self._answer.get("error")
        if error is None:
            try:
                ending |= {"status": "succeeded", "result": self._answer["result"]}
                return Job.model_validate(self._job.model_dump() | ending)
            except (KeyError, ValidationError):
                error = _UNREADABLE
        return self._job.model_copy(update=ending | {"status": "failed", "result": None, "error": str(error)})


def _document(whole: Mapping[str, Any]) -> bytes:
    return f"{json.dumps(whole, indent=1)}\n".encode()
