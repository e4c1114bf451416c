"""How much is kept beside a job: artifacts are compressed, both they and lines of a log have a largest size."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from coding_agent.errors import CodingAgentError
from coding_agent.jobs.store import Artifact

__all__ = ["MAX_LINE_CHARS", "kept_lines", "pack", "unpack"]

MAX_LINE_CHARS = 4000
_CUT = " [cut]"


def pack(artifact: Artifact, data: bytes, max_bytes: int) -> bytes:
    """Return it compressed. Raises CodingAgentError `artifact_too_large` when it has more than `max_bytes`."""
    if len(data) > max_bytes:
        raise CodingAgentError(
            "artifact_too_large", f"The {artifact} has {len(data)} bytes; at most {max_bytes} are kept"
        )
    # A trajectory is saved after every step: the fastest level, which halves text already.
    return zlib.compress(data, 1)


def unpack(data: bytes) -> bytes:
    """Return what was packed."""
    return zlib.decompress(data)


def kept_lines(lines: Sequence[str]) -> list[str]:
    """Return lines as a log keeps them: one line each, valid UTF-8, none longer than MAX_LINE_CHARS."""
    return [_kept(part) for line in lines for part in line.splitlines() or [""]]


def _kept(line: str) -> str:
    text = line if len(line) <= MAX_LINE_CHARS else line[: MAX_LINE_CHARS - len(_CUT)] + _CUT
    return text.encode("utf-8", "replace").decode("utf-8")
