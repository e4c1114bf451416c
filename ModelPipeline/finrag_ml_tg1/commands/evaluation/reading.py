"""`finrag eval items` and `facts-extraction`: how filings are read."""

from __future__ import annotations

from pathlib import Path

import click

from finrag_ml_tg1.commands.evaluation.measuring import (
    encoder_folder,
    filings_option,
    measure,
    out_option,
    workers_option,
)
from finrag_ml_tg1.commands.session import explaining

__all__ = ["facts_extraction", "items"]


@click.command()
@filings_option
@out_option
@workers_option
@explaining
def items(folder: Path, out: Path | None, workers: int) -> None:
    """Items found against section files; what looks wrong and is not reported.

    Example: finrag eval items --filings DIR --out items.json
    """
    from finrag_ml_tg1.evaluation.items import evaluate_items

    measure(
        ["items", "--filings", str(folder), "--workers", str(workers)],
        folder,
        lambda: evaluate_items(folder, encoder_folder(), workers=workers),
        out,
    )


@click.command("facts-extraction")
@filings_option
@out_option
@workers_option
@explaining
def facts_extraction(folder: Path, out: Path | None, workers: int) -> None:
    """Tagged numbers and their places against the reference ixbrl_facts.parquet.

    Example: finrag eval facts-extraction --filings DIR --out facts.json
    """
    from finrag_ml_tg1.evaluation.tagged_numbers import evaluate_facts_extraction

    measure(
        ["facts-extraction", "--filings", str(folder), "--workers", str(workers)],
        folder,
        lambda: evaluate_facts_extraction(folder, encoder_folder(), workers=workers),
        out,
    )
