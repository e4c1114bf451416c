"""Deploying and looking after apps through the running API."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import ParamSpec, TypeVar

import click
import yaml

from kserve_api.client import (
    DeployDone,
    KServeApiClient,
    KServeApiError,
    KServeApiRefusedError,
    KServeApiUnavailableError,
)
from kserve_api.operations.readable import app_lines, done_lines, list_lines

__all__ = ["CLIENT_COMMANDS"]

_REFUSED, _NOT_REACHED = 1, 2

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _common(command: Callable[_P, _R]) -> Callable[_P, _R]:
    namespace = click.option(
        "--namespace", "-n", envvar="KSERVE_API_NAMESPACE", default=None, help="Of the app [the key's default one]."
    )
    as_json = click.option("--json", "as_json", is_flag=True, help="For programs: the API's answer.")
    return namespace(as_json(command))


_wait = click.option("--wait", is_flag=True, help="Until it is done, not only begun.")


@click.command()
@_common
@_wait
@click.argument("name", required=False)
@click.option("--image", default=None, help="Image reference; by digest, what runs is what was meant.")
@click.option("--file", "-f", "file", type=click.File(), default=None, help="The request as YAML or JSON; -: stdin.")
@click.option("--env", "envs", multiple=True, metavar="NAME=VALUE", help="Replaces the variables of before.")
@click.option("--secret-env", "secret_envs", multiple=True, metavar="NAME", help="Its value is taken from here.")
@click.option("--min-scale", type=int, default=None, help="Pods that always run.")
@click.option("--max-scale", type=int, default=None, help="Most pods.")
@click.option("--concurrency", type=int, default=None, help="Target of requests at once for a pod.")
@click.option("--port", type=int, default=None, help="Where the container listens.")
@click.option("--size", type=click.Choice(["sm", "md", "lg", "xl"]), default=None, help="cpu and memory of a pod.")
@click.option("--image-pull-secret", default=None, help="Secret of a private registry, in the namespace.")
@click.option("--custom-domain", default=None, help="A domain of yours that leads here, too.")
@click.option("--idle-timeout", default=None, help="How long the last pod is kept: 90s, 5m.")
@click.option("--redeploy", is_flag=True, default=None, help="A new revision even if nothing changed (a pushed tag).")
def deploy(
    *,
    name: str | None,
    namespace: str | None,
    as_json: bool,
    wait: bool,
    file: Iterator[str] | None,
    envs: Sequence[str],
    secret_envs: Sequence[str],
    **given: object,
) -> None:
    """Create the app NAME, or change what is named here of one that exists.

    Exit code: 0 done, 1 refused, 2 the API was not reached.
    """
    wanted = _from_file(file)
    if name is not None:
        wanted["name"] = name
    wanted.update({field: value for field, value in given.items() if value is not None})
    if namespace is not None:
        wanted["namespace"] = namespace
    if envs:
        wanted["envs"] = dict(_pair(each) for each in envs)
    if secret_envs:
        wanted["secret_envs"] = {each: _value_here(each) for each in secret_envs}
    if missing := [field for field in ("name", "image") if field not in wanted]:
        raise click.UsageError(f"what to deploy is not said: {' and '.join(missing)}")
    with _api() as api:
        _show_done(api.deploy(wanted, wait=wait), as_json)


@click.command("list")
@_common
def list_apps(namespace: str | None, as_json: bool) -> None:
    """List the apps of a namespace.

    Exit code: 0, 1 refused, 2 the API was not reached.
    """
    with _api() as api:
        apps = api.list(namespace)
    _show([asdict(app) for app in apps], list_lines(apps), as_json)


@click.command()
@_common
@click.argument("name")
def status(name: str, namespace: str | None, as_json: bool) -> None:
    """Show an app: conditions with their reasons, revisions, traffic, scale.

    Exit code: 0 it is ready, 1 it is not, or there is none, 2 the API was not reached.
    """
    with _api() as api:
        detail = api.get(_place(api, namespace), name)
    _show(detail.fields, app_lines(detail), as_json)
    raise SystemExit(0 if detail.app.ready else _REFUSED)


@click.command()
@_common
@click.argument("name")
@click.option("--tail", default=100, show_default=True, type=click.IntRange(1, 5000), help="Lines of the end.")
@click.option("--since", default="", help="Not older than this: seconds, or 90s, 5m, 1h.")
@click.option("--previous", is_flag=True, help="Of the container before the last restart.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
def logs(
    *, name: str, namespace: str | None, as_json: bool, tail: int, since: str, previous: bool, follow: bool
) -> None:
    """Show the last lines of an app's newest pod.

    Exit code: 0, 1 refused, 2 the API was not reached.
    """
    if follow and (as_json or since or previous):
        raise click.UsageError("--follow goes with --tail and --namespace only")
    with _api() as api:
        if follow:
            with closing(api.follow_logs(name, namespace=namespace, tail_lines=tail)) as events:
                for event in events:
                    click.echo(event.text, err=event.event != "line")
            return
        found = api.logs(name, namespace=namespace, tail_lines=tail, since=since, previous=previous)
    if found.message:
        click.echo(found.message, err=True)
    _show(found.fields, found.lines, as_json)


@click.command()
@_common
@_wait
@click.argument("name")
def restart(name: str, namespace: str | None, as_json: bool, wait: bool) -> None:
    """Start new pods of the same deployment; a tag is read again.

    Exit code: 0 done, 1 refused, 2 the API was not reached.
    """
    with _api() as api:
        _show_done(api.restart(_place(api, namespace), name, wait=wait), as_json)


@click.command()
@_common
@_wait
@click.argument("name")
@click.option("--revision", default=None, help="To this one [the ready one before the newest].")
def rollback(name: str, namespace: str | None, as_json: bool, wait: bool, revision: str | None) -> None:
    """Deploy again what an earlier revision ran.

    Exit code: 0 done, 1 refused, 2 the API was not reached.
    """
    with _api() as api:
        _show_done(api.rollback(_place(api, namespace), name, revision=revision, wait=wait), as_json)


@click.command()
@_common
@_wait
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete(name: str, namespace: str | None, as_json: bool, wait: bool, yes: bool) -> None:
    """Delete an app with its revisions, secrets and domains.

    Exit code: 0 done, 1 refused, 2 the API was not reached.
    """
    with _api() as api:
        place = _place(api, namespace)
        if not yes:
            click.confirm(f"Delete {name} in {place}?", abort=True, err=True)
        done = api.delete(place, name, wait=wait)
    _show({"name": name, "namespace": place, "status": done}, [f"{name} in {place}: {done}"], as_json)


CLIENT_COMMANDS: Sequence[click.Command] = (deploy, list_apps, status, logs, restart, rollback, delete)


@contextmanager
def _api() -> Iterator[KServeApiClient]:
    """The API of KSERVE_API_URL; an error becomes a line on standard error and an exit code."""
    try:
        with KServeApiClient.from_environment() as api:
            yield api
    except (KServeApiError, ValueError) as error:
        click.echo(f"{error}", err=True)
        if isinstance(error, KServeApiRefusedError):
            _explain(error)
        unreached = isinstance(error, KServeApiUnavailableError | ValueError)
        raise SystemExit(_NOT_REACHED if unreached else _REFUSED) from None


def _explain(error: KServeApiRefusedError) -> None:
    for each in error.details.get("conditions") or ():
        if isinstance(each, dict) and each.get("status") != "True":
            words = f"{each.get('type')} is {each.get('status')}: {each.get('reason')} {each.get('message')}"
            click.echo(f"  {words.rstrip()}", err=True)
    if error.request_id:
        click.echo(f"  request {error.request_id}", err=True)


def _place(api: KServeApiClient, namespace: str | None) -> str:
    return namespace or api.default_namespace()


def _from_file(file: Iterator[str] | None) -> dict[str, object]:
    if file is None:
        return {}
    try:
        found = yaml.safe_load("".join(file))
    except yaml.YAMLError:
        raise click.UsageError("--file: this is neither YAML nor JSON") from None
    if not isinstance(found, dict):
        raise click.UsageError("--file: it must hold the fields of a deployment")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.UsageError(f"--env {name or '?'}: write NAME=VALUE")
    return name, value


def _value_here(name: str) -> str:
    """A secret's value from the environment: on the command line everybody on the machine could read it."""
    if name not in os.environ:
        raise click.UsageError(f"--secret-env {name.partition('=')[0]}: set a variable of this name here first")
    return os.environ[name]


def _show_done(done: DeployDone, as_json: bool) -> None:
    _show(done.fields, done_lines(done), as_json)


def _show(fields: Mapping[str, object] | Sequence[object], lines: Sequence[str], as_json: bool) -> None:
    for line in [json.dumps(fields, indent=2, ensure_ascii=False)] if as_json else lines:
        click.echo(line)
