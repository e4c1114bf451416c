"""Text of strangers, made fit to be shown to a model or a person: bounded, visible, in a block that it cannot leave."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Literal

__all__ = ["UntrustedBlocks", "cut_middle", "first_line", "visible"]

_UNUSUAL = re.compile(r"[^\n\t -~]")
# Variation selectors beyond those of emoji: printable by their category, invisible, and used to hide text.
_HIDDEN_SELECTORS = range(0xE0100, 0xE01F0)
# What looks like our own block, and the special tokens by which models know the turns of a conversation.
_FRAME = re.compile(r"<(?=\s*/?\s*untrusted)|<(?=\|[^|<>\n]{1,40}\|>)", re.IGNORECASE)
# Tags that pass for turns or rules. Programs have such tags as well, so they are left alone in output.
_TURN = re.compile(
    r"<(?=\s*/?\s*(?:system|user|assistant|human|tool|instructions?)(?![a-z]))"
    r"|<(?=<\s*/?\s*sys\s*>>)|\[(?=\s*/?\s*inst\s*\])",
    re.IGNORECASE,
)


def visible(text: str) -> str:
    """Return the text with characters that do not show written as `[U+0000]`; line ends become newlines."""
    return _UNUSUAL.sub(_shown, text.replace("\r\n", "\n").replace("\r", "\n"))


def _shown(match: re.Match[str]) -> str:
    character = match[0]
    if character.isprintable() and ord(character) not in _HIDDEN_SELECTORS:
        return character
    return " " if unicodedata.category(character) == "Zs" else f"[U+{ord(character):04X}]"


def cut_middle(text: str, most: int) -> str:
    """Return the text; of one longer than `most` characters the two ends, and between them how much is left out."""
    if len(text) <= most:
        return text
    head, tail = most - most // 2, most // 2
    end = text[len(text) - tail :]
    return f"{text[:head]}\n[… {len(text) - head - tail} characters left out …]\n{end}"


def first_line(text: str, most: int = 200) -> str:
    """Return the first line of a text for a log: visible, at most `most` characters, `…` where more would follow."""
    shown = visible(text).replace("\t", " ").strip()
    line = shown.partition("\n")[0].rstrip()
    return line if line == shown and len(line) <= most else f"{line[:most]}…"


class UntrustedBlocks:
    """Wraps texts in blocks whose closing mark no text can hold: it has a random part, taken out of every text.

    `boundary` is for tests; a run has one that nobody who wrote the text could know.
    """

    def __init__(self, boundary: str | None = None) -> None:
        self.boundary = boundary or secrets.token_hex(8)
        self._own = re.compile(re.escape(self.boundary), re.IGNORECASE)

    @property
    def opening(self) -> str:
        """How a block begins, without what it is of."""
        return f"<untrusted-{self.boundary}"

    @property
    def closing(self) -> str:
        """The line that ends a block."""
        return f"</untrusted-{self.boundary}>"

    def wrap(self, source: Literal["issue", "output"], text: str) -> str:
        """Return the block of a text that is visible and bounded already."""
        within = _FRAME.sub("&lt;", text)
        if source == "issue":
            within = _TURN.sub(lambda match: "&lt;" if match[0] == "<" else "&#91;", within)
        return f'{self.opening} source="{source}">\n{self._own.sub("[boundary]", within)}\n{self.closing}'
