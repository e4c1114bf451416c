"""Figures of a written answer held to its evidence."""

from __future__ import annotations

from collections.abc import Mapping

from finrag_ml_tg1.answering.answer import Flag
from finrag_ml_tg1.facts.fact_set import FactSet

__all__ = ["flag_numbers"]


def flag_numbers(markdown: str, found: FactSet, texts: Mapping[int, str]) -> tuple[Flag, ...]:
    """Return a flag for each figure that stands in no fact, calculation or cited text."""
    return ()
