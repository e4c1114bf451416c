"""The `Cluster` protocol over the official asynchronous client."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Self

# Imported here, though only the client below uses most of it: a broken installation fails at start, not at a request.
import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from kserve_api.cluster.cluster import Change, LogQuery, Object, Page
from kserve_api.cluster.resources import ACCESS_REVIEW, POD, Resource
from kserve_api.cluster.streaming import lines_of
from kserve_api.errors import ClusterError
from kserve_api.settings import Settings

__all__ = ["LARGEST_LOG_BYTES", "KubernetesCluster"]

LARGEST_LOG_BYTES = 4 * 1024 * 1024
_FIELD_MANAGER = "kserve-api"
_READ_RETRIES_S = (0.1, 0.4)
_WATCH_AGAIN_S = 0.5
_LONGEST_EVENT = 16 * 1024 * 1024
_LONGEST_LOG_LINE = 64 * 1024
_Query = list[tuple[str, str]]
_JSON = "application/json"
_WRITTEN_BY: _Query = [("fieldManager", _FIELD_MANAGER), ("fieldValidation", "Strict")]


class KubernetesCluster:
    """One connection pool to one API server; close it in the loop that opened it.

    Only reads are sent again (twice, where the connection broke): a write may have been done, its answer lost.
    """

    def __init__(self, configuration: Configuration, timeout_s: float, reload: Callable[[], Awaitable[None]]) -> None:
        # Cookies are of no use to an API server; the client would keep them for its whole life.
        configuration.client_session_kwargs = {"cookie_jar": aiohttp.DummyCookieJar()}
        self._client = ApiClient(configuration)
        self._client.user_agent = _FIELD_MANAGER
        self._timeout_s = timeout_s
        self._reload = reload

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Read the kubeconfig, or else the pod's service account; ClusterError status 0 when neither can be used."""
        configuration = Configuration()
        load = _loader(configuration, settings.kubeconfig)
        await load()
        try:
            return cls(configuration, settings.cluster_timeout_s, load)
        except (OSError, ValueError) as error:
            raise ClusterError(0, "Configuration", f"The cluster's certificates cannot be used: {error}") from error

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()  # type: ignore[no-untyped-call]
        # Aborted transports close their sockets in the loop's next round.
        await asyncio.sleep(0)

    async def get(self, resource: Resource, name: str, namespace: str | None = None) -> Object:
        """See Cluster."""
        return await self._json("GET", resource.path(namespace, name))

    async def list(
        self,
        resource: Resource,
        namespace: str | None = None,
        *,
        labels: str = "",
        limit: int | None = None,
        cursor: str = "",
    ) -> Page:
        """See Cluster."""
        query = [("labelSelector", labels), ("limit", str(limit or "")), ("continue", cursor)]
        body = await self._json("GET", resource.path(namespace), query=[(key, value) for key, value in query if value])
        # Items of a typed list carry neither apiVersion nor kind.
        items = [
            {"apiVersion": resource.api_version, "kind": resource.kind, **item} for item in body.get("items") or []
        ]
        return Page(items, body.get("metadata", {}).get("continue") or "")

    async def create(self, resource: Resource, wanted: Object) -> Object:
        """See Cluster."""
        path = resource.path(wanted["metadata"].get("namespace"))
        return await self._json("POST", path, query=_WRITTEN_BY, body=wanted)

    async def apply(self, resource: Resource, wanted: Object) -> Object:
        """See Cluster."""
        path = resource.path(wanted["metadata"].get("namespace"), wanted["metadata"]["name"])
        query = [*_WRITTEN_BY, ("force", "true")]
        return await self._json("PATCH", path, query=query, body=wanted, content_type="application/apply-patch+yaml")

    async def merge_patch(self, resource: Resource, name: str, patch: Object, namespace: str | None = None) -> Object:
        """See Cluster."""
        path = resource.path(namespace, name)
        return await self._json(
            "PATCH", path, query=_WRITTEN_BY, body=patch, content_type="application/merge-patch+json"
        )

    async def delete(
        self, resource: Resource, name: str, namespace: str | None = None, *, uid: str = "", foreground: bool = False
    ) -> None:
        """See Cluster."""
        body: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        body["propagationPolicy"] = "Foreground" if foreground else "Background"
        if uid:
            body["preconditions"] = {"uid": uid}
        await self._json("DELETE", resource.path(namespace, name), body=body)

    async def watch(
        self, resource: Resource, namespace: str, *, name: str, timeout_s: float
    ) -> AsyncGenerator[Change, None]:
        """See Cluster. A connection that ends early is opened again and then begins with the present state again."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while (left := deadline - loop.time()) > 0:
            query = [("watch", "true"), ("fieldSelector", f"metadata.name={name}")]
            query.append(("timeoutSeconds", str(max(1, round(left)))))
            try:
                response = await self._send("GET", resource.path(namespace), query=query, streaming=True)
                try:
                    async with aclosing(lines_of(response.content, _LONGEST_EVENT, deadline)) as lines:
                        async for line in lines:
                            yield _change(line)
                finally:
                    _break_off(response)
            except TimeoutError:
                return
            except ClusterError as error:
                if error.status not in (0, 410):
                    raise
            await asyncio.sleep(min(_WATCH_AGAIN_S, max(0.0, deadline - loop.time())))

    async def logs(self, namespace: str, pod: str, query: LogQuery) -> str:
        """See Cluster. At most 4 MiB."""
        parameters = [*_log_parameters(query), ("limitBytes", str(LARGEST_LOG_BYTES))]
        response = await self._send("GET", POD.path(namespace, pod) + "/log", query=parameters, accept="*/*")
        return (await self._whole(response)).decode("utf-8", "replace")

    async def follow_logs(self, namespace: str, pod: str, query: LogQuery) -> AsyncGenerator[str, None]:
        """See Cluster. Lines of more than 64 KiB come in pieces."""
        parameters = [*_log_parameters(query), ("follow", "true")]
        path = POD.path(namespace, pod) + "/log"
        response = await self._send("GET", path, query=parameters, accept="*/*", streaming=True)
        try:
            async with aclosing(lines_of(response.content, _LONGEST_LOG_LINE)) as lines:
                async for line in lines:
                    yield line.decode("utf-8", "replace")
        finally:
            _break_off(response)

    async def may(
        self, verb: str, resource: Resource, namespace: str | None, *, subresource: str = "", name: str = ""
    ) -> bool:
        """See Cluster."""
        attributes = {"verb": verb, "group": resource.group, "resource": resource.plural, "version": resource.version}
        optional = {"namespace": namespace, "subresource": subresource, "name": name}
        attributes |= {key: value for key, value in optional.items() if value}
        review = {"apiVersion": ACCESS_REVIEW.api_version, "kind": ACCESS_REVIEW.kind}
        answer = await self._json(
            "POST", ACCESS_REVIEW.path(), body={**review, "spec": {"resourceAttributes": attributes}}
        )
        return answer.get("status", {}).get("allowed") is True

    async def served(self, group: str, version: str) -> Mapping[str, Sequence[str]]:
        """See Cluster."""
        try:
            answer = await self._json("GET", f"/apis/{group}/{version}" if group else f"/api/{version}")
        except ClusterError as error:
            if error.status == 404:
                return {}
            raise
        return {entry["name"]: tuple(entry.get("verbs") or ()) for entry in answer.get("resources") or []}

    async def server_time(self) -> datetime | None:
        """The API server's clock, to the second, by the Date of an answer; None when it sends none."""
        response = await self._send("GET", "/version")
        await self._whole(response)
        date = response.headers.get("Date", "")
        return parsedate_to_datetime(date) if date else None

    async def _json(
        self,
        method: str,
        path: str,
        *,
        query: _Query | None = None,
        body: Object | None = None,
        content_type: str = _JSON,
    ) -> Object:
        response = await self._send(method, path, query=query, body=body, content_type=content_type)
        text = await self._whole(response)
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise ClusterError(502, "NotJson", f"{method} {path}: the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise ClusterError(502, "NotJson", f"{method} {path}: the answer is not a JSON object")
        return answer

    async def _send(
        self,
        method: str,
        path: str,
        *,
        query: _Query | None = None,
        body: Object | None = None,
        content_type: str = _JSON,
        accept: str = _JSON,
        streaming: bool = False,
    ) -> aiohttp.ClientResponse:
        """The answer's head; its body is still to be read. Raises ClusterError for anything but 2xx."""
        headers = {"Accept": accept, "Content-Type": content_type}
        pauses = iter(_READ_RETRIES_S if method == "GET" else ())
        reloaded = False
        while True:
            try:
                response = await self._send_once(method, path, query or [], dict(headers), body, streaming=streaming)
            except (aiohttp.ClientConnectionError, ConnectionError) as error:
                pause = None if isinstance(error, TimeoutError | aiohttp.ClientSSLError) else next(pauses, None)
                if pause is None:
                    raise _no_answer(method, path, error) from error
                await asyncio.sleep(pause)
                continue
            except (aiohttp.ClientError, OSError, ConfigException) as error:
                raise _no_answer(method, path, error) from error
            if response.status == 401 and not reloaded:
                # A token that has expired: nothing was done, so the request may be sent again with a fresh one.
                reloaded = True
                response.release()
                await self._reload()
                continue
            if not 200 <= response.status <= 299:
                raise _refused(method, path, response, await self._whole(response))
            return response

    async def _send_once(
        self, method: str, path: str, query: _Query, headers: dict[str, str], body: Object | None, *, streaming: bool
    ) -> aiohttp.ClientResponse:
        request = await self._client.param_serialize(
            method, path, query_params=query, header_params=headers, body=body, auth_settings=["BearerToken"]
        )
        if streaming:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout_s)
        else:
            timeout = aiohttp.ClientTimeout(total=self._timeout_s)
        call = self._client.call_api(*request, _request_timeout=timeout)
        # A stream has no time limit of its own; its head has.
        async with asyncio.timeout(self._timeout_s):
            answer = await call
        response: aiohttp.ClientResponse = answer.response
        return response

    async def _whole(self, response: aiohttp.ClientResponse) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _no_answer(response.method, response.url.path, error) from error
        finally:
            response.release()


