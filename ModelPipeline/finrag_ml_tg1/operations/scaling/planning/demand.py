"""What is asked of a plan: load, corpus, times, and how the load is spread."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from finrag_ml_tg1.operations.scaling.errors import ScalingError

__all__ = ["SECONDS_PER_MONTH", "Demand"]

SECONDS_PER_MONTH = 730 * 3600


@dataclass(frozen=True, slots=True)
class Demand:
    """The peak in questions a second, the passages, and within how many seconds 95 % of the answers have to be there.

    `refused_share` of the questions may be refused at the peak. `chat_share` of them is asked in the chat, the others
    by programs. `mean_share` is a month's mean load as a share of its peak (that of the trace `day`). `open_share` is
    the benchmark's share of questions that name no company.
    """

    rps: Fraction
    passages: int
    p95_s: float
    open_share: Fraction
    refused_share: float = 0.01
    chat_share: Fraction = Fraction(1, 4)
    mean_share: Fraction = Fraction(2, 5)
    filings_per_day: int = 100

    def __post_init__(self) -> None:
        if self.rps <= 0 or self.passages < 1 or self.p95_s <= 0 or self.filings_per_day < 0:
            raise ScalingError("a plan needs more than no requests, passages and milliseconds")
        if not (0 < self.refused_share < 1 and 0 <= self.chat_share <= 1 and 0 < self.mean_share <= 1):
            raise ScalingError(
                "the shares of refused questions and of the mean load are more than 0, and no shares are more than 1"
            )

    @property
    def open_questions_month(self) -> Fraction:
        """How many questions that name no company a month has."""
        return self.rps * self.mean_share * self.open_share * SECONDS_PER_MONTH
