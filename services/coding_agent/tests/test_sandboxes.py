"""Both sandboxes against hostile commands; what a command reached is looked at from outside."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from coding_agent.errors import CodingAgentError, JobStoppedError
from coding_agent.runs.stop import Stop, StopReason
from coding_agent.sandbox.bubblewrap import BubblewrapSandbox
from coding_agent.sandbox.command_sandbox import CommandResult
from coding_agent.sandbox.isolation_probe import check_isolation
from coding_agent.sandbox.job_processes import all_processes, descendants
from coding_agent.sandbox.task_sandbox import TaskSandbox
from coding_agent.settings import Settings
from coding_agent.tests.hostile_commands import HARMLESS_WHEN_SHARED, HOSTILE, Outside, program

SETTINGS = Settings(sandbox_memory_mb=192, sandbox_disk_mb=48, sandbox_processes=48)
USER = 64877
KINDS = ["bubblewrap", "task"]

Sandbox = BubblewrapSandbox | TaskSandbox


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    if request.param == "bubblewrap" and shutil.which("bwrap") is None:
        pytest.skip("bwrap is not installed")
    if request.param == "task" and (sys.platform != "linux" or os.getuid() != 0):
        pytest.skip("becoming another user takes root on Linux")
    return str(request.param)


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: another user cannot pass pytest's folders.
    with tempfile.TemporaryDirectory(prefix="sandbox-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture
def sandbox(kind: str, folder: Path) -> Iterator[Sandbox]:
    made = make(kind, folder)
    yield made
    made.close()


@pytest.fixture
def outside(folder: Path) -> Iterator[Outside]:
    made = Outside(folder / "outside")
    yield made
    made.close()


def make(kind: str, folder: Path, settings: Settings = SETTINGS) -> Sandbox:
    tree = folder / "tree"
    tree.mkdir()
    (tree / "file.txt").write_text("from the repository")
    return BubblewrapSandbox(tree, settings) if kind == "bubblewrap" else TaskSandbox(tree, settings, user=USER)


def run(sandbox: Sandbox, *command: str, timeout_s: float = 20) -> CommandResult:
    return sandbox.execute(command, timeout_s=timeout_s, stop=Stop())


def left(kind: str) -> list[int]:
    """Processes of commands that live."""
    entries = [entry for entry in all_processes() if not entry.is_zombie]
    if kind == "task":
        return [entry.pid for entry in entries if entry.uid == USER]
    return [entry.pid for entry in descendants(os.getpid(), entries) if "bwrap" in command_line(entry.pid)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_command_reaches_nothing(name: str, kind: str, sandbox: Sandbox, outside: Outside) -> None:
    command = outside.fill_in(HOSTILE[name], os.getpid())

    result = run(sandbox, *command, timeout_s=15)

    outside.assert_untouched(result.output)
    assert left(kind) == []


def test_abstract_sockets_of_the_machine_are_out_of_reach_in_bubblewrap(folder: Path, outside: Outside) -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bwrap is not installed")
    sandbox = make("bubblewrap", folder)
    result = run(sandbox, *outside.fill_in(HARMLESS_WHEN_SHARED, os.getpid()))
    outside.assert_untouched(result.output)
    sandbox.close()


class LeakySandbox:
    """Runs commands as they are, with our environment: what the public original did."""

    def __init__(self, work_tree: Path, environment: dict[str, str]) -> None:
        self.work_tree = work_tree
        self._environment = environment

    def execute(self, command: Sequence[str], *, timeout_s: float, stop: Stop) -> CommandResult:
        done = subprocess.run(
            list(command),
            cwd=self.work_tree,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        return CommandResult(done.stdout + done.stderr, done.returncode)

    def close(self) -> None:
        """Leave everything."""


@pytest.mark.parametrize(
    "name",
    [
        "private file",
        "private file by hard link",
        "environments",
        "files beside by link",
        "loopback tcp",
        "loopback udp",
    ],
)
def test_hostile_command_is_noticed_when_nothing_holds_it(name: str, folder: Path, outside: Outside) -> None:
    (folder / "tree").mkdir()
    leaky = LeakySandbox(folder / "tree", {"PATH": os.environ["PATH"], "MARK": outside.mark})
    result = leaky.execute(outside.fill_in(HOSTILE[name], outside.holder.pid), timeout_s=20, stop=Stop())
    with pytest.raises(AssertionError):
        outside.assert_untouched(result.output)


def test_probe_finds_nothing_in_a_tight_sandbox(sandbox: Sandbox) -> None:
    check_isolation(sandbox, Stop())


def test_probe_refuses_a_leaky_sandbox_and_names_what_leaks(folder: Path) -> None:
    tree = folder / "tree"
    tree.mkdir()
    leaky = LeakySandbox(tree, {"PATH": os.environ["PATH"], "GITHUB_TOKEN": "x"})
    with pytest.raises(CodingAgentError) as caught:
        check_isolation(leaky, Stop())
    assert caught.value.code == "sandbox_unavailable"
    for leak in ("GITHUB_TOKEN", "private file", "there is a way to 127.0.0.1", "they write in", "gain privileges"):
        assert leak in caught.value.message


def test_probe_refuses_when_it_cannot_be_run(folder: Path) -> None:
    tree = folder / "tree"
    tree.mkdir()

    class Broken(LeakySandbox):
        def execute(self, command: Sequence[str], *, timeout_s: float, stop: Stop) -> CommandResult:
            return CommandResult("sh: python3: not found", 127)

    with pytest.raises(CodingAgentError, match="python3: not found") as caught:
        check_isolation(Broken(tree, {}), Stop())
    assert caught.value.code == "sandbox_unavailable"


def test_ordinary_work_is_possible(sandbox: Sandbox) -> None:
    text = (
        "cat file.txt; echo changed > file.txt; mkdir new; echo x > new/y;"
        'echo kept > "${TMPDIR:-/tmp}/note"; pwd > /dev/null;'
        "python3 -c 'import threading, multiprocessing as m; t = threading.Thread(target=print); t.start(); t.join();"
        "p = m.Process(target=print, args=(42,)); p.start(); p.join()'; echo error >&2; exit 7"
    )
    result = run(sandbox, "sh", "-c", text)
    assert result.exit_code == 7
    for part in ("from the repository", "42", "error"):
        assert part in result.output
    assert (sandbox.work_tree / "file.txt").read_text() == "changed\n"
    assert (sandbox.work_tree / "new" / "y").read_text() == "x\n"
    assert run(sandbox, "sh", "-c", 'cat "${TMPDIR:-/tmp}/note"').output == "kept\n"


def test_environment_is_empty_but_for_what_programs_need(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "x")
    names = {line.partition("=")[0] for line in run(sandbox, "env").output.splitlines()}
    assert names <= {"PATH", "HOME", "LANG", "TMPDIR", "PWD"}


def test_exit_codes_are_those_of_a_shell(sandbox: Sandbox) -> None:
    assert run(sandbox, "true").exit_code == 0
    assert run(sandbox, "sh", "-c", "exit 3").exit_code == 3
    assert run(sandbox, "sh", "-c", "kill -TERM $$").exit_code == 143
    assert run(sandbox, "no-such-program").exit_code == 127


def test_text_that_looks_like_options_or_shell_is_only_text(sandbox: Sandbox) -> None:
    given = ["--help", "$(id)", "`id`", "a\nb", '"', "'", ";", "--", "-c", "é\u202e"]
    result = run(sandbox, "python3", "-c", "import sys, json; print(json.dumps(sys.argv[1:]))", *given)
    assert json.loads(result.output) == given


@pytest.mark.parametrize("command", [[], ["echo", "a\0b"]])
def test_command_that_is_none_is_refused(command: list[str], sandbox: Sandbox) -> None:
    with pytest.raises(CodingAgentError) as caught:
        sandbox.execute(command, timeout_s=5, stop=Stop())
    assert caught.value.code == "sandbox_failed"


@pytest.mark.parametrize(
    "text",
    [
        "while True: pass",
        "import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\ntime.sleep(99)",
        "import os, time\nos.close(0); os.close(1); os.close(2)\ntime.sleep(99)",
        (
            "import os, time\n"
            "while True:\n"
            "  try:\n"
            "    if os.fork() == 0: time.sleep(99)\n"
            "  except OSError: time.sleep(0.01)"
        ),
    ],
    ids=["spins", "ignores signals", "closes its output", "forks without end"],
)
def test_command_out_of_time_is_killed_with_all_it_started(text: str, kind: str, sandbox: Sandbox) -> None:
    began = time.monotonic()
    result = run(sandbox, *program(text), timeout_s=1)
    assert result.exit_code is None
    assert time.monotonic() - began < 10
    assert left(kind) == []
    assert run(sandbox, "echo", "still").output == "still\n"


def test_a_process_that_a_list_missed_is_killed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of processes is no snapshot: a child forked while it is read, by one that then ends, is not in it."""
    if os.getuid() != 0:
        pytest.skip("only root can start processes of another user")
    sandbox = make("task", folder)
    monkeypatch.setattr(sandbox, "_processes", list)
    try:
        run(sandbox, "sh", "-c", "setsid sleep 999 > /dev/null 2>&1 & exit")
        assert left("task") == []
    finally:
        monkeypatch.undo()
        sandbox.close()


