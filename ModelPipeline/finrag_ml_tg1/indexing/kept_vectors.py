"""Vectors by the hash of their text, kept in a folder: what was encoded once is not encoded again.

Reports repeat most of their words from year to year, an interrupted build goes on where it stopped, and a new reader
changes few of the texts. The files hold the int8 codes that the index stores, so nothing is lost by keeping them.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.index.container import open_arrays, pack_arrays
from finrag_ml_tg1.index.encoder import Encoder, EncoderIdentity
from finrag_ml_tg1.index.vectors import dequantise, quantise

__all__ = ["KeptVectors"]

_HASH_BYTES = 16
_SUFFIX = ".vectors"


class KeptVectors:
    """The vectors one encoder made, in `folder`; `encoded` counts those that had to be made since it was opened.

    Several processes may use the same folder: each adds files of its own.
    """

    def __init__(self, encoder: Encoder, folder: Path) -> None:
        self._encoder = encoder
        self._folder = folder / encoder.identity.sha256[:16]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        self._places: dict[bytes, tuple[int, int]] = {}
        self._codes: list[npt.NDArray[np.int8]] = []
        self._scales: list[npt.NDArray[np.float32]] = []
        self.encoded = 0
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            self._open(path)

    @property
    def identity(self) -> EncoderIdentity:
        """The encoder that made them."""
        return self._encoder.identity

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one row a text, in the order given, of unit length to within the step of int8 codes."""
        hashes = [hashlib.blake2b(text.encode(), digest_size=_HASH_BYTES).digest() for text in texts]
        new = {key: text for key, text in zip(hashes, texts, strict=True) if key not in self._places}
        if new:
            self._add(list(new), *quantise(self._encoder.encode(list(new.values()))))
        vectors = np.empty((len(texts), self._encoder.identity.dimension), dtype=np.float32)
        for row, key in enumerate(hashes):
            file, place = self._places[key]
            vectors[row] = dequantise(self._codes[file][place][None], self._scales[file][place][None])[0]
        return vectors

    def _add(self, hashes: list[bytes], codes: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> None:
        self.encoded += len(hashes)
        keys = np.frombuffer(b"".join(hashes), dtype=np.uint8).reshape(-1, _HASH_BYTES)
        data = pack_arrays({"hashes": keys, "codes": codes, "scales": scales})
        path = self._folder / f"{hashlib.sha256(data).hexdigest()[:16]}{_SUFFIX}"
        aside = self._folder / f".{secrets.token_hex(8)}.tmp"
        try:
            aside.write_bytes(data)
            aside.replace(path)
        except OSError as error:
            raise _unwritable(self._folder, error) from error
        finally:
            aside.unlink(missing_ok=True)
        self._take(keys, codes, scales)

    def _open(self, path: Path) -> None:
        """Take a file's vectors; one that is damaged is removed, as they can be made again."""
        try:
            arrays = open_arrays(path)
            hashes, codes, scales = (arrays[name] for name in ("hashes", "codes", "scales"))
        except (IndexCorruptError, KeyError):
            path.unlink(missing_ok=True)
            return
        shapes = ((len(hashes), _HASH_BYTES), (len(hashes), self._encoder.identity.dimension), (len(hashes),))
        if (hashes.shape, codes.shape, scales.shape) == shapes:
            self._take(hashes, codes, scales)
        else:
            path.unlink(missing_ok=True)

    def _take(
        self, hashes: npt.NDArray[np.uint8], codes: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]
    ) -> None:
        file = len(self._codes)
        self._places.update((key.tobytes(), (file, row)) for row, key in enumerate(hashes))
        self._codes.append(codes)
        self._scales.append(scales)


def _unwritable(folder: Path, error: OSError) -> StoreError:
    return StoreError(f"vectors cannot be kept in {folder} ({error.strerror or error}): set FINRAG_CACHE_DIR")
