"""What Nixpacks makes of a file: the plan of its Python provider, with the file's own plan laid over it.

The builder itself is not asked. Its rules are taken from its sources (version 1.39): a value of the file replaces that
of the provider; "..." in a list stands for the provider's items; a new phase `build` comes after `install`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["VENV", "effective_plan"]

VENV = "/opt/venv"
# The versions it knows; for others it takes its default without a word.
_PYTHONS = {"3.10": "python310", "3.11": "python311", "3.12": "python312", "3.13": "python313"}
_DEFAULT_PYTHON = "python3"

Plan = dict[str, Any]


def effective_plan(file: Mapping[str, Any]) -> Plan:
    """Return providers, variables, phases and start that an image of this repository would be built by."""
    variables: dict[str, str] = file.get("variables", {})
    provided = _provided(_PYTHONS.get(variables.get("NIXPACKS_PYTHON_VERSION", ""), _DEFAULT_PYTHON))
    providers = _filled(["python"], file.get("providers", ["python"]))
    phases: Plan = provided["phases"] if "python" in providers else {}
    for name, phase in file.get("phases", {}).items():
        base = phases.get(name, {"dependsOn": ["install"]} if name == "build" else {})
        phases[name] = base | {
            key: _filled(base.get(key, []), value) if isinstance(value, list) else value for key, value in phase.items()
        }
    return {
        "providers": providers,
        "variables": provided["variables"] | variables,
        "phases": phases,
        "start": file.get("start", {}),
    }


def _provided(python: str) -> Plan:
    """The plan for a repository with a pyproject.toml and no requirements.txt beside it."""
    return {
        "variables": {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1", "PIP_NO_CACHE_DIR": "1"},
        "phases": {
            "setup": {"nixPkgs": [python, "gcc"], "nixLibs": ["zlib", "stdenv.cc.cc.lib"]},
            "install": {
                "dependsOn": ["setup"],
                "cmds": [f"python -m venv --copies {VENV} && . {VENV}/bin/activate && pip install ."],
                "onlyIncludeFiles": ["pyproject.toml"],
                "paths": [f"{VENV}/bin"],
            },
        },
    }


def _filled(provided: Sequence[str], own: Sequence[str]) -> list[str]:
    return [item for each in own for item in (provided if each == "..." else [each])]
