"""`finrag up`: back end and chat on this machine."""

from __future__ import annotations

import os
import sys
import webbrowser

import click

from finrag_ml_tg1.commands.session import Session, explaining, store_option

__all__ = ["up"]


@click.command()
@store_option
@click.option("--backend-port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--frontend-port", default=8501, show_default=True, type=click.IntRange(1, 65535))
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
@explaining
def up(store_url: str | None, backend_port: int, frontend_port: int, no_browser: bool) -> None:
    """Start the back end and the chat on this machine; Ctrl-C stops both.

    Example: finrag up --frontend-port 8600
    """
    from finrag_ml_tg1.operations.local_servers import start_servers, stop_on_signals

    session = Session(store_url)
    # Settings read here hold for both servers, which may run in another folder.
    environment = {
        **os.environ,
        "FINRAG_STORE": session.store.url,
        "FINRAG_CACHE_DIR": str(session.cache_folder.absolute()),
        # It is a person who looks on.
        "LOG_FORMAT": session.config.log_format if "log_format" in session.config.model_fields_set else "text",
    }
    if session.config.api_key is not None:
        environment["FINRAG_API_KEY"] = session.config.api_key.get_secret_value()
    with stop_on_signals(), start_servers(backend_port, frontend_port, environment) as servers:
        click.echo(f"ready {servers.url}")
        if not no_browser and _has_display():
            webbrowser.open(servers.url)
        servers.wait()


def _has_display() -> bool:
    """Whether a graphical browser can be shown; a text browser would take over the terminal."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
