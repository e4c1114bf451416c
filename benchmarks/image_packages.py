"""How large the packages of the three images are: `python -m benchmarks.image_packages`.

Each is installed as its Dockerfile says, by its own commands, in a folder of its own; once as it comes from the wheels,
and once with the bytecode that the image holds. Needs the package index.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measurement import hardware, written
from checks.dockerfiles import read_stages
from tests.sample_index import ROOT
from tests.soak.image_build import size_mb

_TARGETS_MB = {"backend": 520, "frontend": 480, "indexer": 600}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="write the result here, as JSON")
    arguments = parser.parse_args()
    images = {name: measure(name) for name in _TARGETS_MB}
    written({"images": images, "hardware": hardware()}, arguments.out)
    if any(image["with_bytecode_mb"] > image["target_mb"] for image in images.values()):
        raise SystemExit("an image is larger than it is to be")


def measure(name: str) -> dict[str, Any]:
    """Return the size of an image's environment, in units of 1,000,000 bytes, and its largest packages."""
    build = read_stages((ROOT / f"deploy/docker/Dockerfile.{name}").read_text())[0]
    install, compile_all = (run.text for run in build.all_of("RUN")[:2])
    lock, _, in_the_image = build.all_of("COPY")[0].text.partition(" ")
    with tempfile.TemporaryDirectory(prefix="image-packages-") as folder:
        venv = Path(folder) / "venv"
        places = {
            "/opt/venv": str(venv),
            in_the_image: str(ROOT / lock),
            " /app": "",
        }
        _run(install, places)
        packages_mb = size_mb(venv)
        largest = _largest(next(venv.glob("lib/python*/site-packages")))
        _run(compile_all, places)
        return {
            "target_mb": _TARGETS_MB[name],
            "packages_mb": packages_mb,
            "with_bytecode_mb": size_mb(venv),
            "largest_mb": largest,
        }


def _run(command: str, places: dict[str, str]) -> None:
    for place, other in places.items():
        command = re.sub(rf"{re.escape(place)}(?=[\s/]|$)", other, command)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["sh", "-c", command], env=os.environ | {"PATH": path}, check=True, stderr=subprocess.DEVNULL)


def _largest(packages: Path) -> dict[str, int]:
    sizes = {folder.name: size_mb(folder) for folder in packages.iterdir() if folder.is_dir()}
    return dict(sorted(sizes.items(), key=lambda each: -each[1])[:5])


if __name__ == "__main__":
    main()
