"""What the back end has used, as `GET /usage` tells it."""

from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.json_row import JsonRow

__all__ = ["Budget", "Totals", "Usage"]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over questions; `cached_tokens` are part of `input_tokens`."""

    queries: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cost_usd: float


@dataclass(frozen=True, slots=True)
class Budget:
    """What language models may cost today; `daily_usd` and `left_usd` are None without a limit.

    While `is_complete` is false, what was spent today is not wholly known.
    """

    daily_usd: float | None
    spent_today_usd: float
    left_usd: float | None
    is_spent: bool
    is_complete: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """What was used today and since the beginning of the day `since` (ISO date); days are UTC.

    `p50_ms` and `p95_ms` are what half and 95 % of the latest questions took at most; None before the first. With
    `since_start_only` nothing from before the back end's start is counted, and will not be.
    """

    today: Totals
    total: Totals
    since: str
    p50_ms: float | None
    p95_ms: float | None
    budget: Budget
    since_start_only: bool

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        latency = row.row("latency_ms")
        return cls(
            today=_read_totals(row.row("today")),
            total=_read_totals(row.row("total")),
            since=row.row("total").text("since"),
            p50_ms=latency.optional_number("p50"),
            p95_ms=latency.optional_number("p95"),
            budget=_read_budget(row.row("budget")),
            since_start_only=row.optional_flag("since_start_only"),
        )


def _read_totals(row: JsonRow) -> Totals:
    return Totals(
        queries=row.integer("queries"),
        input_tokens=row.integer("input_tokens"),
        output_tokens=row.integer("output_tokens"),
        cached_tokens=row.integer("cached_tokens"),
        cost_usd=float(row.decimal("cost_usd")),
    )


def _read_budget(row: JsonRow) -> Budget:
    return Budget(
        daily_usd=row.optional_number("daily_usd"),
        spent_today_usd=float(row.decimal("spent_today_usd")),
        left_usd=row.optional_number("left_usd"),
        is_spent=row.flag("is_spent"),
        is_complete=row.flag("is_complete"),
    )
