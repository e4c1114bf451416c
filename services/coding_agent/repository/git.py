"""Runs git: by argument lists, in a clean environment, bounded, to be killed, and the token out of everybody's sight.

Nothing of the machine's or of a user's configuration counts, no hook, filter, pager, credential store or file-system
monitor runs, and git speaks only the one protocol of the remote that is named. Every call names its git directory, so
that git never looks for one in a work tree.
"""

from __future__ import annotations

import contextlib
import os
import resource
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from coding_agent.errors import CodingAgentError
from coding_agent.repository.remote import TOKEN_USER, Remote
from coding_agent.runs.stop import Stop

__all__ = ["GitCall", "GitResult", "one_line", "run_git"]

_ASKPASS = Path(__file__).with_name("askpass.sh")
_POLL_S = 0.1
_MAX_ERROR_BYTES = 64_000
_ERROR_CHARS = 400

_CONFIG = {
    "advice.detachedHead": "false",
    "advice.addEmbeddedRepo": "false",
    "commit.gpgSign": "false",
    "core.attributesFile": os.devnull,
    # Larger files are streamed: no file of a repository is held in memory whole.
    "core.bigFileThreshold": "16m",
    "core.excludesFile": os.devnull,
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "core.symlinks": "true",
    "credential.helper": "",
    "credential.username": TOKEN_USER,
    "diff.external": "",
    "fetch.recurseSubmodules": "false",
    "fetch.unpackLimit": "1",
    "gc.auto": "0",
    # A redirection could lead to another server; a repository that has moved is not the one that was allowed.
    "http.followRedirects": "false",
    "http.lowSpeedLimit": "1000",
    "http.lowSpeedTime": "60",
    "maintenance.auto": "false",
    "push.gpgSign": "false",
    "push.recurseSubmodules": "no",
    "submodule.recurse": "false",
}
# How the network is reached is the machine's business; everything else in its environment is kept from git.
_KEPT = ("HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR", "GIT_SSL_CAINFO")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitCall:
    """One call of git; `arguments` without `git` itself.

    `index` and `new_objects` are where its index and the objects it makes lie, instead of in the git directory.
    `max_output_bytes` bounds standard output, `max_git_dir_bytes` what the git directory grows to.
    """

    arguments: Sequence[str]
    git_dir: Path
    work_tree: Path | None = None
    index: Path | None = None
    new_objects: Path | None = None
    stdin: bytes = b""
    remote: Remote | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 120.0
    max_output_bytes: int = 64_000_000
    max_git_dir_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class GitResult:
    """How git ended. `stderr` is untrusted (servers write to it) and without the token."""

    exit_code: int
    stdout: bytes
    stderr: str


def run_git(call: GitCall, stop: Stop, *, code: str | None = None) -> GitResult:
    """Run git to its end and return how it ended; with `code` a failure raises CodingAgentError of that code.

    Raises JobStoppedError when told to stop, CodingAgentError `git_timed_out`, `git_output_too_large` or
    `repository_too_large`; git and all its children are dead then.
    """
    stop.check()
    with tempfile.TemporaryFile() as given, _password_pipe(call.remote) as (pipe, secret_environment):
        given.write(call.stdin)
        given.seek(0)
        process = subprocess.Popen(
            [_git(), *call.arguments],
            stdin=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_environment(call), **secret_environment},
            cwd="/",
            start_new_session=True,
            pass_fds=pipe,
        )
    try:
        if call.max_git_dir_bytes is not None:
            # The last word where a pack grows faster than we look.
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (call.max_git_dir_bytes,) * 2)
        stdout, stderr = _read(process, call, stop)
    finally:
        _kill(process)
    result = GitResult(process.returncode, stdout, _without_token(stderr.decode(errors="replace"), call.remote))
    if code is not None and result.exit_code != 0:
        raise CodingAgentError(code, f"git {call.arguments[0]}: {one_line(result.stderr) or 'failed'}")
    return result


