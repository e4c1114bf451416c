"""The commands are there where nothing is installed under their name."""

from __future__ import annotations

import subprocess
import sys


def test_commands_run_as_a_module() -> None:
    command = [sys.executable, "-m", "finrag_ml_tg1", "doctor", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("Usage: finrag doctor")
