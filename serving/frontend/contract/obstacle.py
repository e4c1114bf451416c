"""Why the back end takes no questions, as `GET /readyz` tells it."""

from dataclasses import dataclass

__all__ = ["Obstacle"]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """The back end's own words; `is_loading` when nothing but time is needed."""

    detail: str
    is_loading: bool
