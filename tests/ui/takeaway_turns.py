"""Turns of a conversation as the front end holds them, made from the stub's canned answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from serving.frontend.contract.answer import Answer
from serving.frontend.contract.query import Query
from serving.frontend.conversation.conversation import Turn
from serving.frontend.takeaway.document import build_document
from serving.frontend.takeaway.html_document import write_html
from serving.frontend.takeaway.markdown_document import write_markdown
from tests.ui.stub_backend import answer_question

__all__ = ["DAY", "build_turn", "export_html", "export_markdown", "fill_texts"]

Json = dict[str, Any]

DAY = date(2024, 7, 1)
# What the front end branches on, or links to, rather than shows.
_CODES = {"status", "unit", "display", "source", "source_url"}


def build_turn(question: str, number: int = 1, change: Callable[[Json], Json] = lambda answer: answer) -> Turn:
    """Return an answered turn; `change` may alter the answer's JSON."""
    answer = json.dumps(change(answer_question(question)))
    return Turn(number, Query(question), outcome=Answer.from_json(json.loads(answer, parse_float=Decimal)))


def fill_texts(answer: Json, text: str) -> Json:
    """Return an answer's JSON with every text of others in it replaced."""
    filled: Json = _fill(answer, text)  # type: ignore[assignment]
    return filled


def _fill(value: object, text: str) -> object:
    if isinstance(value, dict):
        return {name: inner if name in _CODES else _fill(inner, text) for name, inner in value.items()}
    if isinstance(value, list):
        return [_fill(inner, text) for inner in value]
    return text if isinstance(value, str) else value


def export_markdown(*turns: Turn) -> str:
    return write_markdown(build_document(turns, DAY))


def export_html(*turns: Turn) -> str:
    return write_html(build_document(turns, DAY))
