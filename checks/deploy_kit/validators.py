"""The validators that others wrote, run on the kit's files as commands; none of them needs the network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

__all__ = ["VALIDATORS", "find_program", "validator_mistakes"]

VALIDATORS: dict[str, tuple[str, ...]] = {
    "sevalla.yml": ("check-jsonschema", "--schemafile", "deploy/sevalla/sevalla.schema.json", "sevalla.yml"),
    "nixpacks": (
        "check-jsonschema",
        "--schemafile",
        "deploy/sevalla/nixpacks.schema.json",
        "nixpacks.toml",
        "nixpacks.frontend.toml",
    ),
    "compose schema": ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml"),
    "TOML": ("taplo", "lint", "nixpacks.toml", "nixpacks.frontend.toml", ".streamlit/config.toml"),
    "YAML": ("yamllint", "--strict", "sevalla.yml", "docker-compose.yml", "deploy"),
    "Dockerfiles": (
        "hadolint",
        "deploy/docker/Dockerfile.backend",
        "deploy/docker/Dockerfile.frontend",
        "deploy/docker/Dockerfile.indexer",
    ),
    "compose": ("docker-compose", "config", "--quiet"),
}
# Not of the development dependencies: asked where it is.
_IF_THERE = frozenset({"docker-compose"})


def validator_mistakes(root: Path) -> list[str]:
    """Return what the validators found in the kit's files, one line each, after the validator's name."""
    with ThreadPoolExecutor() as running:
        found = running.map(lambda command: list(_run(command, root)), VALIDATORS.values())
        return [mistake for mistakes in found for mistake in mistakes]


def find_program(name: str) -> str | None:
    """Return a program's place: beside this Python, else on the path; None when it is nowhere."""
    return shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


def _run(command: tuple[str, ...], root: Path) -> Iterator[str]:
    name, *arguments = command
    program = find_program(name)
    if program is None:
        if name not in _IF_THERE:
            yield f"{name} is not installed (it comes with the extra dev)"
        return
    done = subprocess.run(
        [program, *arguments],
        cwd=root,
        env=os.environ | {"RUST_LOG": "error", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        lines = [line.strip() for line in f"{done.stdout}\n{done.stderr}".splitlines() if line.strip()]
        yield from (f"{name}: {line}" for line in lines or ["it failed without a word"])
