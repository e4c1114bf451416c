"""The front end as its pod starts it: healthy, thin, silent towards the world, and set for a proxy in front of it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin, Subprotocol

from benchmarks.frontend_process import Frontend, serve_frontend
from benchmarks.frontend_session import Turn, open_session
from tests.event_loops import run
from tests.local_processes import clean_environment
from tests.sample_index import ROOT
from tests.ui.stub_backend import StubBackend, serve_stub

CONFIG = ROOT / ".streamlit" / "config.toml"
REQUIRED = {
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.fileWatcherType": "none",
    "server.runOnSave": False,
    "server.headless": True,
    "server.address": "0.0.0.0",
    "server.enableAgentApi": False,
    "server.enableWebsocketCompression": False,
    "browser.gatherUsageStats": False,
    "client.showErrorDetails": "none",
    # Without it, the server asks the world for its own address at start.
    "logger.hideWelcomeMessage": True,
}
# What a reader made up, and what the proxy between added: his address.
FORWARDED = ("203.0.113.66", "<b>", "198.51.100.7")
# Comes into the process by its import path: writes down what hosts are reached for, and lets only this one be reached.
WATCH = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        host = arguments[1][0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = arguments[0]
    else:
        return
    with open(os.environ["FRONTEND_CALLS"], "a") as file:
        file.write(f"{host}\\n")
    if host not in ("127.0.0.1", "0.0.0.0"):
        raise OSError("not reachable in this test")
sys.addaudithook(note)
"""


@pytest.fixture(scope="module")
def stub() -> Iterator[StubBackend]:
    with serve_stub(StubBackend()) as served:
        yield served


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that names what the front end reached for."""
    folder = tmp_path_factory.mktemp("watched")
    (folder / "sitecustomize.py").write_text(WATCH)
    return folder / "calls"


@pytest.fixture(scope="module")
def frontend(stub: StubBackend, calls: Path) -> Iterator[Frontend]:
    path = os.pathsep.join(filter(None, [str(calls.parent), os.environ.get("PYTHONPATH")]))
    log = calls.parent / "frontend.log"
    with serve_frontend(stub.url, log, PYTHONPATH=path, FRONTEND_CALLS=str(calls)) as served:
        yield served


@pytest.fixture(scope="module", autouse=True)
def session(frontend: Frontend, calls: Path) -> tuple[list[Turn], set[str]]:
    """A session with a charted answer, a cited one and an abstention; and the hosts reached for until its end."""
    turns = run(_read(frontend.url, ["Show the trend.", "Which risks are there?", "abstain"]))
    return turns, set(calls.read_text().split())


async def _read(url: str, questions: list[str]) -> list[Turn]:
    async with open_session(url, ", ".join(FORWARDED)) as session:
        return [await session.load()] + [await session.ask(question) for question in questions]


def settings_in_force(names: Iterable[str]) -> dict[str, Any]:
    """Return what Streamlit takes the options for where the front end is started."""
    script = "import json, sys; from streamlit.config import get_option\n"
    script += "print(json.dumps({name: get_option(name) for name in sys.argv[1:]}))"
    command = [sys.executable, "-c", script, *names]
    shown = subprocess.run(command, cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True)
    settings: dict[str, Any] = json.loads(shown.stdout)
    return settings


def flatten(sections: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return the options by their full names."""
    flat: dict[str, Any] = {}
    for name, value in sections.items():
        flat |= flatten(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def test_health_is_the_word_ok(frontend: Frontend) -> None:
    response = httpx.get(f"{frontend.url}/_stcore/health", trust_env=False)
    assert (response.status_code, response.text) == (200, "ok")
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("_streamlit_xsrf=")
    assert "samesite=lax" in cookie.lower()


def test_assets_may_be_kept_for_a_year_and_the_page_that_names_them_is_asked_for_again(frontend: Frontend) -> None:
    """SU-10: so a network of caches in front of it serves the assets; each name has a hash of its content in it."""
    page = httpx.get(frontend.url, trust_env=False)
    assert page.headers["cache-control"] == "no-cache"
    assets = set(re.findall(r'(?:src|href)="\./(static/[^"]+)"', page.text))
    assert len(assets) > 5
    for asset in assets:
        assert re.search(r"\.[A-Za-z0-9_-]{8}\.(?:js|css|woff2)$", asset)
    kept = httpx.get(f"{frontend.url}/{min(assets)}", trust_env=False).headers["cache-control"]
    assert {part.strip() for part in kept.split(",")} == {"public", "immutable", "max-age=31536000"}


def test_settings_of_the_file_are_in_force() -> None:
    written = flatten(tomllib.loads(CONFIG.read_text(encoding="utf-8")))
    assert settings_in_force(written) == written
    assert written | REQUIRED == written


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("interact", {}),
        ("mcp", {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}),
    ],
)
def test_programs_cannot_drive_the_page(frontend: Frontend, path: str, body: dict[str, Any]) -> None:
    response = httpx.post(f"{frontend.url}/_stcore/agent/{path}", json=body, trust_env=False)
    assert response.status_code in {400, 403, 404}
    assert "does not serve the agent API" in response.json()["error"]["message"]


def test_session_needs_no_table_library(frontend: Frontend, session: tuple[list[Turn], set[str]]) -> None:
    turns, _ = session
    assert turns[1].charts
    assert frontend.heavy_libraries() == []


def test_session_reaches_the_back_end_alone(session: tuple[list[Turn], set[str]]) -> None:
    _, hosts = session
    assert hosts == {"127.0.0.1"}


@pytest.mark.usefixtures("session")
def test_back_end_is_told_the_readers_address_last(stub: StubBackend) -> None:
    told = {headers["X-Forwarded-For"] for headers in stub.headers if "X-Forwarded-For" in headers}
    assert told == {"203.0.113.66, unknown, 198.51.100.7, 198.51.100.7"}


@pytest.mark.parametrize(
    ("host", "origin", "is_accepted"),
    [
        # A proxy ends TLS and passes the reader's Host on.
        ("chat.example", "https://chat.example", True),
        ("chat.example", "https://elsewhere.example", False),
        ("chat.example", "https://chat.example.elsewhere.example", False),
    ],
)
def test_only_its_own_page_may_connect(frontend: Frontend, host: str, origin: str, is_accepted: bool) -> None:
    assert run(_connects(frontend.url, host, origin)) is is_accepted


async def _connects(url: str, host: str, origin: str) -> bool:
    port = int(url.rpartition(":")[2])
    try:
        async with connect(
            f"ws://{host}/_stcore/stream",
            host="127.0.0.1",
            port=port,
            origin=Origin(origin),
            subprotocols=[Subprotocol("streamlit")],
            proxy=None,
        ):
            return True
    except InvalidStatus:
        return False
