"""All objects of the cluster: versions, uids, generations, deletion and its garbage, history for watches.

Not thread-safe: the server, the controllers and whoever changes state run in one event loop
(`RunningCluster.call` brings a function of a test there).
"""

from __future__ import annotations

import random
import string
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from kserve_api.tests.fake_cluster.entry import Entry, Object, Propagation, clone, now, owners_of
from kserve_api.tests.fake_cluster.garbage import FOREGROUND, GarbageCollector
from kserve_api.tests.fake_cluster.kinds import KINDS, Kind
from kserve_api.tests.fake_cluster.selectors import Match, selector
from kserve_api.tests.fake_cluster.status_error import (
    StatusError,
    already_exists,
    bad_request,
    conflict,
    forbidden,
    invalid,
    not_found,
)

__all__ = ["Change", "Object", "ObjectStore", "StatusError"]

Callback = Callable[[str, str, Object], None]

_HISTORY = 5_000
_SYSTEM = ("uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")


# `list` is a method of the store.
Entries = list[Entry]
Objects = list[Object]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one object; `previous` is what it was before (None when it is new)."""

    resource_version: int
    type: Literal["ADDED", "MODIFIED", "DELETED"]
    entry: Entry
    previous: Entry | None


class ObjectStore:
    """Objects by kind key (`plural.group`, see kinds.py), namespace (None: cluster-scoped) and name.

    `get`, `find` and `list` return copies that the caller may change and hand back; `create` and `replace` copy what
    they are given and return a copy of what is stored. They raise StatusError as the API server would answer.
    Admission, schemas, quotas and RBAC are matters of the HTTP server: controllers write here directly.
    """

    def __init__(self) -> None:
        self.resource_version = 0
        self.history: deque[Change] = deque(maxlen=_HISTORY)
        self.oldest_watchable = 0  # Watches from an older resourceVersion get 410.
        self._objects: dict[str, dict[tuple[str, str], Entry]] = {key: {} for key in KINDS}
        self._by_uid: dict[str, tuple[str, str, str]] = {}
        self._dependents: dict[str, set[str]] = {}
        self._callbacks: list[Callback] = []
        self._change_callbacks: list[Callable[[Change], None]] = []
        self._garbage = GarbageCollector(self)

    # Reading

    def get(self, key: str, namespace: str | None, name: str) -> Object:
        """A copy of the object; StatusError 404."""
        return clone(self.entry(key, namespace, name).object)

    def find(self, key: str, namespace: str | None, name: str) -> Object | None:
        """A copy of the object, None when it is not there."""
        entry = self._objects[key].get((namespace or "", name))
        return clone(entry.object) if entry else None

    def list(self, key: str, namespace: str | None = None, labels: str = "", fields: str = "") -> Objects:
        """Copies of the objects, of all namespaces when it is None, ordered by namespace and name."""
        return [clone(entry.object) for entry in self.entries(key, namespace, selector(KINDS[key], labels, fields))]

    def entry(self, key: str, namespace: str | None, name: str) -> Entry:
        """The stored object itself, not to be changed; StatusError 404."""
        entry = self._objects[key].get((namespace or "", name))
        if entry is None:
            raise not_found(KINDS[key], name)
        return entry

    def entries(self, key: str, namespace: str | None = None, match: Match | None = None) -> Entries:
        """The stored objects themselves, not to be changed, ordered by namespace and name."""
        return [
            entry
            for (place, _), entry in sorted(self._objects[key].items())
            if (not namespace or place == namespace) and (match is None or match(entry.object))
        ]

    def dependents(self, uid: str) -> Iterator[Entry]:
        """The objects with an ownerReference to this uid."""
        for dependent in sorted(self._dependents.get(uid, ())):
            key, namespace, name = self._by_uid[dependent]
            yield self._objects[key][namespace, name]

    def entry_of(self, uid: str) -> Entry | None:
        """The stored object with this uid itself, not to be changed."""
        place = self._by_uid.get(uid)
        return self._objects[place[0]][place[1:]] if place else None

    @property
    def garbage_pending(self) -> int:
        """Collections that are scheduled: a test waits until there are none."""
        return self._garbage.pending

    # Being told

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Call back with (ADDED | MODIFIED | DELETED, kind key, object) after every change; returns what ends it.

        The object is shared: not to be changed. Callbacks run inside the write: they only note what is to be done.
        """
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    def subscribe_changes(self, callback: Callable[[Change], None]) -> Callable[[], None]:
        """As `subscribe`, with the Change (watches need the previous state and the version)."""
        self._change_callbacks.append(callback)
        return lambda: self._change_callbacks.remove(callback)

    def forget_history(self) -> None:
        """From now on watches from an older resourceVersion than the present one get 410 (as after a compaction)."""
        self.history.clear()
        self.oldest_watchable = self.resource_version

    # Writing

    def create(self, key: str, item: Object, *, dry_run: bool = False) -> Object:
        """The stored object, with name (from generateName), uid, times and version; StatusError 409 AlreadyExists,
        404 when its namespace does not exist, 403 when the namespace is being deleted.
        """
        kind, item = KINDS[key], clone(item)
        metadata = item.setdefault("metadata", {})
        if not metadata.get("name"):
            if not metadata.get("generateName"):
                raise invalid(
                    kind,
                    "",
                    ("metadata.name", "FieldValueRequired", "Required value: name or generateName is required"),
                )
            metadata["name"] = metadata["generateName"] + "".join(random.choices(string.ascii_lowercase, k=5))
        if metadata.get("resourceVersion"):
            raise bad_request("resourceVersion should not be set on objects to be created")
        namespace, name = metadata.get("namespace", "") if kind.namespaced else "", metadata["name"]
        if kind.namespaced:
            self._check_namespace(kind, namespace, name)
        else:
            metadata.pop("namespace", None)
        if (namespace, name) in self._objects[key]:
            raise already_exists(kind, name)
        for field in _SYSTEM:
            metadata.pop(field, None)
        metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
        if key == "namespaces":
            metadata["labels"] = {"kubernetes.io/metadata.name": name} | (metadata.get("labels") or {})
        if _counts_generations(kind, item):
            metadata["generation"] = 1
        item["apiVersion"], item["kind"] = kind.api_version, kind.kind
        if dry_run:
            return item
        return clone(self._write("ADDED", kind, item, None).object)

    def replace(self, key: str, item: Object, *, dry_run: bool = False) -> Object:
        """The stored object; nothing is written (and no version used up) when nothing changes.

        StatusError 404, and 409 Conflict when it carries another resourceVersion or uid than the stored one. An object
        without resourceVersion is written unconditionally. System fields stay, and the generation goes up when
        anything but metadata and status changes. When the last finalizer of a deleted object goes, so does the object.
        """
        kind, item = KINDS[key], clone(item)
        metadata = item["metadata"]
        namespace, name = metadata.get("namespace", "") if kind.namespaced else "", metadata["name"]
        old = self.entry(key, namespace, name)
        before = old.object["metadata"]
        if metadata.get("resourceVersion") and metadata["resourceVersion"] != before["resourceVersion"]:
            raise conflict(kind, name)
        if metadata.get("uid") and metadata["uid"] != before["uid"]:
            raise conflict(
                kind,
                name,
                f"Precondition failed: UID in precondition: {metadata['uid']}, UID in object meta: {before['uid']}",
            )
        for field in (*_SYSTEM, "resourceVersion"):
            metadata.pop(field, None)
        metadata |= {field: before[field] for field in (*_SYSTEM, "resourceVersion") if field in before}
        item["apiVersion"], item["kind"] = kind.api_version, kind.kind
        if "generation" in before and _wanted(item) != _wanted(old.object):
            metadata["generation"] = before["generation"] + 1
        if item == old.object or dry_run:
            return item
        if "deletionTimestamp" in metadata and not metadata.get("finalizers"):
            return clone(self._remove(old, item).object)
        return clone(self._write("MODIFIED", kind, item, old).object)

    def set_status(self, key: str, namespace: str | None, name: str, status: Object) -> Object:
        """The object with this status in place of its own; StatusError 404."""
        return self.replace(key, self.get(key, namespace, name) | {"status": status})

    def delete(
        self,
        key: str,
        namespace: str | None,
        name: str,
        *,
        uid: str = "",
        resource_version: str = "",
        propagation: Propagation = "Background",
        dry_run: bool = False,
    ) -> Object | None:
        """Delete it. Returns None when it is gone, else the object as finalizers still hold it (deletionTimestamp set).

        StatusError 404, 409 Conflict on another uid or resourceVersion. Background: what it owns goes soon after it.
        Foreground: it goes after what it owns. Orphan: what it owns stays and loses the reference.
        """
        entry = self.entry(key, namespace, name)
        metadata = entry.object["metadata"]
        for word, wanted, is_ in (
            ("UID", uid, metadata["uid"]),
            ("ResourceVersion", resource_version, metadata["resourceVersion"]),
        ):
            if wanted and wanted != is_:
                raise conflict(
                    entry.kind,
                    name,
                    f"Precondition failed: {word} in precondition: {wanted}, {word} in object meta: {is_}",
                )
        if dry_run:
            return None
        if propagation == "Orphan":
            self._garbage.orphan(metadata["uid"])
        finalizers = list(metadata.get("finalizers") or ())
        if propagation == "Foreground" and FOREGROUND not in finalizers:
            finalizers.append(FOREGROUND)
        if key == "namespaces" and self._garbage.contents(name):
            finalizers = [*finalizers, "kubernetes"]
        if not finalizers:
            self._remove(entry, clone(entry.object))
            return None
        item = clone(entry.object)
        item["metadata"] |= {"finalizers": finalizers, "deletionGracePeriodSeconds": 0}
        item["metadata"].setdefault("deletionTimestamp", now())
        if "generation" in metadata and "deletionTimestamp" not in metadata:
            item["metadata"]["generation"] += 1
        if key == "namespaces":
            item["status"] = (item.get("status") or {}) | {"phase": "Terminating"}
        if item != entry.object:
            entry = self._write("MODIFIED", entry.kind, item, entry)
        self._garbage.collect_later(metadata["uid"])
        return clone(entry.object)

    # Inside

    def _check_namespace(self, kind: Kind, namespace: str, name: str) -> None:
        if not namespace:
            raise bad_request("an empty namespace may not be set during creation")
        owner = self._objects["namespaces"].get(("", namespace))
        if owner is None:
            raise not_found(KINDS["namespaces"], namespace)
        if "deletionTimestamp" in owner.object["metadata"]:
            why = f"unable to create new content in namespace {namespace} because it is being terminated"
            raise forbidden(kind, name, why)

    def _next_version(self) -> int:
        self.resource_version += 1
        return self.resource_version

    def _write(self, change: Literal["ADDED", "MODIFIED"], kind: Kind, item: Object, old: Entry | None) -> Entry:
        metadata = item["metadata"]
        metadata["resourceVersion"] = str(self._next_version())
        entry = Entry(kind, item)
        place = (metadata.get("namespace", ""), metadata["name"])
        self._objects[kind.key][place] = entry
        self._by_uid[metadata["uid"]] = (kind.key, *place)
        self._index_owners(entry, old)
        self._tell(Change(entry.resource_version, change, entry, old))
        if (new := owners_of(entry) - owners_of(old)) and not self._garbage.is_owned(entry):
            self._garbage.collect_later(*new)  # Its owners do not exist (any more): it is garbage from the start.
        return entry

    def _index_owners(self, entry: Entry | None, old: Entry | None) -> None:
        before, after = owners_of(old), owners_of(entry)
        if before == after:
            return
        some = entry or old
        assert some is not None
        uid = some.object["metadata"]["uid"]
        for owner in before - after:
            self._dependents[owner].discard(uid)
        for owner in after - before:
            self._dependents.setdefault(owner, set()).add(uid)

    def _remove(self, entry: Entry, item: Object) -> Entry:
        metadata = item["metadata"]
        metadata["resourceVersion"] = str(self._next_version())
        gone = Entry(entry.kind, item)
        del self._objects[entry.kind.key][metadata.get("namespace", ""), metadata["name"]]
        self._index_owners(None, entry)
        del self._by_uid[metadata["uid"]]
        self._tell(Change(gone.resource_version, "DELETED", gone, entry))
        if self._dependents.get(metadata["uid"]):
            self._garbage.collect_later(metadata["uid"])
        for owner in owners_of(entry):
            if owner in self._by_uid:
                self._garbage.collect_later(owner)  # It may have waited for this one.
        if (namespace := self._objects["namespaces"].get(("", metadata.get("namespace", "")))) is not None and (
            "deletionTimestamp" in namespace.object["metadata"]
        ):
            self._garbage.collect_later(namespace.object["metadata"]["uid"])
        return gone

    def _tell(self, change: Change) -> None:
        if len(self.history) == self.history.maxlen:
            self.oldest_watchable = self.history[0].resource_version
        self.history.append(change)
        for tell in list(self._change_callbacks):
            tell(change)
        for callback in list(self._callbacks):
            callback(change.type, change.entry.kind.key, change.entry.object)


def _wanted(item: Object) -> Object:
    return {field: value for field, value in item.items() if field not in ("metadata", "status")}


def _counts_generations(kind: Kind, item: Object) -> bool:
    return kind.custom or (bool(kind.group) and "spec" in item)
