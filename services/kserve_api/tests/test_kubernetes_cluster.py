"""The cluster client against an HTTP server that answers as it is told."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from kserve_api.cluster.cluster import LogQuery
from kserve_api.cluster.kubernetes_cluster import KubernetesCluster
from kserve_api.cluster.resources import CONFIG_MAP, INFERENCE_SERVICE, POD
from kserve_api.errors import ClusterError
from kserve_api.settings import Settings

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def _cluster(handler: _Handler, folder: Path, *, timeout_s: float = 20.0) -> AsyncIterator[KubernetesCluster]:
    """A client of a server whose every request goes to `handler`."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    client = await KubernetesCluster.open(_settings(folder, listener.getsockname()[1], timeout_s))
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


def _settings(folder: Path, port: int, timeout_s: float = 20.0, **cluster: object) -> Settings:
    _write_kubeconfig(folder / "kubeconfig", {"server": f"http://127.0.0.1:{port}", **cluster}, "first")
    return Settings(kubeconfig=folder / "kubeconfig", cluster_timeout_s=timeout_s)


def _write_kubeconfig(path: Path, cluster: dict[str, object], token: str) -> None:
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": {"token": token}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(config))


def _status(code: int, reason: str, message: str, **headers: str) -> web.Response:
    body = {"kind": "Status", "apiVersion": "v1", "code": code, "reason": reason, "message": message}
    return web.json_response(body, status=code, headers={name.replace("_", "-"): one for name, one in headers.items()})


def test_requests_are_what_the_api_server_documents(tmp_path: Path) -> None:
    """KS-02: server-side apply with a field manager; names, queries and content types."""
    seen: list[tuple[str, str, str, str]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append((request.method, request.path_qs, request.content_type, request.headers.get("Authorization", "")))
        return web.json_response({"metadata": {"continue": "next"}, "items": [{"metadata": {"name": "a"}}]})

    async def use() -> None:
        async with _cluster(answer, tmp_path) as cluster:
            page = await cluster.list(INFERENCE_SERVICE, "team-a", labels="a=b,c=d", limit=2, cursor="x/y+=")
            assert (page.cursor, page.items[0]["kind"]) == ("next", "InferenceService")
            wanted = {"metadata": {"name": "shop", "namespace": "team-a"}}
            await cluster.create(INFERENCE_SERVICE, wanted)
            await cluster.apply(INFERENCE_SERVICE, wanted)
            await cluster.merge_patch(INFERENCE_SERVICE, "shop", {"metadata": {}}, "team-a")
            await cluster.delete(INFERENCE_SERVICE, "shop", "team-a", uid="1")
            await cluster.get(CONFIG_MAP, "settings", "team-a")

    asyncio.run(use())
    root = "/apis/serving.kserve.io/v1beta1/namespaces/team-a/inferenceservices"
    written = "fieldManager=kserve-api&fieldValidation=Strict"
    assert [(method, path, kind) for method, path, kind, _ in seen] == [
        ("GET", f"{root}?labelSelector=a%3Db,c%3Dd&limit=2&continue=x/y%2B%3D", "application/json"),
        ("POST", f"{root}?{written}", "application/json"),
        ("PATCH", f"{root}/shop?{written}&force=true", "application/apply-patch+yaml"),
        ("PATCH", f"{root}/shop?{written}", "application/merge-patch+json"),
        ("DELETE", f"{root}/shop", "application/json"),
        ("GET", "/api/v1/namespaces/team-a/configmaps/settings", "application/json"),
    ]
    assert {authorization for *_, authorization in seen} == {"Bearer first"}


def test_a_refusal_carries_status_reason_message_and_retry_after(tmp_path: Path) -> None:
    """KS-08: what the API server answers."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("busy"):
            return _status(429, "TooManyRequests", "later", Retry_After="7")
        if request.path.endswith("plain"):
            return web.Response(status=502, text="<html>gateway</html>")
        return _status(404, "NotFound", "no such thing")

    async def use() -> None:
        async with _cluster(answer, tmp_path) as cluster:
            for name, expected in (
                ("gone", (404, "NotFound", 0)),
                ("busy", (429, "TooManyRequests", 7)),
                ("plain", (502, "Bad Gateway", 0)),
            ):
                with pytest.raises(ClusterError) as caught:
                    await cluster.get(POD, name, "team-a")
                assert (caught.value.status, caught.value.reason, caught.value.retry_after_s) == expected
            assert await cluster.served("serving.kserve.io", "v1beta1") == {}

    asyncio.run(use())


def _breaks_first(times: int, calls: list[str]) -> _Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append(request.method)
        if len(calls) <= times:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"metadata": {"name": "a"}})

    return answer


def test_reads_are_sent_again_when_the_connection_breaks(tmp_path: Path) -> None:
    """KS-08: only safe reads are repeated."""
    calls: list[str] = []

    async def use() -> None:
        async with _cluster(_breaks_first(2, calls), tmp_path) as cluster:
            assert (await cluster.get(POD, "a", "team-a"))["metadata"] == {"name": "a"}

    asyncio.run(use())
    assert len(calls) >= 3


def test_writes_are_sent_once(tmp_path: Path) -> None:
    """KS-08: a write may have been done though its answer was lost."""
    calls: list[str] = []

    async def use() -> None:
        async with _cluster(_breaks_first(9, calls), tmp_path) as cluster:
            with pytest.raises(ClusterError) as caught:
                await cluster.create(POD, {"metadata": {"name": "a", "namespace": "team-a"}})
            assert caught.value.status == 0

    asyncio.run(use())
    assert calls == ["POST"]


def test_no_answer_in_time_is_status_0(tmp_path: Path) -> None:
    """KS-08: timeouts, before the head and within the body."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("silent"):
            await asyncio.sleep(60)
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"{")
        await asyncio.sleep(60)
        return response

    async def use() -> None:
        async with _cluster(answer, tmp_path, timeout_s=0.3) as cluster:
            for name in ("silent", "slow"):
                with pytest.raises(ClusterError) as caught:
                    await cluster.get(POD, name, "team-a")
                assert caught.value.status == 0

    asyncio.run(use())


