"""`finrag scale plan`: how many of what a load needs, where, and for how much."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import click

from finrag_ml_tg1.commands.scale_inputs import as_count, as_milliseconds, as_share, read_basis
from finrag_ml_tg1.commands.session import explaining

__all__ = ["plan"]


@click.command()
@click.option("--rps", type=str, callback=as_count, required=True, metavar="N", help="Questions a second at the peak.")
@click.option(
    "--passages", type=str, callback=as_count, required=True, metavar="N", help="Passages indexed: 150k, 10M, 1B."
)
@click.option("--p95", "p95_ms", type=str, callback=as_milliseconds, default="500ms", show_default=True, metavar="TIME")
@click.option(
    "--chat-share",
    type=str,
    callback=as_share,
    default="0.25",
    show_default=True,
    metavar="SHARE",
    help="Questions asked in the chat.",
)
@click.option(
    "--mean-share",
    type=str,
    callback=as_share,
    default="0.4",
    show_default=True,
    metavar="SHARE",
    help="A month's mean load of its peak.",
)
@click.option(
    "--refused",
    type=str,
    callback=as_share,
    default="0.01",
    show_default=True,
    metavar="SHARE",
    help="Questions refused at the peak.",
)
@click.option("--filings-per-day", type=click.IntRange(0, 10**6), default=100, show_default=True, metavar="N")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs: exact decimals as strings.")
@explaining
def plan(
    rps: int,
    passages: int,
    p95_ms: int,
    *,
    chat_share: Fraction,
    mean_share: Fraction,
    refused: Fraction,
    filings_per_day: int,
    as_json: bool,
) -> None:
    """Say what a load needs: replicas, memory, an engine for the vectors, what it costs, and when to move on.

    Computed from benchmarks/, deploy/pricing.yaml, deploy/scaling.yaml and the autoscalers of deploy/kubernetes/finrag,
    asking nobody. Run it in the checkout. 95 % of the answers are there within --p95, models that write not counted.

    Example: finrag scale plan --rps 300 --passages 10M --p95 500ms
    """
    from finrag_ml_tg1.operations.scaling.planning.demand import Demand
    from finrag_ml_tg1.operations.scaling.planning.plan import make_plan
    from finrag_ml_tg1.operations.scaling.planning.report import plan_json, plan_lines
    from finrag_ml_tg1.operations.scaling.planning.thresholds import thresholds_of

    basis = read_basis(Path.cwd())
    demand = Demand(
        rps=Fraction(rps),
        passages=passages,
        p95_s=p95_ms / 1000,
        open_share=Fraction(str(basis.measured.open_share)),
        refused_share=float(refused),
        chat_share=chat_share,
        mean_share=mean_share,
        filings_per_day=filings_per_day,
    )
    made = make_plan(demand, basis)
    thresholds = thresholds_of(demand, basis)
    if as_json:
        click.echo(json.dumps(plan_json(made, thresholds, basis.prices), indent=1, ensure_ascii=False))
        return
    for line in plan_lines(made, thresholds, basis.prices):
        click.echo(line)
