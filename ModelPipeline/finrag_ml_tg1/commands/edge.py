"""`finrag edge`: static files to a bucket behind a content delivery network, with how long they may be kept."""

from __future__ import annotations

from pathlib import Path

import click

from finrag_ml_tg1.commands.session import explaining
from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.object_store import split_s3_url

__all__ = ["edge"]

_TIMEOUT_S = 60.0


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--to", "target_url", required=True, metavar="URL", help="s3://bucket/prefix that the network reads.")
@click.option("--distribution", metavar="ID", help="CloudFront's; without it nothing is invalidated.")
@click.option("--prune", is_flag=True, help="Remove pages that the folder no longer has; files named by hash stay.")
@click.option("--dry-run", is_flag=True, help="Change nothing; list what would be put and removed.")
@explaining
def edge(folder: Path, target_url: str, distribution: str | None, prune: bool, dry_run: bool) -> None:
    """Publish a folder of static files: assets first, pages last, then what has changed is invalidated.

    Files with a hash in their name may be kept for a year, pages are asked for again each time.
    Example: finrag edge shared --to s3://public/share --distribution E2EXAMPLE
    """
    from finrag_ml_tg1.loaders.aws_session import open_session
    from finrag_ml_tg1.loaders.s3_client import connect_to_s3
    from finrag_ml_tg1.operations.edge.publishing import EdgeBucket, invalidate, invalidated_paths, plan
    from finrag_ml_tg1.operations.edge.static_files import static_files

    config = load_config()
    place = split_s3_url(target_url)
    if place is None:
        raise SettingsError("--to must be s3://bucket/prefix: the network reads from a bucket")
    files = static_files(folder)
    bucket = EdgeBucket(connect_to_s3(config, place[0], _TIMEOUT_S), *place)
    planned = plan(files, bucket.etags(), prunes=prune)
    for file in planned.puts if dry_run else ():
        click.echo(f"put {file.key} ({file.cache_control})")
    for key in planned.removals if dry_run else ():
        click.echo(f"remove {key}")
    if not dry_run:
        for file in planned.puts:
            bucket.put(file)
        for key in planned.removals:
            bucket.remove(key)
    paths = invalidated_paths(bucket.prefix, planned.forgotten) if planned.forgotten and distribution else []
    if paths and distribution and not dry_run:
        invalidate(open_session(config).client("cloudfront"), distribution, paths)
    would = "would be " if dry_run else ""
    click.echo(
        f"{len(planned.puts)} of {len(files)} files {would}put, {len(planned.removals)} {would}removed, "
        f"{len(paths)} paths {would}invalidated"
    )
