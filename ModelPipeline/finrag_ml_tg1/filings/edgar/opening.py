"""EDGAR as the settings say: who asks, whom, and where answers are kept."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.filings.edgar.access import ARCHIVES_URL, DATA_URL
from finrag_ml_tg1.filings.edgar.client import EdgarClient
from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["open_edgar"]


def open_edgar(config: MLConfig) -> EdgarClient:
    """Return a client, to be closed, that keeps answers in the cache folder; SettingsError without a contact."""
    if not config.sec_contact:
        raise SettingsError(
            "FINRAG_SEC_CONTACT is not set: SEC answers only those who say who they are. "
            'Set it to a name and an e-mail address, as "Example Research jane@example.com"'
        )
    archives_url, data_url = (config.sec_url or url for url in (ARCHIVES_URL, DATA_URL))
    return EdgarClient(
        config.sec_contact, Path(config.cache_dir) / "edgar", archives_url=archives_url, data_url=data_url
    )
