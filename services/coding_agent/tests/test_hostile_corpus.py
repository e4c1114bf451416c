"""Every attack through the running service at once: nothing gets out, no secret is written anywhere, it lives on.

What is looked at afterwards is the world outside (files, processes, Redis, GitHub), not what the service says of it.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import secrets
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest

from coding_agent.jobs.open_store import open_store
from coding_agent.jobs.store import Artifact
from coding_agent.repository.commit import AUTHOR_EMAIL, AUTHOR_NAME
from coding_agent.sandbox.job_processes import all_processes, descendants
from coding_agent.settings import Settings
from coding_agent.tests.hostile_commands import HOSTILE as HOSTILE_COMMANDS
from coding_agent.tests.hostile_commands import Outside
from coding_agent.tests.hostile_corpus import CASES, REPOSITORIES, REQUESTS, TESTED, Case, filled, script
from coding_agent.tests.origin import Entry, make_origin, plain_git
from coding_agent.tests.running_agent import (
    API_KEY,
    GITHUB_TOKEN,
    RunningAgent,
    answer,
    open_folder,
    running_agent,
    script_line,
    submission,
)
from coding_agent.tests.toy_repositories import TOYS

_WORKERS = 2
_PATIENCE_S = 240.0
_TOY = TOYS[0]
# Known to the service, by the setting or variable that holds them.
_SECRETS = {
    "token": GITHUB_TOKEN,
    "webhook_secret": f"hook+/{secrets.token_hex(12)}",
    "callback_secret": f"back&?{secrets.token_hex(12)}",
    "model_key": f"model-{secrets.token_hex(12)}",
    "aws_secret": f"aws/+{secrets.token_hex(15)}",
    "aws_session": f"session=={secrets.token_hex(20)}",
}
_AWS_KEY_ID = "AKIA" + "QWERTYUI" + "87654321"


def _forms(secret: str) -> dict[str, str]:
    """How a secret may be written; of base64 what the secret alone decides, wherever in a text it stands."""
    data = secret.encode()
    encoded = {"": secret, "_hex": data.hex(), "_url": quote(secret, safe=""), "_reversed": secret[::-1]}
    encoded["_base64"] = base64.b64encode(data).decode()
    for shift in range(3):
        whole = base64.b64encode(bytes(shift) + data).decode()
        encoded[f"_base64_{shift}"] = whole[(8 * shift + 5) // 6 : 8 * (shift + len(data)) // 6]
    return encoded


@dataclass
class World:
    """The service under attack, and what lies around it."""

    agent: RunningAgent
    outside: Outside
    values: Mapping[str, str]
    jobs: dict[str, str]
    before: dict[str, str]

    def canaries(self) -> dict[str, bytes]:
        """What must be found nowhere."""
        known = {**_SECRETS, "API key": API_KEY, "mark": self.outside.mark}
        found = {f"{name}{form}": text for name, secret in known.items() for form, text in _forms(secret).items()}
        found["AWS key id"] = _AWS_KEY_ID
        return {name: text.encode() for name, text in found.items()}

    def leaks(self, where: str, data: bytes | str) -> list[str]:
        """Return which canaries are in something that somebody reads."""
        text = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
        return [f"{name} in {where}" for name, canary in self.canaries().items() if canary in text]


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    settings = {name: _SECRETS[name] for name in ("webhook_secret", "callback_secret", "model_key")}
    limits = {
        "command_timeout_s": "6",
        "test_timeout_s": "8",
        "max_steps": "14",
        "sandbox_memory_mb": "512",
        "sandbox_disk_mb": "96",
        "sandbox_processes": "64",
        "tested": ",".join((*TESTED, _TOY.name)),
    }
    with (
        open_folder() as folder,
        running_agent(folder, "", replicas=0, workers=0, **settings, **limits) as agent,
    ):
        outside = Outside(folder / "outside")
        try:
            agent.environment |= {
                "CODING_AGENT_WORKERS": "2",
                "AWS_ACCESS_KEY_ID": _AWS_KEY_ID,
                "AWS_SECRET_ACCESS_KEY": _SECRETS["aws_secret"],
                "AWS_SESSION_TOKEN": _SECRETS["aws_session"],
            }
            agent.start_api(0)
            yield _attacked(agent, outside)
        finally:
            outside.close()


def _attacked(agent: RunningAgent, outside: Outside) -> World:
    store = urlsplit(agent.environment["CODING_AGENT_STORE"])
    values = {
        "escape": str(outside.folder / "x"),
        "escape_name": f"escape-{outside.mark[-12:]}",
        "home": str(agent.folder),
        "git_url": agent.git.url,
        "redis_port": str(store.port),
        "api_url": agent.urls[0],
        **{f"{name}{form}": text for name, secret in _SECRETS.items() for form, text in _forms(secret).items()},
    }
    names = ("file", "folder", "pid", "parent", "port", "udp_port", "unix", "abstract", "host")
    values |= dict(zip(names, outside.fill_in(tuple(f"{{{name}}}" for name in names), os.getpid()), strict=True))
    # A toy's fix has `<` as well: only the corpus is filled in.
    toy = script_line(_TOY.title, *(answer(command) for command in _TOY.fix), submission("It is right now."))
    lines = [script(case, _when(number), values) for number, case in enumerate(CASES)]
    (agent.folder / "model.jsonl").write_text("\n".join([*lines, toy]))
    _make_repositories(agent, values)
    before = {
        name: plain_git(agent.folder / "git" / "acme" / f"{name}.git", "for-each-ref").decode() for name in _names()
    }
    world = World(agent, outside, values, {}, before)
    with agent.client() as client:
        for number, case in enumerate(CASES):
            full_name = f"acme/{case.repository}"
            issue = agent.github.state.add_issue(
                full_name, f"{_when(number)} {filled(case.title, values)}", filled(case.body, values)
            )
            agent.github.state.add_comment(full_name, issue, "eve", filled(case.comment, values))
            url = f"https://github.com/{full_name}/issues/{issue}"
            accepted = client.post("/fix-issue", json={"issue_url": url})
            assert accepted.status_code == 202, accepted.text
            world.jobs[case.name] = accepted.json()["job_id"]
    for number in range(_WORKERS):
        agent.start_worker(number)
    return world


def _when(number: int) -> str:
    return f"case-{number:03}."


def _names() -> list[str]:
    return sorted({case.repository for case in CASES})


def _make_repositories(agent: RunningAgent, values: Mapping[str, str]) -> None:
    def full(data: bytes) -> bytes:
        return filled(data.decode("utf-8", "surrogateescape"), values).encode("utf-8", "surrogateescape")

    root = agent.folder / "git" / "acme"
    for name, files in REPOSITORIES.items():
        made = {
            full(path): Entry(what.mode, full(what.content)) if isinstance(what, Entry) else full(what)
            for path, what in files.items()
        }
        make_origin(root / f"{name}.git", made)
        agent.github.state.add_repository(f"acme/{name}")
    plain = REPOSITORIES["plain"]
    option = "--upload-pack=touch"
    make_origin(root / "branched.git", plain)
    plain_git(root / "branched.git", "update-ref", f"refs/heads/{option}", "main")
    agent.github.state.add_repository("acme/branched", default_branch=option)
    make_origin(root / "gitintree.git", plain)
    _commit_git_folder(root / "gitintree.git", full(b"#!/bin/sh\ntouch <escape>\n"))
    agent.github.state.add_repository("acme/gitintree")


def _commit_git_folder(git_dir: Path, hook: bytes) -> None:
    """Give a branch a tree that plain git would not write: .git/hooks/post-checkout."""
    blob = plain_git(git_dir, "hash-object", "-w", "--stdin", stdin=hook).decode().strip()
    entry = b"100755 post-checkout\0"
    for name in (b"hooks", b".git"):
        tree = _tree(git_dir, entry + bytes.fromhex(blob))
        entry, blob = b"40000 %s\0" % name, tree
    commit = plain_git(git_dir, "commit-tree", "-m", "x", _tree(git_dir, entry + bytes.fromhex(blob)))
    plain_git(git_dir, "update-ref", "refs/heads/main", commit.strip())


def _tree(git_dir: Path, raw: bytes) -> str:
    made = plain_git(git_dir, "hash-object", "--literally", "-t", "tree", "-w", "--stdin", stdin=raw)
    return made.decode().strip()


@pytest.fixture(scope="module")
def ended(world: World) -> dict[str, dict[str, object]]:
    """Every job as it ended."""
    return {name: world.agent.wait_for_end(job, _PATIENCE_S) for name, job in world.jobs.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_hostile_case_ends_as_it_may(world: World, case: Case) -> None:
    job = world.agent.wait_for_end(world.jobs[case.name], _PATIENCE_S)
    error = job["error"]
    assert (error["code"] if isinstance(error, dict) else job["status"]) in case.ends, job
    assert world.leaks(case.name, repr(job)) == []
    if not case.answers and job["stage"] in ("push", "pr", "test", "edit"):
        # Nothing that the case wants to run was left out.
        assert job["steps"] == len(case.commands) + 1


@pytest.mark.parametrize("name", REQUESTS)
def test_a_hostile_request_is_refused(world: World, name: str) -> None:
    body = {
        key: filled(value, world.values) if isinstance(value, str) else value for key, value in REQUESTS[name].items()
    }
    with world.agent.client() as client:
        refused = client.post("/fix-issue", json=body)
    assert 400 <= refused.status_code < 500, refused.text
    assert world.leaks(name, refused.text) == []


def test_nothing_is_reached_or_left_outside(world: World, ended: dict[str, dict[str, object]]) -> None:
    world.outside.assert_untouched("".join(_outputs(world, job) for job in world.jobs.values()))
    assert _left(world) == []
    assert list((world.agent.folder / "workspace").iterdir()) == []


def _left(world: World) -> list[Path]:
    """Files that commands tried to make outside of their sandboxes, and those beside the canary."""
    home, name = world.agent.folder, world.values["escape_name"]
    places = [Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"), Path("/"), home]
    beside = [path for path in world.outside.folder.iterdir() if path.name not in ("private", "socket")]
    made = [path for path in home.rglob("*") if "escape" in path.name or path.name == "authorized_keys"]
    return [*beside, *made, *(place / name for place in places if (place / name).exists())]


def test_no_process_of_a_sandbox_is_left(world: World, ended: dict[str, dict[str, object]]) -> None:
    workspace = f"{world.agent.folder.name}/workspace/"
    left = []
    for entry in all_processes():
        try:
            mounts = Path(f"/proc/{entry.pid}/mountinfo").read_text(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        left += [entry] if workspace in mounts else []
    assert left == []
    workers = [world.agent.processes[f"worker-{number}"].pid for number in range(_WORKERS)]
    assert [entry for pid in workers for entry in descendants(pid, all_processes())] == []


def test_no_secret_is_written_anywhere(world: World, ended: dict[str, dict[str, object]]) -> None:
    assert _leaks(world, ended) == []


def _leaks(world: World, ended: Mapping[str, object]) -> list[str]:
    agent = world.agent
    found = []
    with contextlib.closing(open_store(_settings(world))) as store, agent.client() as client:
        for name, job in world.jobs.items():
            found += world.leaks(f"job of {name}", json.dumps(ended[name]) + repr(ended[name]))
            found += world.leaks(f"log of {name}", "\n".join(line.text for line in store.read_log(job)))
            for part in ("logs", "patch"):
                found += world.leaks(f"{part} of {name}", client.get(f"/jobs/{job}/{part}").content)
            for artifact in Artifact:
                data = store.get_artifact(job, artifact) or b""
                found += world.leaks(f"{artifact} of {name}", data + _decoded(data))
    for path in agent.folder.rglob("*"):
        # Logs of all processes, and Redis's file: all that was ever written to it.
        if path.is_file() and path.name != "model.jsonl" and not {"git", "outside"} & set(path.parts):
            found += world.leaks(str(path), path.read_bytes())
    for repository in agent.github.state.repositories.values():
        for pull in repository.pulls.values():
            found += world.leaks(f"pull request {pull.head}", f"{pull.title}\n{pull.body}\n{pull.head}")
        for comment in repository.comments.values():
            found += world.leaks("a comment", comment.body if comment.author != "eve" else "")
        bare = agent.folder / "git" / f"{repository.full_name}.git"
        # Every object that was ever pushed: commits, trees, files.
        found += world.leaks(str(bare), plain_git(bare, "cat-file", "--batch-all-objects", "--batch"))
    return found


def _decoded(data: bytes) -> bytes:
    """The texts within JSON as they are meant."""
    try:
        return repr(json.loads(data)).encode("utf-8", "surrogatepass")
    except ValueError:
        return b""


def _outputs(world: World, job: str) -> str:
    """What commands of the sandbox's own corpus have printed, as the model saw it."""
    with contextlib.closing(open_store(_settings(world))) as store:
        messages = json.loads(store.get_artifact(job, Artifact.TRAJECTORY) or b"{}").get("messages", [])
    turns = [message["content"] for message in messages if message["role"] == "user"]
    return "".join(turns[1:])


