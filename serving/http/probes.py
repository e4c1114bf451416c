"""The addresses at which a platform asks how the process is."""

from __future__ import annotations

__all__ = ["PROBES", "UNCOUNTED"]

# Open to all: a platform has no key.
PROBES = frozenset(("/livez", "/readyz", "/health"))
# Asked at fixed times, by machines: no client's rate.
UNCOUNTED = PROBES | {"/metrics"}
