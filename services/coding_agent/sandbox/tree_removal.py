"""Removing a folder that hostile commands wrote in."""

from __future__ import annotations

import subprocess
from pathlib import Path

from coding_agent.errors import CodingAgentError

__all__ = ["remove_tree"]


def remove_tree(folder: Path) -> None:
    """Remove it whatever is in it: closed folders, names that are not text, trees deeper than the longest path.

    Links are removed, not followed. Raises CodingAgentError `workspace_not_removed`.
    """
    if not folder.is_dir():
        return
    # The two programs walk by open folders: no depth is too deep, and a link put in between leads nowhere.
    subprocess.run(["chmod", "-R", "--", "u+rwx", folder], capture_output=True, check=False)
    done = subprocess.run(["rm", "-rf", "--one-file-system", "--", folder], capture_output=True, check=False)
    if done.returncode != 0:
        raise CodingAgentError("workspace_not_removed", f"The work tree of a job could not be removed: {folder.name}")
