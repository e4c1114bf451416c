"""What every command begins with: the settings, the store, and how expected failures are told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.ml_config_loader import load_config
from finrag_ml_tg1.loaders.object_store import ObjectStore
from finrag_ml_tg1.loaders.open_store import open_store

if TYPE_CHECKING:
    from finrag_ml_tg1.answering.models.language_model import LanguageModel
    from finrag_ml_tg1.pipeline import FinRAG

__all__ = ["Session", "explaining", "store_option"]

P = ParamSpec("P")
R = TypeVar("R")

store_option = click.option("--store", "store_url", metavar="URL", help="Folder or s3://bucket/prefix [FINRAG_STORE].")


class Session:
    """The settings and the store a command works on."""

    def __init__(self, store_url: str | None) -> None:
        self.config: MLConfig = load_config()
        self.cache_folder = Path(self.config.cache_dir)
        self.store: ObjectStore = open_store(store_url or self.config.store, self.config)

    def open_pipeline(self) -> FinRAG:
        """Return the product over the store's current index."""
        from finrag_ml_tg1.index.outside.opening import open_engine
        from finrag_ml_tg1.loaders.cache import DiskCache
        from finrag_ml_tg1.pipeline import FinRAG

        cache = DiskCache(self.cache_folder, self.store, self.config.cache_mb * 2**20)
        engine = open_engine(self.config.vector_index, self.config) if self.config.vector_index else None
        return FinRAG.open(self.store, cache, self.cache_folder, engine=engine)

    def open_model(self, key: str | None) -> LanguageModel | None:
        """Return the model of that key, without one the model of the settings; None: answers are quoted.

        Raises ModelNotOfferedError for a key that the settings do not offer.
        """
        from finrag_ml_tg1.answering.models.opening import open_models

        return open_models(self.config).choose(key)


def explaining(command: Callable[P, R]) -> Callable[P, R]:
    """Turn every expected failure into one line and exit code 2."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except FinRAGError as error:
            click.echo(f"finrag: {error}", err=True)
            sys.exit(2)

    return wrapped
