from __future__ import annotations

import re
import socket
import struct
from pathlib import Path

import pytest

from coding_agent.errors import CodingAgentError
from coding_agent.sandbox.seccomp import NO_NETWORK_FAMILIES, denied_calls, seccomp_filter

# The kernel's own lists, where its headers are installed.
_HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOW, _KILL, _EPERM, _EACCES, _ENOSYS = 0x7FFF0000, 0x80000000, 0x50001, 0x5000D, 0x50026


def verdict(code: bytes, machine: str, number: int, *arguments: int) -> int:
    """Run a filter as the kernel's documentation describes it, and return its verdict."""
    data = struct.pack("<IIQ6Q", number, _AUDIT[machine], 0, *arguments, *[0] * (6 - len(arguments)))
    program = list(struct.iter_unpack("<HBBI", code))
    accumulator = place = 0
    while True:
        operation, if_true, if_false, value = program[place]
        place += 1
        if operation == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif operation == 0x06:
            return int(value)
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[operation]
            place += if_true if holds else if_false


@pytest.mark.parametrize("machine", _HEADERS)
def test_numbers_are_the_kernels(machine: str) -> None:
    header = _HEADERS[machine]
    if not header.exists():
        pytest.skip(f"{header} is not installed")
    known = dict(re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", header.read_text()))
    checked = 0
    for name, (number, _) in denied_calls(machine).items():
        if name in known:
            assert int(known[name]) == number, name
            checked += 1
    assert checked > 40


@pytest.mark.parametrize("machine", _HEADERS)
def test_every_denied_call_is_denied_and_ordinary_ones_are_not(machine: str) -> None:
    code = seccomp_filter(NO_NETWORK_FAMILIES, machine)
    denied = dict(denied_calls(machine).values())
    for number, error in denied.items():
        assert verdict(code, machine, number) == 0x50000 | error
    special = {"x86_64": {41, 53, 56, 16}, "aarch64": {198, 199, 220, 29}}[machine]
    for number in set(range(500)) - denied.keys() - special:
        assert verdict(code, machine, number) == _ALLOW


def test_sockets_are_local_ones_only() -> None:
    code = seccomp_filter(NO_NETWORK_FAMILIES, "x86_64")
    for family in range(50):
        expected = _ALLOW if family == socket.AF_UNIX else _EACCES
        assert verdict(code, "x86_64", 41, family, 1, 0) == expected
        assert verdict(code, "x86_64", 53, family, 1, 0) == expected
    # The kernel takes the family as a 32-bit number: what stands above changes nothing.
    assert verdict(code, "x86_64", 41, (1 << 32) | socket.AF_INET, 1, 0) == _EACCES


def test_processes_can_be_made_and_namespaces_cannot() -> None:
    code = seccomp_filter(NO_NETWORK_FAMILIES, "x86_64")
    assert verdict(code, "x86_64", 56, 0x3D0F00) == _ALLOW
    for flag in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
        assert verdict(code, "x86_64", 56, flag | 17) == _EPERM
    assert verdict(code, "x86_64", 435) == _ENOSYS


def test_terminals_take_no_typing() -> None:
    code = seccomp_filter(NO_NETWORK_FAMILIES, "x86_64")
    assert verdict(code, "x86_64", 16, 0, 0x5412) == _EPERM
    assert verdict(code, "x86_64", 16, 0, (1 << 32) | 0x5412) == _EPERM
    assert verdict(code, "x86_64", 16, 0, 0x5401) == _ALLOW


def test_programs_of_another_instruction_set_are_killed() -> None:
    code = seccomp_filter(NO_NETWORK_FAMILIES, "x86_64")
    assert verdict(code, "x86_64", 0x40000000 | 1) == _KILL
    assert verdict(code, "aarch64", 1) == _KILL


def test_unknown_machine_is_refused() -> None:
    with pytest.raises(CodingAgentError) as caught:
        seccomp_filter(NO_NETWORK_FAMILIES, "riscv64")
    assert caught.value.code == "sandbox_unavailable"
