"""What is to be deployed: the descriptor, the variables of both applications, and the settings they make."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from finrag_ml_tg1.loaders.ml_config_loader import InspectedConfig, inspect_config
from finrag_ml_tg1.operations.deployment.descriptor import Application, Descriptor, DescriptorError, read_descriptor
from finrag_ml_tg1.operations.doctor.sevalla.pasted import Pasted

__all__ = ["ROLES", "Plan", "Role"]

Role = Literal["backend", "frontend"]
ROLES: tuple[Role, Role] = ("backend", "frontend")
_SECRET_NAME = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|HEADERS")
_NO_FOLDER = Path(os.devnull)  # the pod has none of the files that settings may come from here


@dataclass(frozen=True)  # without slots: what was read of the file is kept
class Plan:
    """The descriptor's file, the variables of each application, and the size to be tried for the back end."""

    file: Path
    pasted: Mapping[Role, Pasted]
    folder: Path = Path()
    size: str | None = None

    @cached_property
    def descriptor(self) -> Descriptor:
        """The descriptor; raises DescriptorError."""
        return read_descriptor(self.file)

    @property
    def is_valid(self) -> bool:
        """Whether there is a descriptor that can be used; a check of its own says why not."""
        try:
            _ = self.descriptor
        except DescriptorError:
            return False
        return True

    def application(self, role: Role) -> Application:
        """Return one of the two applications; raises DescriptorError."""
        applications = self.descriptor.applications
        return applications.backend if role == "backend" else applications.frontend

    def environment(self, role: Role) -> dict[str, str]:
        """Return an application's variables as its pod has them; raises DescriptorError.

        Of this environment only those the descriptor names count, and what it sets itself is there already.
        """
        application, pasted = self.application(role), self.pasted[role]
        if pasted.file is not None:
            return pasted.values
        fixed = {each.name: each.value for each in application.variables if each.value is not None}
        here = {each.name for each in application.variables} - fixed.keys()
        return fixed | {name: value for name, value in pasted.values.items() if name in here}

    def settings(self, role: Role) -> InspectedConfig:
        """Return the settings those variables make, and what is wrong with them; raises DescriptorError."""
        environment = self.environment(role)
        address = environment.get("BACKEND_URL", "")
        if address and "://" not in address:  # which the front end adds by itself
            environment["BACKEND_URL"] = f"http://{address}"
        return inspect_config(environ=environment, folder=_NO_FOLDER)

    @property
    def have_own_files(self) -> bool:
        """Whether each application has a file of its own."""
        return self.pasted["backend"].file != self.pasted["frontend"].file

    @property
    def secrets(self) -> dict[str, str]:
        """The values that must not be shown, by name; by the names alone, for no descriptor may be there."""
        values = {**self.pasted["frontend"].values, **self.pasted["backend"].values}
        return {name: value for name, value in values.items() if _SECRET_NAME.search(name)}
