"""Clone and push over HTTP against `git http-backend`: what is where afterwards, and who has seen the token."""

from __future__ import annotations

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from coding_agent.errors import CodingAgentError, JobStoppedError
from coding_agent.repository.commit import apply_and_commit
from coding_agent.repository.git import GitCall, run_git
from coding_agent.repository.remote import Remote
from coding_agent.repository.trusted_clone import clone, push
from coding_agent.runs.stop import Stop, StopReason
from coding_agent.tests.git_server import GitServer
from coding_agent.tests.origin import make_origin, plain_git

TOKEN = "ghs_" + "5ca1ab1e" * 5
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PATCH = b"diff --git a/app.py b/app.py\n--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@\n-x = 1\n+x = %d\n"


class Server:
    """One repository, `acme/app`, for whoever brings the token."""

    def __init__(self, root: Path) -> None:
        self.git_dir = root / "acme" / "app.git"
        self.old = make_origin(self.git_dir, {b"app.py": b"x = 0\n"})
        self.base = make_origin(self.git_dir, {b"app.py": b"x = 1\n", b"docs/a.txt": b"a\n"})
        self.release = make_origin(self.git_dir, {b"old.py": b"y = 1\n"}, branch="release/1.0")
        self.may_write = True
        self.go_on = threading.Event()
        self.go_on.set()
        self.http = GitServer(root, self._accepts).start()

    def _accepts(self, token: str, repository: str, write: bool) -> bool:
        self.go_on.wait(20)
        return token == TOKEN and repository == "acme/app" and (self.may_write or not write)

    def remote(self, token: str | None = TOKEN, repository: str = "acme/app") -> Remote:
        return Remote(f"{self.http.url}/{repository}.git", token)

    def tip(self, branch: str) -> str:
        return plain_git(self.git_dir, "rev-parse", f"refs/heads/{branch}").decode().strip()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path / "root")
    yield made
    made.go_on.set()
    made.http.close()


def _commit(git_dir: Path, base: str, number: int, job_id: str = "job1") -> str:
    return apply_and_commit(git_dir, base, PATCH % number, message="Fix it", job_id=job_id, at=AT, stop=Stop())


def test_clone_returns_the_tip_of_the_default_branch_without_history(server: Server, tmp_path: Path) -> None:
    git_dir = tmp_path / "clone"
    assert clone(server.remote(), git_dir, Stop()) == server.base
    assert plain_git(git_dir, "show", f"{server.base}:app.py") == b"x = 1\n"
    assert plain_git(git_dir, "rev-list", "--count", server.base) == b"1\n"
    assert plain_git(git_dir, "remote") == b""


@pytest.mark.parametrize("asked", ["branch", "commit"])
def test_clone_returns_what_was_asked_for(server: Server, tmp_path: Path, asked: str) -> None:
    plain_git(server.git_dir, "config", "uploadpack.allowReachableSHA1InWant", "true")
    if asked == "branch":
        assert clone(server.remote(), tmp_path / "clone", Stop(), branch="release/1.0") == server.release
    else:
        assert clone(server.remote(), tmp_path / "clone", Stop(), commit=server.old) == server.old


@pytest.mark.parametrize(
    "branch", ["absent", "--upload-pack=touch x", "a:b", "+main", "a b", "a..b", "x\n", "a\0b", "*", "a.lock", "^main"]
)
def test_clone_says_branch_not_found_for_a_branch_that_is_none(server: Server, tmp_path: Path, branch: str) -> None:
    with pytest.raises(CodingAgentError) as error:
        clone(server.remote(), tmp_path / "clone", Stop(), branch=branch)
    assert error.value.code == "branch_not_found"


@pytest.mark.parametrize(
    ("token", "repository", "code"),
    [
        (TOKEN, "acme/none", "repository_not_found"),
        ("wrong", "acme/app", "repository_not_found"),
        (None, "acme/app", "clone_denied"),
    ],
)
def test_clone_says_what_is_wrong_when_there_is_no_access(
    server: Server, tmp_path: Path, token: str | None, repository: str, code: str
) -> None:
    with pytest.raises(CodingAgentError) as error:
        clone(server.remote(token, repository), tmp_path / "clone", Stop())
    assert error.value.code == code
    assert "\n" not in error.value.message


def test_clone_stops_at_the_largest_size(server: Server, tmp_path: Path) -> None:
    make_origin(server.git_dir, {b"large.bin": secrets.token_bytes(3_000_000)})
    with pytest.raises(CodingAgentError) as error:
        clone(server.remote(), tmp_path / "clone", Stop(), max_bytes=300_000)
    assert error.value.code == "repository_too_large"


