"""The service's own variables on this machine, where there are any."""

from __future__ import annotations

from pydantic import ValidationError

from coding_agent.operations.doctor.finding import Check, Finding, ok, problem
from coding_agent.settings import Settings

__all__ = ["read_own_settings", "settings_check"]


def read_own_settings() -> tuple[Settings | None, str]:
    """Return the settings, or None and what is wrong with them, without values."""
    try:
        return Settings(), ""
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
    return None, "; ".join(
        f"{'CODING_AGENT_' + '.'.join(map(str, each['loc'])).upper() + ': ' if each['loc'] else ''}{each['msg']}"
        for each in found
    )


def settings_check(wrong: str) -> Check:
    """Return the check that tells what `read_own_settings` found."""

    def look() -> Finding:
        return problem(wrong, "see python -m coding_agent settings") if wrong else ok("each variable is as it must be")

    return Check("settings", look)
