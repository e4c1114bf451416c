"""Commands and programs that try to get out of a sandbox, or to use up what is around it.

`{…}` is filled in by `Outside`; what a command must not do is asserted by `Outside.assert_untouched`, which looks from
outside and believes no output.
"""

from __future__ import annotations

import secrets
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["HARMLESS_WHEN_SHARED", "HOSTILE", "Outside", "program"]


def program(text: str) -> tuple[str, ...]:
    """Return the command that runs Python text."""
    return ("python3", "-c", text)


def _shell(text: str) -> tuple[str, ...]:
    return ("sh", "-c", text)


_SYSCALL = "import ctypes; c = ctypes.CDLL(None, use_errno=True); "
_CONNECT = """
import socket, sys
for family, kind, address in [{addresses}]:
    try:
        with socket.socket(family, kind) as s:
            s.settimeout(1); s.connect(address); s.send(b"out"); print("SENT" if kind == 1 else "sent", address)
    except OSError as error:
        print(error)
"""


def _connecting(*addresses: str) -> tuple[str, ...]:
    return program(_CONNECT.replace("{addresses}", ", ".join(addresses)))


HOSTILE: dict[str, tuple[str, ...]] = {
    # Reading what is not theirs.
    "private file": _shell("cat {file}"),
    "private file by ..": _shell("cat ../../../../../../../../..{file}; cat /tmp/..{file}"),
    "private file by symbolic link": _shell("ln -s {file} link; cat link; ln -s / root; cat root{file}"),
    "private file by hard link": _shell("ln {file} hard; cat hard"),
    "private file by /proc": _shell(
        "cat /proc/1/root{file} /proc/$PPID/root{file} /proc/{pid}/root{file} /proc/*/cwd{file}"
    ),
    "descriptors of others": _shell(
        "for each in /proc/[0-9]*/fd/*; do timeout 0.1 head -c 9999 $each; done 2>&1 | head -c 99999"
    ),
    "environments": _shell("cat /proc/*/environ; env; cat /proc/{pid}/environ; ps axeww"),
    "shadow": _shell("cat /etc/shadow /etc/gshadow && echo READ"),
    "home folders": _shell("cat /root/.bashrc /root/.profile /root/.ssh/* /home/*/.bashrc && echo READ"),
    "memory of another": program("open('/proc/{pid}/mem', 'rb').read(1); print('READ')"),
    "disk device": _shell("head -c 1 /dev/vda /dev/sda /dev/nvme0n1 /dev/mem /dev/kmsg && echo READ"),
    # Writing what is not theirs.
    "files beside": _shell(
        "echo x > {folder}/x; mkdir {folder}/y; rm -rf {folder}/*; chmod 777 {folder}; mv {folder} gone"
    ),
    "files beside by link": _shell("ln -s {folder} door; echo x > door/x; rm -rf door/; echo x > ../../x"),
    "system files": _shell(
        "for f in /x /etc/x /usr/x /usr/bin/x /usr/local/bin/x /var/x /opt/x /dev/x; do echo x > $f && echo WROTE; done"
    ),
    "kernel settings": _shell(
        "echo x > /proc/sys/kernel/core_pattern && echo WROTE; echo b > /proc/sysrq-trigger && echo WROTE"
    ),
    "control groups": _shell("mkdir /sys/fs/cgroup/x /sys/fs/cgroup/memory/x && echo WROTE"),
    # Other processes.
    "kill": _shell("kill -9 {pid}; kill -9 {parent}; kill -STOP {parent}; kill -9 -- -1; echo killed"),
    "trace": program(
        _SYSCALL + "print('TRACED' if c.ptrace(16, {pid}, 0, 0) == 0 or c.ptrace(0, 0, 0, 0) == 0 else 'no')"
    ),
    "memory by system call": program(
        _SYSCALL + "b = ctypes.create_string_buffer(9); v = (ctypes.c_size_t * 2)(ctypes.addressof(b), 8);"
        "print('READ' if c.process_vm_readv({pid}, v, 1, v, 1, 0) > 0 else 'no')"
    ),
    "descriptor by system call": program(
        _SYSCALL + "import os; p = os.pidfd_open(os.getppid()); print('READ' if c.syscall(438, p, 0, 0) >= 0 else 'no')"
    ),
    # Privileges.
    "become root": program(
        "import os\n"
        "for call in (os.setuid, os.setgid, os.seteuid):\n"
        "  try: call(0); print('ROOT')\n"
        "  except OSError: print('no')"
    ),
    "su and sudo": _shell("echo | timeout 1 su -c 'echo ROOT'; sudo -n echo ROOT; pkexec echo ROOT"),
    "set-user-id": _shell("cp /bin/sh s; chown 0 s; chmod 6755 s; ./s -p -c 'id -u' | grep -x 0 && echo ROOT"),
    "mount": _shell(
        "mount -t tmpfs none /mnt && echo MOUNTED; mount --bind / . && echo MOUNTED; umount -l /proc && echo MOUNTED"
    ),
    "new namespaces": _shell("unshare -Ur id && echo MADE; unshare -n true && echo MADE; unshare -m true && echo MADE"),
    "namespaces of others": _shell("nsenter -t 1 -a true && echo ENTERED; nsenter -t {pid} -m -n true && echo ENTERED"),
    "namespace by clone": program(
        _SYSCALL
        + "r = c.syscall(56, 0x10000000 | 17, 0, 0, 0, 0)\nif r == 0: c._exit(0)\nprint('MADE' if r > 0 else 'no')"
    ),
    "change root": program("import os\ntry: os.chroot('.'); print('CHANGED')\nexcept OSError: print('no')"),
    "device nodes": _shell("mknod d b 8 0 && echo MADE; mknod c c 1 1 && echo MADE; mkfifo pipe; ls"),
    "kernel interfaces": program(
        _SYSCALL + "import errno\nfor n in (425, 426, 321, 323, 298, 250, 248, 249, 175, 246, 304, 435):\n"
        "  print('DONE' if c.syscall(n, 0, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in (errno.EPERM, "
        "errno.ENOSYS) else 'no')"
    ),
    "calls of another set": program(_SYSCALL + "c.syscall(0x40000000 | 39); print('DONE')"),
    # The network.
    "loopback tcp": _connecting(
        "(2, 1, ('127.0.0.1', {port}))", "(10, 1, ('::1', {port}))", "(2, 1, ('{host}', {port}))"
    ),
    "loopback udp": _connecting("(2, 2, ('127.0.0.1', {udp_port}))"),
    "metadata": _connecting(
        "(2, 1, ('169.254.169.254', 80))", "(2, 1, ('169.254.170.2', 80))", "(10, 1, ('fd00:ec2::254', 80))"
    ),
    "outside": _connecting("(2, 1, ('1.1.1.1', 443))", "(2, 2, ('8.8.8.8', 53))", "(10, 1, ('2606:4700::1111', 443))"),
    "raw sockets": _connecting(
        "(2, 3, ('127.0.0.1', 1))", "(17, 3, ('lo', 3))", "(40, 1, (2, 22))", "(38, 5, ('hash', 'sha256'))"
    ),
    "names": program(
        "import socket\ntry: print('SENT', socket.gethostbyname('example.com'))\nexcept OSError: print('no')"
    ),
    "programs for the network": _shell(
        "curl -m 2 -s http://127.0.0.1:{port}/ && echo SENT; wget -t 1 -T 2 -qO- http://127.0.0.1:{port}/ && echo SENT;"
        "bash -c 'echo out > /dev/tcp/127.0.0.1/{port}' && echo SENT; "
        "git ls-remote http://127.0.0.1:{port}/ && echo SENT"
    ),
    "sockets of services": _connecting(
        "(1, 1, '/var/run/docker.sock')",
        "(1, 1, '/run/containerd/containerd.sock')",
        "(1, 1, '{unix}')",
        "(1, 1, '/run/dbus/system_bus_socket')",
    ),
    # The terminal.
    "typing into a terminal": program(
        "import fcntl, os\nfor path in ('/dev/tty', '/dev/stdin', '/dev/console', '/dev/pts/0', '/dev/pts/1'):\n"
        "  try: fcntl.ioctl(os.open(path, os.O_RDWR | os.O_NOCTTY), 0x5412, b'x'); "
        "print('TYPED')\n  except OSError: print('no')"
    ),
    # Outliving the command.
    "background": _shell("nohup sh -c 'sleep 1; echo late > late' > /dev/null 2>&1 & sleep 999 & setsid sleep 999 &"),
    "daemon": program(
        "import os, signal, time\nif os.fork() == 0:\n  os.setsid()\n  for n in range(1, 64):\n"
        "    try: signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError): pass\n  if os.fork() == 0:\n    os.close(1); os.close(2); "
        "time.sleep(999)\n  os._exit(0)"
    ),
    # What git runs.
    "hooks": _shell(
        "mkdir -p .git/hooks; echo 'echo x > {folder}/x' > .git/hooks/pre-commit; chmod +x .git/hooks/*; ls .git"
    ),
}

