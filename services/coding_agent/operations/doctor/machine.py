"""Whether this machine can run jobs itself: isolation, git, and a model that answers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

from coding_agent.agent.language_model import ChatMessage
from coding_agent.agent.models.build import build_model
from coding_agent.errors import CodingAgentError
from coding_agent.operations.doctor.finding import Check, Finding, not_made, ok, problem
from coding_agent.settings import Settings

__all__ = ["machine_checks", "model_check"]

_TIMEOUT_S = 15
_MODEL_TIMEOUT_S = 60.0


def machine_checks() -> Sequence[Check]:
    """Return the checks of a development machine."""
    return (Check("bubblewrap", _bubblewrap), Check("git", _git))


def model_check(settings: Settings, ask: bool) -> Check:
    """Return the check of the model, which costs a few tokens and is made only when asked for."""
    return Check("model", lambda: _model(settings) if ask else not_made("give --ask-model; it costs a few tokens"))


def _bubblewrap() -> Finding:
    if shutil.which("bwrap") is None:
        return problem("bubblewrap is not installed", "apt-get install bubblewrap, or use the Fargate runner")
    isolated = ["bwrap", "--unshare-user", "--unshare-all", "--cap-drop", "ALL", "--clearenv", "--ro-bind", "/", "/"]
    done = subprocess.run([*isolated, "true"], capture_output=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode:
        told = " ".join(done.stderr.decode(errors="replace").split())[:200]
        return problem(f"bubblewrap cannot isolate: {told}", "allow user namespaces, or use the Fargate runner")
    return ok("commands can run without network and rights")


def _git() -> Finding:
    if shutil.which("git") is None:
        return problem("git is not installed", "apt-get install git")
    done = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=_TIMEOUT_S, check=True)
    return ok(done.stdout.strip())


def _model(settings: Settings) -> Finding:
    try:
        model = build_model(settings)
        answer = model.complete([ChatMessage("user", "Answer with: ok")], timeout_s=_MODEL_TIMEOUT_S)
    except (CodingAgentError, ValueError) as error:
        return problem(f"{settings.model_name}: {error}", "compare CODING_AGENT_MODEL, its name, address and key")
    return ok(f"{settings.model_name} answers, {answer.input_tokens} + {answer.output_tokens} tokens")
