"""An answer, as `POST /query` gives it."""

from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.figures import Calculation, Fact, Figure, read_calculations, read_facts
from serving.frontend.contract.json_row import JsonRow
from serving.frontend.contract.passages import Citation, read_citation
from serving.frontend.contract.understood import Understood, read_understood

__all__ = ["Answer", "Flag"]

_EXTRACTIVE = "extractive"


@dataclass(frozen=True, slots=True)
class Flag:
    """A stretch [start, end) of an answer, in Unicode code points, and why it is doubted."""

    kind: str
    start: int
    end: int
    text: str
    reason: str


def _read_flag(row: JsonRow) -> Flag:
    """Return the record, or raise `ContractError`."""
    return Flag(row.text("kind"), row.integer("start"), row.integer("end"), row.text("text"), row.text("reason"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What `POST /query` returned, as far as it is shown."""

    request_id: str
    status: str
    text: str
    flags: tuple[Flag, ...]
    citations: tuple[Citation, ...]
    facts: tuple[Fact, ...]
    calculations: tuple[Calculation, ...]
    understood: Understood
    model_id: str | None
    cost: float | None
    is_price_known: bool
    is_quoted: bool
    is_kept: bool
    fallback: str
    total_tokens: int
    timings_ms: tuple[tuple[str, float], ...]
    processing_time_ms: float | None
    index_version: str | None

    @property
    def abstained(self) -> bool:
        """Whether the filings held no answer."""
        return self.status == "abstained"

    @property
    def is_numeric(self) -> bool:
        """Whether the answer rests on tagged numbers."""
        return bool(self.facts or self.calculations)

    @property
    def told_years(self) -> frozenset[int]:
        """The fiscal years that its numbers are of."""
        figures: tuple[Figure, ...] = (*self.facts, *self.calculations)
        return frozenset(figure.fiscal_year for figure in figures if figure.fiscal_year is not None)

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        metadata = row.row("metadata")
        llm = metadata.row("llm")
        return cls(
            request_id=row.text("request_id"),
            status=row.text("status"),
            text=row.text("answer"),
            flags=tuple(_read_flag(flag) for flag in row.rows("flags")),
            citations=tuple(read_citation(citation) for citation in row.rows("citations")),
            facts=read_facts(row, "facts"),
            calculations=read_calculations(row, "calculations"),
            understood=read_understood(row.row("resolved")),
            model_id=llm.optional_text("model_id"),
            cost=llm.optional_number("cost"),
            is_price_known=llm.flag("price_known"),
            is_quoted=llm.optional_text("model_id") == _EXTRACTIVE or bool(llm.optional_text("fallback")),
            is_kept=metadata.flag("cached"),
            fallback=llm.optional_text("fallback") or "",
            total_tokens=llm.integer("total_tokens"),
            timings_ms=metadata.number_pairs("timings_ms"),
            processing_time_ms=metadata.optional_number("processing_time_ms"),
            index_version=metadata.optional_text("index_version"),
        )
