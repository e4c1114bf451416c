"""`triggers`: what a workspace lets run, through the API at SCHEDULER_URL with the key SCHEDULER_API_KEY."""

from __future__ import annotations

import json
import os
import re
from datetime import datetime
from typing import IO, Any
from urllib.parse import quote

import click
import httpx
import yaml

from scheduler.operations.table import table
from scheduler.triggers.trigger import ENVIRONMENTS

__all__ = ["triggers"]

_REFUSED, _NOT_REACHED = 1, 2
_PATIENCE_S = 30.0
_PLACE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")

_environment = click.option("--environment", type=click.Choice(ENVIRONMENTS), default=None, help="Of this one only.")
_as_json = click.option("--json", "as_json", is_flag=True, help="For programs: the API's answer.")


@click.group()
def triggers() -> None:
    """What a workspace lets run: through the API at SCHEDULER_URL, with the key in SCHEDULER_API_KEY."""


@triggers.command("list")
@click.argument("workspace")
@_environment
@_as_json
def list_(workspace: str, environment: str | None, *, as_json: bool) -> None:
    """Show a workspace's triggers and their next runs."""
    told = _ask("GET", workspace, params={"environment": environment} if environment else None)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    rows = [
        (each["key"], each["pattern"], each["trigger"]["method"], each["trigger"]["url"], _time(each["next"]))
        for each in told["jobs"]
    ]
    click.echo(table(("KEY", "CRON", "METHOD", "URL", "NEXT (UTC)"), rows) if rows else f"{workspace} has no triggers")


@triggers.command()
@click.argument("workspace")
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--environment", type=click.Choice(ENVIRONMENTS), default=None, help="Instead of the file's.")
@_as_json
def apply(workspace: str, file: IO[str], environment: str | None, *, as_json: bool) -> None:
    """Replace a workspace's triggers by those of a file (YAML or JSON; -: stdin).

    ${NAME} in the file is taken from the environment, so that no secret stands in it. All or nothing is taken.
    """
    body = _read(file)
    if environment:
        body["environment"] = environment
    told = _ask("POST", workspace, body=body)
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    click.echo(f"{workspace}, {told['environment']}: {told['removed']} removed, {told['added']} set")
    rows = [
        (each["jobId"], each["cron"], each["method"], each["url"], _time(each["next_run"])) for each in told["jobs"]
    ]
    if rows:
        click.echo(table(("KEY", "CRON", "METHOD", "URL", "NEXT (UTC)"), rows))


@triggers.command()
@click.argument("workspace")
@click.option("--key", default=None, help="This one only: {workspace}:{environment}:{index}.")
@_environment
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(workspace: str, key: str | None, environment: str | None, *, yes: bool) -> None:
    """Delete a trigger, or all of a workspace."""
    what = key or (f"all triggers of {workspace}" + (f" in {environment}" if environment else ""))
    if not yes:
        click.confirm(f"Delete {what}?", abort=True)
    told = _ask("DELETE", workspace, key or "", params={"environment": environment} if environment else None)
    click.echo(f"{workspace}: {told['removed']} removed")


@triggers.command()
@click.argument("workspace")
@click.argument("key")
def run(workspace: str, key: str) -> None:
    """Run a trigger now, beside its times."""
    told = _ask("POST", workspace, f"{key}/run")
    click.echo(f"{told['jobId']}: waits for a worker")


def _ask(
    method: str, workspace: str, below: str = "", *, params: dict[str, str] | None = None, body: object = None
) -> dict[str, Any]:
    address = os.environ.get("SCHEDULER_URL", "").rstrip("/")
    if not address:
        click.echo("SCHEDULER_URL is not set: the address of the API, such as http://127.0.0.1:8000", err=True)
        raise SystemExit(_NOT_REACHED)
    path = f"/api/workspaces/{quote(workspace, safe='')}/triggers"
    if below:
        path += f"/{quote(below, safe='/')}"
    key = os.environ.get("SCHEDULER_API_KEY", "")
    try:
        answer = httpx.request(
            method,
            address + path,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            params=params,
            json=body,
            timeout=_PATIENCE_S,
        )
    except httpx.HTTPError as error:
        click.echo(f"{address} cannot be reached ({type(error).__name__})", err=True)
        raise SystemExit(_NOT_REACHED) from None
    if not answer.is_success:
        click.echo(f"{method} {path}: HTTP {answer.status_code}: {answer.text.strip()}", err=True)
        raise SystemExit(_REFUSED)
    told: dict[str, Any] = answer.json()
    return told


def _read(file: IO[str]) -> dict[str, Any]:
    try:
        body = yaml.safe_load(file.read())
    except yaml.YAMLError:
        raise click.UsageError(f"{file.name} is neither YAML nor JSON") from None
    if isinstance(body, list):
        body = {"triggers": body}
    if not isinstance(body, dict):
        raise click.UsageError(f"{file.name} holds no triggers: see docs/scheduler.md")
    filled = _filled(body)
    assert isinstance(filled, dict)
    return filled


def _filled(value: object) -> object:
    """Fill in ${NAME} in every text. Values are filled, not the file: no value can become another field."""
    if isinstance(value, dict):
        return {key: _filled(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each) for each in value]
    if isinstance(value, str):
        return _PLACE.sub(_variable, value)
    return value


def _variable(found: re.Match[str]) -> str:
    value = os.environ.get(found[1])
    if value is None:
        raise click.UsageError(f"{found[0]} stands in the file, and {found[1]} is not set in the environment")
    return value


def _time(moment: str | None) -> str:
    """ISO 8601, UTC, as the API tells it, for a person; a dash where nothing is scheduled: paused, or not yet."""
    return "-" if moment is None else f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M:%S}"
