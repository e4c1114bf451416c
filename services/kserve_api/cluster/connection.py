"""Requests to the API server: credentials, time limits, retries, and what its refusals mean."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self

# Imported here, though only the client below uses most of it: a broken installation fails at start, not at a request.
import aiohttp
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

from kserve_api.cluster.cluster import Object
from kserve_api.errors import ClusterError
from kserve_api.settings import Settings

__all__ = ["FIELD_MANAGER", "JSON", "Connection", "Query", "break_off"]

FIELD_MANAGER = "kserve-api"
JSON = "application/json"
Query = list[tuple[str, str]]
_MOST_CONNECTIONS = 1000
_READ_RETRIES_S = (0.1, 0.4)


class Connection:
    """One connection pool to one API server; close it in the loop that opened it. Raises ClusterError.

    Only reads are sent again (twice, where the connection broke): a write may have been done, its answer lost.
    """

    def __init__(self, configuration: Configuration, timeout_s: float, reload: Callable[[], Awaitable[None]]) -> None:
        # Cookies are of no use to an API server; the client would keep them for its whole life.
        # From the environment it would read ~/.netrc and proxies anew for each request, in threads: an API server is
        # reached directly, or by the kubeconfig's own proxy-url.
        configuration.client_session_kwargs = {"cookie_jar": aiohttp.DummyCookieJar(), "trust_env": False}
        # Each followed log and each wait holds a connection: the usual 100 would be used up by a few tenants.
        configuration.connection_pool_maxsize = _MOST_CONNECTIONS
        self._client = ApiClient(configuration)
        self._client.user_agent = FIELD_MANAGER
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

    async def json(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Object | None = None,
        content_type: str = JSON,
    ) -> Object:
        """The answer, a JSON object."""
        response = await self.send(method, path, query=query, body=body, content_type=content_type)
        text = await self.whole(response)
        try:
            answer = json.loads(text)
        except ValueError as error:
            raise ClusterError(502, "NotJson", f"{method} {path}: the answer is not JSON") from error
        if not isinstance(answer, dict):
            raise ClusterError(502, "NotJson", f"{method} {path}: the answer is not a JSON object")
        return answer

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        body: Object | None = None,
        content_type: str = JSON,
        accept: str = JSON,
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
                raise _refused(method, path, response, await self.whole(response))
            return response

    async def _send_once(
        self, method: str, path: str, query: Query, headers: dict[str, str], body: Object | None, *, streaming: bool
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

    async def whole(self, response: aiohttp.ClientResponse) -> bytes:
        """The body of an answer; its connection goes back to the pool."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _no_answer(response.method, response.url.path, error) from error
        finally:
            response.release()


def break_off(response: aiohttp.ClientResponse) -> None:
    """Close a stream's connection at once.

    `release` would read the rest first, and a stream has no end; `close` would wait for the server's TLS farewell.
    """
    if response.connection and response.connection.transport:
        response.connection.transport.abort()
    response.close()


def _loader(configuration: Configuration, kubeconfig: Path | None) -> Callable[[], Awaitable[None]]:
    if kubeconfig:
        source, advice = f"kubeconfig {kubeconfig}", ""
    else:
        source, advice = "service account of the pod", " (outside a pod set KSERVE_API_KUBECONFIG)"

    async def load() -> None:
        # The client would take a missing file for an empty one.
        if kubeconfig and not kubeconfig.exists():
            raise ClusterError(0, "Configuration", f"The {source} cannot be used: there is no such file")
        try:
            if kubeconfig:
                await load_kube_config(  # type: ignore[no-untyped-call]
                    str(kubeconfig), client_configuration=configuration, persist_config=False
                )
            else:
                # Its hook reads the token's file again every minute: the kubelet renews it there.
                load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        except (ConfigException, OSError, ValueError) as error:
            raise ClusterError(0, "Configuration", f"The {source} cannot be used: {error}{advice}") from error

    return load


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
