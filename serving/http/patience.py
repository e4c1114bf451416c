"""How long a server waits for a client."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PATIENT", "Patience"]


@dataclass(frozen=True, slots=True)
class Patience:
    """In seconds: `body_s` for the whole body of a request, `send_s` for a client that reads nothing.

    15 seconds bring the largest body over a slow line (300 kbit/s). Both are less than a server has that is told to
    stop.
    """

    body_s: float = 15.0
    send_s: float = 15.0


PATIENT = Patience()
