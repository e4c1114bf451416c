"""Where a run in this process tells how far it is: the store of jobs, without secrets."""

from __future__ import annotations

from collections.abc import Callable

from coding_agent.jobs.job import Stage
from coding_agent.jobs.store import Artifact, JobStore
from coding_agent.runs.lease import Lease

__all__ = ["StoreSink"]


class StoreSink:
    """A RunSink that writes to the store what `redact` leaves."""

    def __init__(self, store: JobStore, lease: Lease, redact: Callable[[str], str]) -> None:
        self._store = store
        self._lease = lease
        self._redact = redact

    def stage(self, stage: Stage) -> None:
        """Change the job's stage."""
        self._lease.update(stage=stage)

    def log(self, text: str) -> None:
        """Add the lines to the job's log."""
        self._lease.stop.check()
        self._store.append_log(self._lease.job_id, self._redact(text).splitlines())

    def progress(self, *, steps: int, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        """Write down what was used."""
        self._lease.update(steps=steps, input_tokens=input_tokens, output_tokens=output_tokens, cost_usd=cost_usd)

    def trajectory(self, data: bytes) -> None:
        """Keep the trajectory so far."""
        self._lease.stop.check()
        redacted = self._redact(data.decode("utf-8", errors="replace"))
        self._store.put_artifact(self._lease.job_id, Artifact.TRAJECTORY, redacted.encode())
