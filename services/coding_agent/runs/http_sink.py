"""Tells the service how far a run in a task is."""

from __future__ import annotations

from coding_agent.jobs.job import JobStatus, Stage
from coding_agent.runs.assignment import RunOutcome
from coding_agent.runs.job_link import JobLink
from coding_agent.runs.stop import StopReason
from coding_agent.runs.wire import RunnerReply, RunnerUpdate

__all__ = ["HttpSink"]


class HttpSink:
    """A RunSink over `PATCH /jobs/{id}`. Tokens and cost are not told: the service, which asks the model, counts."""

    def __init__(self, link: JobLink) -> None:
        self._link = link

    def stage(self, stage: Stage) -> None:
        """Say what is done now."""
        self._send(RunnerUpdate.of(stage=stage))

    def log(self, text: str) -> None:
        """Add lines to the job's log."""
        self._send(RunnerUpdate.of(log=text.splitlines()))

    def progress(self, *, steps: int, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        """Say how many steps were made."""
        del input_tokens, output_tokens, cost_usd
        self._send(RunnerUpdate.of(steps=steps))

    def trajectory(self, data: bytes) -> None:
        """Keep the trajectory so far (JSON)."""
        self._send(RunnerUpdate.of(trajectory=data))

    def outcome(self, outcome: RunOutcome) -> None:
        """Report what the run made: the last word."""
        self._send(RunnerUpdate.of(outcome=outcome))

    def _send(self, update: RunnerUpdate) -> None:
        answer = self._link.request("PATCH", "", update.model_dump_json(exclude_none=True))
        reply = RunnerReply.model_validate_json(answer.content)
        if reply.cancel_requested or reply.status is not JobStatus.RUNNING:
            self._link.stop.set(StopReason.CANCELLED)
            self._link.stop.check()
