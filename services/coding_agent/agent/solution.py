"""What the agent's loop made of an assignment."""

from __future__ import annotations

from dataclasses import dataclass

from coding_agent.runs.assignment import ExitStatus

__all__ = ["Solution"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """How the loop ended, and what it used; the changes are in the sandbox's work tree, whatever the exit status.

    `summary` is the model's own words at its submission (untrusted, redacted, bounded; empty without one);
    `trajectory` is JSON (UTF-8, redacted, bounded); `steps` are answers of the model; `detail` says more of an exit
    that is not `submitted`.
    """

    exit_status: ExitStatus
    summary: str
    trajectory: bytes
    steps: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    detail: str = ""
