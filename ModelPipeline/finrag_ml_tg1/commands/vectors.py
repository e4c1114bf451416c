"""`finrag vectors …`: the index's vectors in an outside engine, for corpora whose vectors one machine does not hold."""

from __future__ import annotations

import time

import click

from finrag_ml_tg1.commands.session import Session, explaining, store_option
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.vector_address import ALLOWED_ADDRESSES

__all__ = ["vectors"]


@click.group()
def vectors() -> None:
    """Keep the index's vectors in Amazon S3 Vectors or in Qdrant.

    Example: finrag vectors sync --to s3vectors://my-vectors/filings
    """


@vectors.command()
@store_option
@click.option("--to", "address", metavar="ADDRESS", help=f"{ALLOWED_ADDRESSES} [FINRAG_VECTOR_INDEX].")
@click.option("--again", is_flag=True, help="Write all vectors anew: the engine has lost some.")
@explaining
def sync(store_url: str | None, address: str | None, *, again: bool) -> None:
    """Write the vectors of the current index version to an engine, and remove those that no version has any more.

    Only what is not there yet is written; interrupted, the same command goes on. Example: finrag vectors sync --to
    qdrant+https://qdrant.example:6333/filings
    """
    from finrag_ml_tg1.index.outside.opening import open_engine
    from finrag_ml_tg1.indexing.vector_sync import sync_vectors
    from finrag_ml_tg1.loaders.cache import DiskCache

    session = Session(store_url)
    address = address or session.config.vector_index
    if not address:
        raise SettingsError(f"No engine is named: give --to {ALLOWED_ADDRESSES}, or set FINRAG_VECTOR_INDEX")
    engine = open_engine(address, session.config, is_filling=True)
    cache = DiskCache(session.cache_folder, session.store, session.config.cache_mb * 2**20)
    started = time.perf_counter()
    try:
        with click.progressbar(length=1, label="Writing vectors", show_pos=True) as bar:

            def show(done: int, total: int) -> None:
                bar.length = total
                bar.update(done - bar.pos)

            report = sync_vectors(session.store, cache, engine, show, again=again)
    finally:
        engine.close()
    if report.unreadable:
        click.echo(
            f"note: index {', '.join(report.unreadable)} cannot be read by this program and may use any vector: "
            "none is removed"
        )
    click.echo(
        f"{engine.address} holds the {report.vectors} vectors of index {report.version}: {report.written} written, "
        f"{report.removed} removed; {time.perf_counter() - started:.1f} s"
    )
