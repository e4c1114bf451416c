"""Logs of apps on the fake cluster."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from kserve_api.apps.apps import Apps
from kserve_api.apps.logs import AppLogs, LogEvent
from kserve_api.cluster.cluster import LogQuery
from kserve_api.cluster.kubernetes_cluster import KubernetesCluster
from kserve_api.errors import ClusterError
from kserve_api.tests.cluster_objects import objects, refused, settled
from kserve_api.tests.running_apps import IMAGE, TENANT, advance, deployment, run
from kserve_api.tests.running_cluster import RunningCluster

_CONTAINER = "kserve-container"


def _pods(cluster: RunningCluster) -> list[str]:
    return [pod["metadata"]["name"] for pod in objects(cluster, "pods")]


def _write(cluster: RunningCluster, pod: str, text: str) -> None:
    cluster.call(lambda _: cluster.pod_logs.write("team-a", pod, _CONTAINER, text))


def test_the_last_lines_of_the_newest_pod_are_shown() -> None:
    """KS-06: newest pod by label serving.kserve.io/inferenceservice, container kserve-container."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(min_scale=1), **TENANT)
        await settled(cluster)
        await apps.deploy(deployment(image=IMAGE.replace("1.0", "2.0")), **TENANT)
        await settled(cluster)
        newest = next(
            pod["metadata"]["name"]
            for pod in objects(cluster, "pods")
            if pod["metadata"]["labels"]["serving.knative.dev/revision"] == "shop-predictor-00002"
        )
        _write(cluster, newest, "\n".join(f"line {number}" for number in range(10)))
        tail = await apps.logs("team-a", "shop", tenant="acme", query=LogQuery(tail_lines=2))
        assert (tail.pod_name, tail.pod_status, tail.message) == (newest, "Running", None)
        assert tail.logs.splitlines() == ["line 8", "line 9"]
        await refused(apps.logs("team-a", "shop", tenant="other", query=LogQuery()), 404, "not_found")
        await refused(apps.logs("team-a", "none", tenant="acme", query=LogQuery()), 404, "not_found")

    run(scenario)


def test_an_app_without_pods_says_that_it_has_scaled_to_zero() -> None:
    """KS-06: no pods is an answer with a message."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        advance(cluster, 200)
        tail = await apps.logs("team-a", "shop", tenant="acme", query=LogQuery())
        assert (tail.pod_name, tail.logs) == (None, "")
        assert "scaled to zero" in (tail.message or "")

    run(scenario)


def test_a_crashing_app_shows_its_state_and_its_previous_run() -> None:
    """Trouble app-wont-start: lines of the container before, by `previous`."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(image=IMAGE.replace("1.0", "crash")), **TENANT)
        await settled(cluster)
        tail = await apps.logs("team-a", "shop", tenant="acme", query=LogQuery(previous=True))
        assert tail.pod_status == "CrashLoopBackOff"
        assert "DATABASE_URL is not set" in tail.logs

    run(scenario)


def test_an_image_that_cannot_be_pulled_is_told_instead_of_lines() -> None:
    """Trouble app-wont-start: no container has started."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(image=IMAGE.replace("1.0", "broken-pull")), **TENANT)
        await settled(cluster)
        tail = await apps.logs("team-a", "shop", tenant="acme", query=LogQuery())
        assert (tail.logs, tail.pod_status) == ("", "ImagePullBackOff")
        assert tail.message == "The container has not started (ImagePullBackOff)."

    run(scenario)


def test_previous_lines_of_a_pod_that_never_crashed_are_none() -> None:
    """KS-06: previous."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        tail = await apps.logs("team-a", "shop", tenant="acme", query=LogQuery(previous=True))
        assert "no previous log" in (tail.message or "")

    run(scenario)


