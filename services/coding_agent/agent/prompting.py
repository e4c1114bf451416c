"""What the model is told: the rules, the issue, and why an answer was not run."""

from __future__ import annotations

import shlex
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from coding_agent.agent.untrusted_text import UntrustedBlocks, cut_middle, visible
from coding_agent.runs.assignment import Assignment, IssueText, RunLimits

__all__ = ["SUBMIT_MARKER", "format_error", "issue_text", "system_prompt", "task_prompt"]

SUBMIT_MARKER = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
_MOST_TITLE = 500
_MOST_BODY = 30_000
_MOST_COMMENT = 5_000
_MOST_COMMENTS = 30_000
_MOST_AUTHOR = 60

# The texts are for a model, not for a browser: what could be misread is changed by UntrustedBlocks.
_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "prompts"), undefined=StrictUndefined, autoescape=False
)


def system_prompt(limits: RunLimits, blocks: UntrustedBlocks) -> str:
    """Return the rules: how to answer, what not to do, how to submit."""
    return _templates.get_template("system.j2").render(
        command_s=f"{limits.command_s:g}",
        output_chars=f"{limits.output_chars:,}",
        opening=blocks.opening,
        closing=blocks.closing,
        marker=SUBMIT_MARKER,
    )


def task_prompt(assignment: Assignment, blocks: UntrustedBlocks) -> str:
    """Return the task: the issue in its block, the commit, and how tests are run."""
    return _templates.get_template("task.j2").render(
        number=assignment.issue.number,
        repository=assignment.issue.repository,
        issue=blocks.wrap("issue", issue_text(assignment.text)),
        base_commit=assignment.base_commit,
        test_command=shlex.join(assignment.test_command) if assignment.test_command else "",
    )


def format_error(reason: str) -> str:
    """Return what the model is told about an answer that was not run."""
    return _templates.get_template("format_error.j2").render(reason=reason, marker=SUBMIT_MARKER)


def issue_text(text: IssueText) -> str:
    """Return title, body and comments, visible and bounded, with what was left out.

    Of many comments the last are kept: they know most.
    """
    parts = [
        f"Title: {_bounded(' '.join(text.title.split()), _MOST_TITLE)}",
        f"Body:\n{_bounded(text.body, _MOST_BODY) or '(empty)'}",
    ]
    comments: list[str] = []
    room = _MOST_COMMENTS
    for author, words in reversed(text.comments):
        comment = f"Comment of {_bounded(author, _MOST_AUTHOR)}:\n{_bounded(words, _MOST_COMMENT)}"
        room -= len(comment)
        if room < 0:
            break
        comments.append(comment)
    if left_out := len(text.comments) - len(comments):
        parts.append(f"[… {left_out} earlier comments left out …]")
    return "\n\n".join([*parts, *reversed(comments)])


def _bounded(text: str, most: int) -> str:
    return cut_middle(visible(text), most)
