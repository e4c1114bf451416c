"""How a service begins: with the settings of its environment, or with one line that says which of them is wrong."""

from __future__ import annotations

import sys
from collections.abc import Callable

from fastapi import FastAPI

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.machine import raise_file_limit
from serving.http.logs import configure_logging, held_back

__all__ = ["configured"]


def configured(create_app: Callable[[MLConfig], FastAPI]) -> FastAPI:
    """Return the application the environment asks for; a wrong setting ends the process, without a traceback."""
    raise_file_limit()
    try:
        with held_back():
            config = load_config()
            configure_logging(config)
        return create_app(config)
    except SettingsError as error:
        sys.exit(f"finrag: {error}")
