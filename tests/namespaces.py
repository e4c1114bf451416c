"""Three networks on this machine, as on the platform: a back end behind a front end, and the world outside.

The back end's network ends at the front end's, which passes nothing on. Only in the front end's network does the name
`backend` stand for anything. Needs root on Linux, and `ip` (iproute2).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Networks", "enter", "separate_networks", "why_no_namespaces"]

# Addresses that stand for nothing but in these namespaces.
_BACKEND, _FRONTEND_INSIDE = "10.244.0.5", "10.244.0.6"
_FRONTEND, _OUTSIDE = "10.245.0.6", "10.245.0.7"
_NAMES = Path("/etc/netns")


@dataclass(frozen=True, slots=True)
class Networks:
    """The namespaces' names, and the addresses that the front end and the back end have in them."""

    backend: str
    frontend: str
    outside: str
    frontend_address: str = _FRONTEND
    backend_address: str = _BACKEND


def enter(namespace: str, command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` in a namespace, as the same process."""
    return ["ip", "netns", "exec", namespace, *command]


def why_no_namespaces() -> str:
    """Return why there can be no namespaces here; empty when there can."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return "network namespaces need root on Linux, and ip (iproute2)"
    try:
        with _namespace(f"finrag-{uuid.uuid4().hex[:6]}-try"):
            return ""
    except OSError as error:
        return str(error)


@contextmanager
def separate_networks() -> Iterator[Networks]:
    """Make the networks until the block ends; raises OSError where that cannot be done."""
    key = uuid.uuid4().hex[:6]
    networks = Networks(*(f"finrag-{key}-{name}" for name in ("backend", "frontend", "outside")))
    with ExitStack() as made:
        for namespace in (networks.backend, networks.frontend, networks.outside):
            made.enter_context(_namespace(namespace))
        _connect(key + "i", (networks.frontend, _FRONTEND_INSIDE), (networks.backend, _BACKEND))
        _connect(key + "o", (networks.frontend, _FRONTEND), (networks.outside, _OUTSIDE))
        # Each sends what it has no better place for to the front end, as to a router: which it is not.
        _ip("-n", networks.outside, "route", "add", "default", "via", _FRONTEND)
        _ip("-n", networks.backend, "route", "add", "default", "via", _FRONTEND_INSIDE)
        made.enter_context(_hosts(networks.frontend, f"{_BACKEND} backend"))
        made.enter_context(_hosts(networks.outside, ""))
        yield networks


@contextmanager
def _namespace(name: str) -> Iterator[None]:
    _ip("netns", "add", name)
    try:
        _ip("-n", name, "link", "set", "lo", "up")
        yield
    finally:
        _ip("netns", "delete", name)


@contextmanager
def _hosts(namespace: str, line: str) -> Iterator[None]:
    folder = _NAMES / namespace
    folder.mkdir(parents=True)
    try:
        (folder / "hosts").write_text(f"127.0.0.1 localhost\n{line}\n")
        # Nobody is asked for other names.
        (folder / "resolv.conf").write_text("")
        yield
    finally:
        shutil.rmtree(folder)


def _connect(key: str, one: tuple[str, str], other: tuple[str, str]) -> None:
    """Lay a cable between two namespaces; it goes with either of them."""
    ends = {f"v{key}{number}": place for number, place in enumerate((one, other))}
    first, second = ends
    _ip("link", "add", first, "netns", one[0], "type", "veth", "peer", "name", second, "netns", other[0])
    for end, (namespace, address) in ends.items():
        _ip("-n", namespace, "address", "add", f"{address}/24", "dev", end)
        _ip("-n", namespace, "link", "set", end, "up")


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
