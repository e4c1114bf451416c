"""Write nginx's settings for several replicas on one machine: `python deploy/nginx/render.py --help`.

Needs nothing but Python: it runs where nginx runs.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

__all__ = ["main", "render"]

TEMPLATE = Path(__file__).with_name("replicas.conf.template")
# Host or IPv4 and a port: what goes into the settings cannot end the line that it is in.
_ADDRESS = re.compile(r"[A-Za-z0-9.-]{1,253}:[0-9]{1,5}")


def render(values: dict[str, str]) -> str:
    """Return the settings; raises KeyError for a name in double braces that has no value."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], TEMPLATE.read_text(encoding="utf-8"))


def main(arguments: Sequence[str]) -> int:
    """Print the settings; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="for the pid, the logs and what is buffered")
    parser.add_argument("--backend", type=_address, action="append", required=True, help="host:port; repeat it")
    parser.add_argument("--frontend", type=_address, action="append", required=True, help="host:port; repeat it")
    parser.add_argument("--listen", default="127.0.0.1", help="the address nginx listens at (default: %(default)s)")
    parser.add_argument("--api-port", type=int, default=8080, help="for programs and front ends (default: %(default)s)")
    parser.add_argument("--chat-port", type=int, default=8081, help="for browsers (default: %(default)s)")
    parser.add_argument("--user", help="who nginx's workers are, when root starts it")
    given = parser.parse_args(arguments)
    values = {
        "folder": str(given.folder.resolve()),
        "user": f"user {given.user};" if given.user else "",
        "listen": given.listen,
        "api_port": str(given.api_port),
        "chat_port": str(given.chat_port),
        "tries": str(len(given.backend)),
        "backends": _servers(given.backend, " max_fails=0"),
        "frontends": _servers(given.frontend, " max_fails=1 fail_timeout=5s"),
    }
    sys.stdout.write(render(values))
    return 0


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise argparse.ArgumentTypeError(f"{value!r} is not host:port")
    return value


def _servers(addresses: Sequence[str], options: str) -> str:
    return "\n".join(f"        server {address}{options};" for address in addresses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