def test_stop_kills_at_once(kind: str, sandbox: Sandbox) -> None:
    stop = Stop()
    timer = threading.Timer(0.3, stop.set, (StopReason.CANCELLED,))
    timer.start()
    began = time.monotonic()
    with pytest.raises(JobStoppedError) as caught:
        sandbox.execute(["sh", "-c", "sleep 99 & sleep 99"], timeout_s=60, stop=stop)
    assert caught.value.code == "cancelled"
    assert time.monotonic() - began < 5
    assert left(kind) == []
    timer.join()


def test_processes_are_bounded(sandbox: Sandbox) -> None:
    text = (
        "import os, time\n"
        "n = 0\n"
        "try:\n"
        "  while n < 500:\n"
        "    if os.fork() == 0: time.sleep(30); os._exit(0)\n"
        "    n += 1\n"
        "except OSError: pass\n"
        "print(n)"
    )
    assert 20 < int(run(sandbox, *program(text)).output) < 60


def test_memory_of_one_process_is_bounded(sandbox: Sandbox) -> None:
    result = run(sandbox, *program("x = bytearray(10**9)"))
    assert result.exit_code == 1
    assert "MemoryError" in result.output


@pytest.mark.parametrize(
    "text",
    [
        (
            "import os, time\n"
            "for _ in range(6):\n"
            "  if os.fork() == 0: x = bytearray(os.urandom(1 << 20) * 60); time.sleep(60)\n"
            "time.sleep(60)"
        ),
        (
            "import mmap, time\n"
            "kept = []\n"
            "for _ in range(16):\n"
            "  m = mmap.mmap(-1, 32 << 20); m.write(b'x' * (32 << 20)); kept.append(m)\n"
            "time.sleep(60)"
        ),
    ],
    ids=["many processes", "shared memory"],
)
def test_memory_of_a_job_is_bounded(text: str, sandbox: Sandbox) -> None:
    result = run(sandbox, *program(text))
    assert result.exit_code == 137
    assert "[ended: it used more than 192 MiB of memory]" in result.output


