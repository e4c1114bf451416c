"""Terraform in a copy of the configuration, with the provider from a folder: no network, and no trace left."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

__all__ = ["CONFIGURATION", "Terraform", "configuration_copy"]

CONFIGURATION = Path(__file__).resolve().parents[3] / "deploy" / "fargate" / "terraform"
_PROVIDER = "registry.terraform.io/hashicorp/aws"


class Terraform:
    """Terraform in one folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is what the provider gets besides the process's own."""
        program = shutil.which("terraform")
        if program is None:
            pytest.skip("terraform is not installed")
        self._program = program
        self._folder = folder
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        self._environment = {
            **inherited,
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": os.devnull,
            **(environment or {}),
        }

    def run(self, *arguments: str, timeout_s: float) -> str:
        """Return its output. Fails the test with what Terraform says, when that is an error, or out of time."""
        process = subprocess.Popen(
            [self._program, *arguments, "-no-color"],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            output, errors = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            # It is asked first: so it ends its providers, which would otherwise go on.
            process.terminate()
            try:
                output, errors = process.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                output, errors = process.communicate()
            pytest.fail(f"terraform {arguments[0]} took more than {timeout_s} s\n{output[-3000:]}\n{errors[-3000:]}")
        assert process.returncode == 0, f"terraform {arguments[0]} failed\n{output[-6000:]}\n{errors[-6000:]}"
        return output

    def init(self, *arguments: str) -> None:
        """Prepare the folder with the provider on this machine."""
        self.run("init", f"-plugin-dir={_plugins()}", *arguments, timeout_s=120)


def configuration_copy(folder: Path) -> Path:
    """Return a copy of the configuration, without what somebody's own use has left."""
    left = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", "backend.hcl")
    return Path(shutil.copytree(CONFIGURATION, folder / "terraform", ignore=left))


def _plugins() -> Path:
    """The folder with the provider, as `terraform providers mirror` makes it; without one the test is skipped."""
    named = os.environ.get("FINRAG_TF_PLUGINS")
    places = [
        *([Path(named)] if named else []),
        Path("~/.terraform.d/plugins").expanduser(),
        Path("~/.terraform.d/plugin-cache").expanduser(),
        Path("/usr/local/share/terraform/plugins"),
        Path("/usr/share/terraform/plugins"),
        *sorted(Path("/opt").glob("*/")),
    ]
    wanted = re.search(
        r'hashicorp/aws"\s+version\s*=\s*">= (\d+)\.', (CONFIGURATION / "versions.tf").read_text("utf-8")
    )
    assert wanted, "versions.tf names no version of the provider"
    for place in places:
        if any((place / _PROVIDER).glob(f"*{wanted[1]}.*")):
            return place
    pytest.skip(
        f"Terraform's provider hashicorp/aws {wanted[1]} is not on this machine: `terraform providers mirror FOLDER` "
        "in deploy/fargate/terraform fetches it, FINRAG_TF_PLUGINS=FOLDER names it"
    )
