"""Which runner the settings mean."""

from __future__ import annotations

from collections.abc import Callable

from coding_agent.agent.models.build import build_model
from coding_agent.errors import CodingAgentError
from coding_agent.jobs.store import JobStore
from coding_agent.runs.assignment import TaskRunner
from coding_agent.sandbox.bubblewrap_runner import BubblewrapRunner
from coding_agent.settings import Settings

__all__ = ["build_runner"]


def build_runner(settings: Settings, store: JobStore, *, redact: Callable[[str], str]) -> TaskRunner:
    """Return the runner, unchecked. Raises CodingAgentError `bad_settings` when there is no such model."""
    if settings.runner == "fargate":
        from coding_agent.sandbox.fargate_runner import FargateTaskRunner

        return FargateTaskRunner(settings, store)
    try:
        return BubblewrapRunner(settings, build_model(settings), redact=redact)
    except ValueError as error:
        raise CodingAgentError("bad_settings", str(error)) from None
