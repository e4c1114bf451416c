"""A folder for one run, private, and gone afterwards."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["workspace"]


@contextmanager
def workspace(parent: Path, job_id: str) -> Iterator[Path]:
    """Yield a new folder that only we may enter; what earlier attempts of this job left here is removed first."""
    # Commands of a model may be another user, who passes this folder to its work tree.
    parent.mkdir(mode=0o711, parents=True, exist_ok=True)
    for left in parent.glob(f"{job_id}-*"):
        shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{job_id}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