def _break_off(response: aiohttp.ClientResponse) -> None:
    """Close a stream's connection at once.

    `release` would read the rest first, and a stream has no end; `close` would wait for the server's TLS farewell.
    """
    if response.connection and response.connection.transport:
        response.connection.transport.abort()
    response.close()


def _loader(configuration: Configuration, kubeconfig: Path | None) -> Callable[[], Awaitable[None]]:
    source = f"kubeconfig {kubeconfig}" if kubeconfig else "service account of the pod"

    async def load() -> None:
        try:
            if kubeconfig:
                await load_kube_config(  # type: ignore[no-untyped-call]
                    str(kubeconfig), client_configuration=configuration, persist_config=False
                )
            else:
                # Its hook reads the token's file again every minute: the kubelet renews it there.
                load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except (ConfigException, OSError, ValueError) as error:
            raise ClusterError(0, "Configuration", f"The {source} cannot be used: {error}") from error

    return load


def _log_parameters(query: LogQuery) -> _Query:
    parameters = [("tailLines", str(query.tail_lines))]
    if query.since_s:
        parameters.append(("sinceSeconds", str(query.since_s)))
    if query.container:
        parameters.append(("container", query.container))
    if query.previous:
        parameters.append(("previous", "true"))
    return parameters


def _change(line: bytes) -> Change:
    event = json.loads(line)
    if event["type"] == "ERROR":
        status = event["object"]
        raise ClusterError(int(status.get("code", 500)), status.get("reason", ""), status.get("message", ""))
    return Change(event["type"], event["object"])


def _no_answer(method: str, path: str, error: BaseException) -> ClusterError:
    return ClusterError(0, "NoAnswer", f"{method} {path}: {type(error).__name__} {error}".rstrip())


def _refused(method: str, path: str, response: aiohttp.ClientResponse, text: bytes) -> ClusterError:
    status: dict[str, Any] = {}
    try:
        parsed = json.loads(text)
        status = parsed if isinstance(parsed, dict) else {}
    except ValueError:
        status = {"message": text[:500].decode("utf-8", "replace")}
    retry_after = response.headers.get("Retry-After", "")
    return ClusterError(
        response.status,
        str(status.get("reason") or response.reason or ""),
        f"{method} {path}: {status.get('message') or ''}",
        retry_after_s=int(retry_after) if retry_after.isdecimal() else 0,
    )
