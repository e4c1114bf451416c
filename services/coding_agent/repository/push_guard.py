"""What must not be pushed without somebody having said so: judged on the two trees, not on the text of a patch."""

from __future__ import annotations

import math
import posixpath
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from coding_agent.errors import CodingAgentError
from coding_agent.observability.redaction import written_forms
from coding_agent.repository.git import GitCall, run_git
from coding_agent.runs.stop import Stop
from coding_agent.settings import Settings

__all__ = ["NEVER_ALLOWED", "Refusal", "guard"]

# `Settings.push_allow` lets nothing of these through.
NEVER_ALLOWED = frozenset({"path", "known_secret", "symlink_outside"})

_MAX_BYTES = 256_000_000
_LINK, _SUBMODULE, _NONE = b"120000", b"160000", b"000000"

# Run by a CI service, some of them with secrets and before anybody has reviewed; or decide who reviews.
_AUTOMATION = re.compile(
    r"\.github/(?:workflows|actions)/.*|(?:\.github/|docs/|\.gitlab/)?codeowners|\.github/dependabot\.ya?ml"
    r"|\.gitlab-ci\.ya?ml|\.gitlab/ci/.*|\.circleci/.*|\.buildkite/.*|\.woodpecker(?:/.*|\.ya?ml)|\.drone\.ya?ml"
    r"|\.travis\.ya?ml|\.?appveyor\.ya?ml|\.?azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml|jenkinsfile"
    r"|cloudbuild\.ya?ml|buildspec\.ya?ml|\.cirrus\.ya?ml|\.semaphore/.*|\.forgejo/workflows/.*|\.gitea/workflows/.*"
)
# Attributes that keep a change out of a reviewer's sight, or hand files to programs.
_HIDING = re.compile(rb"linguist-(?:generated|vendored)|(?:^|\s)-diff\b|\b(?:diff|filter|merge)=|\sbinary\b")
_SECRETS = (
    re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY"),
    re.compile(rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    re.compile(rb"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|glpat-[A-Za-z0-9_-]{20,})"),
    re.compile(rb"\bxox[abeoprs]-[A-Za-z0-9-]{10,}|hooks\.slack\.com/services/T[A-Z0-9]+/B"),
    re.compile(rb"\b(?:sk|rk)_live_[A-Za-z0-9]{16,}|\bsk-(?:ant-|proj-)?[A-Za-z0-9_-]{24,}"),
    re.compile(rb"\bAIza[A-Za-z0-9_-]{35}|\bya29\.[A-Za-z0-9_-]{20,}|\bnpm_[A-Za-z0-9]{36}|\bpypi-[A-Za-z0-9_-]{40,}"),
    re.compile(rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    re.compile(rb"://[^\s/:@'\"]{1,64}:[^\s/:@'\"${}<>]{6,}@"),
)
_ASSIGNED = re.compile(
    rb"(?i)(?:secret|passw(?:or)?d|token|api_?key|access_?key|credential)[a-z_]{0,20}[\"']?\s*[:=]\s*"
    rb"[\"']?([A-Za-z0-9+/=_.~-]{20,200})"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a change is not pushed: a code (what `Settings.push_allow` names, or of `NEVER_ALLOWED`), where, a line.

    `path` is printable, whatever the tree has; empty when the change as a whole is meant.
    """

    code: str
    path: str
    message: str


@dataclass(frozen=True, slots=True)
class _Change:
    path: bytes
    old_mode: bytes
    new_mode: bytes
    old: bytes
    new: bytes
    added: int | None
    removed: int | None

    @property
    def shown(self) -> str:
        return ascii(self.path.decode(errors="replace"))[1:-1]


def guard(
    git_dir: Path, base: str, commit: str, settings: Settings, stop: Stop, *, known_secrets: Sequence[str] = ()
) -> list[Refusal]:
    """Return what keeps `commit` (on top of `base`, both in `git_dir`) from being pushed; nothing: it may be.

    Codes: `workflows`, `binaries`, `secrets`, `submodules`, `symlinks`, `size`, `attributes`, and those of
    `NEVER_ALLOWED`: `path` (control or invisible characters, invalid UTF-8, `.git`, a name that differs from another
    only in case), `known_secret` (one of the service's own, plain or encoded, in a changed file or in the message),
    `symlink_outside`.
    """
    changes = _changes(git_dir, base, commit, stop)
    try:
        contents = _contents(git_dir, {blob for change in changes for blob in _blobs(change)} | {commit.encode()}, stop)
    except CodingAgentError as error:
        if error.code != "git_output_too_large":
            raise
        return [Refusal("path", "", f"The changed files are larger than {_MAX_BYTES // 1_000_000} MB together")]
    refusals = [*_size(changes, settings), *_collisions(git_dir, base, changes, stop)]
    secrets = [form.encode() for secret in known_secrets if len(secret) >= 8 for form in written_forms(secret)]
    if any(secret in contents[commit.encode()] for secret in secrets):
        refusals.append(Refusal("known_secret", "", "The commit's message holds a secret of this service"))
    for change in changes:
        added = _added_lines(change, contents)
        refusals += _path(change)
        refusals += _kind(change, contents)
        refusals += _secrets(change, added, contents.get(change.new, b""), secrets)
        if posixpath.basename(change.path).lower() == b".gitattributes" and any(map(_HIDING.search, added)):
            refusals.append(Refusal("attributes", change.shown, "It hides changes from review or names programs"))
    return [refusal for refusal in refusals if refusal.code in NEVER_ALLOWED or refusal.code not in settings.push_allow]


def _changes(git_dir: Path, base: str, commit: str, stop: Stop) -> list[_Change]:
    def fields(form: str) -> list[bytes]:
        arguments = ["diff-tree", "-r", "-z", form, "--no-renames", "--full-index", "--no-ext-diff", "--no-textconv"]
        call = GitCall(arguments=[*arguments, base, commit, "--"], git_dir=git_dir)
        return run_git(call, stop, code="push_guard_failed").stdout.split(b"\0")[:-1]

    lines = {}
    for entry in fields("--numstat"):
        added, removed, path = entry.split(b"\t", 2)
        lines[path] = None if added == b"-" else (int(added), int(removed))
    raw = fields("--raw")
    changes = []
    for head, path in zip(raw[::2], raw[1::2], strict=True):
        old_mode, new_mode, old, new, _ = head.removeprefix(b":").split(b" ")
        added_removed = lines.get(path, (0, 0)) or (None, None)
        changes.append(_Change(path, old_mode, new_mode, old, new, *added_removed))
    return changes


def _blobs(change: _Change) -> Iterator[bytes]:
    for mode, blob in ((change.old_mode, change.old), (change.new_mode, change.new)):
        if mode not in (_NONE, _SUBMODULE):
            yield blob


def _contents(git_dir: Path, objects: set[bytes], stop: Stop) -> dict[bytes, bytes]:
    call = GitCall(
        arguments=["cat-file", "--batch", "--buffer"],
        git_dir=git_dir,
        stdin=b"".join(each + b"\n" for each in sorted(objects)),
        max_output_bytes=_MAX_BYTES,
    )
    answer = run_git(call, stop, code="push_guard_failed").stdout
    contents = {}
    position = 0
    while position < len(answer):
        end = answer.index(b"\n", position)
        name, _, size = answer[position:end].split(b" ")
        contents[name] = answer[end + 1 : end + 1 + int(size)]
        position = end + 1 + int(size) + 1
    return contents


def _added_lines(change: _Change, contents: dict[bytes, bytes]) -> list[bytes]:
    """Lines of the new file that the old one did not have (as often)."""
    new = Counter(contents.get(change.new, b"").splitlines())
    return list(new - Counter(contents.get(change.old, b"").splitlines()))


def _size(changes: Sequence[_Change], settings: Settings) -> Iterator[Refusal]:
    if len(changes) > settings.max_changed_files:
        yield Refusal("size", "", f"{len(changes)} files are changed, more than {settings.max_changed_files}")
    lines = sum((change.added or 0) + (change.removed or 0) for change in changes)
    if lines > settings.max_changed_lines:
        yield Refusal("size", "", f"{lines} lines are changed, more than {settings.max_changed_lines}")


def _collisions(git_dir: Path, base: str, changes: Sequence[_Change], stop: Stop) -> Iterator[Refusal]:
    """A new name that another differs from only in case: one of the two is lost on Windows and macOS."""
    new = [change for change in changes if change.old_mode == _NONE]
    if not new:
        return
    call = GitCall(arguments=["ls-tree", "-r", "-z", "--name-only", "--full-tree", base], git_dir=git_dir)
    listed = run_git(call, stop, code="push_guard_failed").stdout.split(b"\0")
    gone = {change.path for change in changes if change.new_mode == _NONE}
    seen = {_folded(path): path for path in listed if path not in gone}
    for change in new:
        if seen.setdefault(_folded(change.path), change.path) != change.path:
            yield Refusal("path", change.shown, "Another file's name differs from it only in case")


def _folded(path: bytes) -> str:
    return unicodedata.normalize("NFC", path.decode(errors="surrogateescape")).casefold()


def _path(change: _Change) -> Iterator[Refusal]:
    try:
        path = change.path.decode()
    except UnicodeDecodeError:
        yield Refusal("path", change.shown, "The name is not UTF-8")
        return
    if any(unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp", "Co", "Cn") for character in path):
        yield Refusal("path", change.shown, "The name has control or invisible characters")
    parts = path.split("/")
    # `.git.` and `git~1` are `.git` to Windows.
    if path.startswith("/") or any(
        part in ("", "..", ".") or part.casefold().rstrip(". ") in (".git", "git~1") for part in parts
    ):
        yield Refusal("path", change.shown, "The name leaves the tree or is git's own")
    if _AUTOMATION.fullmatch(path.casefold()):
        yield Refusal("workflows", change.shown, "It is run by automation, or decides who reviews")
    if parts[-1].casefold() == ".gitmodules":
        yield Refusal("submodules", change.shown, "It says where submodules come from")


def _kind(change: _Change, contents: dict[bytes, bytes]) -> Iterator[Refusal]:
    modes = (change.old_mode, change.new_mode)
    if _SUBMODULE in modes:
        yield Refusal("submodules", change.shown, "It is a submodule, or a repository left in the tree")
    if _LINK in modes:
        yield Refusal("symlinks", change.shown, "It is a symbolic link")
    if change.new_mode == _LINK:
        target = contents[change.new]
        end = posixpath.normpath(posixpath.join(posixpath.dirname(change.path), target))
        if target.startswith(b"/") or end.split(b"/")[0] in (b"..", b".git") or b"\\" in target:
            yield Refusal("symlink_outside", change.shown, "The link leads out of the repository")
    if change.added is None and change.new_mode != _NONE:
        yield Refusal("binaries", change.shown, "It is a binary file")


def _secrets(
    change: _Change, added: Sequence[bytes], content: bytes, known_secrets: Sequence[bytes]
) -> Iterator[Refusal]:
    if any(secret in content or secret in change.path for secret in known_secrets):
        yield Refusal("known_secret", change.shown, "It holds a secret of this service")
    if any(_looks_secret(line) for line in added):
        yield Refusal("secrets", change.shown, "An added line looks like a key, a token or a password")


def _looks_secret(line: bytes) -> bool:
    if any(pattern.search(line) for pattern in _SECRETS):
        return True
    return any(_is_random(found[1]) for found in _ASSIGNED.finditer(line))


def _is_random(value: bytes) -> bool:
    """Whether it is like a generated value: letters and digits, and more bits to a character than names have."""
    if not (re.search(rb"[0-9]", value) and re.search(rb"[A-Za-z]", value)):
        return False
    counts = Counter(value)
    bits = -sum(count / len(value) * math.log2(count / len(value)) for count in counts.values())
    return bits >= 3.5
