"""Text as a file can hold it."""

import re

__all__ = ["make_printable"]

# Control characters, and halves of a character that no encoding can write.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def make_printable(text: str) -> str:
    """Return the text with the sign for an unknown character (U+FFFD) in place of what cannot be written."""
    return _UNPRINTABLE.sub("\ufffd", text)