def one_line(text: str) -> str:
    """Return untrusted text for a message: printable, on one line, bounded."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(clean.split())[-_ERROR_CHARS:]


def _git() -> str:
    path = shutil.which("git")
    if path is None:
        raise CodingAgentError("git_missing", "git is not installed where the coding agent runs: install it")
    return path


def _environment(call: GitCall) -> dict[str, str]:
    environment = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        # No ~/.gitconfig, ~/.netrc or ~/.ssh.
        "HOME": "/nonexistent",
        "XDG_CONFIG_HOME": "/nonexistent",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_SYSTEM": os.devnull,
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": str(_ASKPASS),
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        # Stands above every `protocol.*.allow`: of remotes, submodules and redirections alike.
        "GIT_ALLOW_PROTOCOL": call.remote.scheme if call.remote else "none",
        "GIT_PROTOCOL_FROM_USER": "0",
        "GIT_DIR": str(call.git_dir),
        "GIT_CONFIG_COUNT": str(len(_CONFIG)),
    }
    for number, (name, value) in enumerate(_CONFIG.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    if call.work_tree is not None:
        environment["GIT_WORK_TREE"] = str(call.work_tree)
    if call.index is not None:
        environment["GIT_INDEX_FILE"] = str(call.index)
    if call.new_objects is not None:
        environment["GIT_OBJECT_DIRECTORY"] = str(call.new_objects)
        environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(call.git_dir / "objects")
    return {**environment, **call.environment}


@contextlib.contextmanager
def _password_pipe(remote: Remote | None) -> Iterator[tuple[tuple[int, ...], dict[str, str]]]:
    """Hold the token in a pipe that only this git inherits: not in arguments, environment or a file, and read once."""
    if remote is None or remote.token is None:
        yield (), {}
        return
    read, write = os.pipe()
    try:
        os.write(write, f"{remote.token}\n".encode())
        os.close(write)
        yield (
            (read,),
            {"CODING_AGENT_ASKPASS_FD": str(read), "CODING_AGENT_ASKPASS_FOR": remote.password_question},
        )
    finally:
        os.close(read)


def _read(process: subprocess.Popen[bytes], call: GitCall, stop: Stop) -> tuple[bytes, bytes]:
    deadline = time.monotonic() + call.timeout_s
    assert process.stdout is not None
    assert process.stderr is not None
    read: dict[IO[bytes], bytearray] = {process.stdout: bytearray(), process.stderr: bytearray()}
    with selectors.DefaultSelector() as selector:
        for stream in read:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            ready = selector.select(_POLL_S)
            stop.check()
            if time.monotonic() > deadline:
                raise CodingAgentError(
                    "git_timed_out", f"git {call.arguments[0]} took longer than {call.timeout_s:.0f} s"
                )
            for key, _ in ready:
                stream = next(each for each in read if each is key.fileobj)
                data = os.read(key.fd, 1 << 16)
                if not data:
                    selector.unregister(stream)
                read[stream] += data
            del read[process.stderr][:-_MAX_ERROR_BYTES]
            if len(read[process.stdout]) > call.max_output_bytes:
                raise CodingAgentError(
                    "git_output_too_large", f"git {call.arguments[0]} writes more than {call.max_output_bytes} bytes"
                )
            if call.max_git_dir_bytes is not None and _size(call.git_dir) > call.max_git_dir_bytes:
                raise CodingAgentError(
                    "repository_too_large",
                    f"The repository is larger than {call.max_git_dir_bytes // 1_000_000} MB: it is not cloned",
                )
            if not ready and _has_ended(process):
                break
    while not _has_ended(process):
        stop.check()
        if time.monotonic() > deadline:
            raise CodingAgentError("git_timed_out", f"git {call.arguments[0]} does not end")
        time.sleep(0.005)
    return bytes(read[process.stdout]), bytes(read[process.stderr])


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether git has ended; left unreaped, so that its group keeps its number until that is killed."""
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()


def _size(git_dir: Path) -> int:
    total = 0
    for folder, _, names in os.walk(git_dir):
        for name in names:
            # Temporary files of git come and go meanwhile.
            with contextlib.suppress(FileNotFoundError):
                total += Path(folder, name).lstat().st_size
    return total


def _without_token(text: str, remote: Remote | None) -> str:
    return text.replace(remote.token, "***") if remote is not None and remote.token is not None else text
