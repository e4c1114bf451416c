"""The addresses at which machines ask at fixed times how the process is."""

from __future__ import annotations

__all__ = ["POLLED", "PROBES"]

# Open to all, and no client's rate: a platform has no key.
PROBES = frozenset(("/livez", "/readyz", "/health"))
# Not worth a line in the log each time.
POLLED = PROBES | {"/metrics"}
