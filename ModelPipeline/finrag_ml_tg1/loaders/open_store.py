"""The one place that decides which store an address means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from finrag_ml_tg1.errors import SettingsError, StoreError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from finrag_ml_tg1.loaders.object_store import ObjectStore, split_s3_url

if TYPE_CHECKING:
    from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["open_store"]


def open_store(url: str, config: MLConfig) -> ObjectStore:
    """Return the store at `url` (`s3://bucket/prefix` or a folder), with the credentials and region of `config`.

    Nothing is contacted or created yet. Raises SettingsError when `url` is no store's address.
    """
    if not url.strip():
        raise SettingsError("The store's address is empty: give a folder or s3://bucket/prefix.")
    try:
        place = split_s3_url(url)
    except StoreError as error:
        raise SettingsError(f"The store's address cannot be used: {error}") from error
    if place is None:
        return LocalFolderStore(Path(url).expanduser())
    from finrag_ml_tg1.loaders.s3_store import S3Store  # boto3 costs 0.2 s that a local store need not pay

    return S3Store(*place, config)
