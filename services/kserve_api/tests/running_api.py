"""The whole service against the fake cluster: in a thread for speed, or as a process as operators run it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
import yaml

from kserve_api.apps.permissions import Permission, required_permissions
from kserve_api.backend import create_app
from kserve_api.settings import Settings
from kserve_api.tests.api_contract import check_answer
from kserve_api.tests.running_cluster import RunningCluster, running_cluster

__all__ = [
    "ACCOUNT",
    "IMAGE",
    "LogRecords",
    "RunningApi",
    "key_of",
    "roles",
    "running_api",
    "running_process",
    "tenants_file",
]

ACCOUNT = "kserve-api"
IMAGE = "registry.digitalocean.com/calvin-apps/shop:1.0"
_SERVICES = Path(__file__).parents[2]
_START_S = 60.0
_PLATFORM = "kserve-api"

TENANTS: tuple[dict[str, Any], ...] = (
    {"name": "acme", "namespaces": ["team-a", "team-c"], "custom_domains": ["acme.example"]},
    {"name": "globex", "namespaces": ["team-b"]},
    {"name": "ops", "role": "platform-admin", "namespaces": ["default"]},
)


def key_of(tenant: str, name: str = "main") -> str:
    """The API key that `tenants_file` gives a tenant."""
    return f"key-{tenant}-{name}-" + "k3y" * 8


def tenants_file(folder: Path, tenants: Sequence[Mapping[str, Any]] = TENANTS) -> Path:
    """Write the tenants, each with a key `main`, a key `ci` that may deploy and a key `read` that may only read."""
    entries = []
    for tenant in tenants:
        keys = [{"name": name, "sha256": _digest(key_of(tenant["name"], name))} for name in ("main", "ci", "read")]
        keys[1]["role"], keys[2]["role"] = "deployer", "reader"
        entries.append({"keys": keys, **tenant})
    path = folder / "tenants.yaml"
    path.write_text(yaml.safe_dump({"tenants": entries}))
    return path


def roles(folder: Path, namespaces: Sequence[str], *, without: tuple[str, str] = ("", "")) -> Path:
    """Write the service's account and exactly the permissions that its code names, `without` a verb of a plural."""
    subject = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": _PLATFORM}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": _PLATFORM}}
    permissions = required_permissions(Settings())
    scopes: dict[str | None, list[dict[str, Any]]] = {}
    for permission in permissions:
        places: Sequence[str | None] = {
            "apps": tuple(namespaces),
            "knative": ("knative-serving",),
            "cluster": (None,),
        }[permission.scope]
        for place in places:
            scopes.setdefault(place, []).append(_rule(permission, without))
    items: list[dict[str, Any]] = [account]
    for place, rules in scopes.items():
        kind = "Role" if place else "ClusterRole"
        metadata = {"name": ACCOUNT, **({"namespace": place} if place else {})}
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": ACCOUNT}
        api = {"apiVersion": "rbac.authorization.k8s.io/v1"}
        items.append({**api, "kind": kind, "metadata": metadata, "rules": rules})
        binding = {"kind": f"{kind}Binding", "metadata": metadata, "roleRef": reference, "subjects": [subject]}
        items.append({**api, **binding})
    path = folder / "rbac.yaml"
    path.write_text(yaml.safe_dump_all(items))
    return path


class LogRecords(logging.Handler):
    """Keeps what is logged, as the lines that the service writes."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self.lines.append(self.format(record))

    def of(self, logger: str) -> list[dict[str, Any]]:
        """The records of one logger."""
        records = [json.loads(line) for line in self.lines]
        return [record for record in records if record["logger"] == logger]


@dataclass(frozen=True, slots=True)
class RunningApi:
    """What runs, and how tests reach it."""

    url: str
    cluster: RunningCluster
    settings: Settings
    log: LogRecords
    folder: Path

    def client(self, tenant: str = "acme", key: str = "main") -> httpx.Client:
        """A client with a tenant's key; each of its answers is held against the OpenAPI document."""
        return self._client({"X-API-Key": key_of(tenant, key)})

    def anonymous(self, **headers: str) -> httpx.Client:
        """A client without a credential, or with the one in these headers (`_` is `-`)."""
        return self._client({name.replace("_", "-"): value for name, value in headers.items()})

    def records(self, logger: str, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """What a logger has written, once it is enough: records are written after the answer has left."""
        deadline = time.monotonic() + _START_S
        while not enough(found := self.log.of(logger)):
            assert time.monotonic() < deadline, found[-5:]
            time.sleep(0.01)
        return found

    def audit(self, length: int = 0) -> list[dict[str, Any]]:
        """The audit, once it has so many records."""
        return self.records("kserve_api.audit", lambda found: len(found) >= length)

    def _client(self, headers: dict[str, str]) -> httpx.Client:
        hooks = {"response": [check_answer]}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, event_hooks=hooks)


