from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coding_agent.errors import CodingAgentError
from coding_agent.github.issue_url import parse_issue_url, served_host
from coding_agent.issue_ref import IssueRef
from coding_agent.settings import Settings

SETTINGS = Settings(repositories=("acme/app", "octo/*"))

NOT_ISSUES = (
    "",
    "acme/app#1",
    "http://github.com/acme/app/issues/1",
    "HTTPS:/github.com/acme/app/issues/1",
    "ssh://github.com/acme/app/issues/1",
    "javascript:https://github.com/acme/app/issues/1",
    "see https://github.com/acme/app/issues/1",
    " https://github.com/acme/app/issues/1",
    "https://github.com/acme/app/issues/1 ",
    "https://github.com/acme/app/issues/1\n",
    "https://github.com/acme/app/issues/1\nhttps://evil.example/acme/app/issues/1",
    "https://github.com/acme/app/issues/1\0",
    "https://github.com/acme/app/issues/1;id",
    "https://github.com/acme/app/issues/`id`",
    "https://github.com/acme/$(id)/issues/1",
    "https://github.com/acme/app/issues/1'\"",
    "https://github.com/acme/app/issues/1?x=1",
    "https://github.com/acme/app/issues/1?#x",
    "https://github.com/acme/app/issues/1/../../../other/app/issues/2",
    "https://github.com/acme/app/issues/1/edit",
    "https://github.com/acme/app/issues/1//",
    "https://github.com/acme/app/issues/1#issue comment",
    "https://github.com/acme/app/issues/1#@evil.example",
    "https://github.com/acme/app/issues/0",
    "https://github.com/acme/app/issues/01",
    "https://github.com/acme/app/issues/-1",
    "https://github.com/acme/app/issues/+1",
    "https://github.com/acme/app/issues/1.0",
    "https://github.com/acme/app/issues/1e3",
    "https://github.com/acme/app/issues/٣",
    "https://github.com/acme/app/issues/2147483649",
    "https://github.com/acme/app/issues/99999999999999999999",
    "https://github.com/acme/app/issues/",
    "https://github.com/acme/app/issues",
    "https://github.com/acme/app/discussions/1",
    "https://github.com/acme/app",
    "https://github.com/../app/issues/1",
    "https://github.com/acme/../issues/1",
    "https://github.com/acme/./issues/1",
    "https://github.com/acme/app.git/issues/1",
    "https://github.com/acme/app.wiki/issues/1",
    "https://github.com/-acme/app/issues/1",
    "https://github.com/ac.me/app/issues/1",
    "https://github.com/acme/a p/issues/1",
    "https://github.com/acme/app%2Fissues%2F1",
    "https://github.com/acme/%61pp/issues/1",
    "https://github.com/acme\\app/issues/1",
    "https://github.com//acme/app/issues/1",
    "https://github.com/acme/àpp/issues/1",
    "https://github.com/acme/a\u0131pp\u200b/issues/1",
    "https://GITHUB.COM\u2024/acme/app/issues/1",
    "https://user@github.com/acme/app/issues/1",
    "https://user:secret@github.com/acme/app/issues/1",
    "https://github.com@evil.example/acme/app/issues/1",
    "https://github.com:443/acme/app/issues/1",
    "https://github.com:/acme/app/issues/1",
    "https://[::1]/acme/app/issues/1",
    "https://github.com./acme/app/issues/1",
    "https://github.com#/acme/app/issues/1",
    "https://github.com?/acme/app/issues/1",
    "https://" + "a" * 600 + "/acme/app/issues/1",
    "https://github.com/" + "a" * 40 + "/app/issues/1",
    "https://github.com/acme/" + "a" * 101 + "/issues/1",
    "x" * 1_000_000,
)


