"""What running both applications costs at list prices, from the data file beside this module, in numbers and words.

The file is written from the price lists (`python -m docs.generate`); nothing is asked of anybody.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

from serving.frontend.contract.json_row import JsonRow
from serving.frontend.markup.escaping import escape_inline
from serving.frontend.status.measures import describe_uptime, write_usd

__all__ = ["PriceCatalogue", "cost_of_month", "describe_prices", "describe_uptime_cost", "read_catalogues"]

_FILE = Path(__file__).with_name("hosting_prices.json")
_HOURS_OF_DAY = 24
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class PriceCatalogue:
    """One dated price list: what both applications cost together, in US dollars before tax."""

    name: str
    as_of: str
    sizes: str
    usd_per_hour: Decimal
    usd_per_month: Decimal
    usd_per_build: Decimal
    build_minutes: str


@cache
def read_catalogues() -> tuple[PriceCatalogue, ...]:
    """Return the price lists in the file's order."""
    content = JsonRow(json.loads(_FILE.read_text("utf-8")))
    return tuple(_read(row, content.text("build_minutes")) for row in content.rows("catalogues"))


def cost_of_month(catalogue: PriceCatalogue, hours_per_day: int) -> Decimal:
    """Return, in cents, a month of 730 hours that runs so many of each 24: the list price at 24, nothing at 0."""
    return (catalogue.usd_per_month * hours_per_day / _HOURS_OF_DAY).quantize(_CENT, ROUND_HALF_UP)


def describe_prices(catalogues: Sequence[PriceCatalogue]) -> str:
    """Return, as Markdown, whose prices these are, of when, and what they leave out."""
    dates = " and ".join(f"{each.name} ({each.sizes}) of {each.as_of}" for each in catalogues)
    builds = " or ".join(dict.fromkeys(f"${each.usd_per_build.quantize(_CENT)}" for each in catalogues))
    return escape_inline(
        f"List prices before tax, of a month of 730 hours: {dates}. Suspended costs nothing; "
        f"each build of {catalogues[0].build_minutes} minutes costs {builds}."
    )


def describe_uptime_cost(catalogues: Sequence[PriceCatalogue], uptime_s: float) -> str:
    """Return, as Markdown, what both applications cost for as long as the back end has been up."""
    costs = ", ".join(f"{_about(each, uptime_s)} at {escape_inline(each.name)}" for each in catalogues)
    return (
        f"Since this back end started {describe_uptime(uptime_s)} ago, both applications together come to {costs}, "
        "if they are hosted and the front end runs as long."
    )


def _about(catalogue: PriceCatalogue, uptime_s: float) -> str:
    words = write_usd(float(catalogue.usd_per_hour) * uptime_s / 3600)
    return words if words.startswith("under") else f"about {words}"


def _read(row: JsonRow, build_minutes: str) -> PriceCatalogue:
    return PriceCatalogue(
        name=row.text("name"),
        as_of=row.text("as_of"),
        sizes=row.text("sizes"),
        usd_per_hour=Decimal(row.text("usd_per_hour")),
        usd_per_month=Decimal(row.text("usd_per_month")),
        usd_per_build=Decimal(row.text("usd_per_build")),
        build_minutes=build_minutes,
    )
