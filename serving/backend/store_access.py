"""What the store's policy lets this process keep there: a refusal is logged once, and then told by `GET /health`.

A process whose keys can only read answers as any other. What it cannot keep it says, instead of trying for ever.
"""

from __future__ import annotations

import logging
import threading
from typing import Literal

from finrag_ml_tg1.errors import StoreDeniedError

__all__ = ["Deed", "StoreAccess"]

# A policy is changed by people: what it forbade is tried again, but not often.
TRIAL_S = 600.0

Deed = Literal["reading logs/", "writing logs/", "writing feedback/"]

_CONSEQUENCES: dict[Deed, str] = {
    "reading logs/": "what was used before this start is not counted",
    "writing logs/": "queries are not logged, and what they used is forgotten at the end",
    "writing feedback/": "feedback is refused",
}
_REMEDY = "allow it (deploy/policies/pod-logs.json), or set FINRAG_QUERY_LOG=off"

_logger = logging.getLogger(__name__)


class StoreAccess:
    """What was refused, and not allowed since; safe for use from several threads.

    What is refused is tried again after `trial_s`.
    """

    def __init__(self, trial_s: float = TRIAL_S) -> None:
        self.trial_s = trial_s
        self._lock = threading.Lock()
        self._denied: set[Deed] = set()
        self._is_told = False

    def deny(self, deed: Deed, error: StoreDeniedError) -> None:
        """Note a refusal. The first of all is a warning in the log; one that is known already is not told again."""
        with self._lock:
            if deed in self._denied:
                return
            self._denied.add(deed)
            level = logging.INFO if self._is_told else logging.WARNING
            self._is_told = True
        _logger.log(level, "the store does not allow %s: %s; %s: %s", deed, _CONSEQUENCES[deed], _REMEDY, error)

    def allow(self, deed: Deed) -> None:
        """Note that it was allowed."""
        with self._lock:
            if deed not in self._denied:
                return
            self._denied.discard(deed)
            self._is_told = bool(self._denied)
        _logger.info("the store allows %s again", deed)

    def is_denied(self, deed: Deed) -> bool:
        """Return whether it was refused when last tried."""
        return deed in self._denied

    @property
    def warnings(self) -> list[str]:
        """One sentence on all that is refused, or none."""
        with self._lock:
            denied = [deed for deed in _CONSEQUENCES if deed in self._denied]
        if not denied:
            return []
        consequences = "; ".join(_CONSEQUENCES[deed] for deed in denied)
        return [f"The store does not allow {', '.join(denied)}: {consequences}. To mend it, {_REMEDY}."]
