"""Runs inside the sandbox, as `python3 -I -S -c`: tries to get out, and prints what worked as a JSON list.

Whatever Python the sandbox has: only the standard library.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import socket
import sys
from pathlib import Path

# Refused before a packet was sent. Anything else (a time-out, a refusal by the other side) means that there is a way.
_NO_WAY = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.EACCES, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
_MARK = re.compile(rb"canary-[0-9a-f]{32}")
_SECRET_NAME = re.compile(
    "TOKEN|SECRET|PASSW|CREDENTIAL|API_?KEY|ACCESS_KEY|PRIVATE_KEY|^AWS_|^ECS_|^JOB_|^GITHUB_|^CODING_AGENT_|PROXY",
    re.IGNORECASE,
)


def _attempts(targets: dict[str, object]) -> list[str]:
    return [
        *_privileges(),
        *_environments(str(targets["mark_digest"])),
        *_reading(str(targets["file"]), str(targets["mark_digest"])),
        *_connecting(targets["addresses"]),  # type: ignore[arg-type]
        *_unix_sockets(["/var/run/docker.sock", "/run/docker.sock", "/run/containerd/containerd.sock"]),
        *_writing([str(targets["folder"]), "/", "/etc", "/usr", "/usr/bin", "/usr/local/bin", "/var", "/opt"]),
    ]


def _privileges() -> list[str]:
    with Path("/proc/self/status").open(encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    found = []
    if os.getuid() == 0 or int(status["CapEff"], 16):
        found.append("commands have privileges")
    if status["NoNewPrivs"].strip() != "1":
        found.append("commands can gain privileges")
    return found


def _environments(digest: str) -> list[str]:
    found = [f"the variable {name} is in their environment" for name in os.environ if _SECRET_NAME.search(name)]
    for path in Path("/proc").glob("[0-9]*/environ"):
        if _has_mark(path, digest):
            found.append("they read the environment of other processes")
    return found


def _reading(path: str, digest: str) -> list[str]:
    reached = [path, f"/proc/1/root{path}", f"/proc/{os.getppid()}/root{path}", f"/proc/{os.getppid()}/cwd{path}"]
    return [f"they read a private file ({each})" for each in reached if _has_mark(each, digest)]


def _has_mark(path: Path | str, digest: str) -> bool:
    try:
        marks = _MARK.findall(Path(path).read_bytes())
    except OSError:
        return False
    return any(hashlib.sha256(mark).hexdigest() == digest for mark in marks)


def _writing(folders: list[str]) -> list[str]:
    found = []
    for folder in folders:
        path = Path(folder, f".isolation-{os.getpid()}")
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except OSError:
            continue
        path.unlink()
        found.append(f"they write in {folder}")
    return found


def _connecting(addresses: list[list[object]]) -> list[str]:
    found = []
    for host, port in addresses:
        family = socket.AF_INET6 if ":" in str(host) else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_STREAM) as connection:
                connection.settimeout(1)
                connection.connect((host, port))
        except OSError as error:
            own_loopback = error.errno == errno.ECONNREFUSED and str(host) in ("127.0.0.1", "::1")
            if own_loopback or error.errno in _NO_WAY:
                continue
        found.append(f"there is a way to {host}")
    return found


def _unix_sockets(paths: list[str]) -> list[str]:
    found = []
    for path in paths:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
        except OSError:
            continue
        found.append(f"they reach {path}")
    return found


sys.stdout.write(json.dumps(_attempts(json.loads(sys.argv[1]))))
