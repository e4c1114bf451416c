"""Three back ends behind nginx under load: restarted one after the other, switched to another index, killed in turn.

Then more clients come than all queues hold: some are told to wait, and nobody fails.
At last the front end dies that has a reader's session: the page comes back, and the question is in its address.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from tests.constant_clients import constantly
from tests.e2e.conftest import browser
from tests.e2e.test_chat import EMPLOYEES, ask
from tests.index_versions import TwoVersions, name_current
from tests.local_processes import wait_until
from tests.replicas import Replicas, replicas
from tests.soak.replica_load import PAUSE_S, ReplicaLoad
from tests.soak.results import number_setting, write_result

__all__ = ["browser"]

pytestmark = pytest.mark.soak

BACK_ENDS = 3
CLIENTS = 4
# Three back ends hold twelve requests.
CROWD = 40
BETWEEN = 25
ANOTHER = "How many employees does Orquenna have in fiscal 2023?"


def test_replicas_fail_no_request_whatever_is_restarted_switched_or_killed(
    two_versions: TwoVersions, browser: Browser, tmp_path: Path
) -> None:
    """SU-05, SU-06: rolling restart, index switch, a kill every few seconds, full queues: no failed request."""
    restarts = number_setting("FINRAG_SOAK_RESTARTS", 2)
    seconds = number_setting("FINRAG_SOAK_SECONDS", 300)
    every_s = number_setting("FINRAG_SOAK_KILL_EVERY", 10)
    crowded_s = number_setting("FINRAG_SOAK_CROWD_SECONDS", 30)
    published = two_versions.copied(tmp_path / "store")
    started = time.monotonic()
    with replicas(
        published.folder,
        tmp_path / "run",
        {"FINRAG_REFRESH_S": "0.5", "FINRAG_ANSWER_CACHE_MB": "1"},
        backends=BACK_ENDS,
        frontends=2,
    ) as running:
        with _under_load(running, published) as rolling:
            _roll(running, published, rolling, restarts)
        seen = len(running.nginx.requests())
        with _under_load(running, published) as killing:
            killed = _kill(running, seconds, every_s)
        killed_until = len(running.nginx.requests())
        with _under_load(running, published, clients=CROWD, pause_s=0.0) as crowd:
            time.sleep(crowded_s)
        requests = running.nginx.requests()
        reader = _lose_a_front_end(running, browser)
        memory = [_resident_mb(replica.process.pid) for replica in running.backends]
    counts = {
        "back_ends": BACK_ENDS,
        "clients": CLIENTS,
        "rolling_restarts_and_index_switches": {
            "restarts": restarts * BACK_ENDS,
            "switches": restarts * BACK_ENDS,
            **_told(rolling, requests[:seen]),
        },
        "kills": {"killed": killed, "seconds": seconds, **_told(killing, requests[seen:killed_until])},
        "crowd": {"clients": CROWD, "seconds": crowded_s, **_told(crowd, requests[killed_until:])},
        "killed_front_end": reader,
        "resident_mb": memory,
    }
    findings = [{"what": what} for what in (*rolling.failures, *killing.failures, *crowd.failures)]
    settings = {
        "FINRAG_SOAK_RESTARTS": restarts,
        "FINRAG_SOAK_SECONDS": seconds,
        "FINRAG_SOAK_KILL_EVERY": every_s,
        "FINRAG_SOAK_CROWD_SECONDS": crowded_s,
    }
    write_result("replicas", settings, time.monotonic() - started, counts, findings)
    assert not findings, findings
    assert crowd.shed, "nobody was told to wait: the queues were not full"


@contextmanager
def _under_load(
    running: Replicas, published: TwoVersions, *, clients: int = CLIENTS, pause_s: float = PAUSE_S
) -> Iterator[ReplicaLoad]:
    load = ReplicaLoad(running.nginx.api_url, published, pause_s)
    try:
        with constantly(load.ask, clients):
            yield load
    finally:
        load.close()


def _roll(running: Replicas, published: TwoVersions, load: ReplicaLoad, rounds: int) -> None:
    """Restart every back end gently, one after the other, and switch the index between them."""
    store = LocalFolderStore(published.folder)
    versions = (published.smaller, published.whole)
    for number in range(rounds * BACK_ENDS):
        name_current(store, versions[number % 2])
        load.wait_for_answers(BETWEEN)
        replica = running.backends[number % BACK_ENDS]
        replica.stop()
        load.wait_for_answers(BETWEEN)
        replica.start()
    name_current(store, published.whole)
    load.wait_for_answers(BETWEEN)


def _kill(running: Replicas, seconds: float, every_s: float) -> int:
    """Kill a back end every few seconds, in turn, and start it again at once; return how many."""
    killed = 0
    begins = time.monotonic()
    while (due := begins + (killed + 1) * every_s) < begins + seconds:
        time.sleep(max(0.0, due - time.monotonic()))
        replica = running.backends[killed % BACK_ENDS]
        replica.kill()
        killed += 1
        replica.start()
    time.sleep(max(0.0, begins + seconds - time.monotonic()))
    return killed


def _lose_a_front_end(running: Replicas, browser: Browser) -> dict[str, Any]:
    """Kill the front end a page is connected to; return how long its reader waits for the page to be there again."""
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(running.nginx.chat_url)
    ask(page, EMPLOYEES)
    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees", timeout=60_000)
    wait_until(lambda: "Orquenna" in page.url, "the question is in the address")
    # ip_hash has all of this machine's addresses at one front end: the one whose log of requests is not empty.
    chats = Counter(
        str(entry["upstreams"]) for entry in running.nginx.requests() if str(entry["path"]).startswith("/_stcore")
    )
    serving = next(frontend for frontend in running.frontends if frontend.address in chats)
    began = time.monotonic()
    # The page finds the other front end by itself and stays as it is. What the reader does next begins a session there,
    # which asks the question in the address first.
    with page.expect_websocket(timeout=60_000):
        serving.kill()
    expect(page.locator(".st-key-answer-1")).to_contain_text("2,475 employees")
    ask(page, ANOTHER)
    expect(page.locator(".st-key-answer-2")).to_contain_text("2,390 employees", timeout=60_000)
    expect(page.get_by_role("button", name=EMPLOYEES)).to_be_visible()  # folded, above the latest
    came_back_s = round(time.monotonic() - began, 1)
    page.close()
    return {"page_answers_again_after_s": came_back_s}


def _told(load: ReplicaLoad, requests: Sequence[dict[str, str | int | float]]) -> dict[str, Any]:
    tried_again = [entry for entry in requests if "," in str(entry["upstreams"])]
    return {
        "answers": dict(load.answers),
        "answers_by_version": dict(load.versions),
        "failed": len(load.failures),
        "requests_nginx_tried_again": len(tried_again),
        "streams_clients_asked_again": load.streams_asked_again,
        "told_to_wait": load.shed,
        "p50_ms": round(statistics.median(load.milliseconds), 1),
        "p95_ms": round(statistics.quantiles(load.milliseconds, n=20)[-1], 1),
    }


def _resident_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1024, 1)