# Words that a program above prints when it has succeeded.
_SUCCESS = (
    "READ\n",
    "WROTE\n",
    "TRACED\n",
    "ROOT\n",
    "MOUNTED\n",
    "MADE\n",
    "ENTERED\n",
    "CHANGED\n",
    "DONE\n",
    "SENT",
    "TYPED\n",
)

# Abstract names of AF_UNIX belong to a network namespace: without one of their own, commands reach the machine's.
HARMLESS_WHEN_SHARED = _connecting("(1, 1, '\\0{abstract}')")


@dataclass
class Outside:
    """What lies around a sandbox in a test: marks that stand for secrets, a process, servers, a folder."""

    folder: Path

    def __post_init__(self) -> None:
        self.mark = f"mark-{secrets.token_hex(16)}"
        self.folder.mkdir(mode=0o700)
        self.file = self.folder / "private"
        self.file.touch(mode=0o600)
        self.file.write_text(self.mark)
        self.holder = subprocess.Popen(["sleep", "600"], env={"PATH": "/usr/bin:/bin", "MARK": self.mark})
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.unix, self.abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.unix.bind(str(self.folder / "socket"))
        self.abstract.bind(f"\0{self.mark[-12:]}")
        self.servers = (self.tcp, self.unix, self.abstract)
        for server in self.servers[1:]:
            server.listen()
        for each in (*self.servers, self.udp):
            each.setblocking(False)

    def fill_in(self, command: tuple[str, ...], parent: int) -> list[str]:
        """Return the command with what it is after."""
        values = {
            "file": self.file,
            "folder": self.folder,
            "pid": self.holder.pid,
            "parent": parent,
            "port": self.tcp.getsockname()[1],
            "udp_port": self.udp.getsockname()[1],
            "unix": self.folder / "socket",
            "abstract": self.mark[-12:],
            "host": "127.0.0.2",
        }
        filled = list(command)
        for name, value in values.items():
            filled = [part.replace(f"{{{name}}}", str(value)) for part in filled]
        return filled

    def assert_untouched(self, output: str) -> None:
        """Fail when a command reached anything."""
        assert self.mark not in output
        assert not [word for word in _SUCCESS if word in output], output
        assert self.holder.poll() is None
        assert sorted(path.name for path in self.folder.iterdir()) == ["private", "socket"]
        assert self.folder.stat().st_mode & 0o777 == 0o700
        assert self.file.read_text() == self.mark
        assert not list(Path(self.folder.parent).glob("x"))
        for server in self.servers:
            try:
                server.accept()[0].close()
            except BlockingIOError:
                continue
            raise AssertionError(f"a command reached {server.getsockname()}")
        try:
            self.udp.recv(100)
        except BlockingIOError:
            return
        raise AssertionError("a command reached the UDP socket")

    def close(self) -> None:
        """Give everything back."""
        for each in (*self.servers, self.udp):
            each.close()
        self.holder.kill()
        self.holder.wait()
