from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from coding_agent.github.pull_request_text import inert, pull_request_body, pull_request_title
from coding_agent.issue_ref import IssueRef
from coding_agent.jobs.job import TestOutcome as OutcomeOfTests
from coding_agent.runs.assignment import ExitStatus, RunOutcome

REF = IssueRef("github.com", "acme", "app", 7)
# What GitHub acts on in text that it shows: the test's own reading of GitHub's documentation.
_MENTION = re.compile(r"(?<![\w`])@[A-Za-z0-9]")
_REFERENCE = re.compile(r"(?:(?<!\w)#|\bGH-|[\w-]+/[\w.-]+#|/(?:issues|pull)/)\d", re.IGNORECASE)


def _outcome(
    summary: str = "Rounded instead of cut.", tests: OutcomeOfTests | None = None, trajectory: bytes = b"{}"
) -> RunOutcome:
    return RunOutcome(
        exit_status=ExitStatus.SUBMITTED,
        patch=b"diff",
        summary=summary,
        tests=tests,
        trajectory=trajectory,
        steps=12,
        input_tokens=1,
        output_tokens=1,
        cost_usd=0.1234,
    )


def _body(outcome: RunOutcome) -> str:
    return pull_request_body("job-1", REF, outcome, lambda text: text.replace("c4nary", "[redacted]"))


def _shown(markdown: str) -> tuple[str, str]:
    """The text that readers see outside code, and all HTML that was written as such, by a CommonMark parser."""
    text, html = [], []
    for token in MarkdownIt("commonmark").parse(markdown):
        if token.type == "html_block":
            html.append(token.content)
        for child in token.children or []:
            if child.type == "text":
                text.append(child.content)
            elif child.type in {"html_inline", "link_open", "image"}:
                html.append(child.content or child.type)
    return "\n".join(text), "".join(html)


HOSTILE = (
    "@octocat please merge",
    "(@acme/owners)",
    "&#64;octocat &commat;octocat &#x40;octocat",
    "\\@octocat",
    "Fixes #1, closes GH-2, resolves other/repo#3",
    "closes https://github.com/other/repo/issues/4",
    "Fixes &#35;1 &num;2",
    "fixes \\#1",
    "<img src=x onerror=alert(1)>",
    "<details><summary>x",
    "</details><h1>Approved</h1>",
    "<!-- hidden",
    "<?php ?> <![CDATA[x]]>",
    "<https://evil.example>",
    "![pixel](https://evil.example/p.png)",
    "[click](https://evil.example)",
    "[ref]\n\n[ref]: https://evil.example",
    "```\n@octocat fixes #1\n```",
    "~~~\nnever closed",
    "    indented @octocat",
    "/approve\n/merge",
    "Co-authored-by: Evil <evil@example.org>",
    "\u202egnorw\u202c \x1b[31m",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_the_model_writes_acts_by_itself(text: str) -> None:
    body = _body(
        _outcome(summary=text, trajectory=json.dumps({"messages": [{"role": "user", "content": text}]}).encode())
    )
    shown, html = _shown(body)
    assert not _MENTION.search(body)
    assert _REFERENCE.findall(body) == ["acme/app#7"]
    assert not _MENTION.search(shown)
    assert _REFERENCE.findall(shown) == ["acme/app#7"]
    assert re.sub(r"\s", "", html) == "<details><summary>Trajectory</summary></details>"
    assert not re.search(r"^(?:/|co-authored-by)", body.split("<details>")[0], re.IGNORECASE | re.MULTILINE)
    assert not re.search("[\u202a-\u202e\x1b]", body)


@given(st.text(alphabet="@#&;<>[]()!:`~\\\n/ ab1x64", max_size=60))
@settings(deadline=None, max_examples=300)
def test_no_spelling_comes_alive(text: str) -> None:
    shown, html = _shown("> " + inert(text).replace("\n", "\n> "))
    assert html == ""
    assert not _MENTION.search(shown)
    assert not re.search(r"(?<!\w)#\d", shown)


def test_people_read_what_was_written() -> None:
    assert inert("a < b && c[0] == d").replace("\u200b", "") == "a < b && c[0] == d"
    assert inert("plain # heading, e-mail at x, 5 > 4") == "plain # heading, e-mail at x, 5 > 4"


def test_the_body_is_complete() -> None:
    tests = OutcomeOfTests(command=("python", "-m", "pytest"), exit_code=0, output="3 passed")
    trajectory = json.dumps({"messages": [{"role": "assistant", "content": "ls -la"}]}).encode()
    body = _body(_outcome(tests=tests, trajectory=trajectory))
    assert body.startswith("Fixes acme/app#7\n")
    for part in ("> Rounded instead of cut.", "**passed**", "python -m pytest", "3 passed", "`job-1`", "0.12 USD"):
        assert part in body
    assert "assistant:\nls -la" in body.split("<details>")[1]


@pytest.mark.parametrize(
    ("tests", "said"),
    [
        (None, "nothing was run"),
        (OutcomeOfTests(command=("make",), exit_code=2, output=""), "failed (exit code 2)"),
        (OutcomeOfTests(command=("make",), exit_code=None, output=""), "did not end in time"),
    ],
)
def test_the_test_result_is_told_as_it_is(tests: OutcomeOfTests | None, said: str) -> None:
    assert said in _body(_outcome(tests=tests))


@pytest.mark.parametrize("filler", ["x", "`", "@a #1 <b> ", "a\n", "é😀", "````\n"])
def test_the_largest_parts_stay_within_githubs_limits(filler: str) -> None:
    much = filler * 300_000
    tests = OutcomeOfTests(command=("make", much), exit_code=1, output=much)
    body = _body(_outcome(summary=much, tests=tests, trajectory=much.encode()))
    assert len(body) <= 65_536
    assert len(body.split("<summary>Trajectory</summary>")[1]) <= 60_500
    assert _shown(body)[1].count("</details>") == 1
    assert "left out" in body


def test_code_cannot_end_the_block_that_it_stands_in() -> None:
    body = _body(_outcome(trajectory=b"``` and ````` and </details> <h1>x</h1>"))
    shown, html = _shown(body)
    assert "h1" not in html + shown


def test_secrets_are_redacted_in_every_part_even_where_they_are_cut() -> None:
    tests = OutcomeOfTests(command=("run", "c4nary"), exit_code=1, output="x" * 3_997 + "c4nary" + "y" * 3_997)
    long = "x" * 29_970 + "c4nary" * 10 + "y" * 60_000
    body = _body(_outcome(summary="s" * 2_990 + "c4nary" * 5 + "s" * 9_000, tests=tests, trajectory=long.encode()))
    assert "c4n" not in body
    assert "nary" not in body


def test_a_title_is_one_line_of_bounded_length() -> None:
    assert pull_request_title(REF, "It\n breaks @all c4nary", lambda text: text.replace("c4nary", "…")) == (
        "Fix #7: It breaks @\u200ball …"
    )
    assert len(pull_request_title(REF, "x" * 1000, str)) == 256
