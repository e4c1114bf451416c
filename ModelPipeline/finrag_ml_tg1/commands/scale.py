"""`finrag scale …`: what running it on many machines takes."""

from __future__ import annotations

import click

from finrag_ml_tg1.commands.scale_lint import lint
from finrag_ml_tg1.commands.scale_plan import plan
from finrag_ml_tg1.commands.scale_simulate import simulate

__all__ = ["scale"]


@click.group()
def scale() -> None:
    """Plan, simulate and check what runs FinRAG on many machines.

    Example: finrag scale plan --rps 300 --passages 10M --p95 500ms
    """


for _command in (plan, simulate, lint):
    scale.add_command(_command)
