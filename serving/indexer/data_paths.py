"""The data that evaluation jobs may read: what lies below FINRAG_EVAL_DATA, and nothing outside it."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.errors import FilingError
from serving.indexer.schemas import EvaluateRequest

__all__ = ["data_path", "named_paths"]

_NO_PATHS = frozenset(("what", "data", "scope", "dense"))


def named_paths(request: EvaluateRequest) -> dict[str, str]:
    """Return the fields of a request that name files or folders."""
    return {field: value for field, value in request.model_dump().items() if field not in _NO_PATHS and value}


def data_path(root: str, name: str) -> Path:
    """Return the file or folder of this name below `root`; FilingError when it is not there, or a link leads out."""
    folder = Path(root).resolve()
    try:
        path = (folder / name).resolve()
        if path.is_relative_to(folder) and path.exists():
            return path
    except (OSError, RuntimeError, ValueError):
        pass  # too long, not for us to read, links in a circle, or no name at all: it is not there
    raise FilingError(f"{name}: FINRAG_EVAL_DATA holds no such file or folder")
