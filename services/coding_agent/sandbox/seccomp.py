"""A seccomp filter, as the bytes the kernel takes: which system calls commands of a model may not make.

Classic BPF as described in the kernel's Documentation/userspace-api/seccomp_filter.rst; call numbers from its
arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h.
"""

from __future__ import annotations

import errno
import platform
import socket
import struct
from collections.abc import Iterable

from coding_agent.errors import CodingAgentError

__all__ = ["LOOPBACK_ONLY_FAMILIES", "NO_NETWORK_FAMILIES", "denied_calls", "seccomp_filter"]

# With a network namespace of its own: only what such a namespace confines (AF_VSOCK and AF_ALG it does not).
LOOPBACK_ONLY_FAMILIES = (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK)
# Where the network is shared with the one who started the command.
NO_NETWORK_FAMILIES = (socket.AF_UNIX,)

_LOAD_WORD, _JUMP_IF_EQUAL, _JUMP_IF_NOT_LESS, _JUMP_IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO, _KILL_PROCESS = 0x7FFF0000, 0x00050000, 0x80000000
# Offsets in struct seccomp_data; the machines below are little-endian, so an argument's low half comes first.
_NUMBER, _ARCHITECTURE, _ARGUMENT_0, _ARGUMENT_1 = 0, 4, 16, 24
_X32_BIT = 0x40000000
# CLONE_NEWTIME lies among the bits of clone's exit signal, and only unshare and clone3 know it.
_NEW_NAMESPACES = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_TERMINAL_INPUT = (0x5412, 0x541C, 0x541D)  # TIOCSTI, TIOCLINUX, TIOCCONS

_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_SPECIAL = {
    "x86_64": {"socket": 41, "socketpair": 53, "clone": 56, "ioctl": 16},
    "aarch64": {"socket": 198, "socketpair": 199, "clone": 220, "ioctl": 29},
}
# Programs have another way when these do not exist: glibc starts threads with clone, whose flags can be looked at.
# Memory of the other two belongs to no process, and no limit of a process counts it.
_MISSING = {
    "x86_64": {"memfd_create": 319, "shmget": 29},
    "aarch64": {"memfd_create": 279, "shmget": 194},
}
_MISSING_EVERYWHERE = {
    "io_uring_setup": 425,
    "io_uring_enter": 426,
    "io_uring_register": 427,
    "clone3": 435,
    "memfd_secret": 447,
}
_FORBIDDEN_EVERYWHERE = {
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "fsconfig": 431,
    "fsmount": 432,
    "fspick": 433,
    "pidfd_getfd": 438,
    "mount_setattr": 442,
    "quotactl_fd": 443,
    "open_tree_attr": 467,
}
_FORBIDDEN = {
    "x86_64": {
        "ptrace": 101,
        "syslog": 103,
        "modify_ldt": 154,
        "pivot_root": 155,
        "chroot": 161,
        "acct": 163,
        "settimeofday": 164,
        "mount": 165,
        "umount2": 166,
        "swapon": 167,
        "swapoff": 168,
        "reboot": 169,
        "sethostname": 170,
        "setdomainname": 171,
        "iopl": 172,
        "ioperm": 173,
        "init_module": 175,
        "delete_module": 176,
        "quotactl": 179,
        "clock_settime": 227,
        "kexec_load": 246,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "fanotify_init": 300,
        "name_to_handle_at": 303,
        "open_by_handle_at": 304,
        "setns": 308,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "kcmp": 312,
        "finit_module": 313,
        "kexec_file_load": 320,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "chroot": 51,
        "quotactl": 60,
        "acct": 89,
        "unshare": 97,
        "kexec_load": 104,
        "init_module": 105,
        "delete_module": 106,
        "clock_settime": 112,
        "syslog": 116,
        "ptrace": 117,
        "reboot": 142,
        "sethostname": 161,
        "setdomainname": 162,
        "settimeofday": 170,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "swapon": 224,
        "swapoff": 225,
        "perf_event_open": 241,
        "fanotify_init": 262,
        "name_to_handle_at": 264,
        "open_by_handle_at": 265,
        "setns": 268,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "kcmp": 272,
        "finit_module": 273,
        "bpf": 280,
        "userfaultfd": 282,
        "kexec_file_load": 294,
    },
}


def denied_calls(machine: str) -> dict[str, tuple[int, int]]:
    """Return the calls denied whatever their arguments, as (number, errno) by name."""
    missing = _MISSING[machine] | _MISSING_EVERYWHERE
    forbidden = _FORBIDDEN[machine] | _FORBIDDEN_EVERYWHERE
    return {name: (number, errno.ENOSYS) for name, number in missing.items()} | {
        name: (number, errno.EPERM) for name, number in forbidden.items()
    }


def seccomp_filter(families: Iterable[int], machine: str | None = None) -> bytes:
    """Return a filter that lets sockets of these families be made and denies what leads out of a sandbox.

    A program of another instruction set (32 bits, x32) is killed: the numbers of its calls mean something else.
    Raises CodingAgentError `sandbox_unavailable` for a machine whose numbers are not known.
    """
    machine = machine or platform.machine()
    if machine not in _AUDIT:
        raise CodingAgentError("sandbox_unavailable", f"There is no filter of system calls for {machine}")
    special = _SPECIAL[machine]
    code = [
        _instruction(_LOAD_WORD, _ARCHITECTURE),
        _instruction(_JUMP_IF_EQUAL, _AUDIT[machine], 1, 0),
        _instruction(_RETURN, _KILL_PROCESS),
        _instruction(_LOAD_WORD, _NUMBER),
        _instruction(_JUMP_IF_NOT_LESS, _X32_BIT, 0, 1),
        _instruction(_RETURN, _KILL_PROCESS),
    ]
    for number, error in denied_calls(machine).values():
        code += [_instruction(_JUMP_IF_EQUAL, number, 0, 1), _instruction(_RETURN, _ERRNO | error)]
    sockets = [_instruction(_LOAD_WORD, _ARGUMENT_0)]
    for family in families:
        sockets += [_instruction(_JUMP_IF_EQUAL, family, 0, 1), _instruction(_RETURN, _ALLOW)]
    sockets.append(_instruction(_RETURN, _ERRNO | errno.EACCES))
    code += _when(special["socket"], sockets)
    code += _when(special["socketpair"], sockets)
    code += _when(
        special["clone"],
        [
            _instruction(_LOAD_WORD, _ARGUMENT_0),
            _instruction(_JUMP_IF_ANY_BIT, _NEW_NAMESPACES, 0, 1),
            _instruction(_RETURN, _ERRNO | errno.EPERM),
            _instruction(_RETURN, _ALLOW),
        ],
    )
    terminal = [_instruction(_LOAD_WORD, _ARGUMENT_1)]
    for request in _TERMINAL_INPUT:
        terminal += [_instruction(_JUMP_IF_EQUAL, request, 0, 1), _instruction(_RETURN, _ERRNO | errno.EPERM)]
    code += _when(special["ioctl"], [*terminal, _instruction(_RETURN, _ALLOW)])
    code.append(_instruction(_RETURN, _ALLOW))
    return b"".join(code)


def _when(number: int, body: list[bytes]) -> list[bytes]:
    # The body always returns: what follows finds the call's number still loaded.
    return [_instruction(_JUMP_IF_EQUAL, number, 0, len(body)), *body]


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, value)
