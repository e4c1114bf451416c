"""`finrag index`: the store's tables to a new index version, and the end of versions nobody needs any more."""

from __future__ import annotations

import time

import click

from finrag_ml_tg1.commands.session import Session, explaining, store_option
from finrag_ml_tg1.machine import cores, peak_megabytes

__all__ = ["index"]

_KEPT_VERSIONS = 3


@click.command()
@store_option
@click.option(
    "--threads",
    default=cores(),
    type=click.IntRange(1),
    show_default="all cores",
    help="Cores used for encoding.",
)
@click.option("--verify", is_flag=True, help="Read what the store has, and make anew what is damaged there.")
@click.option("--gc", "collects", is_flag=True, help="Build nothing; delete what only earlier versions need.")
@click.option(
    "--keep",
    type=click.IntRange(1),
    show_default=str(_KEPT_VERSIONS),
    help="With --gc: so many versions stay, the current one and those that were current before it.",
)
@click.option("--dry-run", is_flag=True, help="With --gc: delete nothing, list what would go.")
@explaining
def index(store_url: str | None, threads: int, verify: bool, collects: bool, keep: int | None, dry_run: bool) -> None:
    """Build a new index version from the store's filings and make it current.

    Only what changed since the current version is encoded. Example: finrag index --threads 2
    """
    if collects and verify:
        raise click.UsageError("--verify does not go with --gc: it belongs to building")
    if not collects and (dry_run or keep is not None):
        raise click.UsageError("--keep and --dry-run go with --gc")
    session = Session(store_url)
    if collects:
        _collect(session, keep or _KEPT_VERSIONS, dry_run=dry_run)
    else:
        _build(session, threads, verify=verify)


def _build(session: Session, threads: int, *, verify: bool) -> None:
    from finrag_ml_tg1.indexing.store_index import index_store

    started = time.perf_counter()
    with click.progressbar(length=1, label="Indexing passages", show_pos=True) as bar:

        def show(passages: int, total: int) -> None:
            bar.length = total
            bar.update(passages - bar.pos)

        done = index_store(
            session.store, session.config, threads=threads, progress=show, tell=click.echo, verify=verify
        )
    report = done.build
    seconds = time.perf_counter() - started
    state = "now current" if report.changed else "already current, nothing to do"
    click.echo(
        f"index {report.version}: {report.filings} filings, {report.passages} passages, "
        f"{done.encoded_texts} texts newly encoded; {state}; {seconds:.1f} s, peak memory {peak_megabytes()} MB"
    )


def _collect(session: Session, keep: int, *, dry_run: bool) -> None:
    from finrag_ml_tg1.indexing.garbage import collect_garbage, find_garbage

    garbage = find_garbage(session.store, keep) if dry_run else collect_garbage(session.store, keep)
    for key in garbage.keys if dry_run else ():
        click.echo(key)
    done = "would be deleted" if dry_run else "deleted"
    click.echo(
        f"{len(garbage.keys)} objects {done}, {garbage.size / 1e6:.1f} MB; versions kept: {', '.join(garbage.kept)}"
    )
