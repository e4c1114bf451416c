"""Lists in pages: every page of one list shows the same moment, until its token expires."""

from __future__ import annotations

import base64
import json
from collections import OrderedDict
from collections.abc import Mapping
from itertools import count

from kserve_api.tests.fake_cluster.entry import Entry
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.selectors import selector
from kserve_api.tests.fake_cluster.status_error import StatusError, bad_request
from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["Lister", "Page"]

_KEPT = 200


class Page:
    """Entries of one page, the version of the list, and how it goes on."""

    __slots__ = ("cursor", "entries", "remaining", "resource_version")

    def __init__(self, entries: list[Entry], resource_version: int, cursor: str, remaining: int | None) -> None:
        self.entries = entries
        self.resource_version = resource_version
        self.cursor = cursor
        self.remaining = remaining


class Lister:
    """Answers list calls; `expire` makes all tokens stale."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._kept: OrderedDict[int, tuple[str, int, list[Entry]]] = OrderedDict()
        self._numbers = count(1)

    def expire(self) -> None:
        """From now on the tokens given out so far get 410 Expired."""
        self._kept.clear()

    def page(self, kind: Kind, namespace: str, query: Mapping[str, str]) -> Page:
        """One page; StatusError 400 for a bad selector, limit or token, 410 for an expired token."""
        try:
            limit = int(query.get("limit") or 0)
        except ValueError as error:
            raise bad_request(f'strconv.ParseInt: parsing "{query["limit"]}": invalid syntax') from error
        scope = f"{kind.key}/{namespace}"
        selected = bool(query.get("labelSelector") or query.get("fieldSelector"))
        if token := query.get("continue", ""):
            number, start = _decoded(token)
            if number not in self._kept:
                message = (
                    "The provided continue parameter is too old to display a consistent list result. "
                    "You can start a new list without the continue parameter."
                )
                raise StatusError(410, "Expired", message)
            made_for, version, entries = self._kept[number]
            if made_for != scope:
                raise bad_request("continue key is not valid: it belongs to another list")
        else:
            match = selector(kind, query.get("labelSelector", ""), query.get("fieldSelector", ""))
            number, start, version = 0, 0, self._store.resource_version
            entries = self._store.entries(kind.key, namespace, match)
        end = start + limit if limit > 0 else len(entries)
        if end >= len(entries):
            return Page(entries[start:], version, "", None)
        if not number:
            number = next(self._numbers)
            self._kept[number] = (scope, version, entries)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        cursor = base64.urlsafe_b64encode(json.dumps([number, end]).encode()).decode().rstrip("=")
        return Page(entries[start:end], version, cursor, None if selected else len(entries) - end)


def _decoded(token: str) -> tuple[int, int]:
    try:
        number, start = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(number), int(start)
    except (ValueError, TypeError) as error:
        raise bad_request("continue key is not valid: " + token[:20]) from error
