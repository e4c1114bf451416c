"""What of a request these settings do not allow is refused with 422, before a job begins."""

from __future__ import annotations

from fastapi import HTTPException

from finrag_ml_tg1.errors import FilingError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.indexer.data_paths import data_path, named_paths
from serving.indexer.schemas import EvaluateRequest, IngestRequest

__all__ = ["Admission"]


class Admission:
    """Checks requests against the settings; raises HTTPException."""

    def __init__(self, config: MLConfig) -> None:
        self._config = config

    def check_ingest(self, request: IngestRequest) -> None:
        """Check that the origin of the filings is set up."""
        if request.sources and self._config.indexer_sources is None:
            raise HTTPException(422, "This service reads no files: FINRAG_INDEXER_SOURCES is not set.")
        if request.tickers and not self._config.sec_contact:
            raise HTTPException(422, "This service does not ask EDGAR: FINRAG_SEC_CONTACT is not set.")

    def check_evaluate(self, request: EvaluateRequest) -> None:
        """Check that every file and folder named is there."""
        if self._config.eval_data is None:
            raise HTTPException(422, "This service holds no data to evaluate on: FINRAG_EVAL_DATA is not set.")
        for field, name in named_paths(request).items():
            try:
                data_path(self._config.eval_data, name)
            except FilingError as error:
                raise HTTPException(422, f"The request cannot be used: {field}: {error}.") from error
