"""What an outside engine holds, as the store remembers it: engines cannot list a hundred million keys at each start.

A part is noted as partial before its vectors are written or removed, and as held once all are written: whatever ends a
run, no part is believed to be held that is not, and no vector is forgotten.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from finrag_ml_tg1.errors import ObjectNotFoundError, PreconditionFailedError, StoreError, VectorIndexError
from finrag_ml_tg1.index.outside.engine import EngineState
from finrag_ml_tg1.loaders.object_store import ObjectStore

__all__ = ["Ledger", "ledger_key", "read_ledger", "write_ledger"]

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Ledger:
    """The parts (hash -> rows) whose vectors the engine has wholly, and those it has in part."""

    address: str
    identity: str
    held: Mapping[str, int]
    partial: Mapping[str, int]
    etag: str | None = None

    def of(self, state: EngineState) -> Ledger:
        """Return the ledger of the index as it is now: an empty one when it was made again meanwhile."""
        if self.identity == state.identity:
            return self
        return replace(self, identity=state.identity, held={}, partial={})

    def begin(self, parts: Mapping[str, int]) -> Ledger:
        """Return it with parts that are about to be written or removed."""
        held = {sha256: rows for sha256, rows in self.held.items() if sha256 not in parts}
        return replace(self, held=held, partial={**self.partial, **parts})

    def wrote(self, parts: Mapping[str, int]) -> Ledger:
        """Return it with parts that are wholly written."""
        return replace(self.removed(parts), held={**self.held, **parts})

    def removed(self, parts: Mapping[str, int]) -> Ledger:
        """Return it without parts that are wholly removed."""
        return replace(self, partial={sha256: rows for sha256, rows in self.partial.items() if sha256 not in parts})


def ledger_key(address: str) -> str:
    """Return the store key of the ledger of the engine's index at an address."""
    return f"index/outside/{hashlib.sha256(address.encode()).hexdigest()[:16]}.json"


def read_ledger(store: ObjectStore, address: str) -> Ledger:
    """Return the ledger of the engine's index at `address`, an empty one when nothing was ever written there."""
    key = ledger_key(address)
    try:
        stored = store.get(key)
    except ObjectNotFoundError:
        return Ledger(address, "", {}, {})
    try:
        values = json.loads(stored.data)
        if values.pop("format") != _FORMAT:
            raise StoreError(f"{key} in {store.url} was written by another program version: use the newer one")
        return Ledger(**values, etag=stored.etag)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{key} in {store.url} is damaged: delete it and the engine's index, then run `finrag vectors sync`"
        ) from error


def write_ledger(store: ObjectStore, ledger: Ledger) -> Ledger:
    """Write the ledger over the one it was read as, and return it as written.

    Raises VectorIndexError when another run has written it meanwhile.
    """
    values = {"format": _FORMAT, **asdict(ledger)}
    del values["etag"]
    data = json.dumps(values, separators=(",", ":")).encode()
    try:
        written = store.put(ledger_key(ledger.address), data, if_match=ledger.etag, if_absent=ledger.etag is None)
    except PreconditionFailedError as error:
        raise VectorIndexError(
            f"another `finrag vectors sync` is writing to {ledger.address}: wait until it has ended"
        ) from error
    return replace(ledger, etag=written.etag)
