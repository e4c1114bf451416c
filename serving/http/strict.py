"""What every request's schema keeps to."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["Strict"]


class Strict(BaseModel):
    """A request's part that may hold nothing but what is described; white space around texts is dropped."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
