"""`python -m coding_agent`: start the service or a worker, print what can be set, and see to a deployment."""

from __future__ import annotations

import json
import types
import typing

import click

from coding_agent.operations.commands import register
from coding_agent.settings import Settings
from coding_agent.settings_reading import read_settings

# Open connections have so long when the process is told to stop; event streams end at once.
_GRACE_S = 10


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def coding_agent() -> None:
    """Turn GitHub issues into tested draft pull requests."""


@coding_agent.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=8000, show_default=True, help="Port to listen at; 0: any free one.")
def up(host: str, port: int) -> None:
    """Serve HTTP, and run jobs as CODING_AGENT_WORKERS says."""
    import uvicorn

    from coding_agent.backend import create_app
    from coding_agent.errors import CodingAgentError

    settings = read_settings()
    try:
        app = create_app(settings)
    except (CodingAgentError, ValueError) as error:
        raise click.ClickException(f"The coding agent does not start: {error}") from None
    click.echo(f"The coding agent listens at http://{host}:{port} (stop it with Ctrl-C)", err=True)
    # X-Forwarded-For is not believed here: uvicorn would believe any process on this machine.
    uvicorn.run(
        app,
        host=host,
        port=port,
        log_config=None,
        proxy_headers=False,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
    )


@coding_agent.command()
def worker() -> None:
    """Run jobs of the store that all replicas share, without serving HTTP."""
    from coding_agent.worker import main

    main()


@coding_agent.command()
def openapi() -> None:
    """Print the OpenAPI document of the service."""
    from coding_agent.api.document import openapi_document

    click.echo(json.dumps(openapi_document(), indent=2, sort_keys=True))


@coding_agent.command()
def settings() -> None:
    """Print the table of settings (Markdown)."""
    click.echo("| variable | type | default | meaning |\n|---|---|---|---|")
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, (), {}, "") else f"`{field.default}`"
        click.echo(f"| `CODING_AGENT_{name.upper()}` | {_kind(field.annotation)} | {default} | {field.description} |")


def _kind(annotation: object) -> str:
    """The type of a setting in a person's words."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(map(str, inner))
    if origin in (typing.Union, types.UnionType):
        return _kind(next(each for each in inner if each is not type(None)))
    if origin is tuple:
        return "list"
    if origin is dict:
        return "JSON"
    names = {"str": "text", "int": "whole number", "float": "number", "Path": "path", "SecretStr": "secret"}
    return names.get(getattr(annotation, "__name__", ""), "text")


register(coding_agent)

if __name__ == "__main__":
    coding_agent(prog_name="python -m coding_agent")