@contextlib.contextmanager
def running_api(
    *,
    tenants: Sequence[Mapping[str, Any]] = TENANTS,
    without: tuple[str, str] = ("", ""),
    settings: Mapping[str, Any] | None = None,
    rbac: Callable[[Path, Sequence[str]], Path] | None = None,
) -> Iterator[RunningApi]:
    """Run service and cluster in threads of this process; `without` takes a permission away, `rbac` writes others."""
    namespaces = sorted({name for tenant in tenants for name in tenant["namespaces"]})
    with tempfile.TemporaryDirectory(prefix="kserve-api-") as temporary:
        folder = Path(temporary)
        granted = rbac(folder, namespaces) if rbac else roles(folder, namespaces, without=without)
        with running_cluster(namespaces=namespaces, rbac=[granted]) as cluster:
            configured = Settings(
                **{
                    "tenants_file": tenants_file(folder, tenants),
                    "kubeconfig": cluster.kubeconfig(ACCOUNT, tls=False),
                    "environment": "production",
                    **(settings or {}),
                }
            )
            with _served(configured) as (url, log):
                yield RunningApi(url, cluster, configured, log, folder)


@contextlib.contextmanager
def running_process(environment: Mapping[str, str], folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run `python -m kserve_api up` at a free port with these settings; its log is `log` in the folder."""
    given = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "PYTHONPATH": str(_SERVICES),
        "KSERVE_API_PORT": "0",
        **{f"KSERVE_API_{name.upper()}": value for name, value in environment.items()},
    }
    log = folder / "log"
    with log.open("wb") as written:
        command = [sys.executable, "-m", "kserve_api", "up"]
        process = subprocess.Popen(command, env=given, cwd=folder, stdout=written, stderr=written)
    try:
        yield _address(process, log), process
    finally:
        process.kill()
        process.wait()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline and process.poll() is None:
        for line in log.read_text().splitlines():
            if "listens at" in line:
                url = str(json.loads(line)["message"]).rpartition(" ")[2]
                with contextlib.suppress(httpx.TransportError):
                    if httpx.get(f"{url}/health", timeout=5).status_code == 200:
                        return url
        time.sleep(0.05)
    raise AssertionError(f"the service did not start: {log.read_text()[-2000:]}")


@contextlib.contextmanager
def _served(settings: Settings) -> Iterator[tuple[str, LogRecords]]:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    app = create_app(settings)
    formatter = next(handler.formatter for handler in root.handlers if handler not in before[1])
    assert formatter is not None
    log = LogRecords(formatter)
    # Standard error belongs to the tests' runner.
    root.handlers = [*before[1], log]
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    failed: list[BaseException] = []

    def serve() -> None:
        try:
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(server.serve())
        except BaseException as error:  # noqa: BLE001 told to the test
            failed.append(error)

    thread = threading.Thread(target=serve, name="kserve-api")
    thread.start()
    try:
        deadline = time.monotonic() + _START_S
        while not server.started:
            assert not failed, failed
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}", log
    finally:
        server.should_exit = True
        thread.join()
        logging.captureWarnings(False)
        root.setLevel(before[0])
        root.handlers = before[1]


def _rule(permission: Permission, without: tuple[str, str]) -> dict[str, Any]:
    resource = permission.resource.plural
    if permission.subresource:
        resource += f"/{permission.subresource}"
    verbs = [verb for verb in permission.verbs if (verb, resource) != without]
    rule: dict[str, Any] = {"apiGroups": [permission.resource.group], "resources": [resource], "verbs": verbs}
    return {**rule, "resourceNames": list(permission.names)} if permission.names else rule


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
