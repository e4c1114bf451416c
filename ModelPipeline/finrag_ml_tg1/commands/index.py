"""`finrag index`: the store's tables to a new index version."""

from __future__ import annotations

import time

import click

from finrag_ml_tg1.commands.session import Session, explaining, store_option
from finrag_ml_tg1.machine import cores, peak_megabytes

__all__ = ["index"]


@click.command()
@store_option
@click.option(
    "--threads",
    default=cores(),
    type=click.IntRange(1),
    show_default="all cores",
    help="Cores used for encoding.",
)
@explaining
def index(store_url: str | None, threads: int) -> None:
    """Build a new index version from the store's filings and make it current.

    Only what changed since the current version is encoded. Example: finrag index --threads 2
    """
    from finrag_ml_tg1.indexing.store_index import index_store

    session = Session(store_url)
    started = time.perf_counter()
    with click.progressbar(length=1, label="Indexing passages", show_pos=True) as bar:

        def show(passages: int, total: int) -> None:
            bar.length = total
            bar.update(passages - bar.pos)

        done = index_store(session.store, session.config, threads=threads, progress=show, tell=click.echo)
    report = done.build
    seconds = time.perf_counter() - started
    state = "now current" if report.changed else "already current, nothing to do"
    click.echo(
        f"index {report.version}: {report.filings} filings, {report.passages} passages, "
        f"{done.encoded_texts} texts newly encoded; {state}; {seconds:.1f} s, peak memory {peak_megabytes()} MB"
    )
