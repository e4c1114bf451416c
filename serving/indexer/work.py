"""What the two kinds of work have in common: how they tell how far they are, and what they leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serving.indexer.schemas import Progress

__all__ = ["Show", "Work"]

Show = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Work:
    """The `summary` is for the job's record; the `whole` result is an object of its own in the store."""

    summary: dict[str, Any]
    whole: dict[str, Any]
