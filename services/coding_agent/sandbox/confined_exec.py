"""Started as root by `TaskSandbox`: becomes another user within limits and a filter, then the command.

A program of its own, run as `python -I -S confined_exec.py …` with nothing but the standard library: what it does is
not safe between fork and exec of a process with threads.

    confined_exec.py run SPECIFICATION_FD REPORT_FD COMMAND …    why it failed goes to REPORT_FD; nothing: it did not
    confined_exec.py kill UID                                    ends every process of that user
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from typing import NoReturn

_PR_SET_SECCOMP, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 22, 24, 38
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
_SECCOMP_MODE_FILTER = 2


class _Program(ctypes.Structure):
    """struct sock_fprog."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def run(specification_fd: int, report_fd: int, command: list[str]) -> NoReturn:
    """Become the command."""
    os.set_inheritable(report_fd, False)
    try:
        with os.fdopen(specification_fd, "rb") as file:
            specification = json.load(file)
        _confine(specification)
    except BaseException as error:
        os.write(report_fd, f"{type(error).__name__}: {error}".encode()[:4000])
        raise
    try:
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
        os._exit(126 if isinstance(error, PermissionError) else 127)


def kill(user: int) -> None:
    """End every process of a user but this one, at once: the kernel lets none be forked meanwhile."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return


def _confine(specification: dict[str, object]) -> None:
    user = int(str(specification["user"]))
    limits: dict[str, int] = specification["limits"]  # type: ignore[assignment]
    with open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:  # noqa: PTH123
        file.write("1000")  # When the task runs out of memory these go first, and the agent lives.
    os.nice(5)
    os.umask(0o022)
    for capability in range(64):
        if not _prctl(_PR_CAPBSET_DROP, capability):
            break
    _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    os.chdir(str(specification["folder"]))
    for number, value in limits.items():
        resource.setrlimit(int(number), (value, value))
    if not _prctl(_PR_SET_NO_NEW_PRIVS, 1):
        raise OSError(ctypes.get_errno(), "no_new_privs cannot be set")
    code = bytes.fromhex(str(specification["filter"]))
    program = _Program(len(code) // 8, code)
    if not _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(program)):
        raise OSError(ctypes.get_errno(), "the filter of system calls cannot be set")


def _prctl(option: int, second: int, third: int = 0) -> bool:
    call = ctypes.CDLL(None, use_errno=True).prctl
    arguments = (ctypes.c_ulong(value) for value in (second, third, 0, 0))
    return bool(call(ctypes.c_int(option), *arguments) == 0)


if __name__ == "__main__":
    if sys.argv[1] == "kill":
        kill(int(sys.argv[2]))
    else:
        run(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
