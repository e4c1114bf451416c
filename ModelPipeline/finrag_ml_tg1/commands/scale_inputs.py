"""What `finrag scale` takes on the command line: counts with a suffix, times with a unit, and the checkout's files."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from finrag_ml_tg1.operations.scaling.planning.plan import Basis

__all__ = ["COUNT", "MILLISECONDS", "SHARE", "read_basis"]

_FACTORS = {"": 1, "k": 10**3, "M": 10**6, "B": 10**9}
_MS = {"ms": 1, "s": 1000}


class _Count(click.ParamType):
    name = "count"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)([kMB]?)", str(value))
        count = Fraction(match[1]) * _FACTORS[match[2]] if match else Fraction()
        if count < 1 or count.denominator != 1 or count > 10**11:
            self.fail(f"{value!r} is no count from 1 to 100B, for example 150k, 10M or 1B", param, ctx)
        return int(count)


class _Milliseconds(click.ParamType):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"([0-9]{1,6})(ms|s)", str(value))
        if match is None or int(match[1]) == 0:
            self.fail(f"{value!r} is no time, for example 500ms or 2s", param, ctx)
        return int(match[1]) * _MS[match[2]]


class _Share(click.ParamType):
    name = "share"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        if not re.fullmatch(r"0(\.[0-9]{1,9})?|1(\.0{1,9})?", str(value)):
            self.fail(f"{value!r} is no share from 0 to 1, for example 0.25", param, ctx)
        return Fraction(str(value))


COUNT = _Count()
MILLISECONDS = _Milliseconds()
SHARE = _Share()


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
