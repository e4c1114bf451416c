"""`finrag …`: the pipeline from the command line. Errors are one line; exit code 0 done, 1 partly, 2 not at all."""

from __future__ import annotations

import click

from finrag_ml_tg1 import __version__
from finrag_ml_tg1.commands.ask import ask
from finrag_ml_tg1.commands.backup import backup, restore
from finrag_ml_tg1.commands.bench import bench
from finrag_ml_tg1.commands.catalog import catalog
from finrag_ml_tg1.commands.cost import cost
from finrag_ml_tg1.commands.doctor import doctor
from finrag_ml_tg1.commands.edge import edge
from finrag_ml_tg1.commands.evaluate import evaluate
from finrag_ml_tg1.commands.index import index
from finrag_ml_tg1.commands.ingest import ingest
from finrag_ml_tg1.commands.publish import publish
from finrag_ml_tg1.commands.scale import scale
from finrag_ml_tg1.commands.sevalla import sevalla
from finrag_ml_tg1.commands.share import share
from finrag_ml_tg1.commands.up import up
from finrag_ml_tg1.commands.vectors import vectors
from finrag_ml_tg1.machine import raise_file_limit

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="finrag")
def main() -> None:
    """Ask questions about companies' annual reports and get answers that cite the filing.

    Example: finrag ingest filings/ && finrag index && finrag ask "What are Apple's main risks?"
    """
    raise_file_limit()


for _command in (
    ingest,
    index,
    publish,
    backup,
    restore,
    ask,
    share,
    edge,
    up,
    catalog,
    evaluate,
    vectors,
    bench,
    doctor,
    cost,
    scale,
    sevalla,
):
    main.add_command(_command)
