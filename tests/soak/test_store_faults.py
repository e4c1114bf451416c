"""Each kind of fault between back end and store, under load: no wrong answer, no failure, recovery by itself.

A kind is met when the back end starts, by every request for a while, and by a share of them.
"""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.served_stores import ServedStore, index_on_s3, s3_settings
from tests.faults.checked import CheckedClients, References, probed, references_of
from tests.faults.damage import damage_files
from tests.faults.disks import filled, may_mount, read_only, small_disk
from tests.faults.kinds import KINDS, Kind
from tests.faults.proxy import FaultProxy
from tests.index_versions import TwoVersions, name_current
from tests.local_processes import Server, serve_backend, wait_until
from tests.soak.results import number_setting, write_result

pytestmark = pytest.mark.soak

Fault = Callable[[Path], AbstractContextManager[None]]

CLIENTS = 4
SHARE = 0.3
DISK_MB = 64
# Silence is noticed when a socket's timeout has passed three times.
LONG_UNNOTICED = {"silent", "trickle"}
MOST_SILENT_S = 22
# From the end of a fault until everything is answered, from the version that was published meanwhile.
RECOVERED_WITHIN_S = 20.0
# The cache is smaller than both versions together: what was read may have to be read again.
SETTINGS = {
    "FINRAG_REFRESH_S": "0.3",
    "FINRAG_ANSWER_CACHE_MB": "0",
    "FINRAG_CACHE_MB": "25",
    "LOG_LEVEL": "warning",
}


class Bench:
    """A store behind a proxy, and back ends on it that are disturbed one after the other."""

    def __init__(
        self, remote: ServedStore, proxy: FaultProxy, versions: TwoVersions, references: References, folder: Path
    ) -> None:
        self.proxy = proxy
        self.findings: list[dict[str, Any]] = []
        self.rows: dict[str, dict[str, Any]] = {}
        self._remote = remote
        self._versions = versions
        self._references = references
        self._folder = folder
        self._runs = 0

    def meet(self, name: str, kind: Kind, window_s: float) -> None:
        """Start a back end under a fault; then let a share of its requests meet it, and later all of them."""
        name_current(self._remote.store, self._versions.whole)
        before = self.proxy.injected
        starting = ExitStack()
        starting.enter_context(kind.on(self.proxy))
        with starting, self._served(None, "/livez") as (server, client, _):
            clients = CheckedClients(client, self._references)
            said = self._said_at_start(clients, kind)
            starting.close()
            wait_until(lambda: client.get("/readyz").status_code == httpx.codes.OK, "ready", timeout_s=60)
            sharing = kind.on(self.proxy, SHARE)
            after_share_s, _ = self._disturbed(clients, sharing, window_s, "first", self._versions.smaller)
            window_s = MOST_SILENT_S if name in LONG_UNNOTICED else window_s
            after_all_s, last = self._disturbed(clients, kind.on(self.proxy), window_s, "second", self._versions.whole)
            if kind.is_away and (last["status"], last["store"]) != ("degraded", "unreachable"):
                clients.findings.append(f"/health at the end of the fault: {last}")
            self._keep(
                name,
                server,
                clients,
                faults=self.proxy.injected - before,
                recovered_s=[round(after_share_s, 1), round(after_all_s, 1)],
                said_at_start=_without_names(said),
                health_said=_without_names(last["refresh_error"] or ""),
            )

    def disturb(self, name: str, fault: Fault, window_s: float, disk: Path | None = None) -> None:
        """Let the cache of a back end at work be spoilt; `disk` is where it is."""
        name_current(self._remote.store, self._versions.whole)
        with self._served(disk) as (server, client, cache):
            clients = CheckedClients(client, self._references)
            seconds, last = self._disturbed(clients, fault(cache), window_s, "second", self._versions.smaller)
            said = _without_names(last["refresh_error"] or "")
            self._keep(name, server, clients, faults=1, recovered_s=[round(seconds, 1)], health_said=said)

    def restart_on(self, name: str, spoil: Callable[[Path], None]) -> None:
        """Start a back end on a cache that was spoilt since another one filled it."""
        name_current(self._remote.store, self._versions.smaller)
        with self._served(None) as (_, client, cache):
            clients = CheckedClients(client, self._references)
            clients.ask_all(must_answer=True)
        spoil(cache)
        self._runs -= 1  # in the same folder
        with self._served(None) as (server, client, _):
            clients.client = client
            seconds = self._recovered(clients, self._versions.smaller)
            self._keep(name, server, clients, faults=1, recovered_s=[round(seconds, 1)])

    @contextmanager
    def _served(self, disk: Path | None, awaiting: str = "/readyz") -> Iterator[tuple[Server, httpx.Client, Path]]:
        self._runs += 1
        folder = self._folder / str(self._runs)
        cache = disk or folder / "cache"
        limits = httpx.Limits(max_connections=None)
        access = s3_settings(self.proxy.endpoint) | SETTINGS | {"FINRAG_CACHE_DIR": str(cache)}
        with (
            serve_backend(self._remote.url, folder, awaiting=awaiting, access=access) as server,
            httpx.Client(base_url=server.url, trust_env=False, timeout=90, limits=limits) as client,
        ):
            yield server, client, cache

    def _disturbed(
        self, clients: CheckedClients, fault: AbstractContextManager[None], window_s: float, needs: str, version: str
    ) -> tuple[float, Any]:
        """Return the seconds until all was well after a fault, and what /health said at its end.

        A version is published meanwhile, and what is asked needs parts that are not at hand.
        """
        clients.asks_for = frozenset({"warm"})
        clients.ask_all(must_answer=True)
        with probed(clients.client, clients.findings) as probes, clients.at_work(CLIENTS):
            time.sleep(0.2)
            with fault:
                clients.asks_for = frozenset({"warm", needs})
                name_current(self._remote.store, version)
                time.sleep(window_s)
                last = clients.client.get("/health").json()
            seconds = self._recovered(clients, version)
        if any(health["index_version"] is None for health in probes):
            clients.findings.append("/health named no version")
        return seconds, last

    def _said_at_start(self, clients: CheckedClients, kind: Kind) -> str:
        """Return what /readyz says of a fault that is on."""
        said = "the index is still being loaded"
        deadline = time.monotonic() + MOST_SILENT_S
        while "being loaded" in said and time.monotonic() < deadline:
            time.sleep(0.1)
            response = clients.client.get("/readyz")
            said = "ready" if response.status_code == httpx.codes.OK else response.json()["detail"]
        expected = kind.advice if kind.is_away else said
        if expected not in said or clients.client.get("/livez").status_code != httpx.codes.OK:
            clients.findings.append(f"at the start /readyz said {said!r} and not {expected!r}")
        return said

    def _recovered(self, clients: CheckedClients, version: str) -> float:
        """Return the seconds until the published version answers everything that is asked."""
        client, began = clients.client, time.monotonic()

        def is_well() -> bool:
            health = client.get("/health").json()
            is_new = (health["status"], health["index_version"]) == ("ok", version)
            return is_new and clients.ask_all()

        try:
            wait_until(is_well, "all is answered again", timeout_s=4 * RECOVERED_WITHIN_S)
        except AssertionError as error:
            clients.findings.append(f"{error}: {client.get('/health').text}")
        seconds = time.monotonic() - began
        if seconds > RECOVERED_WITHIN_S:
            clients.findings.append(f"recovered after {seconds:.1f} s")
        return seconds

    def _keep(self, name: str, server: Server, clients: CheckedClients, **measured: object) -> None:
        if "Traceback" in server.output:
            clients.findings.append(f"a traceback in the log: {server.output.partition('Traceback')[2][-1500:]}")
        row = measured | {
            "outcomes": dict(sorted(clients.outcomes.items())),
            "slowest_warm_s": round(clients.slowest_warm_s, 1),
            "refusals": [_without_names(words) for words, _ in clients.refusals.most_common(2)],
        }
        self.rows[name] = row
        self.findings += [
            {"fault": name, "what": what, "times": times} for what, times in Counter(clients.findings).items()
        ]
        sys.stdout.write(f"\n{name}: {row} {clients.findings[:2]}")
        sys.stdout.flush()


