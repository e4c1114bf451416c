"""Where things stand in the platform's dashboard (its documentation as of November 2026), for the advice of checks."""

from __future__ import annotations

__all__ = ["BY_HAND", "DOMAIN", "VARIABLES", "size_advice"]

VARIABLES = "Environment variables > Add environment variable, available during runtime only"
DOMAIN = ".sevalla.app"
BY_HAND = (
    "both: Settings > Source > “Automatic deployment on commit” is off, and so is the deploy hook",
    "both: Environment variables are for runtime only, not for the build: what the build has ends up in the image",
    "back end: Networking > Public networking > “Expose HTTP traffic” is off",
    "back end: Networking > “Add internal connection” to the front end; its internal hostname is in BACKEND_URL",
    "both: Processes > ⋯ > Update process > Health checks: both probes are on, with the paths of the descriptor",
)


def size_advice(size: str) -> str:
    """Return where another size is chosen."""
    return f"choose {size}: Processes > ⋯ > Update process > Resource; and in the descriptor"
