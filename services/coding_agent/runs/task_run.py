"""What a runner task does: the job that its environment names, with nothing in it that is worth stealing."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Callable, MutableMapping
from pathlib import Path

from coding_agent.agent.models.gateway import GatewayModel
from coding_agent.errors import CodingAgentError, JobStoppedError
from coding_agent.observability.redaction import Redactor
from coding_agent.repository.remote import Remote
from coding_agent.repository.trusted_clone import clone
from coding_agent.runs.assignment_run import run_assignment
from coding_agent.runs.http_sink import HttpSink
from coding_agent.runs.job_link import JobLink
from coding_agent.runs.stop import Stop, StopReason
from coding_agent.sandbox.command_sandbox import CommandSandbox
from coding_agent.sandbox.task_sandbox import TaskSandbox
from coding_agent.sandbox.tree_removal import remove_tree
from coding_agent.settings import Settings

__all__ = ["DONE", "FAILED", "STOPPED", "run_task"]

DONE, FAILED, STOPPED = 0, 1, 3

_log = logging.getLogger(__name__)


def run_task(
    environment: MutableMapping[str, str] = os.environ,
    *,
    make_sandbox: Callable[[Path, Settings], CommandSandbox] = TaskSandbox,
) -> int:
    """Run the job of JOB_URL and JOB_TOKEN, which are taken out of the environment; return the exit code.

    SIGTERM stops the run: its commands are killed, nothing is reported. To be called in the main thread.
    """
    # First of all: what starts later inherits no token.
    job_url, token = environment.pop("JOB_URL", ""), environment.pop("JOB_TOKEN", "")
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    logging.getLogger("httpx").setLevel(logging.WARNING)
    if not job_url or not token:
        _log.error("JOB_URL and JOB_TOKEN are not set: the service starts this task with them")
        return FAILED
    stop = Stop()
    before = signal.signal(signal.SIGTERM, lambda *_: stop.set(StopReason.DRAINING))
    try:
        with contextlib.closing(JobLink(job_url, token, stop)) as link:
            return _run(link, token, stop, make_sandbox)
    except CodingAgentError as error:
        _log.error("%s (%s)", error.message, error.code)
        return FAILED
    finally:
        signal.signal(signal.SIGTERM, before)


def _run(link: JobLink, token: str, stop: Stop, make_sandbox: Callable[[Path, Settings], CommandSandbox]) -> int:
    settings = Settings()
    sink = HttpSink(link)
    settings.workspace.mkdir(mode=0o711, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="task-", dir=settings.workspace))
    # Commands, which are another user, pass it and cannot list it.
    folder.chmod(0o711)
    try:
        assignment = link.assignment()
        git_dir = folder / "repository.git"
        clone(Remote(link.repository_url, token), git_dir, stop, commit=assignment.base_commit)
        outcome = run_assignment(
            assignment,
            git_dir,
            GatewayModel(link),
            sink,
            stop,
            work_tree=folder / "tree",
            make_sandbox=lambda tree: make_sandbox(tree, settings),
            redact=Redactor([token]).redact,
        )
        sink.outcome(outcome)
    except JobStoppedError as error:
        _log.info("%s", error.message)
        return STOPPED
    except CodingAgentError as error:
        _log.error("%s (%s)", error.message, error.code)
        with contextlib.suppress(CodingAgentError):
            sink.log(f"The runner task failed: {error.message} ({error.code})")
        return FAILED
    else:
        return DONE
    finally:
        remove_tree(folder)
