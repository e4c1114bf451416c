"""The API server over HTTP: who asks, whether they may, what they want, and the answer in the form they take."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncGenerator
from typing import NamedTuple

from aiohttp import web

from kserve_api.tests.fake_cluster import discovery
from kserve_api.tests.fake_cluster.access_review import review
from kserve_api.tests.fake_cluster.entry import Entry, Object
from kserve_api.tests.fake_cluster.faults import Fault, Faults
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.listing import Lister
from kserve_api.tests.fake_cluster.pod_logs import PodLogs
from kserve_api.tests.fake_cluster.rbac import Access, User, denied
from kserve_api.tests.fake_cluster.request_options import body_of, is_dry_run, options_of, propagation_of, write_options
from kserve_api.tests.fake_cluster.routing import Target, target_of
from kserve_api.tests.fake_cluster.schemas import Json
from kserve_api.tests.fake_cluster.selectors import field_value, selector
from kserve_api.tests.fake_cluster.status_error import StatusError
from kserve_api.tests.fake_cluster.store import ObjectStore
from kserve_api.tests.fake_cluster.tables import table
from kserve_api.tests.fake_cluster.watching import Watch, Watches
from kserve_api.tests.fake_cluster.writes import Writes

__all__ = ["FakeApiServer", "Request"]

_JSON = "application/json"
_LAST_ROUNDS = 5


class Request(NamedTuple):
    """One answered request; `account` is the user's name, empty for nobody. Status 0: the connection was broken, or
    the client went before the end (of a watch or a followed log, say).
    """

    method: str
    path: str
    account: str
    status: int


class FakeApiServer:
    """Serves one store. Start, close and everything else happen in one event loop."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store
        self.access = Access(store)
        self.faults = Faults()
        self.logs = PodLogs(store)
        self.lister = Lister(store)
        self.watches = Watches(store)
        self.requests: list[Request] = []
        self.errors: list[Exception] = []  # Faults of the fake itself; a test must end with none.
        self._writes = Writes(store)
        self._runner: web.ServerRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None) -> int:
        """Listen (again, with another port or TLS) and return the port."""
        if self._runner is None:
            self._runner = web.ServerRunner(
                web.Server(self._serve, handler_cancellation=True), access_log=None, shutdown_timeout=0.2
            )
            await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, ssl_context=tls)
        await site.start()
        return int(self._runner.addresses[-1][1])

    async def close(self) -> None:
        """End every watch and connection."""
        self.watches.close()
        if self._runner is None:
            return
        server = self._runner.server
        assert server is not None
        # What has been accepted becomes a connection a few rounds later; where the server has stopped by then, Python
        # 3.11 leaves the socket open. And TLS would say goodbye, and wait for an answer.
        for _ in range(_LAST_ROUNDS):
            await asyncio.sleep(0)
        for connection in server.connections:
            if connection.transport is not None:
                connection.transport.abort()
        await self._runner.cleanup()
        await asyncio.sleep(0)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        user: User | None = None
        fault = self.faults.take(request.method, request.path_qs)
        try:
            if fault and fault.delay_s:
                await asyncio.sleep(fault.delay_s)
            user = self._user(request)
            if fault and not fault.after:
                _break(request, fault)
            response = await self._answer(request, user)
            if fault and fault.after:
                _break(request, fault)
        except StatusError as error:
            response = _json(error.body(), error.status)
            if error.retry_after_s:
                response.headers["Retry-After"] = str(error.retry_after_s)
        except (_BrokenConnectionError, asyncio.CancelledError, ConnectionResetError):
            self._note(request, user, 0)
            raise
        except Exception as error:  # noqa: BLE001 - shown to the client as the API server would, and to the test
            self.errors.append(error)
            response = _json(StatusError(500, "InternalError", f"Internal error occurred: {error!r}").body(), 500)
        self._note(request, user, response.status)
        return response

    def _note(self, request: web.BaseRequest, user: User | None, status: int) -> None:
        self.requests.append(Request(request.method, request.path_qs, user.name if user else "", status))

    def _user(self, request: web.BaseRequest) -> User:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        user = self.access.who(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise StatusError(401, "Unauthorized", "Unauthorized")
        return user

    async def _answer(self, request: web.BaseRequest, user: User) -> web.StreamResponse:
        query = request.query
        target = target_of(request.method, request.path, query)
        if target.kind is None:
            return self._answer_path(request, target, user)
        if target.verb in ("list", "watch", "deletecollection") and not target.name:
            named = field_value(query.get("fieldSelector", ""), "metadata.name")
        else:
            named = target.name
        self._check_access(user, target, target.verb, named)
        if target.subresource:
            return await self._answer_subresource(request, target, user)
        of_one = target.verb in ("get", "update", "patch", "delete")
        if target.verb not in target.kind.verbs or of_one is not bool(target.name):
            raise _not_allowed()
        return await self._answer_resource(request, target, user)

    def _check_access(self, user: User, target: Target, verb: str, name: str) -> None:
        assert target.kind is not None
        if not self.access.allowed(user, verb, target.kind.group, target.resource, target.namespace, name):
            raise denied(
                user, Target(target.path, verb, target.kind, target.namespace, target.name, target.subresource)
            )

    def _answer_path(self, request: web.BaseRequest, target: Target, user: User) -> web.StreamResponse:
        if not self.access.allowed_path(user, target.verb, request.path):
            raise denied(user, target)
        aggregated = "APIGroupDiscoveryList" in request.headers.get("Accept", "")
        document = discovery.discovery(request.path.rstrip("/") or "/", aggregated=aggregated)
        if document is None:
            return web.Response(status=404, text="404 page not found\n")
        if isinstance(document, str):
            return web.Response(text=document)
        response = _json(document)
        if document.get("kind") == "APIGroupDiscoveryList":
            response.headers["Content-Type"] = discovery.AGGREGATED
        return response

    async def _answer_subresource(self, request: web.BaseRequest, target: Target, user: User) -> web.StreamResponse:
        kind = _kind(target)
        if target.subresource == "log" and kind.key == "pods" and target.verb == "get":
            return await self._answer_log(request, target)
        if target.subresource == "status" and kind.status:
            if target.verb == "get":
                return _encoded(self.store.entry(kind.key, _place(target), target.name))
            if target.verb in ("update", "patch"):
                return await self._answer_write(request, target, user)
        raise StatusError(404, "NotFound", "the server could not find the requested resource")

    async def _answer_resource(self, request: web.BaseRequest, target: Target, user: User) -> web.StreamResponse:
        kind = _kind(target)
        if target.verb == "get":
            entry = self.store.entry(kind.key, _place(target), target.name)
            if _wants_table(request):
                return _json(table(kind, [entry.object], {"resourceVersion": str(entry.resource_version)}))
            return _encoded(entry)
        if target.verb == "list":
            return self._answer_list(request, target)
        if target.verb == "watch":
            watch = Watch(kind, target.namespace, request.query, as_table=_wants_table(request))
            return await _stream(request, self.watches.lines(watch), _JSON)
        if target.verb in ("delete", "deletecollection"):
            return await self._answer_delete(request, target)
        return await self._answer_write(request, target, user)

    def _answer_list(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        kind = _kind(target)
        page = self.lister.page(kind, target.namespace if kind.namespaced else "", request.query)
        metadata: Object = {"resourceVersion": str(page.resource_version)}
        if page.cursor:
            metadata["continue"] = page.cursor
        if page.remaining is not None:
            metadata["remainingItemCount"] = page.remaining
        if _wants_table(request):
            return _json(table(kind, [entry.object for entry in page.entries], metadata))
        head = json.dumps({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": metadata})
        items = b",".join(entry.encoded for entry in page.entries)
        return web.Response(body=b'%s,"items":[%s]}' % (head[:-1].encode(), items), content_type=_JSON)

    async def _answer_delete(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        kind, query = _kind(target), request.query
        options = await options_of(request)
        propagation = propagation_of(options, query)
        preconditions = options.get("preconditions") or {}
        dry_run = is_dry_run(query.getall("dryRun", []) or options.get("dryRun") or [])
        if target.verb == "delete":
            found = [self.store.entry(kind.key, _place(target), target.name)]
        else:
            match = selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
            found = self.store.entries(kind.key, _place(target), match)
        left = None
        for entry in found:
            metadata = entry.object["metadata"]
            left = self.store.delete(
                kind.key,
                metadata.get("namespace"),
                metadata["name"],
                uid=preconditions.get("uid", ""),
                resource_version=preconditions.get("resourceVersion", ""),
                propagation=propagation,
                dry_run=dry_run,
            )
        if target.verb == "deletecollection":
            items = [entry.object for entry in found]
            return _json({"kind": f"{kind.kind}List", "apiVersion": kind.api_version, "metadata": {}, "items": items})
        if left is not None:
            return _json(left)
        details = {"name": target.name, "group": kind.group, "kind": kind.plural}
        details = {name: value for name, value in details.items() if value}
        details["uid"] = found[0].object["metadata"]["uid"]
        return _json({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details})

    async def _answer_write(self, request: web.BaseRequest, target: Target, user: User) -> web.StreamResponse:
        kind = _kind(target)
        if "authorization" in kind.group and kind.verbs == ("create",):
            return _json(review(self.access, user, kind, await options_of(request)), 201)
        options = write_options(request, user.name)
        content_type = request.content_type
        body = await body_of(request, any_type=target.verb == "patch")
        existed = True
        if target.verb == "create":
            written = self._writes.create(target, body, options)
        elif target.verb == "update":
            written = self._writes.update(target, body, options)
        else:
            existed = self.store.find(kind.key, _place(target), target.name) is not None
            if content_type == "application/apply-patch+yaml" and not existed and not target.subresource:
                self._check_access(user, target, "create", target.name)
            written = self._writes.patch(target, content_type, body, options)
        response = _json(written, 201 if target.verb == "create" or not existed else 200)
        for warning in options.warnings:
            response.headers.add("Warning", f"299 - {json.dumps(warning)}")
        return response

    async def _answer_log(self, request: web.BaseRequest, target: Target) -> web.StreamResponse:
        text, place = self.logs.read(target.namespace, target.name, request.query)
        if request.query.get("follow", "").lower() not in ("1", "true"):
            return web.Response(body=text, content_type="text/plain")
        following = self.logs.follow(place, request.query)
        return await _stream(request, following, "text/plain", first=text)


class _BrokenConnectionError(Exception):
    """Ends a request without an answer."""


def _break(request: web.BaseRequest, fault: Fault) -> None:
    if fault.drop:
        if request.transport is not None:
            request.transport.abort()
        raise _BrokenConnectionError
    if fault.status:
        raise fault.error()


def _kind(target: Target) -> Kind:
    assert target.kind is not None
    return target.kind


def _place(target: Target) -> str | None:
    return (target.namespace or None) if _kind(target).namespaced else None


def _not_allowed() -> StatusError:
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")


def _json(document: Json, status: int = 200) -> web.Response:
    return web.Response(body=json.dumps(document, separators=(",", ":")).encode(), status=status, content_type=_JSON)


def _encoded(entry: Entry) -> web.Response:
    return web.Response(body=entry.encoded, content_type=_JSON)


def _wants_table(request: web.BaseRequest) -> bool:
    return "as=Table" in request.headers.get("Accept", "")


async def _stream(
    request: web.BaseRequest, parts: AsyncGenerator[bytes, None], content_type: str, first: bytes = b""
) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": content_type, "Cache-Control": "no-cache, private"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    if first:
        await response.write(first)
    async with contextlib.aclosing(parts):
        async for part in parts:
            await response.write(part)
    await response.write_eof()
    return response
