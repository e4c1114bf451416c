"""`finrag index`: the store's tables to a new index version."""

from __future__ import annotations

import time

import click

from finrag_ml_tg1.commands.session import Session, cores, explaining, peak_megabytes, store_option

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
    from finrag_ml_tg1.index.encoder import OnnxEncoder
    from finrag_ml_tg1.indexing.build import build_index
    from finrag_ml_tg1.indexing.kept_vectors import KeptVectors
    from finrag_ml_tg1.indexing.minilm import ensure_encoder
    from finrag_ml_tg1.loaders.cache import DiskCache

    session = Session(store_url)
    folder = ensure_encoder(session.cache_folder, progress=click.echo)
    encoder = KeptVectors(OnnxEncoder.load(folder, threads=threads), session.cache_folder / "vectors")
    cache = DiskCache(session.cache_folder, session.store, session.config.cache_mb * 2**20)
    started = time.perf_counter()
    with click.progressbar(length=1, label="Indexing passages", show_pos=True) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total
            bar.update(done - bar.pos)

        report = build_index(session.store, cache, encoder, folder, show)
    seconds = time.perf_counter() - started
    state = "now current" if report.changed else "already current, nothing to do"
    click.echo(
        f"index {report.version}: {report.filings} filings, {report.passages} passages, "
        f"{encoder.encoded} texts newly encoded; {state}; {seconds:.1f} s, peak memory {peak_megabytes()} MB"
    )