def _settings(world: World) -> Settings:
    return Settings.model_validate({"store": world.agent.environment["CODING_AGENT_STORE"]})


# What GitHub would act on in a text of strangers.
_ACTS = re.compile(
    r"@[A-Za-z0-9]|(?<!&)#\d|\bGH-\d|<(?!/?(?:details|summary)>)[A-Za-z/!?]|\]\(|\]:|&(?:#|[a-z]+;)"
    r"|[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]"
)


def test_repositories_have_our_branches_and_nothing_else_new(world: World, ended: dict[str, dict[str, object]]) -> None:
    assert world.agent.github.state.refused == []
    for name in _names():
        bare = world.agent.folder / "git" / "acme" / f"{name}.git"
        after = plain_git(bare, "for-each-ref").decode().splitlines()
        assert set(world.before[name].splitlines()) <= set(after)
        new = [line.split("\t")[1] for line in after if line not in world.before[name]]
        assert [ref for ref in new if not re.fullmatch(r"refs/heads/fix/issue-\d+-[0-9a-z]+", ref)] == []
        pushed = {str(job["branch"]) for job in ended.values() if job["repository"] == f"acme/{name}" and job["branch"]}
        assert {ref.removeprefix("refs/heads/") for ref in new} == pushed
        assert not (bare / "hooks").exists()


