"""`Procfile`: the line `web`, which a builder takes, and `frontend`, for honcho on one machine.

honcho's own check passes over lines that it cannot read; here each line is a process, a comment or empty.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from checks.deploy_kit.files import Files
from finrag_ml_tg1.operations.deployment.descriptor import Descriptor

__all__ = ["procfile_mistakes"]

_LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+): (?P<command>\S.*)")


def procfile_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield what is wrong with the Procfile, with the line's number."""
    applications = descriptor.applications
    expected = {"web": applications.backend.start, "frontend": applications.frontend.start}
    found: list[str] = []
    for number, line in enumerate(files["Procfile"].splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        if match is None:
            yield f"Procfile:{number}: not of the form name: command"
            continue
        name, command = match["name"], match["command"]
        found.append(name)
        if name not in expected:
            yield f"Procfile:{number}: {name} is no process of the descriptor; release would run at every build"
        elif command != expected[name]:
            yield f"Procfile:{number}: {name} does not start as sevalla.yml says: {expected[name]}"
        # Builders read it as YAML, in which these begin something else.
        if ": " in command or " #" in command:
            yield f"Procfile:{number}: {name} holds ': ' or ' #', which ends the command where it is read as YAML"
    if found != [name for name in expected if name in found] or len(found) != len(expected):
        # honcho counts ports in this order.
        yield f"Procfile: the processes are {' '.join(found) or 'none'}, not {' '.join(expected)}"
