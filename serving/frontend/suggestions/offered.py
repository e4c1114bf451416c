"""The questions an abstention ends with: the back end offers what it knows to be answered."""

__all__ = ["split_offered"]

_HEADING = "You could ask:"
_BULLET = "- "


def split_offered(text: str) -> tuple[str, tuple[str, ...]]:
    """Return an abstention's text without the questions it ends with, and those questions; none when it has none."""
    before, heading, listed = text.rpartition(f"{_HEADING}\n\n")
    lines = listed.strip().splitlines()
    if not heading or not lines or not all(line.startswith(_BULLET) for line in lines):
        return text, ()
    return before.rstrip(), tuple(line.removeprefix(_BULLET).strip() for line in lines)
