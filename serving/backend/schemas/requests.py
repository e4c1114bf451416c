"""What is asked: a question, how to answer it, and the turns before it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from finrag_ml_tg1.scope import MAX_QUESTION_CHARS, MIN_QUESTION_CHARS, Filters, Question
from finrag_ml_tg1.scope import Turn as EarlierTurn
from serving.http.strict import Strict

__all__ = ["FormName", "ItemName", "QueryFilters", "QueryRequest", "Ticker", "Turn"]


Ticker = Annotated[str, StringConstraints(min_length=1, max_length=12)]


ItemName = Annotated[str, StringConstraints(pattern=r"^(?:I{1,2}-)?(?:1[0-6]|[1-9])[ABC]?$")]


FormName = Annotated[str, StringConstraints(pattern=r"^(?:10-K|10-Q|8-K|10-KT?)(?:/A)?$")]


class QueryFilters(Strict):
    """Fixes the scope by hand; an empty list leaves it to the question."""

    tickers: list[Ticker] = Field(default_factory=list, max_length=50)
    fiscal_years: list[Annotated[int, Field(ge=1980, le=2100)]] = Field(default_factory=list, max_length=50)
    items: list[ItemName] = Field(default_factory=list, max_length=30)
    forms: list[FormName] = Field(default_factory=list, max_length=8)


class Turn(Strict):
    """One earlier turn of the conversation."""

    role: Literal["user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=4_000)]


class QueryRequest(Strict):
    """A question and how to answer it."""

    question: Annotated[str, StringConstraints(min_length=MIN_QUESTION_CHARS, max_length=MAX_QUESTION_CHARS)]
    include_kpi: bool = True
    include_rag: bool = True
    model_key: Annotated[str, StringConstraints(max_length=60)] | None = None
    filters: QueryFilters | None = None
    history: list[Turn] = Field(default_factory=list, max_length=20)
    top_k: Annotated[int, Field(ge=1, le=50)] | None = None

    @model_validator(mode="after")
    def _asks_for_something(self) -> QueryRequest:
        if not (self.include_kpi or self.include_rag):
            raise ValueError("include_kpi and include_rag are both false: at least one must be true")
        return self

    def to_question(self) -> Question:
        """Return the question as the pipeline takes it."""
        chosen = self.filters or QueryFilters()
        filters = Filters(
            tickers=tuple(chosen.tickers),
            fiscal_years=tuple(sorted(set(chosen.fiscal_years))),
            items=tuple(chosen.items),
            forms=tuple(chosen.forms),
        )
        history = tuple(EarlierTurn(turn.role, turn.content) for turn in self.history)
        return Question(self.question, filters, self.top_k, self.include_rag, self.include_kpi, history)
