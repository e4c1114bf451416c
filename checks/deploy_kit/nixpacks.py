"""`nixpacks.toml` and `nixpacks.frontend.toml`: what would be built by them, and how it would start."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from checks.deploy_kit.files import Files
from checks.deploy_kit.nixpacks_plan import VENV, effective_plan
from checks.dockerfiles import read_stages
from finrag_ml_tg1.operations.deployment.descriptor import Application, Descriptor

__all__ = ["nixpacks_mistakes"]

# Without these, numpy and polars find no libstdc++.so.6 and no zlib.
_LIBRARIES = {"zlib", "stdenv.cc.cc.lib"}
_IMPORT_PATHS = {"backend": "/app/ModelPipeline:/app", "frontend": "/app"}


def nixpacks_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield what is wrong with the two files."""
    for role in ("backend", "frontend"):
        application: Application = getattr(descriptor.applications, role)
        name = application.build.nixpacks
        try:
            plan = effective_plan(tomllib.loads(files[name]))
        except tomllib.TOMLDecodeError as error:
            yield f"{name}: this is no TOML: {error}"
            continue
        found = [
            *_setup(plan["phases"].get("setup", {}), _python(files[application.build.file])),
            *_install(plan["phases"].get("install", {}), application.build.requirements),
            *_variables(plan["variables"], application, role),
            *_start(plan["start"], application),
        ]
        if "install" not in plan["phases"].get("build", {}).get("dependsOn", ["install"]):
            found.append("the phase build does not wait for install")
        yield from (f"{name}: {mistake}" for mistake in found)


def _python(dockerfile: str) -> str:
    """Return the Python of the image, as 3.11."""
    found = re.search(r":(\d+\.\d+)", read_stages(dockerfile)[-1].image)
    return found[1] if found else ""


def _setup(phase: Mapping[str, Any], python: str) -> Iterator[str]:
    packages = set(phase.get("nixPkgs", []))
    if f"python{python.replace('.', '')}" not in packages:
        yield f'no Python {python} is set up: nixPkgs keeps "...", and NIXPACKS_PYTHON_VERSION says {python}'
    if missing := sorted(_LIBRARIES - set(phase.get("nixLibs", []))):
        yield f'nixLibs lacks {" and ".join(missing)}: keep "..." in it'


def _install(phase: Mapping[str, Any], requirements: str) -> Iterator[str]:
    commands = " && ".join(phase.get("cmds", []))
    for part in (
        f"python -m venv --copies {VENV}",
        f". {VENV}/bin/activate",
        "--require-hashes",
        "--only-binary=:all:",
    ):
        if part not in commands:
            yield f"the phase install lacks {part}"
    if re.findall(r"-r (\S+)", commands) != [requirements]:
        yield f"the phase install does not install {requirements} alone"
    if requirements not in phase.get("onlyIncludeFiles", [requirements]):
        yield f"{requirements} is not there when the phase install runs: onlyIncludeFiles"
    if f"{VENV}/bin" not in phase.get("paths", []):
        yield f'{VENV}/bin is not in the PATH: keep "..." in paths'


def _variables(variables: Mapping[str, Any], application: Application, role: str) -> Iterator[str]:
    for name, value in application.threads.items():
        if variables.get(name) != value:
            yield f"{name} is {variables.get(name)!r}, not {value!r} as in sevalla.yml"
    described = {variable.name: variable for variable in application.variables}
    for name in sorted(described.keys() & variables.keys()):
        if described[name].secret:
            yield f"{name} would be kept in the image: it is given at run time"
        elif described[name].value not in {None, variables[name]}:
            yield f"{name} is {variables[name]!r}, not {described[name].value!r} as in sevalla.yml"
    if variables.get("PYTHONPATH") != _IMPORT_PATHS[role]:
        yield f"PYTHONPATH is not {_IMPORT_PATHS[role]}, where the code is"
    for name, value in variables.items():
        if not isinstance(value, str):
            yield f"the variable {name} is not text"


def _start(start: Mapping[str, Any], application: Application) -> Iterator[str]:
    if start.get("cmd") != application.start:
        yield f"[start] cmd is not as sevalla.yml says: {application.start}"
    if "runImage" in start:
        yield "[start] runImage leaves Python and its libraries behind"
