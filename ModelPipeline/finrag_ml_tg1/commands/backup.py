"""`finrag backup` and `finrag restore`: an index and the snapshots beside it to another store, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from finrag_ml_tg1.commands.session import Session, explaining, store_option
from finrag_ml_tg1.loaders.object_store import is_key
from finrag_ml_tg1.loaders.open_store import open_store

__all__ = ["backup", "restore"]

_SOLE_WRITER = "Nobody else writes there: for services without conditional puts (If-Match)."


def _named_files(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    files: dict[str, Path] = {}
    for value in values:
        name, separator, path = value.partition("=")
        if not (separator and path and is_key(name) and "/" not in name) or name in files:
            raise click.BadParameter(f"{value}: give NAME=FILE, each name once", context, parameter)
        files[name] = Path(path)
    return files


@click.command()
@click.option("--to", "target_url", required=True, metavar="URL", help="Folder or s3://bucket/prefix of backups alone.")
@store_option
@click.option("--version", metavar="VERSION", help="A version of the store.  [default: its current one]")
@click.option(
    "--snapshot",
    "snapshots",
    multiple=True,
    metavar="NAME=FILE",
    callback=_named_files,
    help="A file to keep with it, such as redis.rdb=/tmp/redis.rdb; repeatable.",
)
@click.option(
    "--keep-daily", default=7, type=click.IntRange(0), show_default=True, help="Days whose last backup stays."
)
@click.option("--keep-weekly", default=4, type=click.IntRange(0), show_default=True, help="Weeks whose last one stays.")
@click.option("--verify", is_flag=True, help="Read everything back; repair what is damaged in the backup store.")
@click.option("--sole-writer", is_flag=True, help=_SOLE_WRITER)
@explaining
def backup(
    *,
    target_url: str,
    store_url: str | None,
    version: str | None,
    snapshots: dict[str, Path],
    keep_daily: int,
    keep_weekly: int,
    verify: bool,
    sole_writer: bool,
) -> None:
    """Copy the index to a store of backups, with snapshots of Redis or Qdrant; then remove backups that are too old.

    What an earlier backup copied is not copied again. The newest backup is never removed.
    Example: finrag backup --to s3://backups/finrag --snapshot redis.rdb=/tmp/redis.rdb
    """
    from finrag_ml_tg1.index.stored_version import current_version
    from finrag_ml_tg1.indexing.backups.making import make_backup, remove_old_backups
    from finrag_ml_tg1.indexing.backups.retention import Retention

    session = Session(store_url)
    target = open_store(target_url, session.config)
    if target.url == session.store.url:
        raise click.UsageError("--to is the store itself: a backup lies in another one, best in another account")
    with _progress("Copying megabytes") as show:
        report = make_backup(
            session.store,
            target,
            version or current_version(session.store),
            snapshots,
            datetime.now(UTC).replace(microsecond=0),
            show,
            verify=verify,
            is_sole_writer=sole_writer,
        )
    removed = remove_old_backups(target, Retention(keep_daily, keep_weekly))
    what = f"backup {report.name} of index {report.record.index_version} in {target.url}"
    click.echo(
        f"{what}: {len(report.record.files)} files, {report.copied_bytes / 1e6:.1f} MB copied; "
        f"{len(removed)} older ones removed"
    )


@click.command()
@click.option("--from", "source_url", required=True, metavar="URL", help="The store of backups.")
@store_option
@click.option("--backup", "wanted", metavar="NAME", help="Which one.  [default: the newest]")
@click.option(
    "--snapshots-to",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for its snapshots.  [default: they are checked and left there]",
)
@click.option("--list", "lists", is_flag=True, help="Restore nothing; list the backups, newest first.")
@click.option("--check", "checks", is_flag=True, help="Restore nothing; read every file of the backup.")
@click.option("--sole-writer", is_flag=True, help=_SOLE_WRITER)
@explaining
def restore(
    *,
    source_url: str,
    store_url: str | None,
    wanted: str | None,
    snapshots_to: Path | None,
    lists: bool,
    checks: bool,
    sole_writer: bool,
) -> None:
    """Make the index of a backup current in a store, which may be empty or damaged.

    Every file is read and compared with its SHA-256 first: a damaged backup is refused and changes nothing.
    Example: finrag restore --from s3://backups/finrag --store s3://bucket/finrag
    """
    from finrag_ml_tg1.indexing.backups.record import choose_backup, recorded_backups
    from finrag_ml_tg1.indexing.backups.restoring import check_backup, restore_backup

    session = Session(store_url)
    source = open_store(source_url, session.config)
    names = recorded_backups(source)
    if lists:
        click.echo("\n".join(map(str, names)) or f"{source.url} holds no backup")
        return
    name = choose_backup(names, wanted, source.url)
    if checks:
        record = check_backup(source, name)
        click.echo(f"backup {name} of index {record.index_version}: {len(record.files)} files, all as written")
        return
    with _progress("Restoring megabytes") as show:
        record = restore_backup(source, name, session.store, snapshots_to, show, is_sole_writer=sole_writer)
    written = f"; {', '.join(label for label, _ in record.snapshots) or 'no snapshots'} in {snapshots_to}"
    click.echo(
        f"index {record.index_version} of backup {name} is current in {session.store.url}"
        f"{written if snapshots_to else ''}"
    )


@contextmanager
def _progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """Show bytes done, of all, as megabytes."""
    with click.progressbar(length=1, label=label, show_pos=True) as bar:

        def show(done: int, total: int) -> None:
            bar.length = total // 10**6 + 1
            bar.update(done // 10**6 - bar.pos)

        yield show
        bar.update((bar.length or 0) - bar.pos)
