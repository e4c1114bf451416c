"""Builds an image's build stage in a folder, instruction by instruction, with bubblewrap instead of Docker."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from checks.dockerfiles import Instruction, Stage
from tests.containers import Image, container_arguments
from tests.sample_index import ROOT

__all__ = ["build_image", "size_mb"]

# Where instructions of the build may write; everything else comes from the base.
_PLACES = ("/opt", "/app", "/build")


def build_image(image: Image, folder: Path) -> Mapping[str, Path]:
    """Carry out the instructions of the build stage; return the places that the last stage fills, and with what."""
    written = {place: folder / place[1:] for place in _PLACES}
    for path in written.values():
        path.mkdir(parents=True)
    build, final = image.stages
    for instruction in build.instructions:
        if instruction.keyword == "COPY":
            _copy(instruction, written)
        elif instruction.keyword == "RUN":
            _run(instruction.text, written, build)
    for instruction in final.all_of("RUN"):  # bytecode of the standard library, which is there already
        _run(instruction.text, written, final)
    copies = [instruction.words for instruction in final.all_of("COPY")]
    return {target: folder / source[1:] for source, target in copies}


def size_mb(folder: Path) -> int:
    """Return the size of a folder's files, in units of 1,000,000 bytes."""
    return round(sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir()) / 1e6)


def _copy(instruction: Instruction, written: Mapping[str, Path]) -> None:
    source, target = instruction.words
    place = next(place for place in written if target.startswith(f"{place}/"))
    path = written[place] / target.removeprefix(f"{place}/")
    path.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / source).is_dir():
        shutil.copytree(ROOT / source, path, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy2(ROOT / source, path)


def _run(command: str, written: Mapping[str, Path], stage: Stage) -> None:
    environment = os.environ | {"PATH": "/base:/usr/bin:/bin", "HOME": "/tmp"} | stage.environment
    environment.pop("PYTHONPATH", None)
    if stage.environment:
        environment["PATH"] = f"/base:{environment['PATH']}"
    done = subprocess.run(
        container_arguments({}, written, ["sh", "-c", command]),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
