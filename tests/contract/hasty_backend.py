"""The back end that waits for nobody long, so that tests of what happens then take a moment."""

from __future__ import annotations

from fastapi import FastAPI

from finrag_ml_tg1.loaders.ml_config import MLConfig
from serving.backend.app import create_app
from serving.http.patience import Patience
from serving.http.start import configured

__all__ = ["BODY_S", "GRACE_S", "SEND_S", "app"]

BODY_S, SEND_S, GRACE_S = 0.5, 0.5, 1.0


def _create_hasty(config: MLConfig) -> FastAPI:
    return create_app(config, stopping_grace_s=GRACE_S, patience=Patience(body_s=BODY_S, send_s=SEND_S))


app = configured(_create_hasty)
