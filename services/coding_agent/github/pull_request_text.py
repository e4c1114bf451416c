"""Title and body of a pull request: complete, within GitHub's limits, and nothing in them acts by itself."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import TestOutcome
from coding_agent.runs.assignment import RunOutcome

__all__ = ["inert", "pull_request_body", "pull_request_title"]

LARGEST_BODY = 65_536
LARGEST_TRAJECTORY = 60_000
_LARGEST_TITLE = 256
_LARGEST_SUMMARY = 6_000
_LARGEST_OUTPUT = 4_000
# Behind these a zero-width space stands, so that GitHub reads neither a mention, a reference, a tag, an entity, an
# image nor a link; people see what was written.
_BREAK = "\u200b"
_LIVE = re.compile(
    r"@(?=\S)"  # mentions, of teams too
    r"|\#(?=\d)|\bGH-(?=\d)"  # references, and with them closing keywords
    r"|/(?:issues|pull|pulls|discussions|commit|commits)/(?=\w)"  # the same as addresses
    r"|<(?=[A-Za-z/!?])|&(?=[#A-Za-z])"  # HTML; entities, which could spell any of the others
    r"|\](?=[(\[:])",  # links, images, definitions
    re.IGNORECASE,
)
# Control characters, and those that turn the direction of text.
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def inert(text: str) -> str:
    """Return untrusted text as it may stand in Markdown: no mention, reference, closing keyword, HTML or link acts."""
    return _LIVE.sub(lambda found: found[0] + _BREAK, _UNSEEN.sub("", text.replace("\r\n", "\n")))


def pull_request_title(ref: IssueRef, issue_title: str, redact: Callable[[str], str]) -> str:
    """Return `Fix #N: TITLE` in one line of at most 256 characters."""
    title = f"Fix #{ref.number}: {' '.join(inert(redact(issue_title)).split())}"
    return title if len(title) <= _LARGEST_TITLE else title[: _LARGEST_TITLE - 1] + "…"


def pull_request_body(job_id: str, ref: IssueRef, outcome: RunOutcome, redact: Callable[[str], str]) -> str:
    """Return summary, test result, closing reference, job id and trajectory, at most 65,536 characters.

    What the model and the tests wrote is redacted whole before it is cut: half a secret would not be known for one.
    """
    summary = _cut(inert(redact(outcome.summary)).strip() or "(The model gave no summary.)", _LARGEST_SUMMARY)
    quoted = "\n".join(f"> {line}".rstrip() for line in summary.splitlines())
    parts = [
        f"Fixes {ref.repository}#{ref.number}",
        f"## Summary\n\nIn the words of the model, unchecked:\n\n{quoted}",
        f"## Tests\n\n{_tests(outcome.tests, redact)}",
        f"Job `{job_id}`: {outcome.steps} model calls, {outcome.cost_usd:.2f} USD.",
    ]
    head = "\n\n".join(parts)
    room = min(LARGEST_TRAJECTORY, LARGEST_BODY - len(head) - 1_000)
    shown = _fenced(inert(redact(_readable(outcome.trajectory))), room)
    return f"{head}\n\n<details>\n<summary>Trajectory</summary>\n\n{shown}\n\n</details>\n"


def _tests(tests: TestOutcome | None, redact: Callable[[str], str]) -> str:
    if tests is None:
        return "No test command is configured for this repository: nothing was run."
    if tests.exit_code is None:
        result = "did not end in time"
    else:
        result = "passed" if tests.passed else f"failed (exit code {tests.exit_code})"
    command = _fenced(inert(redact(" ".join(tests.command))), 1_000)
    output = inert(redact(tests.output)).strip()
    tail = output if len(output) <= _LARGEST_OUTPUT else "…\n" + output[-_LARGEST_OUTPUT:]
    return f"The repository's tests **{result}**:\n\n{command}\n\n{_fenced(tail, _LARGEST_OUTPUT + 2)}"


def _readable(trajectory: bytes) -> str:
    """The turns of a trajectory one after the other; one of another shape as it is."""
    text = trajectory.decode(errors="replace")
    try:
        messages = json.loads(text)["messages"]
        return "\n\n".join(f"{turn['role']}:\n{_content(turn.get('content'))}" for turn in messages)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text


def _content(content: object) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _fenced(text: str, room: int) -> str:
    """A code block that its content cannot end, within `room` characters and its fence."""
    text = _cut(text.strip("\n"), room)
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    # A text of backticks alone would need a fence as long as itself.
    if longest > 100:
        text, longest = re.sub(r"`{100,}", "`…`", text), 99
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _cut(text: str, room: int) -> str:
    """The beginning and the end of what does not fit."""
    if len(text) <= room:
        return text
    note = f"\n… {len(text) - room} characters and more are left out …\n"
    half = (room - len(note)) // 2
    return text[:half] + note + text[-half:]
