"""What is done with kubectl: the log of a role, and starting its pods anew."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Callable
from typing import TypeVar

import click

__all__ = ["KUBERNETES_COMMANDS"]

_COULD_NOT_RUN = 2

_F = TypeVar("_F", bound=Callable[..., None])


def _common(command: _F) -> _F:
    namespace = click.option("--namespace", "-n", default="scheduler", show_default=True, help="Where the roles run.")
    dry_run = click.option("--print", "only_print", is_flag=True, help="Print the command, and run nothing.")
    return namespace(dry_run(command))


@click.command("view-logs")
@_common
@click.option("--role", type=click.Choice(["api", "worker"]), default="worker", show_default=True, help="Of which.")
@click.option("--tail", default=100, show_default=True, help="The last lines of each pod.")
@click.option("--follow", "-f", is_flag=True, help="Go on as lines come.")
@click.option("--previous", is_flag=True, help="Of the containers before: why did they end?")
def view_logs(namespace: str, role: str, tail: int, *, follow: bool, previous: bool, only_print: bool) -> None:
    """Show the log of the API's or the worker's pods."""
    more = [*(["--follow"] if follow else []), *(["--previous"] if previous else [])]
    words = ["logs", "--namespace", namespace, "--selector", f"app=scheduler-{role}", "--container", role]
    _kubectl([*words, f"--tail={tail}", "--prefix", *more], only_print=only_print)


@click.command("rollout-restart")
@_common
@click.option("--role", type=click.Choice(["api", "worker", "both"]), default="both", show_default=True, help="Which.")
def rollout_restart(namespace: str, role: str, *, only_print: bool) -> None:
    """Start all pods of a role anew, one after the other, and wait until they are ready.

    Calls under way end before their worker does; their records are written.
    """
    for name in ("api", "worker") if role == "both" else (role,):
        deployment = f"deployment/scheduler-{name}"
        _kubectl(["rollout", "restart", deployment, "--namespace", namespace], only_print=only_print)
        wait = ["rollout", "status", deployment, "--namespace", namespace, "--timeout=180s"]
        _kubectl(wait, only_print=only_print)


KUBERNETES_COMMANDS: tuple[click.Command, ...] = (view_logs, rollout_restart)


def _kubectl(words: list[str], *, only_print: bool) -> None:
    command = ["kubectl", *words]
    if only_print:
        click.echo(shlex.join(command))
        return
    if shutil.which("kubectl") is None:
        click.echo(f"kubectl is not on the path. Where it is, run: {shlex.join(command)}", err=True)
        raise SystemExit(_COULD_NOT_RUN)
    if status := subprocess.run(command, check=False).returncode:
        raise SystemExit(status)
