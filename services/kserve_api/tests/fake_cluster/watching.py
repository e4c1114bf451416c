"""Watches: what has happened since a version, then what happens, as one JSON object a line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping

from kserve_api.tests.fake_cluster.entry import Entry
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.selectors import Match, selector
from kserve_api.tests.fake_cluster.status_error import StatusError, bad_request
from kserve_api.tests.fake_cluster.store import Change, ObjectStore

__all__ = ["Watches"]

_LONGEST_S = 1800.0


class Watches:
    """All open watches of a server; `close` ends them."""

    def __init__(self, store: ObjectStore, *, bookmark_s: float = 5.0) -> None:
        self.bookmark_s = bookmark_s
        self._store = store
        self._queues: set[asyncio.Queue[Change | None]] = set()

    def close(self) -> None:
        """End every watch now, as a restart of the API server does."""
        for queue in self._queues:
            queue.put_nowait(None)

    def open(self, kind: Kind, namespace: str, query: Mapping[str, str]) -> AsyncIterator[bytes]:
        """Lines of one watch. Raises StatusError 400 for a bad selector, number or version before anything is sent."""
        match = selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        since = _number(query, "resourceVersion")
        seconds = _number(query, "timeoutSeconds")
        initial = query.get("sendInitialEvents", "").lower() == "true"
        if initial and query.get("resourceVersionMatch") != "NotOlderThan":
            raise StatusError(
                422,
                "Invalid",
                'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires '
                "setting resourceVersionMatch to NotOlderThan",
            )
        bookmarks = query.get("allowWatchBookmarks", "").lower() in ("1", "true")
        belongs = _membership(kind, namespace, match)
        return self._lines(
            kind, belongs, 0 if initial else since, min(float(seconds or _LONGEST_S), _LONGEST_S), bookmarks, initial
        )

    async def _lines(
        self, kind: Kind, belongs: Match, since: int, seconds: float, bookmarks: bool, initial: bool
    ) -> AsyncIterator[bytes]:
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        unsubscribe = self._store.subscribe_changes(queue.put_nowait)
        self._queues.add(queue)
        try:
            if since and since < self._store.oldest_watchable:
                yield _expired(since, self._store.oldest_watchable)
                return
            if since:
                for change in [change for change in self._store.history if change.resource_version > since]:
                    if line := _line(change, kind, belongs):
                        yield line
            else:
                for entry in [entry for entry in self._store.entries(kind.key) if belongs(entry.object)]:
                    yield _event("ADDED", entry)
                if initial and bookmarks:
                    yield self._bookmark(kind, end_of_initial=True)
            async for line in self._live(queue, kind, belongs, seconds, bookmarks):
                yield line
        finally:
            unsubscribe()
            self._queues.discard(queue)

    async def _live(
        self, queue: asyncio.Queue[Change | None], kind: Kind, belongs: Match, seconds: float, bookmarks: bool
    ) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            try:
                change = await asyncio.wait_for(queue.get(), min(left, self.bookmark_s))
            except TimeoutError:
                if bookmarks:
                    yield self._bookmark(kind)
                continue
            if change is None:
                return
            if line := _line(change, kind, belongs):
                yield line

    def _bookmark(self, kind: Kind, *, end_of_initial: bool = False) -> bytes:
        metadata: dict[str, object] = {"resourceVersion": str(self._store.resource_version), "creationTimestamp": None}
        if end_of_initial:
            metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
        item = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        return json.dumps({"type": "BOOKMARK", "object": item}).encode() + b"\n"


def _membership(kind: Kind, namespace: str, match: Match | None) -> Match:
    tests: list[Callable[[dict[str, object]], bool]] = [match] if match else []
    if namespace and kind.namespaced:
        tests.append(lambda item: item["metadata"].get("namespace") == namespace)  # type: ignore[attr-defined]
    return lambda item: all(test(item) for test in tests)


def _line(change: Change, kind: Kind, belongs: Match) -> bytes | None:
    """The event as this watch sees it: an object that begins to match was added, one that ceases to was deleted."""
    if change.entry.kind is not kind:
        return None
    was = change.previous is not None and belongs(change.previous.object)
    is_ = change.type != "DELETED" and belongs(change.entry.object)
    if is_:
        return _event("MODIFIED" if was else "ADDED", change.entry)
    return _event("DELETED", change.entry) if was else None


def _event(name: str, entry: Entry) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (name.encode(), entry.encoded)


def _expired(since: int, oldest: int) -> bytes:
    status = StatusError(410, "Expired", f"too old resource version: {since} ({oldest})").body()
    return json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"


def _number(query: Mapping[str, str], name: str) -> int:
    try:
        return int(query.get(name) or 0)
    except ValueError as error:
        raise bad_request(f"Invalid value: {query[name]!r}: {name}: strconv.ParseUint: invalid syntax") from error
