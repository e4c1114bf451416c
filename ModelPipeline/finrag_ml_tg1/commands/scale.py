"""`finrag scale …`: what running it on many machines takes."""

from __future__ import annotations

import click

from finrag_ml_tg1.commands.scale_lint import lint

__all__ = ["scale"]


@click.group()
def scale() -> None:
    """Check what runs FinRAG on many machines.

    Example: finrag scale lint
    """


for _command in (lint,):
    scale.add_command(_command)
