"""What is asked: a question, what it is limited to, how it is to be answered, and the turns before it."""

from dataclasses import dataclass, field

__all__ = ["ANY", "MAX_QUESTION_CHARS", "MIN_QUESTION_CHARS", "Filters", "Query"]

MIN_QUESTION_CHARS = 3
MAX_QUESTION_CHARS = 3500


@dataclass(frozen=True, slots=True)
class Filters:
    """What a question is limited to by hand; an empty tuple leaves it to the question."""

    tickers: tuple[str, ...] = ()
    fiscal_years: tuple[int, ...] = ()
    items: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is limited."""
        return bool(self.tickers or self.fiscal_years or self.items or self.forms)


ANY = Filters()


@dataclass(frozen=True, slots=True)
class Query:
    """One question as `POST /query/stream` takes it; `history` is earlier (role, content) messages, oldest first.

    Without a `model_key` the back end's default writes.
    """

    question: str
    filters: Filters = ANY
    model_key: str | None = None
    include_kpi: bool = True
    include_rag: bool = True
    history: tuple[tuple[str, str], ...] = field(default=())

    def to_json(self) -> dict[str, object]:
        """Return the body of the request."""
        filters = {
            "tickers": list(self.filters.tickers),
            "fiscal_years": list(self.filters.fiscal_years),
            "items": list(self.filters.items),
            "forms": list(self.filters.forms),
        }
        return {
            "question": self.question,
            "filters": filters if self.filters else None,
            "model_key": self.model_key,
            "include_kpi": self.include_kpi,
            "include_rag": self.include_rag,
            "history": [{"role": role, "content": content} for role, content in self.history],
        }
