"""The encoder that an index carries, opened from the cache."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from finrag_ml_tg1.errors import StoreError
from finrag_ml_tg1.index.encoder import ENCODER_FILES, OnnxEncoder
from finrag_ml_tg1.index.manifest import Manifest

__all__ = ["open_carried_encoder"]


def open_carried_encoder(paths: Mapping[str, Path], encoders: Path, manifest: Manifest) -> OnnxEncoder:
    """Return the encoder the index carries; its files are linked into one folder under the names they are loaded by.

    The folder is named by what it links to: versions with one encoder share it, and what is there need not be changed.
    """
    targets = [paths[f"encoder/{name}"].resolve() for name in ENCODER_FILES]
    folder = encoders / hashlib.sha256("\n".join(map(str, targets)).encode()).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the cache folder {folder} cannot be written ({error.strerror}): set FINRAG_CACHE_DIR"
        ) from error
    for name, target in zip(ENCODER_FILES, targets, strict=True):
        with suppress(FileExistsError):  # made by an earlier start, or by another process just now
            (folder / name).symlink_to(target)
    encoder = OnnxEncoder.load(folder)
    encoder.identity.require(manifest.encoder)
    return encoder
