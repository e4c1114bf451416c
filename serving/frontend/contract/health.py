"""The state of the back end, as `GET /health` tells it."""

from dataclasses import dataclass
from typing import Self

from serving.frontend.contract.json_row import JsonRow

__all__ = ["Health"]


@dataclass(frozen=True, slots=True)
class Health:
    """What `GET /health` says: `uptime_s` in seconds, `rss_mb` the resident memory in MiB.

    `refresh_error` is why a newer index may be in the store than the one that answers; `warnings` are sentences on what
    does not work although questions are answered.
    """

    status: str
    store: str | None
    index_version: str | None
    filings: int | None
    passages: int | None
    uptime_s: float | None
    rss_mb: float | None
    refresh_error: str | None
    warnings: tuple[str, ...]

    @property
    def can_answer(self) -> bool:
        """Whether an index is loaded and takes questions; when not, `GET /readyz` says why."""
        return self.index_version is not None and self.status in {"ok", "degraded"}

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Return the record, or raise `ContractError`."""
        row = JsonRow(value)
        return cls(
            status=row.text("status"),
            store=row.optional_text("store"),
            index_version=row.optional_text("index_version"),
            filings=row.optional_integer("filings"),
            passages=row.optional_integer("passages"),
            uptime_s=row.optional_number("uptime_s"),
            rss_mb=row.optional_number("rss_mb"),
            refresh_error=row.optional_text("refresh_error"),
            warnings=row.optional_texts("warnings"),
        )
