"""ECS does not stop a task that says it is busy when a service scales in (CA-16)."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator

import httpx

__all__ = ["protected_task"]

_log = logging.getLogger(__name__)

_TIMEOUT_S = 5.0
_RENEW_S = 300.0
# Renewals overlap: protection lasts over one that fails, and ends by itself when the worker dies.
_EXPIRES_MINUTES = 15


@contextlib.contextmanager
def protected_task(agent_uri: str | None = None, *, renew_s: float = _RENEW_S) -> Iterator[None]:
    """Keep this ECS task from being scaled in while the block runs; outside ECS do nothing.

    `agent_uri` is by default $ECS_AGENT_URI, which ECS sets. The endpoint and its fields are those of "Task scale-in
    protection endpoint" in the ECS developer guide. A failure is logged and stops no job: a job that loses its worker
    is queued again.
    """
    agent_uri = agent_uri or os.environ.get("ECS_AGENT_URI")
    if not agent_uri:
        yield
        return
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(renew_s):
            _set(agent_uri, protected=True)

    _set(agent_uri, protected=True)
    renewing = threading.Thread(target=renew, name="task-protection", daemon=True)
    renewing.start()
    try:
        yield
    finally:
        ended.set()
        renewing.join()
        _set(agent_uri, protected=False)


def _set(agent_uri: str, *, protected: bool) -> None:
    state: dict[str, bool | int] = {"ProtectionEnabled": protected}
    if protected:
        state["ExpiresInMinutes"] = _EXPIRES_MINUTES
    try:
        # The agent is on the link: a proxy must not be asked.
        with httpx.Client(timeout=_TIMEOUT_S, trust_env=False) as client:
            answer = client.put(f"{agent_uri}/task-protection/v1/state", json=state)
        problem = answer.json().get("failure") or answer.json().get("error") if answer.content else None
        if answer.is_error or problem:
            _log.warning("ECS did not take the task's protection (%s): HTTP %s", protected, answer.status_code)
    except (httpx.HTTPError, ValueError) as error:
        _log.warning("ECS did not take the task's protection (%s): %s", protected, type(error).__name__)
