"""Garbage collection: what is owned goes with its last owner, and what a namespace holds goes with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kserve_api.tests.fake_cluster.entry import Entry, Propagation, clone, owners_of
from kserve_api.tests.fake_cluster.kinds import KINDS

if TYPE_CHECKING:
    from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["FOREGROUND", "GarbageCollector"]

FOREGROUND = "foregroundDeletion"
_DELAY_S = 0.005


class GarbageCollector:
    """Works a moment after the write that calls for it, as the real one does; at once where no event loop runs."""

    def __init__(self, store: ObjectStore) -> None:
        self.pending = 0
        self._store = store

    def collect_later(self, *uids: str) -> None:
        """Look at these owners (gone or going) and at what they own."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            for uid in uids:
                self._collect(uid)
            return
        for uid in uids:
            self.pending += 1
            loop.call_later(_DELAY_S, self._collect_now, uid)

    def orphan(self, uid: str) -> None:
        """Take the ownerReferences to this uid away."""
        for dependent in list(self._store.dependents(uid)):
            item = clone(dependent.object)
            references = item["metadata"]["ownerReferences"]
            item["metadata"]["ownerReferences"] = [reference for reference in references if reference["uid"] != uid]
            self._store.replace(dependent.kind.key, item)

    def is_owned(self, entry: Entry) -> bool:
        """Whether one of its owners exists: cluster-scoped, or in its own namespace."""
        namespace = entry.object["metadata"].get("namespace", "")
        owners = (self._store.entry_of(uid) for uid in owners_of(entry))
        return any(owner and owner.object["metadata"].get("namespace", "") in ("", namespace) for owner in owners)

    def contents(self, namespace: str) -> list[Entry]:
        """Everything in a namespace."""
        namespaced = (key for key, kind in KINDS.items() if kind.namespaced)
        return [entry for key in namespaced for entry in self._store.entries(key, namespace)]

    def _collect_now(self, uid: str) -> None:
        self.pending -= 1
        self._collect(uid)

    def _collect(self, uid: str) -> None:
        owner = self._store.entry_of(uid)
        if owner is None or "deletionTimestamp" not in owner.object["metadata"]:
            for dependent in list(self._store.dependents(uid)):
                if not self.is_owned(dependent):
                    self._delete(dependent, "Background")
            return
        finalizers = owner.object["metadata"].get("finalizers") or []
        if owner.kind.key == "namespaces" and "kubernetes" in finalizers:
            self._empty_namespace(owner)
        elif FOREGROUND in finalizers:
            for dependent in list(self._store.dependents(uid)):
                self._delete(dependent, "Foreground")
            if not any(_blocks(dependent, uid) for dependent in self._store.dependents(uid)):
                self._drop_finalizer(uid, FOREGROUND)

    def _empty_namespace(self, namespace: Entry) -> None:
        metadata = namespace.object["metadata"]
        for content in self.contents(metadata["name"]):
            self._delete(content, "Background")
        if not self.contents(metadata["name"]):
            self._drop_finalizer(metadata["uid"], "kubernetes")

    def _delete(self, entry: Entry, propagation: Propagation) -> None:
        metadata = entry.object["metadata"]
        current = self._store.entry_of(metadata["uid"])
        if current is not None and "deletionTimestamp" not in current.object["metadata"]:
            self._store.delete(entry.kind.key, metadata.get("namespace"), metadata["name"], propagation=propagation)

    def _drop_finalizer(self, uid: str, finalizer: str) -> None:
        if (entry := self._store.entry_of(uid)) is None:
            return
        item = clone(entry.object)
        item["metadata"]["finalizers"] = [name for name in item["metadata"].get("finalizers", ()) if name != finalizer]
        self._store.replace(entry.kind.key, item)


def _blocks(entry: Entry, uid: str) -> bool:
    return any(
        reference["uid"] == uid and reference.get("blockOwnerDeletion")
        for reference in entry.object["metadata"]["ownerReferences"]
    )
