"""A kubectl on the path that answers from a file, and notes how it was called."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

__all__ = ["FakeKubectl"]

_PROGRAM = """
import json, os, sys
folder = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(folder, "calls"), "a") as calls:
    calls.write(json.dumps(sys.argv[1:]) + "\\n")
words = sys.argv[1:]
if words[0] == "--kubeconfig":
    words = words[2:]
if words[0] != "get":
    print("done:", *words)
    sys.exit(0)
with open(os.path.join(folder, "objects")) as file:
    objects = json.load(file)
if "error" in objects:
    sys.exit(objects["error"])
kind, options = words[1], words[2:]
named = options.pop(0) if not options[0].startswith("--") else None
given = dict(zip(options[::2], options[1::2]))
found = [each for each in objects.get(kind, []) if each["metadata"]["namespace"] == given["--namespace"]]
if named is not None:
    found = [each for each in found if each["metadata"]["name"] == named]
    if not found:
        sys.exit(f'Error from server (NotFound): {kind}s "{named}" not found')
    print(json.dumps(found[0]))
else:
    key, _, value = given["--selector"].partition("=")
    found = [each for each in found if each["metadata"].get("labels", {}).get(key) == value]
    print(json.dumps({"kind": "List", "items": found}))
"""


class FakeKubectl:
    """Objects are those of `set`, by the kind that kubectl is asked for."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        (folder / "program.py").write_text(_PROGRAM)
        script = folder / "kubectl"
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -IS {folder / "program.py"} "$@"\n')
        script.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        self.set({})

    def set(self, objects: Mapping[str, object]) -> None:
        """Answer with these objects from now on."""
        (self._folder / "objects").write_text(json.dumps(objects))

    @property
    def calls(self) -> list[Sequence[str]]:
        """How it was called."""
        path = self._folder / "calls"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
