"""Watches: what has happened since a version, then what happens, as one JSON object a line."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping

from kserve_api.tests.fake_cluster.entry import Entry, Object
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.selectors import selector
from kserve_api.tests.fake_cluster.status_error import StatusError, bad_request
from kserve_api.tests.fake_cluster.store import Change, ObjectStore
from kserve_api.tests.fake_cluster.tables import table

__all__ = ["Watch", "Watches"]

_LONGEST_S = 1800.0


class Watches:
    """All open watches of a server; `close` ends them."""

    def __init__(self, store: ObjectStore, *, bookmark_s: float = 5.0) -> None:
        self.bookmark_s = bookmark_s
        self._store = store
        self._queues: set[asyncio.Queue[Change | None]] = set()

    @property
    def open_now(self) -> int:
        """How many clients are watching."""
        return len(self._queues)

    def close(self) -> None:
        """End every watch now, as a restart of the API server does."""
        for queue in self._queues:
            queue.put_nowait(None)

    async def lines(self, watch: Watch) -> AsyncGenerator[bytes, None]:
        """The lines of a watch, until its time is over or its reader closes the generator."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        unsubscribe = self._store.subscribe_changes(queue.put_nowait)
        self._queues.add(queue)
        try:
            if watch.since and watch.since < self._store.oldest_watchable:
                yield _expired(watch.since, self._store.oldest_watchable)
                return
            for line in self._beginning(watch):
                yield line
            async for line in self._live(queue, watch):
                yield line
        finally:
            unsubscribe()
            self._queues.discard(queue)

    def _beginning(self, watch: Watch) -> list[bytes]:
        if watch.since:
            changes = (change for change in self._store.history if change.resource_version > watch.since)
            return [line for change in changes if (line := watch.line(change))]
        entries = self._store.entries(watch.kind.key)
        lines = [watch.event("ADDED", entry) for entry in entries if watch.belongs(entry.object)]
        if watch.marks_beginning:
            lines.append(self._bookmark(watch.kind, {"k8s.io/initial-events-end": "true"}))
        return lines

    async def _live(self, queue: asyncio.Queue[Change | None], watch: Watch) -> AsyncGenerator[bytes, None]:
        loop = asyncio.get_running_loop()
        end = loop.time() + watch.seconds
        while (left := end - loop.time()) > 0:
            try:
                change = await asyncio.wait_for(queue.get(), min(left, self.bookmark_s))
            except TimeoutError:
                if watch.bookmarks:
                    yield self._bookmark(watch.kind, {})
                continue
            if change is None:
                return
            if line := watch.line(change):
                yield line

    def _bookmark(self, kind: Kind, annotations: Mapping[str, str]) -> bytes:
        metadata: Object = {"resourceVersion": str(self._store.resource_version), "creationTimestamp": None}
        if annotations:
            metadata["annotations"] = annotations
        item = {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}
        return json.dumps({"type": "BOOKMARK", "object": item}).encode() + b"\n"


class Watch:
    """What one watch is about. Raises StatusError 400 or 422 for a bad selector, number or combination."""

    def __init__(self, kind: Kind, namespace: str, query: Mapping[str, str], *, as_table: bool) -> None:
        self.kind = kind
        self.since = _number(query, "resourceVersion")
        self.seconds = min(float(_number(query, "timeoutSeconds") or _LONGEST_S), _LONGEST_S)
        self.bookmarks = query.get("allowWatchBookmarks", "").lower() in ("1", "true")
        self.marks_beginning = False
        self._namespace = namespace if kind.namespaced else ""
        self._match = selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
        self._as_table = as_table
        if query.get("sendInitialEvents", "").lower() == "true":
            if query.get("resourceVersionMatch") != "NotOlderThan":
                why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
                message = f'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: {why}'
                raise StatusError(422, "Invalid", message)
            self.since = 0
            self.marks_beginning = self.bookmarks

    def belongs(self, item: Object) -> bool:
        """Whether an object is one of those watched."""
        if self._namespace and item["metadata"].get("namespace") != self._namespace:
            return False
        return self._match is None or self._match(item)

    def line(self, change: Change) -> bytes | None:
        """The event as this watch sees it: an object that begins to match was added, one that ceases to was deleted."""
        if change.entry.kind is not self.kind:
            return None
        was = change.previous is not None and self.belongs(change.previous.object)
        if change.type != "DELETED" and self.belongs(change.entry.object):
            return self.event("MODIFIED" if was else "ADDED", change.entry)
        return self.event("DELETED", change.entry) if was else None

    def event(self, name: str, entry: Entry) -> bytes:
        """One line."""
        encoded = entry.encoded
        if self._as_table:
            version = {"resourceVersion": str(entry.resource_version)}
            encoded = json.dumps(table(self.kind, [entry.object], version)).encode()
        return b'{"type":"%s","object":%s}\n' % (name.encode(), encoded)


def _expired(since: int, oldest: int) -> bytes:
    status = StatusError(410, "Expired", f"too old resource version: {since} ({oldest})").body()
    return json.dumps({"type": "ERROR", "object": status}).encode() + b"\n"


def _number(query: Mapping[str, str], name: str) -> int:
    try:
        return int(query.get(name) or 0)
    except ValueError as error:
        raise bad_request(f"Invalid value: {query[name]!r}: {name}: strconv.ParseUint: invalid syntax") from error
