"""What the routes and pages work with."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from scheduler.api.keys import Keys
from scheduler.api.run_limit import RunLimit
from scheduler.api.sessions import Sessions
from scheduler.executions.history import ExecutionHistory
from scheduler.queueing.queue import Queue
from scheduler.settings import Settings
from scheduler.triggers.store import TriggerStore
from scheduler.triggers.triggers import Triggers

__all__ = ["Ports", "Service", "ServiceDependency"]


@dataclass(frozen=True, slots=True)
class Ports:
    """What is behind the API: where triggers are kept, where jobs are, what ran."""

    store: TriggerStore
    queue: Queue
    history: ExecutionHistory


@dataclass(frozen=True, slots=True)
class Service:
    """One application's parts."""

    settings: Settings
    keys: Keys
    sessions: Sessions
    ports: Ports
    triggers: Triggers
    run_limit: RunLimit = field(default_factory=RunLimit)


async def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


ServiceDependency = Annotated[Service, Depends(_service)]
