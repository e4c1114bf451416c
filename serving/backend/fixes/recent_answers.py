"""The latest answers and what readers said of them, in this process's memory, for reports that an administrator files.

The query log has no words unless they are asked for, and never which passages were cited: so an answer can be reported
from here alone, while it is among the latest of the process that gave it.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from serving.backend.schemas.answers import QueryResponse
from serving.backend.schemas.usage import FeedbackRequest

__all__ = ["MOST_ANSWERS", "GivenAnswer", "RecentAnswers"]

MOST_ANSWERS = 200
# What is kept of one answer; a report shows no more of it.
MOST_CHARS = 8_000
MOST_PASSAGES = 50


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """An answer as a report tells it; `verdict` and `comment` are a reader's latest, empty before there is one."""

    question: str
    answer: str
    status: str = ""
    passage_ids: tuple[str, ...] = ()
    index_version: str = ""
    verdict: str = ""
    comment: str = ""


class RecentAnswers:
    """Keeps the latest `most` answers by their request's id; safe for use from several threads."""

    def __init__(self, most: int = MOST_ANSWERS) -> None:
        self._most = most
        self._answers: OrderedDict[str, GivenAnswer] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, response: QueryResponse) -> None:
        """Keep an answer that is about to be given; the oldest one goes when there are too many."""
        cited = (citation.passage_id for citation in response.citations if citation.cited)
        given = GivenAnswer(
            question=response.query,
            answer=response.answer[:MOST_CHARS],
            status=response.status,
            passage_ids=tuple(dict.fromkeys(cited))[:MOST_PASSAGES],
            index_version=response.metadata.index_version,
        )
        with self._lock:
            self._answers.pop(response.request_id, None)
            self._answers[response.request_id] = given
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)

    def note(self, feedback: FeedbackRequest) -> None:
        """Keep what a reader says beside its answer, if that is still here."""
        with self._lock:
            given = self._answers.get(feedback.request_id)
            if given is not None:
                said = replace(given, verdict=feedback.verdict, comment=feedback.comment)
                self._answers[feedback.request_id] = said

    def get(self, request_id: str) -> GivenAnswer | None:
        """Return an answer, None when it is not among the latest."""
        with self._lock:
            return self._answers.get(request_id)