def test_memory_that_forked_processes_share_counts_once(sandbox: Sandbox) -> None:
    text = (
        "import os, time\n"
        "x = bytearray(b'x' * (60 << 20))\n"
        "for _ in range(6):\n"
        "  if os.fork() == 0: time.sleep(1); os._exit(0)\n"
        "time.sleep(1.2); print('ok')"
    )
    assert run(sandbox, *program(text)).output == "ok\n"


def test_memory_that_no_process_maps_cannot_be_had(sandbox: Sandbox) -> None:
    text = (
        "import ctypes, os\n"
        "try: os.memfd_create('x'); print('MADE')\n"
        "except OSError as e: print(e.errno)\n"
        "print(ctypes.CDLL(None).shmget(1, 1 << 20, 0o1600))"
    )
    assert run(sandbox, *program(text)).output.split() == ["38", "-1"]


def test_file_size_is_bounded(sandbox: Sandbox) -> None:
    run(sandbox, "sh", "-c", "head -c 200000000 /dev/zero > big")
    assert (sandbox.work_tree / "big").stat().st_size <= 48 << 20


def test_disk_of_a_job_is_bounded_and_can_be_freed_again(sandbox: Sandbox) -> None:
    text = "n = 0\nwhile n < 400:\n  open(f'f{n}', 'wb').write(b'x' * 1000000); n += 1"
    result = run(sandbox, *program(text))
    assert result.exit_code == 137
    assert "[ended: its files take more than 48 MiB]" in result.output
    assert run(sandbox, "sh", "-c", "rm -f f*").exit_code == 0


