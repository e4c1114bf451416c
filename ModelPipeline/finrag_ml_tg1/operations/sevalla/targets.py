"""Which of the platform's applications are ours: those the descriptor names, and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from finrag_ml_tg1.operations.deployment.descriptor import Application as Described
from finrag_ml_tg1.operations.deployment.descriptor import Descriptor
from finrag_ml_tg1.operations.sevalla.client import SevallaClient
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from finrag_ml_tg1.operations.sevalla.shapes import one_line

__all__ = ["Role", "Target", "described_applications", "find_targets"]

Role = Literal["backend", "frontend"]


@dataclass(frozen=True, slots=True)
class Target:
    """One of our applications: what the descriptor says of it, and its id at the platform."""

    role: Role
    described: Described
    id: str

    @property
    def name(self) -> str:
        """Its name in the descriptor."""
        return self.described.name


def described_applications(descriptor: Descriptor) -> dict[Role, Described]:
    """Return the descriptor's applications, the back end first."""
    applications = descriptor.applications
    return {"backend": applications.backend, "frontend": applications.frontend}


def find_targets(
    client: SevallaClient, descriptor: Descriptor, wanted: Sequence[str] = (), *, may_lack: bool = False
) -> list[Target]:
    """Return the applications of the descriptor, the back end first; with `wanted` only those names and ids.

    Raises PlatformError for one that is not there (unless `may_lack`), that the descriptor does not name, or whose name
    two have.
    """
    listed = client.applications()
    described = described_applications(descriptor)
    ours = {role: [one for one in listed if name in (one.display_name, one.name)] for role, name in _names(described)}
    known = {name for _, name in _names(described)} | {one.id for found in ours.values() for one in found}
    if unknown := [asked for asked in wanted if asked not in known]:
        names = " and ".join(name for _, name in _names(described))
        raise PlatformError(
            f"{one_line(unknown[0])} is none of the descriptor's applications, {names}: it is left alone"
        )
    targets = []
    for role, name in _names(described):
        by_id = [one for one in ours[role] if one.id in wanted]
        if wanted and not by_id and name not in wanted:
            continue
        found = by_id or ours[role]
        if len(found) > 1:
            ids = ", ".join(one.id for one in found)
            raise PlatformError(f"more than one application is called {name} ({ids}): say which one with --app ID")
        if found:
            targets.append(Target(role, described[role], found[0].id))
        elif not may_lack:
            seen = ", ".join(sorted({one.display_name for one in listed})) or "none"
            raise PlatformError(f"no application is called {name}; the key sees: {one_line(seen)}")
    return targets


def _names(described: Mapping[Role, Described]) -> list[tuple[Role, str]]:
    return [(role, one.name) for role, one in described.items()]
