"""The one place that decides which engine an address means. Clients are imported when one is opened, and not before."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.loopback import is_loopback
from finrag_ml_tg1.loaders.vector_address import VectorAddress, parse_vector_address

if TYPE_CHECKING:
    from finrag_ml_tg1.index.outside.engine import VectorEngine
    from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["open_engine"]


def open_engine(text: str, config: MLConfig, *, is_filling: bool = False) -> VectorEngine:
    """Return the engine at an address, with the credentials and region of `config`; nothing is contacted yet.

    One opened for questions gives up within seconds, one `is_filling` repeats for minutes. Raises SettingsError for
    what is no address, for a key that would be sent in the open, and when the client is not installed.
    """
    try:
        address = parse_vector_address(text)
    except SettingsError as error:
        raise SettingsError(f"The vector index's address cannot be used: {error}.") from error
    if address.engine == "s3vectors":
        from finrag_ml_tg1.index.outside.s3_vectors import S3VectorsEngine

        return S3VectorsEngine(address, config, is_filling=is_filling)
    return _open_qdrant(address, config, is_filling=is_filling)


def _open_qdrant(address: VectorAddress, config: MLConfig, *, is_filling: bool) -> VectorEngine:
    place = urlsplit(address.place)
    key = config.qdrant_api_key.get_secret_value() if config.qdrant_api_key else None
    if key and place.scheme != "https" and not is_loopback(place.hostname or ""):
        raise SettingsError(f"QDRANT_API_KEY would be sent unencrypted to {address.place}: use qdrant+https://.")
    try:
        from finrag_ml_tg1.index.outside.qdrant import QdrantEngine, connect
    except ModuleNotFoundError as error:
        raise SettingsError(f"{address.text} needs Qdrant's client: pip install 'finrag[qdrant]'.") from error
    return QdrantEngine(connect(address.place, key, is_filling=is_filling), address, is_filling=is_filling)