def _without_names(words: str) -> str:
    """What was said, without the names that differ from run to run."""
    return re.sub(r"s3://\S+|http://\S+|/\S*/disk-\d", "…", words)


def test_faults_give_no_wrong_answer_and_no_failure_and_leave_nothing_behind(
    two_versions: TwoVersions, moto_endpoint: str, tmp_path: Path
) -> None:
    window_s = number_setting("FINRAG_SOAK_FAULT_S", 4)
    count = number_setting("FINRAG_SOAK_FAULT_KINDS", len(KINDS))
    started = time.monotonic()
    proxy = FaultProxy(moto_endpoint)
    references = references_of(two_versions, tmp_path / "reference")
    with index_on_s3(two_versions.folder, moto_endpoint) as remote:
        bench = Bench(remote, proxy, two_versions, references, tmp_path)
        for name, kind in list(KINDS.items())[:count]:
            bench.meet(name, kind, window_s)
        _disturb_disks(bench, tmp_path, window_s)
    proxy.close()
    outcomes: Counter[str] = sum((Counter(row["outcomes"]) for row in bench.rows.values()), Counter())
    counts = {
        "kinds": len(bench.rows),
        "faults_injected": sum(row["faults"] for row in bench.rows.values()),
        "requests": outcomes.total(),
        "outcomes": dict(outcomes),
        "wrong_answers": outcomes["wrong answer"],
        "undocumented_failures": sum(n for name, n in outcomes.items() if name not in ("200", "429", "503")),
        "longest_recovery_s": max(seconds for row in bench.rows.values() for seconds in row["recovered_s"]),
        "by_fault": bench.rows,
    }
    settings = {"FINRAG_SOAK_FAULT_S": window_s, "FINRAG_SOAK_FAULT_KINDS": count}
    write_result("store_faults", settings, time.monotonic() - started, counts, bench.findings)
    assert not bench.findings, bench.findings


def _disturb_disks(bench: Bench, folder: Path, window_s: float) -> None:
    for kind in ("flipped", "truncated", "removed"):
        bench.restart_on(f"cached files {kind}: at start", partial(damage_files, kind=kind))

        @contextmanager
        def damaged(cache: Path, kind: str = kind) -> Iterator[None]:
            damage_files(cache, kind)
            yield

        bench.disturb(f"cached files {kind}: while running", damaged, window_s)

    @contextmanager
    def emptied(cache: Path) -> Iterator[None]:
        shutil.rmtree(cache)
        yield

    bench.disturb("cache folder removed: while running", emptied, window_s)
    if not may_mount(folder / "tried"):
        sys.stdout.write("\nfull and read-only disks are left out: file systems cannot be mounted here\n")
        return
    for number, (name, fault) in enumerate((("full", filled), ("read-only", read_only))):
        with small_disk(folder / f"disk-{number}", DISK_MB) as disk:
            bench.disturb(f"disk {name}: while running", fault, window_s, disk)
