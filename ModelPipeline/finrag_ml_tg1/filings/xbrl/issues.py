"""What is wrong with a tagged fact: raised where it is found, reported beside the facts that could be read."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Unreadable", "XbrlIssue"]

_MAX_TEXT_CHARS = 120


class Unreadable(Exception):  # noqa: N818 - the reading of facts turns it into an XbrlIssue
    """A context, unit or value that the specification gives no meaning; `str()` is the reason in one line."""


@dataclass(frozen=True, slots=True)
class XbrlIssue:
    """A tagged fact that is left out or doubtful: its concept, the text as printed (shortened) and the reason."""

    concept: str
    text: str
    reason: str

    @classmethod
    def of(cls, concept: str, text: str, reason: str) -> XbrlIssue:
        """Return the issue with whitespace collapsed and long text cut."""
        words = " ".join(text.split())
        return cls(concept, words if len(words) <= _MAX_TEXT_CHARS else f"{words[:_MAX_TEXT_CHARS]}…", reason)
