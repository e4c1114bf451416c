"""The headings a stretch of text stands under, outermost first."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["HeadingPath"]

_SHOWN = 2


@dataclass(frozen=True, slots=True)
class HeadingPath:
    """The open headings as (level, text), of falling rank; a heading closes those of its own level and deeper."""

    headings: tuple[tuple[int, str], ...] = ()

    def under(self, level: int, text: str, *, follows_heading: bool) -> HeadingPath:
        """Return the path below one more heading.

        A heading directly under another refines it even where both are printed alike.
        """
        kept = [open_heading for open_heading in self.headings if open_heading[0] < level]
        if follows_heading and self.headings and self.headings[-1][0] == level:
            kept = [*self.headings]
        return HeadingPath((*kept, (level, text)))

    def shown(self) -> list[str]:
        """Return the texts of the nearest headings, outermost first."""
        return [text for _, text in self.headings[-_SHOWN:]]
