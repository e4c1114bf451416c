"""`python -m kserve_api`: serve, print what can be set, make a key, see to an installation and to apps."""

from __future__ import annotations

import json
import sys
import types
import typing
from collections.abc import Iterable

import click

from kserve_api.operations.commands import register
from kserve_api.settings import Settings
from kserve_api.settings_reading import ConfigurationError, read_settings

__all__ = ["kserve_api"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def kserve_api() -> None:
    """Turn container images into auto-scaled HTTPS apps."""


@kserve_api.command()
def up() -> None:
    """Serve HTTP, as the settings say."""
    from kserve_api.errors import ClusterError
    from kserve_api.serving import serve

    try:
        serve(read_settings())
    except ConfigurationError as error:
        _refuse(error.lines)
    except ClusterError as error:
        _refuse((error.message,))


@kserve_api.command()
def openapi() -> None:
    """Print the OpenAPI document of the service."""
    from kserve_api.api.document import openapi_document

    click.echo(json.dumps(openapi_document(), indent=2, sort_keys=True))


@kserve_api.command()
@click.argument("name")
def key(name: str) -> None:
    """Make an API key: it goes to the client, its entry into the tenants file."""
    import hashlib
    import secrets

    made = secrets.token_urlsafe(32)
    click.echo(f"The key, shown once: {made}", err=True)
    click.echo(f"- name: {name}\n  sha256: {hashlib.sha256(made.encode()).hexdigest()}")


@kserve_api.command()
def settings() -> None:
    """Print the table of settings (Markdown)."""
    click.echo("| variable | type | default | meaning |\n|---|---|---|---|")
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, tuple):
            default = ",".join(default)
        shown = "" if default in (None, "") else f"`{default}`"
        click.echo(f"| `KSERVE_API_{name.upper()}` | {_kind(field.annotation)} | {shown} | {field.description} |")


def _kind(annotation: object) -> str:
    """The type of a setting in a person's words."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(map(str, inner))
    if origin in (typing.Union, types.UnionType):
        return _kind(next(each for each in inner if each is not type(None)))
    if origin is tuple:
        return "list"
    names = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false", "Path": "path"}
    return names[getattr(annotation, "__name__", "str")]


def _refuse(lines: Iterable[str]) -> typing.NoReturn:
    for line in lines:
        click.echo(f"The deploy API does not start: {line}", err=True)
    sys.exit(1)


register(kserve_api)

if __name__ == "__main__":
    kserve_api(prog_name="python -m kserve_api")
