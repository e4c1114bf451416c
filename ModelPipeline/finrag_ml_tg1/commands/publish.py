"""`finrag publish`: an index version from one store to another."""

from __future__ import annotations

import time

import click

from finrag_ml_tg1.commands.session import Session, explaining
from finrag_ml_tg1.loaders.open_store import open_store
from finrag_ml_tg1.machine import peak_megabytes

__all__ = ["publish"]


@click.command()
@click.option("--to", "target_url", required=True, metavar="URL", help="Folder or s3://bucket/prefix to publish to.")
@click.option("--from", "--store", "source_url", metavar="URL", help="The store with the index [FINRAG_STORE].")
@click.option("--version", metavar="VERSION", help="A version of that store.  [default: its current one]")
@click.option("--verify", is_flag=True, help="Read everything back from the target; repair what is damaged there.")
@click.option(
    "--sole-writer", is_flag=True, help="Nobody else writes there: for services without conditional puts (If-Match)."
)
@explaining
def publish(target_url: str, source_url: str | None, version: str | None, verify: bool, sole_writer: bool) -> None:
    """Copy an index version to another store and make it current there.

    What the target has already is not copied again. Interrupted, it goes on the next time. An earlier version becomes
    current again with --version. Example: finrag publish --to s3://bucket/finrag
    """
    from finrag_ml_tg1.index.stored_version import current_version
    from finrag_ml_tg1.indexing.publishing import publish_version

    session = Session(source_url)
    target = open_store(target_url, session.config)
    started = time.perf_counter()
    with click.progressbar(length=1, label="Copying megabytes", show_pos=True) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total // 10**6 + 1
            bar.update(done // 10**6 - bar.pos)

        report = publish_version(
            session.store,
            target,
            version or current_version(session.store),
            show,
            verify=verify,
            is_sole_writer=sole_writer,
        )
        bar.update((bar.length or 0) - bar.pos)
    copied = f"{report.copied_objects} of {report.objects} objects copied, {report.copied_bytes / 1e6:.1f} MB"
    state = "now current" if report.changed else "already current"
    click.echo(
        f"index {report.version} in {target.url}: {copied}; {state}; {time.perf_counter() - started:.1f} s, "
        f"peak memory {peak_megabytes()} MB"
    )
