"""A descriptor that fits the applications of tests/sevalla_server.py, whatever the repository's own says today."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["write_descriptor"]

_ROOT = Path(__file__).parents[4]
_FIXED: dict[str, dict[str, Any]] = {
    "backend": {"size": "S2", "port": 8000, "public": False},
    "frontend": {"size": "S1", "port": 8501, "public": True},
}
_PATHS = {"backend": ("/readyz", "/livez"), "frontend": ("/_stcore/health", "/_stcore/health")}


def write_descriptor(folder: Path) -> Path:
    """Write it into a folder; return its path."""
    path = folder / "sevalla.yml"
    path.write_text(_text(), encoding="utf-8")
    return path


@cache
def _text() -> str:
    content = yaml.safe_load((_ROOT / "sevalla.yml").read_text("utf-8"))
    for role, application in content["applications"].items():
        application.update(_FIXED[role], name=f"finrag-{role}", instances=1)
        application["build"].update(strategy="dockerfile", file=f"deploy/docker/Dockerfile.{role}")
        for kind, probed in zip(("readiness", "liveness"), _PATHS[role], strict=True):
            application["probes"][kind]["path"] = probed
    return yaml.safe_dump(content)
