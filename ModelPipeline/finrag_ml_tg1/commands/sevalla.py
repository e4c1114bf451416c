"""`finrag sevalla …`: the deployed applications, through the platform's API; nothing is changed without `--yes`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from finrag_ml_tg1.commands.session import explaining
from finrag_ml_tg1.errors import SettingsError

if TYPE_CHECKING:
    from finrag_ml_tg1.operations.sevalla.client import Clock, SevallaClient
    from finrag_ml_tg1.operations.sevalla.steps import Step
    from finrag_ml_tg1.operations.sevalla.suspension import Action
    from finrag_ml_tg1.operations.sevalla.targets import Target

__all__ = ["sevalla"]

_SUSPENSION_SECONDS = 300.0
_DEPLOYMENT_SECONDS = 1800.0


@click.group()
def sevalla() -> None:
    """See, suspend, activate and deploy the applications of sevalla.yml at Sevalla.

    Needs SEVALLA_API_TOKEN. Example: finrag sevalla status
    """


def _descriptor_options(command: Callable[..., Any]) -> Callable[..., Any]:
    command = click.option(
        "--app", "wanted", multiple=True, metavar="NAME_OR_ID", help="Only this application of the descriptor."
    )(command)
    return click.option(
        "--descriptor",
        "path",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("sevalla.yml"),
        show_default=True,
        help="What names the applications.",
    )(command)


def _changing_options(seconds: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def added(command: Callable[..., Any]) -> Callable[..., Any]:
        command = click.option(
            "--wait",
            "wait_s",
            type=click.FloatRange(0, 86_400),
            default=seconds,
            show_default=True,
            metavar="SECONDS",
            help="How long to wait for the end.",
        )(command)
        command = click.option("--yes", "is_meant", is_flag=True, help="Send the requests; without it they are shown.")(
            command
        )
        return _descriptor_options(command)

    return added


@sevalla.command()
@_descriptor_options
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
@click.pass_obj
@explaining
def status(clock: Clock | None, path: Path, wanted: tuple[str, ...], *, as_json: bool) -> None:
    """Show the applications' states, and what differs from the descriptor; only reads.

    Exit code 0: all is as described, 1: something differs or is not there. Example: finrag sevalla status --json
    """
    from finrag_ml_tg1.operations.deployment.descriptor import read_descriptor
    from finrag_ml_tg1.operations.sevalla.report import status_json, status_lines
    from finrag_ml_tg1.operations.sevalla.states import differences_between, read_status
    from finrag_ml_tg1.operations.sevalla.targets import described_applications, find_targets

    descriptor = read_descriptor(path)
    client = _client(clock)
    targets = find_targets(client, descriptor, wanted, may_lack=True)
    statuses = [read_status(client, target) for target in targets]
    between = differences_between(statuses)
    found = {target.role for target in targets}
    missing = [
        one.name
        for role, one in described_applications(descriptor).items()
        if role not in found and (not wanted or one.name in wanted)
    ]
    if as_json:
        click.echo(status_json(statuses, missing, between))
    else:
        for each in statuses:
            click.echo("\n".join(status_lines(each)))
        for name in missing:
            click.echo(f"{name}: there is no such application, or the key does not see it")
        for line in between:
            click.echo(f"→ {line}")
    sys.exit(1 if missing or between or any(each.differences for each in statuses) else 0)


@sevalla.command()
@_changing_options(_SUSPENSION_SECONDS)
@click.pass_obj
@explaining
def suspend(clock: Clock | None, path: Path, wanted: tuple[str, ...], *, is_meant: bool, wait_s: float) -> None:
    """Stop the applications, the front end first; their settings stay, and they cost nothing.

    Without --yes the requests are shown. Exit code 0: done, 1: not done in time, 2: failed. Example: finrag sevalla
    suspend --yes
    """
    _change(clock, path, wanted, "suspend", is_meant=is_meant, wait_s=wait_s)


@sevalla.command()
@_changing_options(_SUSPENSION_SECONDS)
@click.pass_obj
@explaining
def activate(clock: Clock | None, path: Path, wanted: tuple[str, ...], *, is_meant: bool, wait_s: float) -> None:
    """Start suspended applications again, the back end first; nothing is built.

    Without --yes the requests are shown. Exit code 0: done, 1: not done in time, 2: failed. Example: finrag sevalla
    activate --yes
    """
    _change(clock, path, wanted, "activate", is_meant=is_meant, wait_s=wait_s)


@sevalla.command()
@_changing_options(_DEPLOYMENT_SECONDS)
@click.option("--restart", "is_restart", is_flag=True, help="Start the last image again; nothing is built.")
@click.option("--branch", metavar="NAME", help="Build this branch instead of the application's own.")
@click.pass_obj
@explaining
def deploy(
    clock: Clock | None,
    path: Path,
    wanted: tuple[str, ...],
    *,
    is_meant: bool,
    wait_s: float,
    is_restart: bool,
    branch: str | None,
) -> None:
    """Build and start the applications, the back end first, each followed to its end.

    Without --yes the requests are shown. Exit code 0: done, 1: not done in time, 2: failed. Example: finrag sevalla
    deploy --restart --yes
    """
    from finrag_ml_tg1.operations.sevalla.deploying import deploy as carry_out
    from finrag_ml_tg1.operations.sevalla.deploying import plan_deployment

    if is_restart and branch:
        raise click.UsageError("--restart builds nothing, so it takes no --branch")
    client, targets = _client_and_targets(clock, path, wanted)
    steps = plan_deployment(client, targets, is_restart=is_restart, branch=branch)
    if not is_restart:
        _tell_of_unpushed(path.parent)
    if _shown_only(steps, is_meant=is_meant):
        return
    sys.exit(carry_out(client, steps, wait_s, click.echo))


def _tell_of_unpushed(folder: Path) -> None:
    from finrag_ml_tg1.operations.git import GitSlowError, unpushed

    try:
        lines = unpushed(folder)
    except GitSlowError as error:
        click.echo(f"note: whether all is pushed is not known: {error}", err=True)
        return
    if lines:
        click.echo(f"note: {'; '.join(lines)}: the platform builds what was pushed", err=True)


def _change(
    clock: Clock | None, path: Path, wanted: tuple[str, ...], action: Action, *, is_meant: bool, wait_s: float
) -> None:
    from finrag_ml_tg1.operations.sevalla.suspension import change, plan_change

    client, targets = _client_and_targets(clock, path, wanted)
    steps = plan_change(client, targets, action)
    for step in steps:
        if step.request is None:
            is_so = "suspended" if action == "suspend" else "active"
            click.echo(f"{step.target.name} is {is_so} already: nothing is sent")
    if _shown_only(steps, is_meant=is_meant):
        return
    sys.exit(change(client, steps, action, wait_s, click.echo))


def _shown_only(steps: Sequence[Step], *, is_meant: bool) -> bool:
    """Show what would be sent, unless it is meant; return whether nothing is to be sent."""
    requests = [(step.target.name, step.request) for step in steps if step.request is not None]
    if not is_meant:
        for name, request in requests:
            click.echo(f"would send for {name}: {request}")
        if requests:
            click.echo("Nothing was sent: add --yes")
    return not is_meant or not requests


def _client_and_targets(
    clock: Clock | None, path: Path, wanted: tuple[str, ...]
) -> tuple[SevallaClient, Sequence[Target]]:
    from finrag_ml_tg1.operations.deployment.descriptor import read_descriptor
    from finrag_ml_tg1.operations.sevalla.targets import find_targets

    descriptor = read_descriptor(path)
    client = _client(clock)
    return client, find_targets(client, descriptor, wanted)


def _client(clock: Clock | None) -> SevallaClient:
    from finrag_ml_tg1.loaders.ml_config_loader import load_config
    from finrag_ml_tg1.operations.sevalla.client import Clock, SevallaClient

    config = load_config()
    if config.sevalla_api_token is None:
        raise SettingsError(
            "SEVALLA_API_TOKEN is not set: make a key at Tools > API keys in Sevalla's dashboard, and put it into the "
            "environment or .aws_secrets/aws_credentials.env"
        )

    def say(line: str) -> None:
        click.echo(line, err=True)

    return SevallaClient(config.sevalla_api_url, config.sevalla_api_token, say, clock or Clock())