def test_pushed_commits_change_plain_files_within_the_repository(
    world: World, ended: dict[str, dict[str, object]]
) -> None:
    seen = 0
    for job in ended.values():
        if not job["branch"]:
            continue
        seen += 1
        bare = world.agent.folder / "git" / f"{job['repository']}.git"
        branch = f"refs/heads/{job['branch']}"
        assert plain_git(bare, "rev-list", "--count", f"{job['base_commit']}..{branch}").strip() == b"1"
        changes = plain_git(bare, "diff-tree", "-r", "-z", "--no-renames", str(job["base_commit"]), branch).split(
            b"\0"
        )[:-1]
        for head, path in zip(changes[::2], changes[1::2], strict=True):
            assert head.split(b" ")[1] in (b"000000", b"100644", b"100755"), path
            parts = path.lower().split(b"/")
            assert not {b"", b"..", b".git", b".gitmodules", b"workflows"} & set(parts)
        message = plain_git(bare, "show", "-s", "--format=%B", branch).decode()
        assert _ACTS.findall(message) == []
        people = plain_git(bare, "show", "-s", "--format=%an <%ae>%n%cn <%ce>", branch).decode().splitlines()
        assert people == [f"{AUTHOR_NAME} <{AUTHOR_EMAIL}>"] * 2
        assert message.rstrip().splitlines()[1:] == ["", f"Coding-Agent-Job: {job['job_id']}"]
    assert seen > len(CASES) // 3


