"""Which paths our own programs answer, read from their sources: probes are held against them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

__all__ = ["FRAMEWORKS", "SOURCES", "read_routes"]

SOURCES: Mapping[str, tuple[str, ...]] = {
    "kserve-api": ("services/kserve_api",),
    "scheduler": ("services/scheduler",),
    "finrag-backend": ("serving/backend", "serving/http"),
    "finrag-indexer": ("serving/indexer", "serving/http"),
}
"""The last part of an image's name, and the folders of the program in it."""

FRAMEWORKS: Mapping[str, frozenset[str]] = {
    "finrag-frontend": frozenset({"/_stcore/health", "/_stcore/metrics"}),
    "grafana": frozenset({"/api/health", "/healthz", "/metrics"}),
    "qdrant": frozenset({"/healthz", "/livez", "/metrics", "/readyz"}),
}
"""What programs of others answer to probes, by their documentation."""

_DECLARING = frozenset({"api_route", "add_api_route", "get", "route", "Route"})
# Most files declare nothing, and need not be parsed for it.
_MAY_DECLARE = re.compile(rf"""\b(?:{"|".join(sorted(_DECLARING))})\s*\(\s*["']/""")


def read_routes(root: Path) -> dict[str, frozenset[str]]:
    """Return the paths that each program answers; one of ours whose sources are not in `root` is left out."""
    found = {
        image: frozenset(path for folder in folders for file in _sources(root / folder) for path in _declared(file))
        for image, folders in SOURCES.items()
    }
    return {**FRAMEWORKS, **{image: paths for image, paths in found.items() if paths}}


def _sources(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if not {"tests", ".venv"} & set(path.relative_to(folder).parts):
            yield path


def _declared(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    if not _MAY_DECLARE.search(text):
        return
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        first = node.args[0]
        if name in _DECLARING and isinstance(first, ast.Constant) and str(first.value).startswith("/"):
            yield str(first.value)
