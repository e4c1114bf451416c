"""A git directory of our own: made empty, without templates, and deaf to what a repository's attributes say."""

from __future__ import annotations

from pathlib import Path

from coding_agent.repository.git import GitCall, run_git
from coding_agent.runs.stop import Stop

__all__ = ["make_git_dir"]

# Stands above every .gitattributes: files are taken byte for byte, no filter or driver is looked up, and no file is
# declared binary or generated to hide what was changed in it.
_ATTRIBUTES = "* -text -eol -ident !filter !working-tree-encoding !diff !merge !whitespace !conflict-marker-size\n"
# What tests and package managers leave behind, for repositories whose .gitignore does not name it.
_EXCLUDES = """\
__pycache__/
*.py[cod]
.pytest_cache/
.mypy_cache/
.ruff_cache/
.hypothesis/
.tox/
.venv/
node_modules/
.coverage
.DS_Store
"""


def make_git_dir(git_dir: Path, stop: Stop, *, bare: bool = True) -> None:
    """Make an empty git directory; raises CodingAgentError `clone_failed` when it cannot be made."""
    git_dir.mkdir(parents=True, mode=0o700)
    arguments = ["init", "--quiet", "--template=", "--initial-branch=base", *(["--bare"] if bare else [])]
    run_git(GitCall(arguments=arguments, git_dir=git_dir), stop, code="clone_failed")
    info = git_dir / "info"
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(_ATTRIBUTES)
    (info / "exclude").write_text(_EXCLUDES)
