"""An encoder for tests of what surrounds it: fast, the same vector for the same text, and it counts its work."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.index.encoder import ENCODER_FILES, EncoderIdentity

__all__ = ["FakeEncoder", "write_encoder_files"]

TINY = EncoderIdentity(name="tiny", source_sha256="0" * 64, sha256="1" * 64, dimension=16, max_tokens=256)


class FakeEncoder:
    """Implements Encoder; a word is a word-piece, a vector is drawn from the text's hash."""

    def __init__(self, identity: EncoderIdentity = TINY) -> None:
        self.identity = identity
        self.encoded: list[str] = []

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.encoded.extend(texts)
        vectors = np.zeros((len(texts), self.identity.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
            vectors[row] = np.random.default_rng(seed).normal(size=self.identity.dimension)
            vectors[row] /= np.linalg.norm(vectors[row])
        return vectors

    def count_tokens(self, text: str) -> int:
        return len(self.token_offsets(text))

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\S+", text)]


def write_encoder_files(folder: Path) -> Path:
    """Write small files under the names of an encoder's."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ENCODER_FILES:
        (folder / name).write_text(f"{name} of a test")
    return folder