def test_nothing_acts_in_a_pull_request(world: World, ended: dict[str, dict[str, object]]) -> None:
    pulls = [pull for each in world.agent.github.state.repositories.values() for pull in each.pulls.values()]
    assert len(pulls) > len(CASES) // 3
    for pull in pulls:
        first, _, rest = pull.body.partition("\n")
        assert re.fullmatch(r"Fixes acme/[a-z]+#\d+", first)
        assert _ACTS.findall(rest) == []
        assert rest.count("<details>") == rest.count("</details>") == 1
        assert len(pull.body) <= 65_536
        title = re.fullmatch(r"Fix #\d+: (.*)", pull.title)
        assert title is not None
        assert len(pull.title) <= 256
        assert _ACTS.findall(title[1]) == []
        assert pull.draft


def test_the_service_lives_on(
    world: World, ended: dict[str, dict[str, object]], capsys: pytest.CaptureFixture[str]
) -> None:
    agent = world.agent
    with agent.client() as client:
        accepted = client.post("/fix-issue", json={"issue_url": agent.add_toy(_TOY)}).raise_for_status().json()
    job = agent.wait_for_end(accepted["job_id"], _PATIENCE_S)
    assert (job["status"], job["attempt"]) == ("success", 1)
    assert all(each["attempt"] == 1 for each in ended.values())
    assert [name for name, process in agent.processes.items() if process.poll() is not None] == []
    faults = [line for name in agent.processes for line in agent.log(name).splitlines() if '"level": "ERROR"' in line]
    assert faults == []
    leaks = _leaks(world, ended)
    with capsys.disabled():
        counts = Counter(str(job["status"]) for job in ended.values())
        told = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
        sys.stdout.write(
            f"\nhostile corpus: {len(CASES)} jobs ({told}) that ran {len(HOSTILE_COMMANDS)} commands of the "
            f"sandbox's corpus among others, {len(REQUESTS)} requests; "
            f"escapes: {len(_left(world))}; secrets found: {len(leaks)}\n"
        )
