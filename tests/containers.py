"""What the Dockerfiles say, done without Docker: bubblewrap gives a process a container's file system, user and rights.

Its root is read-only and holds the operating system, Python and what is named; only /tmp can be written, and is empty.
The process is number 1 in its own process table, as in a container, and has no capabilities.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from checks.dockerfiles import DOCKERFILES, Stage, read_stages
from tests.local_processes import Server, end, free_port, wait_until
from tests.sample_index import ROOT

__all__ = ["Container", "Image", "container_arguments", "read_image", "run_container", "why_no_containers"]

_SYSTEM = ("/usr", "/bin", "/lib", "/lib64", "/etc")


@dataclass(frozen=True, slots=True)
class Image:
    """What a Dockerfile makes: which files of this repository it copies, by their place there, and how it runs."""

    stages: tuple[Stage, ...]
    sources: Mapping[str, Path]
    environment: Mapping[str, str]
    command: tuple[str, ...]
    health: tuple[str, ...]

    @property
    def folder(self) -> str:
        """The folder it is started in."""
        return self.stages[-1].all_of("WORKDIR")[0].text

    @property
    def user(self) -> str:
        """The user and the group it runs as, by number."""
        return self.stages[-1].all_of("USER")[-1].text


def read_image(name: str) -> Image:
    """Return what deploy/docker/Dockerfile.{name} makes."""
    stages = tuple(read_stages((ROOT / DOCKERFILES / f"Dockerfile.{name}").read_text()))
    final = stages[-1]
    sources = {
        instruction.words[-1]: ROOT / source
        for stage in stages
        for instruction in stage.all_of("COPY")
        if "from" not in instruction.options
        for source in instruction.words[:-1]
    }
    (health,) = final.all_of("HEALTHCHECK")
    _, _, probe = health.text.partition("CMD ")
    return Image(stages, sources, final.environment, final.all_of("CMD")[0].words, tuple(json.loads(probe)))


@cache
def why_no_containers() -> str:
    """Return why processes cannot be contained here; empty when they can."""
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed (apt-get install bubblewrap)"
    tried = subprocess.run(
        container_arguments({}, {}, ["true"]), capture_output=True, text=True, check=False, timeout=30
    )
    return "" if tried.returncode == 0 else f"bubblewrap cannot contain a process here: {tried.stderr.strip()}"


def container_arguments(
    files: Mapping[str, Path],
    writable: Mapping[str, Path],
    command: Sequence[str],
    *,
    folder: str = "/",
    user: str = "10001:10001",
    options: Sequence[str] = (),
) -> list[str]:
    """Return the command line that runs `command` contained, with host folders at the places they are named for.

    /base/python is the Python under the one that runs the tests; `options` are more of bubblewrap's own.
    """
    python = Path(sys.base_prefix).resolve()
    arguments = ["bwrap", "--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1"]
    uid, _, gid = user.partition(":")
    arguments += ["--uid", uid, "--gid", gid, "--cap-drop", "ALL", "--die-with-parent", "--new-session"]
    for place in _SYSTEM:
        arguments += ["--ro-bind-try", place, place]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    arguments += ["--ro-bind", str(python), str(python), "--symlink", os.path.realpath(sys.executable), "/base/python"]
    for place, source in files.items():
        arguments += ["--ro-bind", str(source), place]
    for place, source in writable.items():
        arguments += ["--bind", str(source), place]
    return [*arguments, "--remount-ro", "/", "--chdir", folder, *options, "--", *command]


@dataclass(frozen=True, slots=True)
class Container:
    """A running container: the server in it, and the number its first process has outside."""

    server: Server
    first_process: int

    def stop(self, timeout_s: float = 25.0) -> int:
        """Send SIGTERM to its first process, as a platform does, and return how it ended."""
        os.kill(self.first_process, signal.SIGTERM)
        return self.server.process.wait(timeout=timeout_s)

    def told(self, name: str) -> str:
        """Return what the kernel says of its first process under a name of /proc/…/status."""
        lines = Path(f"/proc/{self.first_process}/status").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:"))


@contextmanager
def run_container(
    image: Image,
    files: Mapping[str, Path],
    log: Path,
    *,
    writable: Mapping[str, Path] | None = None,
    first_on_path: str | None = None,
    **settings: str,
) -> Iterator[Container]:
    """Run an image's command on `files` until the block ends; returns once its own health check passes.

    `first_on_path` is a folder with Python and the servers, where that is not the image's own.
    """
    port = free_port()
    environment = dict(image.environment) | settings | {"PORT": str(port)}
    if first_on_path is not None:
        environment["PATH"] = f"{first_on_path}:{environment['PATH']}"
    information, told = os.pipe()
    options = ["--info-fd", str(told)]
    arguments = container_arguments(
        files, writable or {}, image.command, folder=image.folder, user=image.user, options=options
    )
    with log.open("wb") as output:
        process = subprocess.Popen(arguments, env=environment, stdout=output, stderr=output, pass_fds=[told])
    os.close(told)
    with os.fdopen(information) as lines:
        first = lines.read()
    container = Container(Server(f"http://127.0.0.1:{port}", process, log), _child(first, log))
    try:
        wait_until(
            lambda: _healthy(container, image, environment),
            f"the health check of the container passes: {log.read_text(errors='replace')}",
        )
        yield container
    finally:
        end(process)


def _child(information: str, log: Path) -> int:
    assert information, f"the container did not start: {log.read_text(errors='replace')}"
    number: int = json.loads(information)["child-pid"]
    return number


def _healthy(container: Container, image: Image, environment: Mapping[str, str]) -> bool:
    """Ask as the platform would, by the command of the image's HEALTHCHECK, once something listens."""
    assert container.server.process.poll() is None, f"the server ended: {container.server.output}"
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(environment["PORT"]))):
            return False
    program, *arguments = image.health
    assert program == "python", f"the health check runs {shlex.join(image.health)}"
    asked = subprocess.run([sys.executable, "-I", *arguments], env=dict(environment), capture_output=True, check=False)
    return asked.returncode == 0
