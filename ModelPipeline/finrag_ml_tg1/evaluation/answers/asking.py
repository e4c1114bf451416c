"""Questions asked of a running server or of this process; both give the same to be judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from finrag_ml_tg1.answering.models.language_model import LanguageModel
from finrag_ml_tg1.answering.models.opening import EXTRACTIVE
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.evaluation.answers.questions import AnswerQuestion
from finrag_ml_tg1.pipeline import FinRAG
from finrag_ml_tg1.scope import Question, Turn

__all__ = ["Ask", "Given", "GivenCitation", "asking", "asking_url"]

# A large model takes its time, and a fallback comes on top.
_TIMEOUT_S = 180


@dataclass(frozen=True, slots=True)
class GivenCitation:
    """A passage behind `[n]`; `highlights` count code points of its text."""

    number: int
    text: str
    highlights: tuple[tuple[int, int], ...]
    is_cited: bool


@dataclass(frozen=True, slots=True)
class Given:
    """What came back: the answer in Markdown and its evidence, or what went wrong.

    `flags` are the kinds of the flags raised; `is_quoted` says that no model wrote the answer, `fell_back` that one was
    asked and did not. `cost` is in USD.
    """

    answer: str = ""
    is_answered: bool = False
    citations: tuple[GivenCitation, ...] = ()
    flags: tuple[str, ...] = ()
    is_quoted: bool = True
    fell_back: bool = False
    cost: float = 0.0
    milliseconds: float = 0.0
    index_version: str | None = None
    failure: str = ""


Ask = Callable[[AnswerQuestion], Given]


def asking(finrag: FinRAG, model: LanguageModel | None = None) -> Ask:
    """Return what asks the product in this process; without a model it quotes."""

    def ask(question: AnswerQuestion) -> Given:
        began = time.perf_counter()
        try:
            history = tuple(_turn(turn) for turn in question.history)
            result = finrag.ask(Question(question.text, history=history), model)
        except Exception as error:  # noqa: BLE001 - a question that breaks the program is a finding, not the end
            return Given(milliseconds=_since(began), failure=f"{type(error).__name__}: {error}")
        answer, use = result.answer, result.written
        return Given(
            answer=answer.markdown,
            is_answered=answer.is_answered,
            citations=tuple(
                GivenCitation(each.number, each.passage.text, each.highlights, each.is_cited)
                for each in answer.citations
            ),
            flags=tuple(flag.kind for flag in answer.flags),
            is_quoted=use is None or bool(use.fallback),
            fell_back=use is not None and bool(use.fallback),
            cost=float(use.cost) if use else 0.0,
            milliseconds=_since(began),
            index_version=finrag.index.version,
        )

    return ask


def asking_url(url: str, model_key: str | None) -> Ask:
    """Return what asks a server, with the model of that key when one is given.

    SettingsError when no server answers there, or when it does not know the model.
    """
    client = httpx.Client(base_url=url, timeout=_TIMEOUT_S)

    def ask(question: AnswerQuestion) -> Given:
        body: dict[str, Any] = {"question": question.text, "history": list(question.history), "model_key": model_key}
        began = time.perf_counter()
        try:
            response = client.post("/query", json={name: value for name, value in body.items() if value})
            response.raise_for_status()
            given: Mapping[str, Any] = response.json()
        except httpx.ConnectError as error:
            raise SettingsError(f"--url {url}: no server answers there") from error
        except (httpx.HTTPError, ValueError) as error:
            return Given(milliseconds=_since(began), failure=str(error))
        return _read(given, _since(began))

    return ask


def _read(body: Mapping[str, Any], milliseconds: float) -> Given:
    citations = tuple(
        GivenCitation(each["n"], each["text"], tuple(map(tuple, each["highlights"])), each["cited"])
        for each in body["citations"]
    )
    used = body["metadata"]["llm"]
    fell_back = bool(used.get("fallback"))
    return Given(
        answer=body["answer"],
        is_answered=body["status"] == "answered",
        citations=citations,
        flags=tuple(flag["kind"] for flag in body.get("flags") or ()),
        is_quoted=used["model_id"] == EXTRACTIVE or fell_back,
        fell_back=fell_back,
        cost=used["cost"],
        milliseconds=milliseconds,
        index_version=body["metadata"]["index_version"],
    )


def _turn(turn: Mapping[str, str]) -> Turn:
    return Turn("assistant" if turn["role"] == "assistant" else "user", turn["content"])


def _since(began: float) -> float:
    return (time.perf_counter() - began) * 1000
