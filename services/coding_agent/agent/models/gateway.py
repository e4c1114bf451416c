"""The model as a task has it: asked through the service, which holds the key and the cost limit."""

from __future__ import annotations

from collections.abc import Sequence

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.errors import CodingAgentError
from coding_agent.runs.job_link import JobLink
from coding_agent.runs.wire import CompletionAnswer, CompletionCall

__all__ = ["GatewayModel"]


# Waits for a call whose answer was lost are among them.
_TRIES = 8


class GatewayModel:
    """A LanguageModel over `POST /jobs/{id}/completions`."""

    name = "gateway"

    def __init__(self, link: JobLink) -> None:
        self._link = link

    def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
        """Ask once, as `LanguageModel.complete` says; what the service refuses is not tried again."""
        body = CompletionCall.of(messages).model_dump_json()
        try:
            answer = self._link.request("POST", "/completions", body, timeout_s=timeout_s, tries=_TRIES)
            return CompletionAnswer.model_validate_json(answer.content).completion()
        except CodingAgentError as error:
            if error.code == "service_failed":
                raise CodingAgentError("model_unavailable", error.message) from error
            raise
        except ValueError as error:
            raise CodingAgentError("model_unavailable", "The service gave an answer that is none") from error
