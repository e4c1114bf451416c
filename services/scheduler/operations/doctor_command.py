"""`doctor`: what is wrong with the installation, why, and what to do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from scheduler.operations.doctor.finding import Result, State, examine, exit_code
from scheduler.operations.doctor.platform import Platform
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError, read_settings

__all__ = ["doctor"]

_COULD_NOT_RUN = 2


@click.command()
@click.option("--workspace", default=None, help="Look at this workspace alone, and whether its id is right.")
@click.option("--kubernetes", is_flag=True, help="Look at pods, Service, DomainMapping, gateway and DNS, by kubectl.")
@click.option(
    "--kubeconfig",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=None,
    help="The same, of this cluster [kubectl's own choice].",
)
@click.option("--namespace", "-n", default="scheduler", show_default=True, help="Where the roles run.")
@click.option("--host", default="scheduler-api.calvinruntime.net", show_default=True, help="Where it is reached.")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of findings.")
def doctor(
    workspace: str | None, kubeconfig: Path | None, namespace: str, host: str, *, kubernetes: bool, as_json: bool
) -> None:
    """Look at every part of the installation; say what is wrong, why, and what to do. Changes nothing.

    Asks the Redis and the object store of the settings, so it runs in a pod as well as on your machine.

    Exit code: 0 nothing is wrong (what could not be looked at is named), 1 something is, 2 it could not run.
    """
    from scheduler.operations.doctor.kubectl import Kubectl

    platform = Platform(Kubectl(kubeconfig), namespace, host) if kubernetes or kubeconfig else None
    try:
        results = asyncio.run(_examined(read_settings(), workspace, platform, show=not as_json))
    except (ConfigurationError, ValueError) as error:
        click.echo(f"The doctor cannot run: {error}", err=True)
        raise SystemExit(_COULD_NOT_RUN) from None
    if as_json:
        found = [{"check": each.check, **asdict(each.finding)} for each in results]
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        states = [each.finding.state for each in results]
        click.echo(", ".join(f"{states.count(state)} {state}" for state in State))
    raise SystemExit(exit_code(results))


async def _examined(
    settings: Settings, workspace: str | None, platform: Platform | None, *, show: bool
) -> Sequence[Result]:
    from scheduler.operations.doctor.examination import checks
    from scheduler.operations.doctor.surroundings import open_surroundings

    results = []
    async with open_surroundings(settings, workspace) as around:
        async for result in examine(checks(around, platform)):
            results.append(result)
            if show:
                _print(result)
    return results


def _print(result: Result) -> None:
    finding = result.finding
    click.echo(f"{finding.state:<7}  {result.check:<14}  {finding.cause}")
    if finding.state is State.OK:
        return
    indent = " " * 25
    if finding.fix:
        click.echo(f"{indent}-> {finding.fix}")
    if finding.command:
        click.echo(f"{indent}$ {finding.command}")