def test_an_unknown_container_is_told_with_those_that_there_are() -> None:
    """KS-06: falls back without container on 400."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        tail = await apps.logs("team-a", "shop", tenant="acme", query=LogQuery(container="other"))
        assert tail.message == f"There is no container other; the pod has: {_CONTAINER}, queue-proxy."

    run(scenario)


def test_a_pod_whose_only_container_has_another_name_is_shown() -> None:
    """KS-06: falls back without container on 400."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        advance(cluster, 200)
        labels = {"serving.kserve.io/inferenceservice": "shop"}
        state = {"name": "main", "ready": True, "restartCount": 0, "state": {"running": {}}}
        pod = {
            "metadata": {"name": "old-style", "namespace": "team-a", "labels": labels},
            "spec": {"containers": [{"name": "main", "image": IMAGE}]},
            "status": {"phase": "Running", "containerStatuses": [state]},
        }
        cluster.call(lambda store: store.create("pods", pod))
        cluster.call(lambda _: cluster.pod_logs.write("team-a", "old-style", "main", "hello"))
        tail = await apps.logs("team-a", "shop", tenant="acme", query=LogQuery())
        assert (tail.pod_name, tail.logs.strip()) == ("old-style", "hello")
        assert "no container kserve-container" in (tail.message or "")

    run(scenario)


async def _until(events: AsyncGenerator[LogEvent, None], kind: str, text: str) -> list[LogEvent]:
    """The events up to the first with this text in it."""
    seen: list[LogEvent] = []
    async with asyncio.timeout(20):
        async for event in events:
            seen.append(event)
            if event.kind == kind and text in event.text:
                return seen
    raise AssertionError(f"the stream ended before {text}: {seen}")


def test_a_followed_log_moves_on_to_the_next_pod_and_ends_with_the_app() -> None:
    """KS-06: stream; a redeployment, an idle time without pods, the deletion."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(), **TENANT)
        await settled(cluster)
        (first,) = _pods(cluster)
        logs = AppLogs(apps._cluster, look_every_s=0.05)
        async with aclosing(logs.follow("team-a", "shop", tenant="acme", query=LogQuery())) as events:
            assert (await _until(events, "line", "listening"))[0] == LogEvent("pod", first, first)
            _write(cluster, first, "one")
            await _until(events, "line", "one")
            await asyncio.to_thread(advance, cluster, 200)
            await _until(events, "notice", "scaled to zero")
            await apps.restart("team-a", "shop", **TENANT)
            await settled(cluster)
            (second,) = _pods(cluster)
            assert second != first
            _write(cluster, second, "two")
            await _until(events, "pod", second)
            await _until(events, "line", "two")
            await apps.delete("team-a", "shop", tenant="acme")
            await _until(events, "notice", "deleted")
            assert await anext(events, None) is None

    run(scenario)


def test_a_followed_log_goes_on_after_its_connection_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    """KS-06: stream; a restart of the API server, or a balancer before it, is not the end of the pod."""
    asked: list[LogQuery] = []

    async def follow(_: KubernetesCluster, namespace: str, pod: str, query: LogQuery) -> AsyncGenerator[str, None]:
        asked.append(query)
        yield f"line {len(asked)}"
        if len(asked) < 3:
            raise ClusterError(0, "NoAnswer", "The stream broke off")
        await asyncio.sleep(60)

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(min_scale=1), **TENANT)
        await settled(cluster)
        monkeypatch.setattr(KubernetesCluster, "follow_logs", follow)
        logs = AppLogs(apps._cluster, look_every_s=0.05)
        async with aclosing(logs.follow("team-a", "shop", tenant="acme", query=LogQuery(tail_lines=7))) as events:
            seen = await _until(events, "line", "line 3")
        assert [event.text for event in seen if event.kind == "line"] == ["line 1", "line 2", "line 3"]
        assert sum("broke off" in event.text for event in seen if event.kind == "notice") == 2
        # What was written in between comes, what was shown long before does not come again.
        assert [(query.tail_lines, query.since_s) for query in asked] == [(7, 0), (5000, 1), (5000, 1)]

    run(scenario)


def test_following_an_app_that_is_not_there_is_refused_at_once() -> None:
    """KS-06: 404 shape."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await refused(anext(apps.follow_logs("team-a", "shop", tenant="acme", query=LogQuery())), 404, "not_found")

    run(scenario)


def test_following_leaves_no_connection_behind() -> None:
    """KS-06: stream; readers come and go."""

    async def scenario(apps: Apps, cluster: RunningCluster) -> None:
        await apps.deploy(deployment(min_scale=1), **TENANT)
        await settled(cluster)
        logs = AppLogs(apps._cluster, look_every_s=0.05)
        for _ in range(5):
            async with aclosing(logs.follow("team-a", "shop", tenant="acme", query=LogQuery())) as events:
                await _until(events, "line", "listening")
        session = apps._cluster._connection._client.rest_client.pool_manager  # type: ignore[attr-defined]
        assert not session.connector._acquired

    run(scenario)
