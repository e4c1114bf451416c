"""Our language models as the loop wants them: text in, one command out."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from coding_agent.agent.answer import AnswerRefusedError, single_command
from coding_agent.agent.language_model import ChatMessage, Completion, LanguageModel
from coding_agent.agent.limits import Usage
from coding_agent.agent.mini_swe_agent import FormatError, InterruptAgentFlow, TimeExceeded
from coding_agent.agent.prompting import format_error
from coding_agent.errors import CodingAgentError
from coding_agent.runs.stop import Stop

__all__ = ["ModelAdapter", "StepReport", "exit_message"]

# A hundred steps with ten thousand characters each are more than most models read. What is oldest is shortened.
_MOST_CONVERSATION_CHARS = 400_000
_SHORTENED = "[… the output of this earlier command is left out …]"
_LOOK_AT_STOP_EVERY_S = 0.2


class StepReport(Protocol):
    """Who is told what the loop does."""

    def answered(self, completion: Completion) -> None:
        """An answer came, and is counted."""

    def refused(self, reason: str) -> None:
        """The answer was not run."""


def exit_message(status: str, **extra: object) -> dict[str, Any]:
    """Return the message that ends the loop."""
    return {"role": "exit", "content": status, "extra": {"exit_status": status, "submission": "", **extra}}


class ModelAdapter:
    """mini-swe-agent's `Model`. A call is left alone once the run is stopped or out of time: nobody waits for it."""

    def __init__(self, model: LanguageModel, usage: Usage, stop: Stop, report: StepReport) -> None:
        self.config: dict[str, Any] = {}
        self._model = model
        self._usage = usage
        self._stop = stop
        self._report = report

    def query(self, messages: list[dict[str, Any]], **_: object) -> dict[str, Any]:
        """Return the answer, its command in `extra`. Raises FormatError, InterruptAgentFlow, JobStoppedError."""
        conversation = _conversation(messages)
        try:
            completion = self._complete(conversation)
        except CodingAgentError as error:
            self._stop.check()
            if self._usage.left_s <= 0:
                raise TimeExceeded(exit_message("TimeExceeded")) from error
            raise InterruptAgentFlow(exit_message("ModelFailed", detail=f"{error.code}: {error.message}")) from error
        self._usage.add(completion)
        self._report.answered(completion)
        text = completion.text.encode("utf-8", errors="replace").decode()
        answer: dict[str, Any] = {"role": "assistant", "content": text, "extra": {"cost": completion.cost_usd}}
        try:
            answer["extra"]["actions"] = [{"command": single_command(text)}]
        except AnswerRefusedError as error:
            reason = f"{error} (the model stopped for: {completion.stop_reason})"
            self._report.refused(reason)
            # With the answer itself, which the library leaves out: the model shall see what it is told about.
            raise FormatError(answer, {"role": "user", "content": format_error(reason)}) from None
        return answer

    def _complete(self, conversation: Sequence[ChatMessage]) -> Completion:
        """Ask in a thread, so that a stop is seen while a slow model thinks."""
        done = threading.Event()
        got: list[Completion | BaseException] = []

        def ask() -> None:
            try:
                got.append(self._model.complete(conversation, timeout_s=self._usage.left_s))
            except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
                got.append(error)
            finally:
                done.set()

        threading.Thread(target=ask, name="model-call", daemon=True).start()
        while not done.wait(min(_LOOK_AT_STOP_EVERY_S, max(0.0, self._usage.left_s))):
            self._stop.check()
            if self._usage.left_s <= 0:
                raise TimeExceeded(exit_message("TimeExceeded"))
        if isinstance(got[0], BaseException):
            raise got[0]
        return got[0]

    def format_message(self, **message: object) -> dict[str, Any]:
        """Return a message of the conversation."""
        return message

    def format_observation_messages(
        self, _message: Mapping[str, Any], outputs: Sequence[Mapping[str, Any]], _vars: object = None
    ) -> list[dict[str, Any]]:
        """Return what the model is told of its command, and that it should come to an end when little is left."""
        return [
            {"role": "user", "content": "\n\n".join(filter(None, [output["output"], self._usage.hint()]))}
            for output in outputs
        ]

    def get_template_vars(self, **_: object) -> dict[str, Any]:
        """Return nothing: our prompts are whole before the loop gets them."""
        return {}

    def serialize(self) -> dict[str, Any]:
        """Return nothing: the trajectory is ours."""
        return {}


def _conversation(messages: Sequence[Mapping[str, Any]]) -> list[ChatMessage]:
    """Return the messages for a model: none of them empty, and the oldest outputs shortened when all are too long."""
    turns = [ChatMessage(message["role"], message["content"] or "(empty)") for message in messages]
    size = sum(len(turn.content) for turn in turns)
    for place in range(2, len(turns) - 1):
        if size <= _MOST_CONVERSATION_CHARS:
            break
        if turns[place].role == "user" and len(turns[place].content) > len(_SHORTENED):
            size -= len(turns[place].content) - len(_SHORTENED)
            turns[place] = ChatMessage("user", _SHORTENED)
    return turns
