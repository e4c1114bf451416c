"""`finrag cost`: what running it on the platform costs, before and after."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from finrag_ml_tg1.commands.session import explaining

if TYPE_CHECKING:
    from finrag_ml_tg1.operations.cost.hosting import Hosting
    from finrag_ml_tg1.operations.cost.overview import ModelPrice, Row
    from finrag_ml_tg1.operations.cost.prices import PriceList

__all__ = ["cost"]

_NO_TAX = "US dollars before tax"
_BASIS = "Billed by the second from the price of a month (730 h); what is suspended or hibernated costs nothing."


def _number(most: int) -> Callable[[click.Context, click.Parameter, str], Decimal]:
    """Return what takes a number as it is written, so that 0.1 is a tenth, up to `most`."""

    def convert(_context: click.Context, _option: click.Parameter, text: str) -> Decimal:
        if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,12})?", text) or Decimal(text) > most:
            raise click.BadParameter(f"{text!r} is not a number from 0 to {most:,}, for example 1.5")
        return Decimal(text)

    return convert


_Option = Callable[[Callable[..., None]], Callable[..., None]]


def _assumed(name: str, default: int, unit: str, *, most: int = 10**9) -> _Option:
    return click.option(
        name, type=str, callback=_number(most), default=str(default), show_default=True, metavar="N", help=unit
    )


def _counted(name: str, default: int, unit: str) -> _Option:
    kind = click.IntRange(0, 10_000)
    return click.option(name, type=kind, default=default, show_default=True, metavar="N", help=unit)


@click.command()
@_assumed("--hours", 1, "Session: hours of running.", most=744)
@_counted("--builds", 2, "Session: builds before it, each of one application; 0 after suspending or restarting.")
@_assumed("--build-minutes", 10, "Minutes of a first build.", most=1440)
@_counted("--redeploys", 0, "Session: times that both applications are built again while they run.")
@_assumed("--redeploy-minutes", 3, "Minutes of a later build.", most=1440)
@_assumed("--rollout-seconds", 60, "Seconds for which old and new instances run beside each other.", most=86_400)
@_assumed("--hours-per-day", 8, "Schedule: hours of running on such a day.", most=24)
@_assumed("--days", 22, "Schedule: days in a month.", most=31)
@_assumed("--budget", 10, "Break-even: for how many hours of running these US dollars last.")
@_assumed("--egress-gb", 1, "GB a month to browsers.")
@_assumed("--questions", 1000, "Questions a month.")
@click.option("--model", "model_key", metavar="KEY", help="One language model.  [default: all of the profiles]")
@_assumed("--input-tokens", 5000, "Tokens a model reads for a question.")
@_assumed("--output-tokens", 400, "Tokens a model writes for an answer.")
@_assumed("--stored-gb", 1, "Bucket: GB stored.")
@_assumed("--gets", 10_000, "Bucket: reads a month.")
@_assumed("--puts", 1_000, "Bucket: writes a month.")
@_assumed(
    "--bucket-egress-gb", 10, "Bucket: GB a month that leave AWS; each start with an empty cache reads the index."
)
@click.option("--catalog", "catalogue", metavar="NAME", help="One price catalogue.  [default: all, side by side]")
@click.option("--prices", "prices_file", metavar="FILE", default="deploy/pricing.yaml", show_default=True)
@click.option("--descriptor", "descriptor_file", metavar="FILE", default="sevalla.yml", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs: exact decimals as strings.")
@explaining
def cost(
    catalogue: str | None,
    prices_file: str,
    descriptor_file: str,
    model_key: str | None,
    *,
    builds: int,
    redeploys: int,
    as_json: bool,
    **assumed: Decimal,
) -> None:
    """What both applications cost: a session, a month, a schedule, a build, the bucket and language models.

    Computed from price lists with their dates, asking nobody; the bill may differ. Sizes are those of sevalla.yml.

    Example: finrag cost --hours 3 --builds 0
    """
    from finrag_ml_tg1.operations.cost.hosting import every_hosting, hosting_at
    from finrag_ml_tg1.operations.cost.overview import Assumptions, beside_rows, hosting_rows
    from finrag_ml_tg1.operations.cost.prices import read_prices
    from finrag_ml_tg1.operations.deployment.descriptor import read_descriptor

    prices = read_prices(Path(prices_file))
    descriptor = read_descriptor(Path(descriptor_file))
    hostings = (hosting_at(prices, catalogue, descriptor),) if catalogue else every_hosting(prices, descriptor)
    assumptions = Assumptions(builds=builds, redeploys=redeploys, **assumed)
    models, models_as_of = _models(model_key)
    hosted = hosting_rows(hostings, assumptions)
    beside = beside_rows(prices.s3, models, assumptions)
    if as_json:
        content = _json(hostings, hosted, beside, prices, models_as_of)
        click.echo(json.dumps({"assumed": _plain(asdict(assumptions)), **content}, indent=1, ensure_ascii=False))
        return
    _print(hostings, hosted, beside, prices, models_as_of)


def _models(key: str | None) -> tuple[list[ModelPrice], str]:
    """Return the prices of the profiles, or of the one named, and the day they are of."""
    from finrag_ml_tg1.answering.models.profiles import bundled_profiles, read_profiles
    from finrag_ml_tg1.errors import SettingsError
    from finrag_ml_tg1.loaders.ml_config_loader import load_config
    from finrag_ml_tg1.operations.cost.overview import ModelPrice

    own = load_config().models_file
    profiles = bundled_profiles() if own is None else read_profiles(Path(own))
    if key is not None and key not in profiles.by_key:
        raise SettingsError(f"there is no model {key}: choose {' or '.join(profiles.by_key)}")
    chosen = [profile for name, profile in profiles.by_key.items() if key in {None, name}]
    prices = [
        ModelPrice(profile.key, profile.model_id, profile.input_price, profile.output_price) for profile in chosen
    ]
    return prices, profiles.as_of.isoformat()


def _print(
    hostings: Sequence[Hosting], hosted: Sequence[Row], beside: Sequence[Row], prices: PriceList, models_as_of: str
) -> None:
    from finrag_ml_tg1.operations.cost.table import hosting_table, row_lines

    click.echo(f"{_NO_TAX}. {_BASIS}\n")
    for line in [*hosting_table(hostings, hosted), *row_lines(beside)]:
        click.echo(line)
    click.echo("")
    for hosting in hostings:
        click.echo(f"{hosting.catalogue}, {hosting.as_of}: {hosting.source}")
    if any(process.confidence == "reported" for hosting in hostings for process in hosting.processes):
        click.echo("* reported by others, not read on the platform's own pages: compare with the dashboard")
    click.echo(f"S3, {prices.s3.as_of}: {prices.s3.source}. Language models: profiles of {models_as_of}.")


def _json(
    hostings: Sequence[Hosting], hosted: Sequence[Row], beside: Sequence[Row], prices: PriceList, models_as_of: str
) -> dict[str, Any]:
    return {
        "currency": "USD",
        "tax": "excluded",
        "catalogs": {
            hosting.catalogue: {
                "as_of": hosting.as_of.isoformat(),
                "source": hosting.source,
                "hours_per_month": hosting.hours_per_month,
                "applications": [
                    {
                        "role": process.role,
                        "size": process.size,
                        "usd_per_month": str(process.month),
                        "instances": process.instances,
                        "confidence": process.confidence,
                    }
                    for process in hosting.processes
                ],
                "usd": _by_key(hosted, position, are_hours=False),
                "hours": _by_key(hosted, position, are_hours=True),
            }
            for position, hosting in enumerate(hostings)
        },
        "beside": {
            "as_of": {"s3": prices.s3.as_of.isoformat(), "models": models_as_of},
            "usd": _by_key(beside, 0, are_hours=False),
        },
    }


def _by_key(rows: Sequence[Row], position: int, *, are_hours: bool) -> dict[str, str]:
    return {row.key: _exact(row.values[position]) for row in rows if row.is_hours is are_hours}


def _exact(value: Fraction) -> str:
    from finrag_ml_tg1.operations.cost.charges import as_decimal

    return f"{as_decimal(value):f}"


def _plain(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items()}
