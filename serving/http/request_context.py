"""What is known of the request that is being served, for the log: no function has to hand it on.

Each request runs in a task of its own, and `anyio.to_thread` takes its context along to worker threads.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from serving.http.tracing import RequestTrace

__all__ = ["RequestContext", "begin_request", "current_request"]


@dataclass(slots=True)
class RequestContext:
    """A request's id, its span where there are traces, and what its line in the log says besides.

    `summary` ends the line's words, `noted` are fields of it.
    """

    request_id: str
    trace: RequestTrace | None = None
    summary: str = ""
    noted: dict[str, object] = field(default_factory=dict)


_current: ContextVar[RequestContext | None] = ContextVar("request", default=None)


def begin_request(request_id: str) -> None:
    """Make this the request that is being served, in this task and in what it starts."""
    _current.set(RequestContext(request_id))


def current_request() -> RequestContext | None:
    """Return the request that is being served; None outside of one."""
    return _current.get()