def test_endless_output_is_ended_and_held_in_little_memory(sandbox: Sandbox) -> None:
    result = run(sandbox, "yes")
    assert result.exit_code == 137
    assert result.output.endswith("[ended: it wrote more than 64 MiB of output]\n")
    assert len(result.output) < 1_100_000


def test_long_output_keeps_its_beginning_and_end(sandbox: Sandbox) -> None:
    result = run(sandbox, *program("print('first'); print('x' * 5_000_000); print('last')"))
    assert result.exit_code == 0
    assert result.output.startswith("first\n")
    assert result.output.endswith("last\n")
    assert "bytes left out" in result.output
    assert len(result.output) < 1_100_000


def test_bytes_that_are_no_text_are_replaced(sandbox: Sandbox) -> None:
    assert run(sandbox, *program(r"import sys; sys.stdout.buffer.write(b'a\xff\x00b')")).output == "a\ufffd\x00b"


def test_commands_get_no_input(sandbox: Sandbox) -> None:
    assert run(sandbox, "cat").exit_code == 0


def test_close_removes_whatever_was_made(kind: str, folder: Path) -> None:
    sandbox = make(kind, folder)
    text = r"""
import os
names = (b'-rf', b'a\nb', b'\xff\xfe', b'..x', b' ', 'é\u202e'.encode(), b"$(id)`'")
for name in names: os.mkdir(name); open(name + b'/f', 'w').close()
os.symlink('/etc', 'link'); os.symlink('loop', 'loop'); os.mkfifo('pipe')
import socket; s = socket.socket(socket.AF_UNIX); s.bind('socket')
os.mkdir('closed'); open('closed/f', 'w').close(); os.chmod('closed/f', 0); os.chmod('closed', 0)
top = os.open('.', os.O_RDONLY)
for _ in range(3000): os.mkdir('deep'); os.chdir('deep')
os.fchdir(top); os.chmod('.', 0)
"""
    assert run(sandbox, *program(text)).exit_code == 0
    sandbox.close()
    assert list(folder.iterdir()) == []
    assert Path("/etc/passwd").exists()


def test_sandbox_is_refused_where_commands_could_not_reach_their_tree(kind: str, folder: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("commands stay this user")
    folder.chmod(0o700)
    with pytest.raises(CodingAgentError) as caught:
        make(kind, folder)
    assert caught.value.code == "sandbox_unavailable"
    assert str(folder) in caught.value.message


def test_missing_bubblewrap_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "tree").mkdir()
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CodingAgentError) as caught:
        BubblewrapSandbox(folder / "tree", SETTINGS)
    assert caught.value.code == "sandbox_unavailable"


def test_bubblewrap_that_fails_is_not_taken_for_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = folder / "bin"
    programs.mkdir()
    (programs / "bwrap").write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    (programs / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    sandbox = make("bubblewrap", folder)
    with pytest.raises(CodingAgentError, match="uid map: Permission denied") as caught:
        run(sandbox, "false")
    assert caught.value.code == "sandbox_failed"
    sandbox.close()


def test_commands_of_bubblewrap_have_a_loopback_of_their_own(folder: Path) -> None:
    if shutil.which("bwrap") is None:
        pytest.skip("bwrap is not installed")
    sandbox = make("bubblewrap", folder)
    text = (
        "import socket\n"
        "s = socket.create_server(('127.0.0.1', 0)); "
        "c = socket.create_connection(s.getsockname()); s.accept()[0].send(b'hi'); print(c.recv(2))"
    )
    assert run(sandbox, *program(text)).output == "b'hi'\n"
    sandbox.close()
