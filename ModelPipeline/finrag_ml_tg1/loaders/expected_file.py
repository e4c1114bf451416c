"""A file as a manifest or a catalog describes it: what a copy must be to be that file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from finrag_ml_tg1.errors import IndexCorruptError

__all__ = ["BLOCK_BYTES", "ExpectedFile", "hash_blocks"]

BLOCK_BYTES = 8 * 1024 * 1024  # what is read, checked and held in memory at a time
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """The object at `key`: its SHA-256, its size in bytes, and the SHA-256 of each of its blocks where they are known.

    Raises IndexCorruptError when these cannot be a file's.
    """

    key: str
    sha256: str
    size: int
    blocks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        hashes = (self.sha256, *self.blocks)
        if self.size < 0 or not all(_SHA256.fullmatch(value) for value in hashes):
            raise IndexCorruptError(
                f"The manifest's SHA-256 or size of {self.key} is malformed: build or publish the index again."
            )
        if self.blocks and len(self.blocks) != self.block_count:
            raise IndexCorruptError(f"The manifest's blocks of {self.key} do not fit its size: build the index again.")

    @property
    def block_count(self) -> int:
        """How many blocks it consists of; an empty file is one empty block."""
        return max(1, -(-self.size // BLOCK_BYTES))

    @property
    def has_checked_blocks(self) -> bool:
        """Whether each block can be checked by itself."""
        return bool(self.blocks) or self.block_count == 1

    def span(self, number: int) -> tuple[int, int]:
        """Return (offset, length) of a block in bytes."""
        offset = number * BLOCK_BYTES
        return offset, min(BLOCK_BYTES, self.size - offset)

    def is_block(self, number: int, data: bytes) -> bool:
        """Return whether `data` can be this block: by its hash where it is known, otherwise by its length alone."""
        if len(data) != self.span(number)[1]:
            return False
        if not self.has_checked_blocks:
            return True
        return hashlib.sha256(data).hexdigest() == (self.blocks[number] if self.blocks else self.sha256)


def hash_blocks(data: bytes) -> tuple[str, ...]:
    """Return the hex SHA-256 of each block; none for at most one block, which the hash of the whole says all of."""
    if len(data) <= BLOCK_BYTES:
        return ()
    view = memoryview(data)
    return tuple(
        hashlib.sha256(view[start : start + BLOCK_BYTES]).hexdigest() for start in range(0, len(data), BLOCK_BYTES)
    )