def test_nobody_listening_is_status_0(tmp_path: Path) -> None:
    """KS-08: not reachable."""

    async def use() -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        listener.close()
        cluster = await KubernetesCluster.open(_settings(tmp_path, port))
        try:
            with pytest.raises(ClusterError) as caught:
                await cluster.get(POD, "a", "team-a")
            assert caught.value.status == 0
        finally:
            await cluster.close()

    asyncio.run(use())


def test_an_expired_token_is_read_again(tmp_path: Path) -> None:
    """KS-08: credentials are renewed where the configuration has new ones."""
    tokens: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        tokens.append(request.headers["Authorization"])
        if tokens[-1] == "Bearer first":
            server = f"http://127.0.0.1:{request.url.port}"
            _write_kubeconfig(tmp_path / "kubeconfig", {"server": server}, "second")
            return _status(401, "Unauthorized", "Unauthorized")
        return web.json_response({})

    async def use() -> None:
        async with _cluster(answer, tmp_path) as cluster:
            await cluster.create(POD, {"metadata": {"name": "a", "namespace": "team-a"}})

    asyncio.run(use())
    assert tokens == ["Bearer first", "Bearer second"]


def test_the_service_accounts_token_is_used_and_renewed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """KS-09: in the cluster the pod's service account is used."""
    from kubernetes.aio.config import incluster_config

    (tmp_path / "token").write_text("mounted")
    (tmp_path / "ca.crt").write_text(ssl.DER_cert_to_PEM_cert(_any_ca_certificate()))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "1")

    async def use() -> None:
        cluster = await KubernetesCluster.open(Settings())
        try:
            assert await _sent_token(cluster) == "bearer mounted"
            (tmp_path / "token").write_text("renewed")
            await cluster._connection._reload()
            assert await _sent_token(cluster) == "bearer renewed"
        finally:
            await cluster.close()

    asyncio.run(use())


async def _sent_token(cluster: KubernetesCluster) -> str | None:
    settings = await cluster._connection._client.configuration.auth_settings()
    value: str | None = settings["BearerToken"]["value"]
    return value


