"""mini-swe-agent's loop, imported so that it leaves no trace.

On import the library prints a greeting, makes a folder in HOME, reads a `.env` there into the environment of the
process, and gives its logger a handler that writes to the terminal. None of it is wanted in a service.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["DefaultAgent", "FormatError", "InterruptAgentFlow", "Submitted", "TimeExceeded"]

_QUIET = {
    "MSWEA_SILENT_STARTUP": "1",
    # A folder that is there, so that none is made, and that holds no .env; the second keeps one from being read at all.
    "MSWEA_GLOBAL_CONFIG_DIR": str(Path(__file__).parent / "prompts"),
    "PYTHON_DOTENV_DISABLED": "1",
}


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


with _environment(_QUIET):
    from minisweagent.agents.default import DefaultAgent
    from minisweagent.exceptions import FormatError, InterruptAgentFlow, Submitted, TimeExceeded

logging.getLogger("minisweagent").handlers.clear()
# It logs whole conversations at DEBUG, unredacted.
logging.getLogger("agent").setLevel(logging.INFO)
