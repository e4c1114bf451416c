"""The repository's own basis of plans, and demands on it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from finrag_ml_tg1.commands.scale_inputs import read_basis
from finrag_ml_tg1.operations.scaling.planning.demand import Demand
from finrag_ml_tg1.operations.scaling.planning.plan import Basis

__all__ = ["BASIS", "ROOT", "demand_of"]

ROOT = Path(__file__).parents[4]
BASIS: Basis = read_basis(ROOT)


def demand_of(rps: int, passages: int = 150_000, p95_s: float = 0.5) -> Demand:
    return Demand(Fraction(rps), passages, p95_s, Fraction(1, 5))
