"""The proxy of runner tasks, by the real squid: what is let through, and that nothing else is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from coding_agent.tests.redis_server import free_port

_USER = 10003
# Stands for an address that is not inside.
_OUTSIDE = "127.0.0.9"
PROXY = Path(__file__).parents[1] / "egress_proxy"


class Echo:
    """A TCP server at both addresses that answers what it gets: a tunnel carries it, whatever it is."""

    def __init__(self) -> None:
        self.connections = 0
        inside = socket.create_server(("127.0.0.1", 0))
        self.port = inside.getsockname()[1]
        self._listeners = (inside, socket.create_server((_OUTSIDE, self.port)))
        for listener in self._listeners:
            threading.Thread(target=self._serve, args=(listener,), daemon=True).start()

    def close(self) -> None:
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                connection.sendall(b"echo " + connection.recv(100))


class Proxy:
    def __init__(self, port: int, log: Path, echo: Echo) -> None:
        self.port, self.log, self.echo = port, log, echo

    def ask(self, request: str, then: bytes = b"") -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as connection:
            connection.sendall(request.encode())
            answer = connection.recv(4096)
            if then and b" 200 " in answer.split(b"\r\n")[0]:
                connection.sendall(then)
                answer += connection.recv(4096)
        return answer

    def connect(self, target: str, then: bytes = b"hello") -> bytes:
        return self.ask(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n", then)


def start(folder: Path, allowed: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": f"{folder}/bin:{os.environ['PATH']}:/usr/sbin", "EGRESS_FOLDER": str(folder), **changes}
    environment["EGRESS_ALLOWED_HOSTS"] = allowed
    return subprocess.run([PROXY / "start.sh"], env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    squid = shutil.which("squid", path=f"{os.environ['PATH']}:/usr/sbin")
    if squid is None:
        pytest.skip("squid is not installed")
    # Not a folder of pytest's, which another user cannot pass.
    folder = Path(tempfile.mkdtemp(prefix="squid-test-"))
    (folder / "bin").mkdir()
    # start.sh writes the configuration; squid itself is started by the test, with what only a test may do.
    (folder / "bin" / "squid").symlink_to("/bin/true")
    port, echo = free_port(), Echo()
    assert start(folder, "allowed.test, .below.test,inside.test,metadata.test", EGRESS_PORT=str(port)).returncode == 0
    written = (folder / "squid.conf").read_text()
    assert "@" not in "".join(line for line in written.splitlines() if not line.startswith("#"))
    (folder / "hosts").write_text(
        "127.0.0.9 allowed.test\n127.0.0.9 sub.below.test\n127.0.0.1 inside.test\n169.254.169.254 metadata.test\n"
        "127.0.0.9 other.test\n"
    )
    log = folder / "access.log"
    # Names are this file's; 127.0.0.9 stands for an address outside; the port stands for 443; squid is no other user.
    for before, after in (
        ("127.0.0.0/8 169.254", "127.0.0.1 169.254"),
        ("acl https port 443", f"acl https port {echo.port}"),
        ("shutdown_lifetime 2", "shutdown_lifetime 0"),
        ("stdio:/dev/stdout", f"stdio:{log}"),
        ("cache_log /dev/stderr", f"cache_log {folder / 'cache.log'}"),
    ):
        assert before in written
        written = written.replace(before, after)
    written += f"hosts_file {folder / 'hosts'}\nlogfile_rotate 0\n"
    (folder / "squid.conf").write_text(written)
    user = _USER if os.getuid() == 0 else None
    if user is not None:
        os.chown(folder, user, user)
    process = subprocess.Popen(
        [squid, "-N", "-n", f"test{port}", "-f", folder / "squid.conf"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
    )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, (folder / "cache.log").read_text()[-2000:]
                time.sleep(0.05)
        yield Proxy(port, log, echo)
    finally:
        # Killed, it would leave its shared memory.
        process.terminate()
        process.wait(30)
        echo.close()
        shutil.rmtree(folder)


@pytest.mark.parametrize("host", ["allowed.test", "ALLOWED.test", "sub.below.test"])
def test_allowed_host_is_reached(proxy: Proxy, host: str) -> None:
    assert proxy.connect(f"{host}:{proxy.echo.port}").endswith(b"echo hello")


@pytest.mark.parametrize(
    "host",
    [
        "other.test",
        "sub.allowed.test",
        "allowed.test.other.test",
        "notallowed.test",
        "127.0.0.9",
        "127.0.0.1",
        "inside.test",
        "metadata.test",
        "169.254.169.254",
        "169.254.170.2",
        "10.0.0.1",
        "[::1]",
        "[::ffff:127.0.0.9]",
        "[fd00:ec2::254]",
        "2130706441",
        "0x7f000009",
        "localhost",
    ],
)
def test_other_host_is_refused(proxy: Proxy, host: str) -> None:
    before = proxy.echo.connections
    answer = proxy.connect(f"{host}:{proxy.echo.port}")
    assert answer.split(b" ")[1] == b"403", answer[:200]
    assert b"echo" not in answer
    assert proxy.echo.connections == before


def test_other_port_is_refused(proxy: Proxy) -> None:
    assert b" 403 " in proxy.connect("allowed.test:22").split(b"\r\n")[0]


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PURGE"])
def test_only_tunnels_are_made(proxy: Proxy, method: str) -> None:
    before = proxy.echo.connections
    answer = proxy.ask(
        f"{method} http://allowed.test:{proxy.echo.port}/ HTTP/1.1\r\nHost: allowed.test\r\nContent-Length: 0\r\n\r\n"
    )
    assert b" 403 " in answer.split(b"\r\n")[0]
    assert proxy.echo.connections == before


def test_cache_manager_is_closed(proxy: Proxy) -> None:
    answer = proxy.ask(f"GET http://127.0.0.1:{proxy.port}/squid-internal-mgr/info HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert b" 403 " in answer.split(b"\r\n")[0]


def test_log_says_who_went_where_and_no_header(proxy: Proxy) -> None:
    target = f"other.test:{proxy.echo.port}"
    secret = "c" * 20
    proxy.ask(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nProxy-Authorization: Basic {secret}\r\n\r\n")
    deadline = time.monotonic() + 10
    while target not in (text := proxy.log.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert f"CONNECT {target}" in text
    assert "/403" in text
    assert secret not in text


@pytest.mark.parametrize(
    "value",
    [
        "",
        " , ",
        "*",
        "1.2.3.4",
        "a.test\nhttp_access allow all",
        "a.test http_access",
        "-x.test",
        "a.test;b",
        ".",
        "/etc/passwd",
    ],
)
def test_start_refuses_what_is_no_list_of_domains(value: str, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "squid").symlink_to("/bin/true")
    done = start(tmp_path, value)
    assert done.returncode != 0
    assert "EGRESS_ALLOWED_HOSTS" in done.stderr
    assert not (tmp_path / "squid.conf").exists()
