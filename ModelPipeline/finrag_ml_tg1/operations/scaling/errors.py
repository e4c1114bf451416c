"""What can be wrong with what is to be simulated or planned."""

from __future__ import annotations

from finrag_ml_tg1.errors import FinRAGError

__all__ = ["ScalingError"]


class ScalingError(FinRAGError):
    """A manifest, trace, curve, table or figure cannot be used; the message names it and says what would do."""