@pytest.mark.parametrize(
    "url",
    [
        "http://github.com/a/b.git",
        "ext::sh -c touch",
        "file:///etc",
        "ssh://git@github.com/a/b",
        "https://user:word@github.com/a/b",
        "https://github.com/a/b?x=1",
        "--upload-pack=x",
        "https://github.com/a b",
        "https://github.com",
    ],
)
def test_remote_refuses_an_address_that_is_not_plain_https(url: str) -> None:
    with pytest.raises(CodingAgentError, match="https://HOST/PATH"):
        Remote(url)


def test_token_is_in_no_argument_environment_or_file_while_and_after_a_slow_clone(
    server: Server, tmp_path: Path
) -> None:
    git_dir = tmp_path / "clone"
    server.go_on.clear()
    done = threading.Thread(target=lambda: clone(server.remote(), git_dir, Stop()))
    done.start()
    seen: set[str] = set()
    looked = 0
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline or not looked:
        for process in Path("/proc").glob("[0-9]*"):
            for part in ("cmdline", "environ"):
                try:
                    text = (process / part).read_bytes()
                except OSError:
                    continue
                if str(git_dir).encode() in text:
                    looked += 1
                if TOKEN.encode() in text:
                    seen.add(f"{part}: {text!r}")
        # The server holds the clone back only once the token has reached it.
        assert time.monotonic() < deadline + 20
    server.go_on.set()
    done.join()
    assert looked > 1
    assert not seen
    assert plain_git(git_dir, "cat-file", "-t", server.base) == b"commit\n"
    push(git_dir, _commit(git_dir, server.base, 2), server.remote(), "fix/issue-7-abcd", job_id="job1", stop=Stop())
    files = [file for file in tmp_path.rglob("*") if file.is_file() and TOKEN.encode() in file.read_bytes()]
    assert files == []
    assert TOKEN not in repr(server.remote())


def test_another_server_that_asks_gets_no_token(server: Server, tmp_path: Path) -> None:
    asked = f"http://x-access-token@{server.http.url.removeprefix('http://')}"
    script = Path(run_git.__code__.co_filename).with_name("askpass.sh")
    assert os.access(script, os.X_OK)
    read, write = os.pipe()
    os.write(write, TOKEN.encode())
    os.close(write)

    def ask(question: str) -> bytes:
        environment = {
            "PATH": os.environ["PATH"],
            "CODING_AGENT_ASKPASS_FOR": asked,
            "CODING_AGENT_ASKPASS_FD": str(read),
        }
        return subprocess.run(
            [script, question], env=environment, pass_fds=(read,), capture_output=True, check=False
        ).stdout

    try:
        assert ask("Password for 'https://x-access-token@evil.example': ") == b""
        assert ask(f"Username for '{asked}': ") == b""
        assert ask(f"Password for '{asked}': ") == TOKEN.encode()
    finally:
        os.close(read)


def test_a_slow_clone_is_killed_with_its_children_when_the_job_stops(server: Server, tmp_path: Path) -> None:
    server.go_on.clear()
    stop = Stop()
    threading.Timer(0.4, lambda: stop.set(StopReason.CANCELLED)).start()
    before = time.monotonic()
    with pytest.raises(JobStoppedError) as error:
        clone(server.remote(), tmp_path / "clone", stop)
    assert error.value.code == "cancelled"
    assert time.monotonic() - before < 10
    # A killed process is there until the machine has cleared it away.
    while (left := _processes_with(server.remote().url)) and time.monotonic() - before < 30:
        time.sleep(0.05)
    assert left == []


def _processes_with(argument: str) -> list[Path]:
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found += [process] if argument.encode() in process.read_bytes() else []
        except OSError:
            continue
    return found


def test_push_makes_the_branch_and_the_same_commit_again_is_success(server: Server, tmp_path: Path) -> None:
    git_dir = tmp_path / "clone"
    base = clone(server.remote(), git_dir, Stop())
    commit = _commit(git_dir, base, 2)
    for _ in range(2):
        push(git_dir, commit, server.remote(), "fix/issue-7-abcd", job_id="job1", stop=Stop())
    assert server.tip("fix/issue-7-abcd") == commit
    assert server.tip("main") == server.base
    assert plain_git(server.git_dir, "show", f"{commit}:app.py") == b"x = 2\n"
    assert plain_git(server.git_dir, "rev-parse", f"{commit}^").decode().strip() == server.base
    assert commit == _commit(git_dir, base, 2)


