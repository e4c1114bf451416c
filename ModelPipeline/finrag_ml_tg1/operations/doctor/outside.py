"""Checks of what else is asked: an outside engine for vectors, and EDGAR's condition for asking it."""

from __future__ import annotations

from finrag_ml_tg1.index.outside.engine import require_fit
from finrag_ml_tg1.index.outside.opening import open_engine
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.index import IndexInStore

__all__ = ["check_sec_contact", "check_vector_engine"]


def check_vector_engine(index: IndexInStore, config: MLConfig) -> Finding:
    """Look whether the engine answers, and has an index that fits; its errors say what to do."""
    if config.vector_index is None:
        return skipped("FINRAG_VECTOR_INDEX is not set: the index's own vectors are searched")
    engine = open_engine(config.vector_index, config)
    try:
        require_fit(engine.describe(), index.manifest.encoder.dimension, engine.address)
    finally:
        engine.close()
    return ok(f"{engine.address} answers and fits; `finrag vectors sync` brings it up to date")


def check_sec_contact(config: MLConfig) -> Finding:
    """Look whether filings can be fetched from EDGAR, which asks for a name and an address."""
    if config.sec_contact is None:
        return skipped(
            "FINRAG_SEC_CONTACT is not set", "`finrag ingest --ticker` needs it: a name and an e-mail address"
        )
    if "@" not in config.sec_contact:
        return warning("FINRAG_SEC_CONTACT has no e-mail address", "SEC asks for a name and an e-mail address")
    return ok("FINRAG_SEC_CONTACT is set")
