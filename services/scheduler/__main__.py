"""`python -m scheduler`: the two roles, everything at once to try it, and the commands of whoever runs it."""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Iterable

import click

from scheduler.operations.commands import register
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError, read_settings

__all__ = ["scheduler"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def scheduler() -> None:
    """Cron triggers that call HTTP addresses, and what came of each call."""


@scheduler.command()
def api() -> None:
    """Serve the API and the pages. Makes no call: that is the worker's."""
    from scheduler.serving import serve

    try:
        serve(read_settings())
    except ConfigurationError as error:
        _refuse("API", error.lines)


@scheduler.command()
def worker() -> None:
    """Take what is due, make the calls, record them. Serves /health and the metrics only."""
    import uvloop

    from scheduler.worker.role import work

    try:
        uvloop.run(work(read_settings()))
    except ConfigurationError as error:
        _refuse("worker", error.lines)


@scheduler.command()
def up() -> None:
    """Try it: Redis and an object store where there are none, both roles, a target, triggers of a demo."""
    from scheduler.operations.demo.up import up_until_told

    try:
        up_until_told(read_settings())
    except ConfigurationError as error:
        _refuse("demo", error.lines)


@scheduler.command()
def openapi() -> None:
    """Print the OpenAPI document of the API."""
    from scheduler.api.document import openapi_document

    click.echo(json.dumps(openapi_document(), indent=2, sort_keys=True))


@scheduler.command()
@click.argument("name")
@click.option("--workspace", "workspaces", multiple=True, help="Of this workspace; may be said several times.")
@click.option("--admin", is_flag=True, help="Of all workspaces, with /admin/queues.")
def key(name: str, workspaces: tuple[str, ...], *, admin: bool) -> None:
    """Make an API key: it goes to the client, its entry into the keys file."""
    import hashlib
    import secrets

    if admin == bool(workspaces):
        raise click.UsageError("say --admin, or the workspaces of the key: --workspace acme")
    made = secrets.token_urlsafe(32)
    click.echo(f"The key, shown once: {made}", err=True)
    theirs = '["*"]' if admin else json.dumps(workspaces)
    role = "\n  role: admin" if admin else ""
    click.echo(f"- name: {name}\n  sha256: {hashlib.sha256(made.encode()).hexdigest()}\n  workspaces: {theirs}{role}")


@scheduler.command()
def settings() -> None:
    """Print the table of settings (Markdown)."""
    click.echo("| variable | type | default | meaning |\n|---|---|---|---|")
    for name, field in Settings.model_fields.items():
        click.echo(
            f"| `SCHEDULER_{name.upper()}` | {_kind(field.annotation)} | {_default(field.default)} "
            f"| {field.description} |"
        )


def _default(value: object) -> str:
    """The default of a setting; nothing where there is none."""
    if isinstance(value, tuple):
        value = ",".join(map(str, value))
    if hasattr(value, "get_secret_value"):
        value = value.get_secret_value()
    if isinstance(value, float):
        value = f"{value:g}"
    return "" if value in (None, "") else f"`{value}`"


def _kind(annotation: object) -> str:
    """The type of a setting in a person's words."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(inner[0])
    if origin is typing.Literal:
        return ", ".join(map(str, inner))
    if origin in (typing.Union, types.UnionType):
        return _kind(next(each for each in inner if each is not type(None)))
    if origin is tuple:
        return "list"
    names = {
        "str": "text",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
        "Path": "path",
        "SecretStr": "secret",
    }
    return names[getattr(annotation, "__name__", "str")]


def _refuse(role: str, lines: Iterable[str]) -> typing.NoReturn:
    for line in lines:
        click.echo(f"The {role} does not start: {line}", err=True)
    sys.exit(1)


register(scheduler)

if __name__ == "__main__":
    scheduler(prog_name="python -m scheduler")
