"""`.dockerignore`: nothing goes into a build but what is named, and nothing that a build needs is left out."""

from __future__ import annotations

from collections.abc import Iterator

from checks.deploy_kit.files import Files
from checks.dockerfiles import read_stages
from finrag_ml_tg1.operations.deployment.descriptor import Descriptor

__all__ = ["context_mistakes"]

_PRIVATE = frozenset({".aws_secrets", ".env", ".finrag", ".git", ".venv", "ml_config.yaml", "tests"})
# Where Nixpacks puts its own files, to copy them from there.
_NIXPACKS = ".nixpacks"
_LEFT_OUT = ("**/.env", "**/__pycache__", "**/secrets.toml")


def context_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield what is wrong with the file."""
    lines = [line for line in files[".dockerignore"].splitlines() if line and not line.startswith("#")]
    let_in = {line[1:].strip("/") for line in lines if line.startswith("!")}
    if lines[:1] != ["*"]:
        yield ".dockerignore: it does not begin with *, which leaves out all that is not named"
    for name in sorted(let_in & _PRIVATE):
        yield f".dockerignore: it lets in {name}"
    if any(set(name) & set("*?[") for name in let_in):
        yield ".dockerignore: it lets in a pattern: name each folder"
    for pattern in _LEFT_OUT:
        if pattern not in lines[1:]:
            yield f".dockerignore: it does not leave out {pattern}"
    needed = {_NIXPACKS} | {
        source.partition("/")[0]
        for name, text in files.items()
        if name.startswith("deploy/docker/Dockerfile.")
        for stage in read_stages(text)
        for copy in stage.all_of("COPY")
        if "from" not in copy.options
        for source in copy.words[:-1]
    }
    for name in sorted(needed - let_in):
        yield f".dockerignore: it leaves out {name}, which a build copies"
