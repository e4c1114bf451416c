"""Sentences of a written answer held to what they cite."""

from __future__ import annotations

from collections.abc import Mapping

from finrag_ml_tg1.answering.answer import Flag

__all__ = ["flag_unsupported"]


def flag_unsupported(markdown: str, texts: Mapping[int, str]) -> tuple[Flag, ...]:
    """Return a flag for each sentence that cites nothing."""
    return ()
