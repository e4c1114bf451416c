"""What would be published: the files of the wheel, of which none may be anything but our code and its data."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

__all__ = ["wheel_files", "wheel_mistakes"]

_ROOMS = ("finrag_ml_tg1", "serving")
_SUFFIXES = {".jinja", ".json", ".py", ".pyi", ".txt", ".typed", ".yaml"}
_FOREIGN = re.compile(r"(?:^|/)(?:tests?|__pycache__)/|(?:^|/)(?:conftest|test_\w+)\.py$")
# Data under such a name; a module may be called after what it checks.
_PRIVATE = re.compile(r"(?:secret|credential|password)[^/]*(?<!\.py)$")


def wheel_files(root: Path) -> list[str]:
    """Build the wheel of the project in `root`, aside, and return the names of its files.

    Raises OSError with hatchling's last words when it cannot be built.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        wheel = next(Path(folder).glob("*.whl"), None)
        if done.returncode != 0 or wheel is None:
            words = done.stderr.strip().splitlines() or ["it gave no reason"]
            raise OSError(f"the wheel cannot be built: {words[-1]}")
        with zipfile.ZipFile(wheel) as archive:
            return archive.namelist()


def wheel_mistakes(names: Iterable[str]) -> list[str]:
    """Return the files of a wheel that must not be in it, one line each."""
    found = []
    for name in names:
        path = PurePosixPath(name)
        about = path.parts[0].endswith(".dist-info")
        if path.is_absolute() or ".." in path.parts or not (about or path.parts[0] in _ROOMS):
            found.append(f"{name} is not below {' or '.join(_ROOMS)}")
        elif not about and (path.suffix not in _SUFFIXES or _FOREIGN.search(name) or _PRIVATE.search(name)):
            found.append(f"{name} is no file of a program")
    return found
