"""A question's events as Server-Sent Events, in the contract's order: status, resolved, sources, token, done or error.

`done` holds the whole response and replaces the tokens: a model that fails half-way leaves an answer that reads
otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator

from fastapi.sse import ServerSentEvent
from pydantic import BaseModel

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.events import Piece, Stage
from serving.backend.answerer import Answered, Drafted, QueryEvent
from serving.backend.schemas.answers import SourcesOut, StageOut, TokenOut
from serving.http.errors import UNEXPECTED, problem

__all__ = ["server_sent_events"]

_logger = logging.getLogger(__name__)


async def server_sent_events(
    events: AsyncGenerator[QueryEvent, None], request_id: str
) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield what is sent for each event; a failure comes last, as the problem it would be without streaming."""
    yield _sent("status", StageOut(stage="received", ms=0))
    try:
        async for event in events:
            for sent in _sent_for(event):
                yield sent
    except FinRAGError as error:
        yield _sent("error", problem(503, f"{str(error).removesuffix('.')}."))
    except Exception:
        _logger.exception("request %s failed while it was streamed", request_id)
        yield _sent("error", problem(500, UNEXPECTED))


def _sent_for(event: QueryEvent) -> Iterator[ServerSentEvent]:
    match event:
        case Stage():
            yield _sent("status", StageOut(stage=event.name, ms=event.ms))
        case Drafted():
            draft = event.response
            yield _sent("resolved", draft.resolved)
            sources = SourcesOut(citations=draft.citations, facts=draft.facts, calculations=draft.calculations)
            yield _sent("sources", sources)
        case Piece():
            yield _sent("token", TokenOut(text=event.text))
        case Answered():
            yield _sent("done", event.response)


def _sent(name: str, data: BaseModel) -> ServerSentEvent:
    return ServerSentEvent(event=name, data=data)
