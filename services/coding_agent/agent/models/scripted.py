"""A model that gives the answers of a file: for tests, and for trying the service without a key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coding_agent.agent.language_model import ChatMessage, Completion
from coding_agent.agent.models.pricing import Prices, estimated_tokens
from coding_agent.errors import CodingAgentError

__all__ = ["Script", "ScriptedModel", "read_scripts"]


@dataclass(frozen=True, slots=True)
class Script:
    """Answers in their order, for tasks whose text holds `when` (empty: for every task)."""

    when: str
    answers: tuple[str, ...]


class ScriptedModel:
    """LanguageModel that remembers nothing: which answer is next is told by how many the conversation holds.

    So replicas, repeated jobs and jobs that run beside each other get the same answers. The first script that fits
    the task is taken.
    """

    name = "scripted"

    def __init__(self, scripts: Sequence[Script], prices: Prices) -> None:
        self._scripts = tuple(scripts)
        self._prices = prices

    def complete(self, messages: Sequence[ChatMessage], *, timeout_s: float) -> Completion:
        """Return the next answer at once. Raises CodingAgentError `model_bad_answer` when there is none."""
        del timeout_s
        task = next((message.content for message in messages if message.role == "user"), "")
        script = next((script for script in self._scripts if script.when in task), None)
        if script is None:
            raise CodingAgentError("model_bad_answer", "No script of the scripted model fits this task")
        given = sum(message.role == "assistant" for message in messages)
        if given >= len(script.answers):
            raise CodingAgentError(
                "model_bad_answer", f"The script for {script.when!r} has no answer after {len(script.answers)}"
            )
        text = script.answers[given]
        read, written = estimated_tokens(*(message.content for message in messages)), estimated_tokens(text)
        return Completion(
            text=text,
            input_tokens=read,
            output_tokens=written,
            cost_usd=self._prices.cost_usd(read, written),
            stop_reason="stop",
        )


def read_scripts(path: Path) -> tuple[Script, ...]:
    """Return the scripts of a file of JSON Lines: `{"when": "text of the task", "answers": ["…", …]}` each.

    Raises ValueError that names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"CODING_AGENT_MODEL_SCRIPT: {path} cannot be read as text: {error}") from error
    scripts = [_script(line, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line.strip()]
    if not scripts:
        raise ValueError(f"CODING_AGENT_MODEL_SCRIPT: {path} holds no script")
    return tuple(scripts)


def _script(line: str, place: str) -> Script:
    try:
        fields = json.loads(line)
    except ValueError as error:
        raise ValueError(f"CODING_AGENT_MODEL_SCRIPT: {place}: this is no JSON") from error
    if isinstance(fields, dict) and fields.keys() <= {"when", "answers"}:
        when, answers = fields.get("when", ""), fields.get("answers")
        if isinstance(when, str) and isinstance(answers, list) and all(isinstance(answer, str) for answer in answers):
            return Script(when, tuple(answers))
    raise ValueError(
        f'CODING_AGENT_MODEL_SCRIPT: {place}: a script is {{"when": "text of the task", "answers": ["…"]}}'
    )
