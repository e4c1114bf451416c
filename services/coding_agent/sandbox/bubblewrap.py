"""Commands in a bubblewrap sandbox: namespaces of their own, no network, the work tree the one thing to write."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandResult
from coding_agent.sandbox.job_processes import ProcessEntry, all_processes, descendants
from coding_agent.sandbox.process_limits import process_limits
from coding_agent.sandbox.resource_watch import ResourceWatch
from coding_agent.sandbox.seccomp import LOOPBACK_ONLY_FAMILIES, seccomp_filter
from coding_agent.sandbox.supervision import supervise
from coding_agent.sandbox.tree_removal import remove_tree
from coding_agent.settings import Settings

__all__ = ["WORKSPACE", "BubblewrapSandbox"]

WORKSPACE = "/workspace"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# Root maps to root in a user namespace, and the kernel lets root off RLIMIT_NPROC and into /proc/sys: commands of a
# service that runs as root are another user, one that no account has.
_UNPRIVILEGED = 65533
_ETC = (
    "alternatives",
    "ca-certificates",
    "java-17-openjdk",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "ssl/certs",
    "ssl/openssl.cnf",
)
_ETC_FILES = {
    "passwd": b"agent:x:1000:1000::/tmp/home:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
    "group": b"agent:x:1000:\nnogroup:x:65534:\n",
    "hosts": b"127.0.0.1 localhost\n::1 localhost\n",
    "nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}
_FOLDERS_OF_PROGRAMS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SHARED_MEMORY_BYTES = 64 << 20
_FIRST_S = 2.0


class BubblewrapSandbox:
    """A sandbox of one job on this machine (CA-12).

    /tmp (with the home folder) lasts as long as the sandbox. `read_only` folders (toolchains) appear where they are.
    A network namespace of its own leaves commands a loopback that nobody else is on.
    """

    def __init__(self, work_tree: Path, settings: Settings, *, read_only: Sequence[Path] = ()) -> None:
        """Take over a work tree. Raises CodingAgentError `sandbox_unavailable` without bubblewrap."""
        self.work_tree = work_tree.resolve()
        self._settings = settings
        self._read_only = tuple(read_only)
        program = shutil.which("bwrap")
        if program is None:
            raise CodingAgentError("sandbox_unavailable", "bwrap is not installed: install the package bubblewrap")
        self._program = program
        self._filter = seccomp_filter(LOOPBACK_ONLY_FAMILIES)
        self._user = _UNPRIVILEGED if os.getuid() == 0 else None
        self._scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=self.work_tree.parent))
        (self._scratch / "home").mkdir()
        if self._user is not None:
            self._give_away(self._user)

    def execute(self, command: Sequence[str], *, timeout_s: float, stop: Stop) -> CommandResult:
        """Run one command, as `CommandSandbox.execute` says. Raises CodingAgentError `sandbox_failed`."""
        stop.check()
        if not command or any("\0" in part for part in command):
            raise CodingAgentError("sandbox_failed", "A command has at least one part, and no NUL in it")
        with contextlib.ExitStack() as files:
            status_reader, status_writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
            files.callback(os.close, status_reader)
            status = _Status(status_reader)
            files.callback(status.close)
            with contextlib.ExitStack() as handed_over:
                handed_over.callback(os.close, status_writer)
                fds = [status_writer]

                def hand_over(data: bytes) -> str:
                    fd = os.memfd_create("sandbox", os.MFD_CLOEXEC)
                    handed_over.callback(os.close, fd)
                    os.write(fd, data)
                    os.lseek(fd, 0, os.SEEK_SET)
                    fds.append(fd)
                    return str(fd)

                arguments = [self._program, "--json-status-fd", str(status_writer), "--seccomp"]
                arguments.append(hand_over(self._filter))
                arguments += self._namespaces() + self._file_system()
                for name, content in _ETC_FILES.items():
                    arguments += ["--ro-bind-data", hand_over(content), f"/etc/{name}"]
                # Last: every folder for the mounts above is made by now.
                arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", WORKSPACE, "--"]
                arguments += self._limited(timeout_s)
                process = subprocess.Popen(
                    [*arguments, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env={"PATH": PATH},
                    cwd="/",
                    pass_fds=fds,
                    start_new_session=True,
                    umask=0o022,
                    user=self._user,
                    group=self._user,
                    extra_groups=None if self._user is None else [],
                )
            watch = ResourceWatch(
                memory_bytes=self._settings.sandbox_memory_mb << 20,
                disk_bytes=self._settings.sandbox_disk_mb << 20,
                folders=(self.work_tree, self._scratch),
                processes=lambda: _processes_below(process.pid),
            )

            def kill_all() -> None:
                status.await_first(process)
                process.kill()
                status.kill_namespace()

            result = supervise(process, timeout_s=timeout_s, stop=stop, watch=watch, kill_all=kill_all)
            if result.exit_code == process.returncode and not status.has_exit_code():
                lines = result.output.strip().splitlines() or ["no reason given"]
                raise CodingAgentError("sandbox_failed", f"The sandbox did not start: {lines[-1][:300]}")
            return result

    def close(self) -> None:
        """Remove the work tree and /tmp: commands are dead since `execute` returned."""
        remove_tree(self.work_tree)
        remove_tree(self._scratch)

    def _give_away(self, user: int) -> None:
        closed = [folder for folder in self.work_tree.parents if not folder.stat().st_mode & 0o001]
        if closed:
            raise CodingAgentError(
                "sandbox_unavailable", f"Commands run as another user, who cannot pass {closed[0]}: chmod o+x it"
            )
        owner = f"{user}:{user}"
        subprocess.run(
            ["chown", "-R", "--no-dereference", "--", owner, self.work_tree, self._scratch],
            check=True,
            capture_output=True,
        )

    @staticmethod
    def _namespaces() -> list[str]:
        return [
            "--unshare-all",
            # bubblewrap leaves the user namespace out for root.
            *("--unshare-user", "--disable-userns"),
            *("--uid", "1000", "--gid", "1000"),
            *("--hostname", "sandbox"),
            *("--cap-drop", "ALL"),
            "--new-session",
            "--die-with-parent",
            "--clearenv",
            *("--setenv", "PATH", PATH),
            *("--setenv", "HOME", "/tmp/home"),
            *("--setenv", "LANG", "C.UTF-8"),
        ]

    def _file_system(self) -> list[str]:
        arguments = ["--ro-bind", "/usr", "/usr"]
        for name in _FOLDERS_OF_PROGRAMS:
            path = Path("/", name)
            if path.is_symlink():
                arguments += ["--symlink", str(path.readlink()), str(path)]
            elif path.is_dir():
                arguments += ["--ro-bind", str(path), str(path)]
        for name in _ETC:
            arguments += ["--ro-bind-try", f"/etc/{name}", f"/etc/{name}"]
        for folder in self._read_only:
            arguments += ["--ro-bind", str(folder), str(folder)]
        return [
            *arguments,
            *("--proc", "/proc"),
            *("--dev", "/dev"),
            *("--size", str(_SHARED_MEMORY_BYTES), "--tmpfs", "/dev/shm"),
            *("--bind", str(self._scratch), "/tmp"),
            *("--bind", str(self.work_tree), WORKSPACE),
        ]

    def _limited(self, timeout_s: float) -> list[str]:
        names = {
            resource.RLIMIT_AS: "as",
            resource.RLIMIT_DATA: "data",
            resource.RLIMIT_FSIZE: "fsize",
            resource.RLIMIT_NPROC: "nproc",
            resource.RLIMIT_NOFILE: "nofile",
            resource.RLIMIT_CORE: "core",
            resource.RLIMIT_MEMLOCK: "memlock",
            resource.RLIMIT_CPU: "cpu",
        }
        limits = process_limits(self._settings, timeout_s)
        return [
            # When the machine runs out of memory these go first, and the worker lives.
            *("choom", "-n", "1000", "--", "prlimit"),
            *(f"--{names[limit]}={value}:{value}" for limit, value in limits.items()),
            *("--", "nice", "-n", "5", "--"),
        ]


class _Status:
    """What bubblewrap tells of itself: the first process of its namespace, and the command's exit code."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._text = b""
        self._first: int | None = None

    def read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._fd, 4096):
                self._text += data
        for line in self._lines():
            if self._first is None and "child-pid" in line:
                self._first = _open_first(line["child-pid"])

    def await_first(self, process: subprocess.Popen[bytes]) -> None:
        """Return when the first process is known, or there is none: bubblewrap tells of it right after it made it."""
        deadline = time.monotonic() + _FIRST_S
        self.read()
        while not self._text and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
            self.read()

    def kill_namespace(self) -> None:
        """Return when every process of the namespace is dead: with its first one the kernel kills them all."""
        if self._first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            if not select.select([self._first], [], [], 30)[0]:
                raise CodingAgentError("sandbox_failed", "Processes of a command could not be killed")

    def has_exit_code(self) -> bool:
        self.read()
        return any("exit-code" in line for line in self._lines())

    def close(self) -> None:
        if self._first is not None:
            os.close(self._first)

    def _lines(self) -> list[dict[str, int]]:
        return [json.loads(line) for line in self._text.decode().splitlines() if line.endswith("}")]


def _open_first(pid: int) -> int | None:
    """Return a descriptor of the first process of a namespace, or None when it has ended: and all others with it."""
    try:
        first = os.pidfd_open(pid)
    except ProcessLookupError:
        return None
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        text = ""
    # Its number may be another's by now.
    if any(
        line.startswith("NSpid:") and line.split()[-1] == "1" and len(line.split()) > 2 for line in text.splitlines()
    ):
        return first
    os.close(first)
    return None


def _processes_below(pid: int) -> list[ProcessEntry]:
    return descendants(pid, all_processes())
