"""`finrag bench`: the measures of benchmarks/README.md, again on this machine."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import click

__all__ = ["bench"]

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--only", "names", multiple=True, metavar="NAME", help="One measure; may be given again.")
@click.option("--list", "is_listed", is_flag=True, help="Tell the measures and what they need.")
@click.option("--from", "source", type=_FOLDER, help="A store with an index: its passages are measured with.")
@click.option("--filings", type=_FOLDER, help="A folder of 10-K documents, to measure reading and indexing.")
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("/tmp/finrag_bench"),
    show_default=True,
    help="Where indexes of each size are made and kept.",
)
def bench(names: tuple[str, ...], is_listed: bool, source: Path | None, filings: Path | None, work: Path) -> None:
    """Measure memory, start, requests and speed inside a pod's limits, and write the results with the hardware.

    Needs a checkout of the repository, `make test` run once, and root on Linux for the limits.
    Example: finrag bench --only start_150k
    """
    if find_spec("benchmarks") is None:
        click.echo("finrag: benchmarks/ is not here: run this in a checkout of the repository", err=True)
        sys.exit(2)
    from benchmarks.pod_limits import why_not_limited
    from benchmarks.suite import MEASURES, Place, run

    if is_listed:
        for measure in MEASURES.values():
            click.echo(f"{measure.name:16} {measure.title}" + (f" ({measure.target})" if measure.target else ""))
        return
    unknown = [name for name in names if name not in MEASURES]
    reason = f"no measure is named {', '.join(unknown)}: see --list" if unknown else why_not_limited()
    if reason:
        click.echo(f"finrag: {reason}", err=True)
        sys.exit(2)
    failed = run(names or MEASURES, Place(work, source, filings), click.echo)
    click.echo(
        f"{len(names or MEASURES) - len(failed)} measured; `python -m docs.generate` writes benchmarks/README.md"
    )
    if failed:
        click.echo(f"not measured: {', '.join(failed)}", err=True)
        sys.exit(1)
