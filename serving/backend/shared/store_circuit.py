"""Whether the store is away, as back ends tell each other: when two have found it so, the others need not wait for it.

One alone opens nothing: it may be its own network that is broken, and the others can read.
"""

from __future__ import annotations

import uuid

from serving.backend.shared.circuit import RedisCircuit
from serving.backend.shared.connection import SharedAwayError, SharedRedis

__all__ = ["StoreCircuit"]

_BACK_ENDS_TO_OPEN = 2
# A probe is one small object; the store's client gives up sooner.
_TRIAL_S = 30.0


class StoreCircuit:
    """What this back end tells of the store, and hears of it; nothing here waits but `may_probe`."""

    def __init__(self, shared: SharedRedis, open_s: float) -> None:
        self._shared = shared
        self._circuit = RedisCircuit(
            shared, "store", failures_to_open=_BACK_ENDS_TO_OPEN, open_s=open_s, trial_s=_TRIAL_S
        )
        self._back_end = uuid.uuid4().hex
        self._probe = ""
        self._is_open = False
        shared.watch(self._look)

    @property
    def is_open(self) -> bool:
        """Whether several back ends have found the store away, and none that it is back; as of a second ago."""
        return self._is_open and not self._shared.outage

    def fail(self) -> None:
        """Tell that the store could not be reached."""
        probe = self._probe
        self._shared.later(lambda: self._circuit.fail(probe, self._back_end))

    def succeed(self) -> None:
        """Tell that the store answered when it was asked whether it is back."""
        self._is_open = False
        self._shared.later(self._circuit.succeed)

    def may_probe(self) -> bool:
        """Return whether this back end is to ask the store if it is back; while the circuit is open, one of all is."""
        self._probe = uuid.uuid4().hex
        try:
            return self._circuit.enter(self._probe).may_pass
        except SharedAwayError:
            return True

    def _look(self) -> None:
        self._is_open = self._circuit.look() != "closed"
