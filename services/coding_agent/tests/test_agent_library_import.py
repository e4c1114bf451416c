"""What importing mini-swe-agent would do to the process and the machine, and does not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_IMPORTED = """
import logging, os
before = dict(os.environ)
import coding_agent.agent.solver
assert dict(os.environ) == before, set(os.environ) ^ set(before)
assert not logging.getLogger("minisweagent").handlers
assert not [name for name in __import__("sys").modules if name.startswith(("litellm", "openai", "datasets"))]
"""


def imported(home: Path, **variables: str) -> str:
    """Import the solver in a process of its own and return what it printed."""
    ran = subprocess.run(
        [sys.executable, "-B", "-W", "error", "-c", _IMPORTED],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2]), "HOME": str(home), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=home,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout.decode()
    return ran.stdout.decode()


def test_nothing_is_printed_and_nothing_is_made_in_home(tmp_path: Path) -> None:
    assert imported(tmp_path) == ""
    assert list(tmp_path.rglob("*")) == []


def test_variables_of_a_planted_env_file_do_not_arrive(tmp_path: Path) -> None:
    planted = tmp_path / ".config" / "mini-swe-agent" / ".env"
    planted.parent.mkdir(parents=True)
    for place in (planted, tmp_path / ".env"):
        place.write_text("PLANTED=1\nMSWEA_COST_TRACKING=ignore_errors\n")
    assert imported(tmp_path) == ""
    assert imported(tmp_path, MSWEA_GLOBAL_CONFIG_DIR=str(planted.parent)) == ""


def test_a_home_that_cannot_be_written_or_is_not_there_does_not_matter(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    assert imported(home) == ""
    # Root may write anywhere; a file in the place of a folder stops root, too.
    home.chmod(0o700)
    (home / ".config").write_text("")
    assert imported(home) == ""
    assert imported(home, HOME="/nonexistent/home") == ""
