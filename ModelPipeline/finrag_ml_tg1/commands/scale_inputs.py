"""What `finrag scale` takes on the command line: counts with a suffix, times with a unit, and the checkout's files."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from finrag_ml_tg1.operations.scaling.planning.plan import Basis

__all__ = ["as_count", "as_milliseconds", "as_share", "read_basis"]

_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}
_MS = {"ms": 1, "s": 1000}


def as_count(_context: click.Context, _option: click.Parameter, text: str | None) -> int | None:
    """Return a count as it is written, with k, M or B for thousands, millions and billions; None when it is not."""
    if text is None:
        return None
    match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kMB]?)", text)
    count = Fraction(match[1]) * _FACTORS[match[2]] if match else Fraction()
    if count < 1 or count.denominator != 1 or count > 10**11:
        raise click.BadParameter(f"{text!r} is no count from 1 to 100B, for example 150k, 10M or 1B")
    return int(count)


def as_milliseconds(_context: click.Context, _option: click.Parameter, text: str) -> int:
    """Return the milliseconds of a time that is written with ms or s."""
    match = re.fullmatch(r"([0-9]{1,6})(ms|s)", text)
    if match is None or int(match[1]) == 0:
        raise click.BadParameter(f"{text!r} is no time, for example 500ms or 2s")
    return int(match[1]) * _MS[match[2]]


def as_share(_context: click.Context, _option: click.Parameter, text: str) -> Fraction:
    """Return a share of 0 to 1, exactly as it is written."""
    if not re.fullmatch(r"0(\.[0-9]{1,9})?|1(\.0{1,9})?", text):
        raise click.BadParameter(f"{text!r} is no share from 0 to 1, for example 0.25")
    return Fraction(text)


def read_basis(root: Path) -> Basis:
    """Return what plans are computed from, as it stands in a checkout; raises what its readers raise."""
    from finrag_ml_tg1.operations.cost.prices import PRICES_FILE, read_prices
    from finrag_ml_tg1.operations.scaling.autoscaler.overlay import KIT_FOLDER
    from finrag_ml_tg1.operations.scaling.load.measured import MEASURES_FOLDER, read_measured
    from finrag_ml_tg1.operations.scaling.planning.facts import FACTS_FILE, read_facts
    from finrag_ml_tg1.operations.scaling.planning.kit import read_kit
    from finrag_ml_tg1.operations.scaling.planning.plan import Basis

    return Basis(
        facts=read_facts(root / FACTS_FILE),
        prices=read_prices(root / PRICES_FILE),
        measured=read_measured(root / MEASURES_FOLDER),
        kit=read_kit(root / KIT_FOLDER),
    )
