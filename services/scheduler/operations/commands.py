"""The commands of whoever runs the service."""

from __future__ import annotations

import click

__all__ = ["register"]


def register(group: click.Group) -> None:
    """Add the commands to a group."""
    for command in _COMMANDS:
        group.add_command(command)


_COMMANDS: tuple[click.Command, ...] = ()
