"""The fake cluster in a thread of the test process: API server, controllers, accounts, faults."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml

from kserve_api.tests.fake_cluster.certificates import loopback_tls
from kserve_api.tests.fake_cluster.controllers.controllers import Controllers
from kserve_api.tests.fake_cluster.faults import Fault, Matcher
from kserve_api.tests.fake_cluster.fields import check_fields
from kserve_api.tests.fake_cluster.pod_logs import PodLogs
from kserve_api.tests.fake_cluster.rbac import load_manifests, token_of
from kserve_api.tests.fake_cluster.server import FakeApiServer, Request
from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["ADMIN", "RunningCluster", "running_cluster"]

ADMIN = "admin"
T = TypeVar("T")
_SETTLE_S = 30.0


class RunningCluster:
    """What runs. Everything but `call`, `settle` and the plain answers below belongs to the cluster's own thread."""

    def __init__(self, folder: Path, *, controllers: bool) -> None:
        self.store = ObjectStore()
        self.server = FakeApiServer(self.store)
        self.controllers = Controllers(self.store) if controllers else None
        if self.controllers is not None:
            self.controllers.platform.logs = self.server.logs.lines
            self.controllers.platform.previous_logs = self.server.logs.previous
        self.url = ""  # Without TLS: cheap. kubectl sends tokens over TLS only, so kubeconfigs name `tls_url`.
        self.tls_url = ""
        self._certificate = b""
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake-cluster", daemon=True)

    @property
    def requests(self) -> list[Request]:
        """(method, path with query, account, status) of every answered request so far."""
        return list(self.server.requests)

    @property
    def pod_logs(self) -> PodLogs:
        """Logs of containers: `write`, `restart`, or the dicts themselves."""
        return self.server.logs

    def call(self, function: Callable[[ObjectStore], T]) -> T:
        """What `function(store)` returns, run in the cluster's thread; its exception is raised here."""

        async def inside() -> T:
            return function(self.store)

        return self._run(inside())

    def token(self, account: str = ADMIN) -> str:
        """Bearer token of `admin`, of `namespace/name`, or of the one service account with this name."""
        return self.call(lambda _: token_of(self.server.access.account(account)))

    def kubeconfig(self, account: str = ADMIN, *, tls: bool = True, namespace: str = "default") -> Path:
        """Path of a kubeconfig for an account (mode 0600)."""
        path = self._folder / f"kubeconfig-{account.replace('/', '-')}-{'tls' if tls else 'plain'}-{namespace}.yaml"
        cluster: dict[str, Any] = {"server": self.tls_url if tls else self.url}
        if tls:
            cluster["certificate-authority-data"] = base64.b64encode(self._certificate).decode()
        context = {"cluster": "fake", "user": account, "namespace": namespace}
        path.touch(mode=0o600)
        path.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "fake", "cluster": cluster}],
                    "users": [{"name": account, "user": {"token": self.token(account)}}],
                    "contexts": [{"name": "fake", "context": context}],
                    "current-context": "fake",
                }
            )
        )
        return path

    def settle(self) -> None:
        """Return when controllers and garbage collection have nothing to do; TimeoutError after 30 s."""
        self._run(asyncio.wait_for(self._settled(), _SETTLE_S))

    def fail_next(
        self,
        matcher: Matcher,
        status: int = 0,
        *,
        reason: str = "",
        message: str = "injected by a test",
        retry_after_s: int = 0,
        delay_s: float = 0.0,
        drop: bool = False,
        after: bool = False,
        times: int = 1,
    ) -> None:
        """Let the next `times` matching requests fail: a status, a delay, a dropped connection.

        A text matches as a regular expression in `METHOD /path?query`, a function gets method and path. `after`: the
        request is carried out, only its answer is lost.
        """
        fault = Fault(matcher, status, reason, message, retry_after_s, delay_s, drop, after, times)
        self.call(lambda _: self.server.faults.order(fault))

    def start(self, *, namespaces: Sequence[str], rbac: Sequence[Path], port: int = 0) -> None:
        """Begin to serve."""
        self._thread.start()
        self._run(self._start(namespaces, rbac, port))

    def close(self) -> None:
        """End everything; raises the first fault of the fake itself, if there was one."""
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        for errors in (self.server.errors, self.controllers.errors if self.controllers is not None else []):
            if errors:
                raise errors[0]

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _start(self, namespaces: Sequence[str], rbac: Sequence[Path], port: int) -> None:
        manifests = list(load_manifests(rbac))
        needed = {item["metadata"].get("namespace", "default") for kind, item in manifests if kind.namespaced}
        for namespace in dict.fromkeys([*namespaces, *sorted(needed)]):
            self.store.create("namespaces", {"metadata": {"name": namespace}, "status": {"phase": "Active"}})
        for kind, item in manifests:
            check_fields(kind, item, "Strict")
            metadata = item["metadata"]
            if kind.namespaced:
                metadata.setdefault("namespace", "default")
            if self.store.find(kind.key, metadata.get("namespace"), metadata["name"]) is None:
                self.store.create(kind.key, item)
        if self.controllers is not None:
            self.controllers.start()
        context, self._certificate = loopback_tls()
        self.url = f"http://127.0.0.1:{await self.server.start(port=port)}"
        self.tls_url = f"https://127.0.0.1:{await self.server.start(tls=context)}"

    async def _settled(self) -> None:
        while self.store.garbage_pending or (self.controllers is not None and self.controllers.busy):
            await asyncio.sleep(0.001)

    async def _close(self) -> None:
        if self.controllers is not None:
            self.controllers.stop()
        await self.server.close()
        await self._settled()


@contextlib.contextmanager
def running_cluster(
    *,
    namespaces: Sequence[str] = ("team-a", "team-b", "default"),
    rbac: Sequence[Path] = (),
    controllers: bool = True,
    port: int = 0,
) -> Iterator[RunningCluster]:
    """Run a cluster with these namespaces and the objects of these manifests (all their kinds, not only RBAC).

    Raises StatusError where a manifest has an unknown field, ValueError where it has a kind that is not served.
    """
    with tempfile.TemporaryDirectory(prefix="fake-cluster-") as folder:
        cluster = RunningCluster(Path(folder), controllers=controllers)
        try:
            cluster.start(namespaces=namespaces, rbac=rbac, port=port)
            yield cluster
        finally:
            cluster.close()
