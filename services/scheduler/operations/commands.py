"""The commands of whoever runs the service."""

from __future__ import annotations

import click

from scheduler.operations.doctor_command import doctor
from scheduler.operations.kubernetes_commands import KUBERNETES_COMMANDS
from scheduler.operations.triggers_commands import triggers
from scheduler.operations.viewing_commands import VIEWING_COMMANDS

__all__ = ["register"]


def register(group: click.Group) -> None:
    """Add the commands to a group."""
    for command in (doctor, triggers, *VIEWING_COMMANDS, *KUBERNETES_COMMANDS):
        group.add_command(command)