def test_push_replaces_what_an_earlier_attempt_of_the_same_job_pushed(server: Server, tmp_path: Path) -> None:
    for attempt, number in (("one", 2), ("two", 3)):
        git_dir = tmp_path / attempt
        commit = _commit(git_dir, clone(server.remote(), git_dir, Stop()), number)
        push(git_dir, commit, server.remote(), "fix/issue-7-abcd", job_id="job1", stop=Stop())
    assert server.tip("fix/issue-7-abcd") == commit
    branches = plain_git(server.git_dir, "for-each-ref", "--format=%(refname:short)", "refs/heads/fix")
    assert branches == b"fix/issue-7-abcd\n"


@pytest.mark.parametrize("whose", ["a person's", "another job's", "a person's on top of ours"])
def test_push_never_replaces_what_is_not_the_jobs(server: Server, tmp_path: Path, whose: str) -> None:
    git_dir = tmp_path / "clone"
    base = clone(server.remote(), git_dir, Stop())
    if whose == "a person's":
        make_origin(server.git_dir, {b"other": b"1"}, branch="fix/issue-7-abcd")
    else:
        other = _commit(git_dir, base, 5, "job2" if whose.startswith("another") else "job1")
        push(git_dir, other, server.remote(), "fix/issue-7-abcd", job_id="whoever", stop=Stop())
        if whose.endswith("ours"):
            make_origin(server.git_dir, {b"app.py": b"x = 9\n"}, branch="fix/issue-7-abcd")
    there = server.tip("fix/issue-7-abcd")
    with pytest.raises(CodingAgentError) as error:
        push(git_dir, _commit(git_dir, base, 2), server.remote(), "fix/issue-7-abcd", job_id="job1", stop=Stop())
    assert error.value.code == "push_rejected"
    assert server.tip("fix/issue-7-abcd") == there


@pytest.mark.parametrize(
    "branch", ["main", "refs/heads/main", "fix/issue-1-abcd:main", "+fix/issue-1-abcd", "fix/issue-x"]
)
def test_push_refuses_every_other_branch(server: Server, tmp_path: Path, branch: str) -> None:
    git_dir = tmp_path / "clone"
    commit = _commit(git_dir, clone(server.remote(), git_dir, Stop()), 2)
    with pytest.raises(CodingAgentError) as error:
        push(git_dir, commit, server.remote(), branch, job_id="job1", stop=Stop())
    assert error.value.code == "push_rejected"
    assert server.tip("main") == server.base


def test_push_says_denied_when_the_token_may_only_read(server: Server, tmp_path: Path) -> None:
    git_dir = tmp_path / "clone"
    commit = _commit(git_dir, clone(server.remote(), git_dir, Stop()), 2)
    server.may_write = False
    with pytest.raises(CodingAgentError) as error:
        push(git_dir, commit, server.remote(), "fix/issue-7-abcd", job_id="job1", stop=Stop())
    assert error.value.code == "push_denied"


def test_push_says_rejected_when_a_rule_of_the_server_forbids_it(server: Server, tmp_path: Path) -> None:
    git_dir = tmp_path / "clone"
    commit = _commit(git_dir, clone(server.remote(), git_dir, Stop()), 2)
    hook = server.git_dir / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho no: protected >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(CodingAgentError) as error:
        push(git_dir, commit, server.remote(), "fix/issue-7-abcd", job_id="job1", stop=Stop())
    assert error.value.code == "push_rejected"


def test_git_is_killed_when_it_takes_too_long_or_writes_too_much(server: Server, tmp_path: Path) -> None:
    git_dir = tmp_path / "clone"
    commit = clone(server.remote(), git_dir, Stop())
    with pytest.raises(CodingAgentError) as error:
        run_git(GitCall(arguments=["cat-file", "-p", commit], git_dir=git_dir, max_output_bytes=10), Stop())
    assert error.value.code == "git_output_too_large"
    server.go_on.clear()
    call = GitCall(arguments=["ls-remote", server.remote().url], git_dir=git_dir, remote=server.remote(), timeout_s=0.5)
    with pytest.raises(CodingAgentError) as error:
        run_git(call, Stop())
    assert error.value.code == "git_timed_out"


@pytest.mark.parametrize("url", ["ext::sh -c 'touch CANARY'", "file://ORIGIN", "ORIGIN"])
def test_git_speaks_no_other_protocol(server: Server, tmp_path: Path, url: str) -> None:
    git_dir = tmp_path / "clone"
    clone(server.remote(), git_dir, Stop())
    canary = tmp_path / "canary"
    url = url.replace("CANARY", str(canary)).replace("ORIGIN", str(server.git_dir))
    result = run_git(GitCall(arguments=["fetch", "--", url], git_dir=git_dir, remote=server.remote()), Stop())
    assert result.exit_code != 0
    assert "not allowed" in result.stderr
    assert not canary.exists()
