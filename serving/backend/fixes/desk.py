"""Where an administrator has wrong answers fixed: who he is, how often he may ask, what is sent to the coding agent."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import time
from collections.abc import Callable
from math import ceil
from typing import TypeVar

import anyio
import anyio.to_thread
from limits import RateLimitItemPerHour
from limits.aio.strategies import MovingWindowRateLimiter
from pydantic import SecretStr

from finrag_ml_tg1.errors import FinRAGError, SettingsError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.fixes.agent_client import AgentError, AgentJob, CodingAgent, FiledReport
from serving.backend.fixes.recent_answers import GivenAnswer, RecentAnswers
from serving.backend.fixes.report_text import written_report
from serving.backend.schemas.fixes import FixRequest
from serving.http.rate_limit import BoundedMemory
from serving.http.redaction import Redaction, secrets_of

__all__ = ["FIXES_AN_HOUR", "AnswerNotAtHandError", "FixDesk", "TooManyFixesError", "open_desk"]

R = TypeVar("R")

FIXES_AN_HOUR = 10
# Three tries with their waits; a coding agent that sends a byte now and then would be waited for without an end.
DEADLINE_S = 75.0
_THREADS = 2
_WHOSE = "administrators"

_logger = logging.getLogger(__name__)


class AnswerNotAtHandError(FinRAGError):
    """The answer is not among the latest of this process."""


class TooManyFixesError(FinRAGError):
    """More was filed within an hour than is allowed; worth another try after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"{FIXES_AN_HOUR} reports an hour may be sent: send the next in {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


class FixDesk:
    """Files reports for whoever has the administrator's key."""

    def __init__(self, agent: CodingAgent, admin_key: SecretStr, recent: RecentAnswers, redaction: Redaction) -> None:
        self.recent = recent
        self._agent = agent
        self._digest = _digest(admin_key.get_secret_value().encode())
        self._redaction = redaction
        self._limit = RateLimitItemPerHour(FIXES_AN_HOUR)
        self._limiter = MovingWindowRateLimiter(BoundedMemory())
        self._threads = anyio.CapacityLimiter(_THREADS)

    def knows(self, key: bytes) -> bool:
        """Whether this is the administrator's key; the time it takes tells nothing of it."""
        return hmac.compare_digest(_digest(key), self._digest)

    async def file(self, wanted: FixRequest, index_version: str) -> FiledReport:
        """Have the answer filed and worked on; `index_version` is for one that is given in the request.

        Raises AnswerNotAtHandError, TooManyFixesError and AgentError.
        """
        given = self._given(wanted, index_version)
        if not await self._limiter.hit(self._limit, _WHOSE):
            window = await self._limiter.get_window_stats(self._limit, _WHOSE)
            raise TooManyFixesError(max(1, ceil(window.reset_time - time.time())))
        report = written_report(wanted.request_id, given, wanted.comment, self._redaction)
        filed = await self._waited_for(lambda: self._agent.file(report))
        _logger.info("fix: the answer to %s is reported, job %s", wanted.request_id, filed.job_id)
        return filed

    async def job(self, job_id: str) -> AgentJob:
        """Return how far a job is; raises AgentError."""
        return await self._waited_for(lambda: self._agent.job(job_id))

    def _given(self, wanted: FixRequest, index_version: str) -> GivenAnswer:
        kept = self.recent.get(wanted.request_id)
        if wanted.question is not None and wanted.answer is not None:
            given = GivenAnswer(wanted.question, wanted.answer, index_version=index_version)
        elif kept is not None:
            given = kept
        else:
            raise AnswerNotAtHandError(
                "this answer is not among the latest of this process: send its question and its answer along"
            )
        verdict = wanted.verdict or (kept.verdict if kept else "")
        said = kept.comment if kept else ""
        return GivenAnswer(
            given.question, given.answer, given.status, given.passage_ids, given.index_version, verdict, said
        )

    async def _waited_for(self, call: Callable[[], R]) -> R:
        with anyio.move_on_after(DEADLINE_S):
            return await anyio.to_thread.run_sync(call, limiter=self._threads, abandon_on_cancel=True)
        raise AgentError("the coding agent did not answer in time: send the request again in a minute", 503, 60)


def open_desk(config: MLConfig) -> FixDesk | None:
    """Return the desk that the settings ask for, None without them.

    The address and key of the coding agent alone may be there for other programs of this machine: then a warning says
    what is missing. Raises SettingsError when the administrator's key lacks them, or opens something else as well.
    """
    url, key, admin_key = config.coding_agent_url, config.coding_agent_api_key, config.admin_key
    named = {"CODING_AGENT_URL": url, "CODING_AGENT_API_KEY": key, "FINRAG_ADMIN_KEY": admin_key}
    missing = " and ".join(name for name, value in named.items() if value is None)
    if url is None or key is None or admin_key is None:
        if admin_key is not None:
            raise SettingsError(f"FINRAG_ADMIN_KEY is set without {missing}: POST /admin/fix needs all three, or none.")
        if url is not None or key is not None:
            _logger.warning("POST /admin/fix is off: %s not set", f"{missing} {'are' if ' and ' in missing else 'is'}")
        return None
    if admin_key in (config.api_key, config.api_key_previous, key):
        raise SettingsError("FINRAG_ADMIN_KEY is another key's value as well: set one that opens nothing else.")
    return FixDesk(CodingAgent(url, key), admin_key, RecentAnswers(), Redaction(secrets_of(config, os.environ)))


def _digest(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
