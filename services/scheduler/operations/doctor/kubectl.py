"""What kubectl says, as JSON. The doctor needs no client of Kubernetes for the few objects that it looks at."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Kubectl", "KubectlError", "Object"]

Object = Mapping[str, object]

_PATIENCE_S = 15


class KubectlError(Exception):
    """kubectl is not there, or did not answer as it should; `missing`: the object is not there."""

    def __init__(self, message: str, *, missing: bool = False) -> None:
        super().__init__(message)
        self.missing = missing


@dataclass(frozen=True, slots=True)
class Kubectl:
    """kubectl with this kubeconfig; without one, with its own choice."""

    kubeconfig: Path | None = None

    def command(self, *arguments: str) -> list[str]:
        """Return the words of a command."""
        chosen = ["--kubeconfig", str(self.kubeconfig)] if self.kubeconfig else []
        return ["kubectl", *chosen, *arguments]

    async def get(self, kind: str, name: str, namespace: str) -> Object:
        """Return one object. Raises KubectlError."""
        return await self._json("get", kind, name, "--namespace", namespace)

    async def all(self, kind: str, namespace: str, labels: str) -> Sequence[Object]:
        """Return the objects with these labels. Raises KubectlError."""
        found = (await self._json("get", kind, "--namespace", namespace, "--selector", labels)).get("items")
        return found if isinstance(found, list) else []

    async def _json(self, *arguments: str) -> Object:
        if shutil.which("kubectl") is None:
            raise KubectlError("kubectl is not on the path")
        words = self.command(*arguments, "--output", "json", f"--request-timeout={_PATIENCE_S}s")
        process = await asyncio.create_subprocess_exec(
            *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        try:
            out, told = await asyncio.wait_for(process.communicate(), 2 * _PATIENCE_S)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise KubectlError("kubectl did not end: does the API server answer?") from None
        if process.returncode:
            line = (told.decode(errors="replace").strip().splitlines() or ["it says nothing"])[-1]
            raise KubectlError(f"kubectl: {line}", missing="(NotFound)" in line)
        read = json.loads(out)
        if not isinstance(read, dict):
            raise KubectlError("kubectl answered something else than an object")
        return read
