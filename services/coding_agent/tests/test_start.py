"""Whoever starts the service without what it needs is told so in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SERVICES = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "coding_agent", "up", "--port", "0"],
        ["-m", "coding_agent", "worker"],
        ["-m", "uvicorn", "coding_agent.backend:app", "--port", "0"],
    ],
    ids=["up", "worker", "uvicorn"],
)
@pytest.mark.parametrize(
    ("missing", "settings"),
    [
        ("CODING_AGENT_GITHUB_TOKEN", {}),
        ("redis", {"CODING_AGENT_STORE": "mysql://nowhere"}),
    ],
    ids=["github", "store"],
)
def test_what_is_missing_is_told_in_one_line(
    command: list[str], missing: str, settings: dict[str, str], tmp_path: Path
) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(SERVICES), **settings}
    ended = subprocess.run(
        [sys.executable, *command],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode != 0
    assert missing in ended.stderr
    assert "Traceback" not in ended.stderr
