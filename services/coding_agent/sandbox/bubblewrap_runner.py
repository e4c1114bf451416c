"""Runs assignments on this machine: the agent's loop here, its commands in bubblewrap."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from coding_agent.agent.language_model import LanguageModel
from coding_agent.runs.assignment import Assignment, RunOutcome, RunSink
from coding_agent.runs.assignment_run import run_assignment
from coding_agent.runs.stop import Stop
from coding_agent.sandbox.bubblewrap import BubblewrapSandbox
from coding_agent.sandbox.isolation_probe import check_isolation
from coding_agent.sandbox.tree_removal import remove_tree
from coding_agent.settings import Settings

__all__ = ["BubblewrapRunner"]


class BubblewrapRunner:
    """For development, continuous integration and virtual machines: a container without user namespaces refuses it."""

    def __init__(self, settings: Settings, model: LanguageModel, *, redact: Callable[[str], str]) -> None:
        """`redact` takes secrets out of a text, as `agent.solver.solve` asks for."""
        self._settings = settings
        self._model = model
        self._redact = redact

    def check(self) -> None:
        """Return when an empty sandbox here keeps everything in, as `TaskRunner.check` says."""
        folder = self._folder("check")
        with contextlib.closing(_Removed(folder)):
            tree = folder / "tree"
            tree.mkdir()
            with contextlib.closing(BubblewrapSandbox(tree, self._settings)) as sandbox:
                check_isolation(sandbox, Stop())

    def run(self, assignment: Assignment, git_dir: Path, sink: RunSink, stop: Stop, *, worker: str) -> RunOutcome:
        """Run to the end and leave nothing behind, as `TaskRunner.run` says."""
        del worker
        folder = self._folder("job")
        with contextlib.closing(_Removed(folder)):
            return run_assignment(
                assignment,
                git_dir,
                self._model,
                sink,
                stop,
                work_tree=folder / "tree",
                make_sandbox=lambda tree: BubblewrapSandbox(tree, self._settings),
                redact=self._redact,
            )

    def _folder(self, kind: str) -> Path:
        # Commands may be another user: they pass these folders, and cannot list them.
        self._settings.workspace.mkdir(mode=0o711, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"{kind}-", dir=self._settings.workspace))
        folder.chmod(0o711)
        return folder


class _Removed:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def close(self) -> None:
        remove_tree(self._folder)
