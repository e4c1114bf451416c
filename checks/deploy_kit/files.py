"""Which files the deploy kit has, and their texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

__all__ = ["FILES", "Files", "read_files"]

Files = Mapping[str, str]
"""Texts by path, relative to the repository."""

FILES = (
    ".aws_secrets.example/aws_credentials.env",
    ".dockerignore",
    ".streamlit/config.toml",
    "Procfile",
    "deploy/docker/Dockerfile.backend",
    "deploy/docker/Dockerfile.frontend",
    "deploy/docker/Dockerfile.indexer",
    "deploy/pricing.yaml",
    "docker-compose.yml",
    "docs/openapi.json",
    "nixpacks.frontend.toml",
    "nixpacks.toml",
    "requirements/backend.txt",
    "requirements/frontend.txt",
    "sevalla.yml",
)


def read_files(root: Path) -> dict[str, str]:
    """Return the kit's files; raises OSError for one that is not there."""
    return {name: (root / name).read_text("utf-8") for name in FILES}
