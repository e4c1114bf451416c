"""`finrag scale simulate`: what the autoscaler makes of a load."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from finrag_ml_tg1.commands.scale_inputs import as_count, read_basis
from finrag_ml_tg1.commands.session import explaining

if TYPE_CHECKING:
    from finrag_ml_tg1.operations.cost.charges import Usd
    from finrag_ml_tg1.operations.scaling.load.traces import Trace
    from finrag_ml_tg1.operations.scaling.simulation.run import Outcome

__all__ = ["simulate"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.option("--tier", required=True, metavar="NAME", help="low, medium or high: the overlay's autoscaler.")
@click.option("--trace", "trace_name", default="ramp", show_default=True, metavar="NAME|FILE")
@click.option(
    "--peak", type=str, callback=as_count, metavar="N", help="Requests a second at the peak.  [default: the tier's]"
)
@click.option(
    "--passages", type=str, callback=as_count, default="150k", show_default=True, metavar="N", help="Passages indexed."
)
@click.option("--start-s", type=click.FloatRange(0, 3600), metavar="S", help="Seconds until a new pod serves.")
@click.option("--hpa", "hpa_file", type=_FILE, help="Another autoscaler's manifest than the tier's.")
@click.option("--out", "chart_file", type=_FILE, help="Write a chart here, as SVG.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@explaining
def simulate(
    tier: str,
    trace_name: str,
    peak: int | None,
    passages: int,
    *,
    start_s: float | None,
    hpa_file: Path | None,
    chart_file: Path | None,
    as_json: bool,
) -> None:
    """Pass a load through the back ends of a tier, counted by its autoscaler: replicas, refusals, times, cost.

    A trace is constant, ramp, step, spike, day, or a file: CSV with seconds,requests_per_second, or JSON pairs. How
    fast a back end is was measured (benchmarks/). Run it in the checkout.

    Example: finrag scale simulate --tier medium --trace spike --out spike.svg
    """
    from finrag_ml_tg1.operations.scaling.autoscaler.manifest import read_autoscaler
    from finrag_ml_tg1.operations.scaling.autoscaler.overlay import KIT_FOLDER
    from finrag_ml_tg1.operations.scaling.simulation.chart import draw_chart
    from finrag_ml_tg1.operations.scaling.simulation.report import outcome_lines, replica_price
    from finrag_ml_tg1.operations.scaling.simulation.run import simulate as run
    from finrag_ml_tg1.operations.scaling.simulation.tier import START_S, tier_autoscaler, tier_replica

    basis = read_basis(Path.cwd())
    chosen = basis.facts.tier(tier)
    kit = Path(KIT_FOLDER)
    trace = _trace(trace_name, peak or chosen.sample_rps)
    spec = read_autoscaler(hpa_file) if hpa_file else tier_autoscaler(kit, chosen.overlay)
    replica = tier_replica(kit, basis.measured, passages, start_s=START_S if start_s is None else start_s)
    outcome = run(spec, replica, trace)
    price = replica_price(outcome, replica, basis.prices.aws)
    if chart_file is not None:
        _write(chart_file, draw_chart(outcome, f"{chosen.name}: {Path(trace_name).stem} to {trace.peak:g} a second"))
    if as_json:
        click.echo(json.dumps(_json(outcome, price), indent=1))
        return
    for line in outcome_lines(outcome, price):
        click.echo(line)


def _trace(name: str, peak: int) -> Trace:
    from finrag_ml_tg1.operations.scaling.errors import ScalingError
    from finrag_ml_tg1.operations.scaling.load.traces import SHAPES, read_trace

    if name in SHAPES:
        return SHAPES[name](peak)
    path = Path(name)
    if not path.exists():
        raise ScalingError(f"there is no trace {name}: choose {', '.join(SHAPES)}, or name a file of one")
    return read_trace(path)


def _write(path: Path, text: str) -> None:
    from finrag_ml_tg1.operations.scaling.errors import ScalingError

    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise ScalingError(f"{path} cannot be written: {error.strerror}") from None


def _json(outcome: Outcome, price: Usd) -> dict[str, Any]:
    from finrag_ml_tg1.operations.cost.charges import as_decimal

    return {
        "offered": outcome.offered,
        "served": outcome.served,
        "dropped": outcome.dropped,
        "queued": outcome.queued,
        "p95_ms": None if outcome.p95_s is None else outcome.p95_s * 1000,
        "replicas": {"fewest": outcome.fewest_wanted, "most": outcome.most_wanted},
        "replica_seconds": outcome.replica_seconds,
        "usd": f"{as_decimal(price):f}",
        "moments": [
            {
                "at_s": moment.at_s,
                "requests_per_s": moment.requests_per_s,
                "wanted": moment.wanted,
                "ready": moment.ready,
                "dropped": moment.dropped,
                "p95_ms": None if moment.p95_s is None else moment.p95_s * 1000,
            }
            for moment in outcome.moments
        ],
    }
