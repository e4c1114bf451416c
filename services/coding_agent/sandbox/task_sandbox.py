"""Commands as another user under a filter of system calls: for a container that allows no namespaces (Fargate)."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.command_sandbox import CommandResult
from coding_agent.sandbox.job_processes import ProcessEntry, all_processes
from coding_agent.sandbox.process_limits import process_limits
from coding_agent.sandbox.resource_watch import ResourceWatch
from coding_agent.sandbox.seccomp import NO_NETWORK_FAMILIES, seccomp_filter
from coding_agent.sandbox.supervision import supervise
from coding_agent.sandbox.tree_removal import remove_tree
from coding_agent.settings import Settings

__all__ = ["TASK_USER", "TaskSandbox"]

TASK_USER = 10002
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LAUNCHER = (sys.executable, "-I", "-S", str(Path(__file__).with_name("confined_exec.py")))
_KILL_S = 30.0
_PR_SET_CHILD_SUBREAPER = 36


class TaskSandbox:
    """A sandbox of the one job of a container; the agent is root there, its commands are the user `user`.

    No socket but AF_UNIX can be made: no proxy, no metadata, no name server, and no loopback either. Files are kept by
    ordinary permissions. All processes of `user` belong to the sandbox: two sandboxes of a machine need two users.
    """

    def __init__(self, work_tree: Path, settings: Settings, *, user: int = TASK_USER) -> None:
        """Take over a work tree. Raises CodingAgentError `sandbox_unavailable` when not root on Linux."""
        if sys.platform != "linux" or os.getuid() != 0:
            raise CodingAgentError("sandbox_unavailable", "Commands become another user: that takes root on Linux")
        self.work_tree = work_tree.resolve()
        self._settings = settings
        self._user = user
        self._filter = seccomp_filter(NO_NETWORK_FAMILIES)
        _adopt_orphans()
        self._scratch = Path(tempfile.mkdtemp(prefix="scratch-", dir=self.work_tree.parent))
        (self._scratch / "home").mkdir()
        if closed := [folder for folder in self.work_tree.parents if not folder.stat().st_mode & 0o001]:
            raise CodingAgentError("sandbox_unavailable", f"Commands cannot pass {closed[0]}: chmod o+x it")
        if self._processes():
            raise CodingAgentError("sandbox_unavailable", f"Processes of user {user} are running already")
        owned = ["chown", "-R", "--no-dereference", "--", f"{user}:{user}", str(self.work_tree), str(self._scratch)]
        subprocess.run(owned, check=True, capture_output=True)

    def execute(self, command: Sequence[str], *, timeout_s: float, stop: Stop) -> CommandResult:
        """Run one command, as `CommandSandbox.execute` says. Raises CodingAgentError `sandbox_failed`."""
        stop.check()
        if not command or any("\0" in part for part in command):
            raise CodingAgentError("sandbox_failed", "A command has at least one part, and no NUL in it")
        specification = {
            "user": self._user,
            "folder": str(self.work_tree),
            "filter": self._filter.hex(),
            "limits": process_limits(self._settings, timeout_s),
        }
        with contextlib.ExitStack() as files:
            report_reader, report_writer = os.pipe2(os.O_CLOEXEC)
            files.callback(os.close, report_reader)
            with contextlib.ExitStack() as handed_over:
                handed_over.callback(os.close, report_writer)
                given = os.memfd_create("specification", os.MFD_CLOEXEC)
                handed_over.callback(os.close, given)
                os.write(given, json.dumps(specification).encode())
                os.lseek(given, 0, os.SEEK_SET)
                process = subprocess.Popen(
                    [*_LAUNCHER, "run", str(given), str(report_writer), *command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    env=self._environment(),
                    cwd="/",
                    pass_fds=(given, report_writer),
                    start_new_session=True,
                )
            watch = ResourceWatch(
                memory_bytes=self._settings.sandbox_memory_mb << 20,
                disk_bytes=self._settings.sandbox_disk_mb << 20,
                folders=(self.work_tree, self._scratch),
                processes=self._processes,
            )

            def kill_all() -> None:
                process.kill()
                self._kill_processes(process.pid)

            result = supervise(process, timeout_s=timeout_s, stop=stop, watch=watch, kill_all=kill_all)
            if failure := os.read(report_reader, 4096).decode(errors="replace"):
                raise CodingAgentError("sandbox_failed", f"The sandbox did not start: {failure[:300]}")
            return result

    def close(self) -> None:
        """Kill what is left, and remove the work tree and the folder for temporary files."""
        self._kill_processes(None)
        remove_tree(self.work_tree)
        remove_tree(self._scratch)

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": _PATH,
            "HOME": str(self._scratch / "home"),
            "TMPDIR": str(self._scratch),
            "LANG": "C.UTF-8",
        }

    def _processes(self) -> list[ProcessEntry]:
        return [entry for entry in all_processes() if entry.uid == self._user and not entry.is_zombie]

    def _kill_processes(self, child: int | None) -> None:
        """Return when no process of the user lives. `child` is reaped by the one who started it."""
        deadline = time.monotonic() + _KILL_S
        while True:
            # Before anything is listed: a list is no snapshot, and misses the child of one that has ended meanwhile.
            subprocess.run(
                [*_LAUNCHER, "kill", str(self._user)], env={}, check=True, capture_output=True, timeout=_KILL_S
            )
            if not self._processes():
                break
            if time.monotonic() > deadline:
                raise CodingAgentError("sandbox_failed", "Processes of a command could not be killed")
        # Dead ones count as processes of the user until they are reaped.
        for entry in all_processes():
            if entry.is_zombie and entry.uid == self._user and entry.parent == os.getpid() and entry.pid != child:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(entry.pid, os.WNOHANG)


def _adopt_orphans() -> None:
    """Become the parent of what commands leave behind, and reap it, whatever the container's first process does."""
    if ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise CodingAgentError("sandbox_unavailable", "Orphans of commands cannot be adopted")