def _any_ca_certificate() -> bytes:
    return ssl.create_default_context().get_ca_certs(binary_form=True)[0]


def test_neither_kubeconfig_nor_service_account_is_one_plain_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KS-07: start fails early."""
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    for settings in (Settings(), Settings(kubeconfig=tmp_path / "missing")):
        with pytest.raises(ClusterError, match="cannot be used") as caught:
            asyncio.run(KubernetesCluster.open(settings))
        assert caught.value.status == 0


def test_a_followed_log_gives_lines_as_they_come_and_lets_its_connection_go(tmp_path: Path) -> None:
    """KS-06: streaming."""

    async def answer(request: web.Request) -> web.StreamResponse:
        assert dict(request.query) == {"tailLines": "5", "container": "api", "follow": "true"}
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"one\nt\xc3")
        await response.write(b"\xa9\nbroken \xff\nlast")
        await asyncio.sleep(60)
        return response

    async def use() -> None:
        async with _cluster(answer, tmp_path) as cluster:
            lines = cluster.follow_logs("team-a", "pod", LogQuery(tail_lines=5, container="api"))
            async with aclosing(lines):
                assert [await anext(lines) for _ in range(3)] == ["one", "té", "broken \ufffd"]
            session = cluster._connection._client.rest_client.pool_manager
            assert session is not None
            assert session.connector is not None
            assert not session.connector._acquired

    asyncio.run(use())


def test_a_log_line_without_end_does_not_fill_the_memory(tmp_path: Path) -> None:
    """KS-06: streaming."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(32):
            await response.write(b"x" * 65_536)
        return response

    async def use() -> None:
        async with _cluster(answer, tmp_path) as cluster, aclosing(cluster.follow_logs("n", "p", LogQuery())) as lines:
            pieces = [line async for line in lines]
            assert sum(map(len, pieces)) == 32 * 65_536
            assert max(map(len, pieces)) < 4 * 1024 * 1024

    asyncio.run(use())


def test_a_watch_goes_on_after_its_connection_ends_and_stops_in_time(tmp_path: Path) -> None:
    """KS-05: waiting."""
    calls: list[str] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        calls.append(request.query["fieldSelector"])
        response = web.StreamResponse()
        await response.prepare(request)
        event = {"type": "ADDED" if len(calls) == 1 else "MODIFIED", "object": {"metadata": {"name": "a"}}}
        await response.write(json.dumps(event).encode() + b"\n")
        if len(calls) == 2:
            await asyncio.sleep(60)
        return response

    async def use() -> None:
        async with (
            _cluster(answer, tmp_path) as cluster,
            aclosing(cluster.watch(INFERENCE_SERVICE, "n", name="a", timeout_s=2)) as changes,
        ):
            assert [change.type async for change in changes] == ["ADDED", "MODIFIED"]

    asyncio.run(use())
    assert calls == ["metadata.name=a"] * 2


def test_a_watch_that_may_not_be_is_told(tmp_path: Path) -> None:
    """KS-08: 403."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return _status(403, "Forbidden", "no")

    async def use() -> None:
        async with _cluster(answer, tmp_path) as cluster:
            with pytest.raises(ClusterError) as caught:
                await anext(cluster.watch(INFERENCE_SERVICE, "n", name="a", timeout_s=5))
            assert caught.value.status == 403

    asyncio.run(use())


def test_access_reviews_ask_for_exactly_the_verb(tmp_path: Path) -> None:
    """KS-07: RBAC self-check by SelfSubjectAccessReview."""
    bodies: list[dict[str, object]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        bodies.append(await request.json())
        return web.json_response({"status": {"allowed": len(bodies) == 1}})

    async def use() -> None:
        async with _cluster(answer, tmp_path) as cluster:
            assert await cluster.may("get", POD, "team-a", subresource="log")
            assert not await cluster.may("get", CONFIG_MAP, "k", name="config-autoscaler")

    asyncio.run(use())
    assert bodies[0]["spec"] == {
        "resourceAttributes": {
            "verb": "get",
            "group": "",
            "version": "v1",
            "resource": "pods",
            "subresource": "log",
            "namespace": "team-a",
        }
    }