@pytest.mark.parametrize("text", NOT_ISSUES, ids=range(len(NOT_ISSUES)))
def test_text_that_is_no_issue_url_is_refused(text: str) -> None:
    with pytest.raises(CodingAgentError) as refused:
        parse_issue_url(text, SETTINGS)
    assert refused.value.code == "not_an_issue_url"
    assert len(refused.value.message) < 120


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://github.com/acme/app/pull/1", "is_pull_request"),
        ("https://github.com/acme/app/pulls/1", "is_pull_request"),
        ("https://evil.example/acme/app/issues/1", "host_not_allowed"),
        ("https://github.com.evil.example/acme/app/issues/1", "host_not_allowed"),
        ("https://xgithub.com/acme/app/issues/1", "host_not_allowed"),
        ("https://www.github.com/acme/app/issues/1", "host_not_allowed"),
        ("https://169.254.169.254/acme/app/issues/1", "host_not_allowed"),
        ("https://evil.example/acme/app/pull/1", "host_not_allowed"),
        ("https://github.com/acme/other/issues/1", "repository_not_allowed"),
        ("https://github.com/octo2/app/issues/1", "repository_not_allowed"),
    ],
)
def test_each_reason_has_its_own_code(text: str, code: str) -> None:
    with pytest.raises(CodingAgentError) as refused:
        parse_issue_url(text, SETTINGS)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/acme/app/issues/7",
        "https://github.com/acme/app/issues/7/",
        "https://GitHub.com/Acme/App/issues/7",
        "https://github.com/acme/app/issues/7#issuecomment-123456",
        "https://github.com/acme/app/issues/7#",
    ],
)
def test_the_same_issue_is_equal_however_it_is_written(text: str) -> None:
    assert parse_issue_url(text, SETTINGS) == IssueRef("github.com", "acme", "app", 7)


def test_without_repositories_nothing_is_allowed() -> None:
    with pytest.raises(CodingAgentError, match="not among"):
        parse_issue_url("https://github.com/acme/app/issues/7", Settings(repositories=()))


def test_an_issue_of_one_github_is_not_looked_up_in_another() -> None:
    both = Settings(github_hosts=("github.com", "git.acme.example"), repositories=("acme/app",))
    assert parse_issue_url("https://github.com/acme/app/issues/7", both).host == "github.com"
    with pytest.raises(CodingAgentError) as refused:
        parse_issue_url("https://git.acme.example/acme/app/issues/7", both)
    assert refused.value.code == "host_not_allowed"


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://git.acme.example/api/v3", "git.acme.example"),
        ("https://api.acme.ghe.com", "acme.ghe.com"),
        ("http://127.0.0.1:8080", None),
        ("http://127.0.0.1.evil.example", "127.0.0.1.evil.example"),
    ],
)
def test_an_api_serves_one_host(api: str, host: str | None) -> None:
    assert served_host(api) == host


_NAME = st.from_regex(re.compile(r"[a-zA-Z0-9._-]{1,100}", re.ASCII), fullmatch=True).filter(
    lambda name: name not in {".", ".."} and not name.lower().endswith((".git", ".wiki"))
)


@given(name=_NAME, number=st.integers(1, 2**31))
@settings(deadline=None)
def test_every_name_that_github_allows_comes_back(name: str, number: int) -> None:
    ref = parse_issue_url(f"https://github.com/octo/{name}/issues/{number}", SETTINGS)
    assert (ref.name, ref.number) == (name.lower(), number)
    assert parse_issue_url(ref.url, SETTINGS) == ref


@given(
    before=st.text(max_size=3),
    after=st.text(max_size=20),
    number=st.integers(-5, 2**33).map(str) | st.text(max_size=5),
)
@settings(deadline=None)
def test_any_text_is_refused_or_a_clean_reference(before: str, after: str, number: str) -> None:
    text = f"{before}https://github.com/octo/app/issues/{number}{after}"
    if before == "" and re.fullmatch(r"[1-9][0-9]{0,9}/?(#[A-Za-z0-9_-]*)?", number + after):
        digits = int(re.split(r"[/#]", number + after)[0])
        if digits <= 2**31:
            assert parse_issue_url(text, SETTINGS) == IssueRef("github.com", "octo", "app", digits)
            return
    with pytest.raises(CodingAgentError) as refused:
        parse_issue_url(text, SETTINGS)
    assert refused.value.code == "not_an_issue_url"
