"""The commands of whoever runs the service or deploys with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict

import click

from kserve_api.errors import ClusterError
from kserve_api.operations.client_commands import CLIENT_COMMANDS
from kserve_api.operations.doctor.finding import Result, State
from kserve_api.settings import Settings
from kserve_api.settings_reading import ConfigurationError, read_settings

__all__ = ["register"]

_COULD_NOT_RUN = 2


def register(group: click.Group) -> None:
    """Add the commands to a group."""
    for command in (doctor, *CLIENT_COMMANDS):
        group.add_command(command)


@click.command()
@click.option("--app", default=None, help="Look at this app instead of the installation.")
@click.option("--namespace", "-n", default=None, help="Where the app is [KSERVE_API_DEFAULT_NAMESPACE].")
@click.option("--get", is_flag=True, help="Ask the app's URL too; that starts a pod.")
@click.option("--service-namespace", default="kserve-api", show_default=True, help="Where the service itself runs.")
@click.option("--host", default="", help="Where it is reached [kserve-api. under KSERVE_API_BASE_DOMAIN].")
@click.option("--json", "as_json", is_flag=True, help="For programs: a list of findings.")
def doctor(app: str | None, namespace: str | None, get: bool, service_namespace: str, host: str, as_json: bool) -> None:
    """Look at every part of the installation, or of one app; say what is wrong, why, and what to do.

    Asks the cluster of KSERVE_API_KUBECONFIG, or in a pod its own. It changes nothing.

    Exit code: 0 nothing is wrong (what could not be looked at is named), 1 something is, 2 it could not run.
    """
    from kserve_api.operations.doctor.finding import exit_code

    try:
        configuration = read_settings()
        place = (namespace or configuration.default_namespace, app) if app else None
        results = asyncio.run(_examined(configuration, place, service_namespace, host, get=get, show=not as_json))
    except (ClusterError, ConfigurationError) as error:
        told = error.message if isinstance(error, ClusterError) else str(error)
        click.echo(f"The doctor cannot run: {told}", err=True)
        raise SystemExit(_COULD_NOT_RUN) from None
    if as_json:
        found = [{"check": each.check, **asdict(each.finding)} for each in results]
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        states = [each.finding.state for each in results]
        click.echo(", ".join(f"{states.count(state)} {state}" for state in State))
    raise SystemExit(exit_code(results))


async def _examined(
    settings: Settings, place: tuple[str, str] | None, service_namespace: str, host: str, *, get: bool, show: bool
) -> Sequence[Result]:
    from kserve_api.cluster.kubernetes_cluster import KubernetesCluster
    from kserve_api.operations.doctor.examination import app_checks, installation_checks
    from kserve_api.operations.doctor.finding import examine
    from kserve_api.operations.doctor.surroundings import Surroundings

    cluster = await KubernetesCluster.open(settings)
    try:
        around = Surroundings(cluster, settings, cluster.server_time, service_namespace, host)
        checks = app_checks(around, *place, get=get) if place else installation_checks(around)
        results = []
        async for result in examine(checks):
            results.append(result)
            if show:
                _print(result)
        return results
    finally:
        await cluster.close()


def _print(result: Result) -> None:
    finding = result.finding
    click.echo(f"{finding.state:<7}  {result.check:<15}  {finding.cause}")
    indent = " " * 26
    for line in finding.lines:
        click.echo(f"{indent}| {line}")
    if finding.state is State.OK:
        return
    if finding.fix:
        click.echo(f"{indent}-> {finding.fix}")
    if finding.command:
        click.echo(f"{indent}$ {finding.command}")
