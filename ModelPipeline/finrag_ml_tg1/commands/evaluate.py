"""`finrag eval …`: the product's own code, measured on given data."""

from __future__ import annotations

import click

from finrag_ml_tg1.commands.evaluation.answers import answers, grader
from finrag_ml_tg1.commands.evaluation.numbers import derived_metrics, facts, programs
from finrag_ml_tg1.commands.evaluation.reading import facts_extraction, items
from finrag_ml_tg1.commands.evaluation.searching import retrieval, scope

__all__ = ["evaluate"]


@click.group("eval")
def evaluate() -> None:
    """Measure the pipeline on data with known answers.

    Example: finrag eval items --filings DIR --out items.json
    """


for _command in (items, facts_extraction, facts, derived_metrics, programs, retrieval, scope, answers, grader):
    evaluate.add_command(_command)
