"""Workers: each claims one job at a time, holds it by a lease, and ends it; several share a process, many the queue."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from types import FrameType

from coding_agent.callbacks.sender import CallbackSender
from coding_agent.errors import CodingAgentError, JobStoppedError, MoveRefusedError, StoreUnavailableError
from coding_agent.github.client import open_github
from coding_agent.github.patience import github_patience
from coding_agent.jobs.job import Job, JobError, JobStatus
from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.store import JobStore
from coding_agent.observability.logs import configure_logging
from coding_agent.observability.metrics import observe_job_end
from coding_agent.observability.redaction import known_secrets, redactor_for
from coding_agent.runs.job_run import run_job
from coding_agent.runs.lease import Lease
from coding_agent.runs.parts import JobParts
from coding_agent.runs.stop import StopReason
from coding_agent.sandbox.build_runner import build_runner
from coding_agent.sandbox.task_protection import protected_task
from coding_agent.settings import Settings
from coding_agent.settings_reading import read_settings

__all__ = ["WorkerGroup", "main", "open_parts", "open_workers", "run_once"]

_log = logging.getLogger(__name__)

# How long an idle worker waits before it looks for a job again, and one whose store is away.
_IDLE_S = 0.5
_AWAY_S = 2.0
# What is left of the time to drain for giving jobs back.
_GIVE_BACK_S = 20.0
_DRAIN_S = 110.0
_CALLBACK_LOG_LINES = 100


class WorkerGroup:
    """Running workers. A job that one has is ended, or given back, before `drain` returns."""

    def __init__(self, parts: JobParts, *, count: int) -> None:
        self._parts = parts
        self._name = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._draining = threading.Event()
        self._leases: dict[str, Lease] = {}
        self._lock = threading.Lock()
        self._callbacks = CallbackSender(parts.settings)
        self._threads = [
            threading.Thread(target=self._work, args=(number,), name=f"worker-{number}") for number in range(count)
        ]

    def start(self) -> None:
        """Begin to claim jobs."""
        for thread in self._threads:
            thread.start()

    def drain(self, timeout_s: float) -> None:
        """Claim nothing more, let jobs end for a while, give the others back to the queue, and return."""
        self._draining.set()
        deadline = time.monotonic() + timeout_s - min(_GIVE_BACK_S, timeout_s / 2)
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))
        with self._lock:
            for lease in self._leases.values():
                lease.stop.set(StopReason.DRAINING)
        for thread in self._threads:
            thread.join()
        self._parts.github.close()

    def run_one(self) -> Job | None:
        """Run the oldest pending job to its end, and return it; None when there is none."""
        self._parts.store.reap()
        worker = f"{self._name}-{uuid.uuid4().hex[:8]}"
        job = self._parts.store.claim(worker, self._parts.settings.lease_s)
        return None if job is None else self._run(job, worker)

    def _work(self, number: int) -> None:
        while not self._draining.is_set():
            try:
                ended = self.run_one()
            except StoreUnavailableError as error:
                _log.warning("The store of jobs does not answer: %s", error)
                self._draining.wait(_AWAY_S)
            except Exception:  # noqa: BLE001 (logged whole)
                # A worker that ends by a fault of ours would leave the queue standing.
                _log.exception("Worker %d failed outside a job", number)
                self._draining.wait(_AWAY_S)
            else:
                if ended is None:
                    self._draining.wait(_IDLE_S)

    def _run(self, job: Job, worker: str) -> Job:
        _log.info("job claimed", extra={"job_id": job.id, "attempt": job.attempt})
        lease = Lease(self._parts.store, job, worker, lease_s=self._parts.settings.lease_s)
        with self._lock:
            self._leases[job.id] = lease
            if self._draining.is_set():
                lease.stop.set(StopReason.DRAINING)
        try:
            with protected_task(), lease:
                # A receiver may take its time: the lease is kept meanwhile.
                self._tell(job)
                ended = self._end(job, worker, _outcome(self._parts, job, lease))
        finally:
            with self._lock:
                del self._leases[job.id]
        if ended is None:
            return self._parts.store.get(job.id)
        if ended.has_ended:
            observe_job_end(ended, self._parts.settings)
            self._tell(ended)
        _log.info("job ended", extra={"job_id": job.id, "status": ended.status})
        return ended

    def _end(self, job: Job, worker: str, how: _How) -> Job | None:
        """Write down how the job ended; None when it is not ours any more."""
        store = self._parts.store
        try:
            if how.error is not None:
                store.append_log(job.id, [self._parts.redactor.redact(f"{how.error.code}: {how.error.message}")])
            if how.status is JobStatus.PENDING:
                return store.release(job.id, worker)
            return store.finish(job.id, worker, how.status, error=how.error)
        except MoveRefusedError:
            _log.warning("The job is another worker's by now", extra={"job_id": job.id})
            return None

    def _tell(self, job: Job) -> None:
        if job.request.callback_url is None:
            return
        lines = [line.text for line in self._parts.store.read_log(job.id, tail=_CALLBACK_LOG_LINES)]
        result = self._callbacks.send(job, lines)
        _log.info("callback: %s", result, extra={"job_id": job.id})


@dataclass(frozen=True, slots=True)
class _How:
    """How a run ended; pending: it is to be given back."""

    status: JobStatus
    error: JobError | None = None


def _outcome(parts: JobParts, job: Job, lease: Lease) -> _How:
    try:
        with github_patience(stop=lease.stop):
            return _How(run_job(parts, job, lease))
    except JobStoppedError as stopped:
        return _stopped(parts, stopped)
    except StoreUnavailableError:
        raise
    except CodingAgentError as error:
        # Told to stop, processes were killed: what they complain of is not why the job ends.
        if (reason := lease.stop.reason) is not None:
            return _stopped(parts, JobStoppedError(reason, str(error)))
        return _How(JobStatus.FAILED, _error(parts, error))
    except Exception:  # noqa: BLE001 (logged whole; the job fails)
        _log.exception("A job failed by a fault of the service", extra={"job_id": job.id})
        return _How(JobStatus.FAILED, JobError(code="internal_error", message="A fault of the service: see its log"))


def _stopped(parts: JobParts, stopped: JobStoppedError) -> _How:
    if stopped.code == StopReason.CANCELLED:
        return _How(JobStatus.CANCELLED)
    if stopped.code == StopReason.TIMED_OUT:
        return _How(JobStatus.TIMED_OUT, _error(parts, stopped))
    # Draining, or the lease is lost: then giving it back is refused, which says it all.
    return _How(JobStatus.PENDING)


def _error(parts: JobParts, error: CodingAgentError) -> JobError:
    return JobError(code=error.code, message=parts.redactor.redact(error.message))


def open_parts(settings: Settings, store: JobStore) -> JobParts:
    """Return what jobs run with. Raises CodingAgentError `sandbox_unavailable` where commands cannot run isolated."""
    redactor = redactor_for(settings)
    runner = build_runner(settings, store, redact=redactor.redact)
    runner.check()
    return JobParts(
        settings=settings,
        store=store,
        github=open_github(settings),
        runner=runner,
        redactor=redactor,
        known_secrets=tuple(known_secrets(settings)),
    )


def open_workers(settings: Settings, store: JobStore, *, count: int) -> WorkerGroup:
    """Return workers that are not started yet. Raises CodingAgentError as `open_parts` does."""
    return WorkerGroup(open_parts(settings, store), count=count)


def run_once(settings: Settings, store: JobStore) -> Job | None:
    """Run the oldest pending job to its end here, and return it; None when there is none."""
    parts = open_parts(settings, store)
    try:
        return WorkerGroup(parts, count=0).run_one()
    finally:
        parts.github.close()


def main() -> None:
    """Run workers until SIGTERM or SIGINT, then drain."""
    settings = read_settings()
    configure_logging(settings, redactor_for(settings))
    told = threading.Event()

    def tell(number: int, frame: FrameType | None) -> None:
        del number, frame
        told.set()

    signal.signal(signal.SIGTERM, tell)
    signal.signal(signal.SIGINT, tell)
    try:
        store = open_store(settings)
        group = open_workers(settings, store, count=max(settings.workers, 1))
    except CodingAgentError as error:
        raise SystemExit(f"The worker does not start: {error}") from None
    group.start()
    told.wait()
    group.drain(_DRAIN_S)
    store.close()
