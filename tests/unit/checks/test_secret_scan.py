"""Secrets of each kind are found wherever they were written, and what only looks like one is let be.

They are put together here, so that this file holds none.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from checks.secret_scan import scan_files, tracked_files

_MIXED = "q7Zr2" + "Lw9Xc" + "K4mTb" + "8VnYh" + "3Pd6S" + "fJ0gA" + "1uEoR" + "5iWx"
_BITS = "eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJmaW5yYWcifQ", "c2lnbmF0dXJlLW9mLWZpbnJhZw"
_HEADS = ("RSA ", "EC ", "OPENSSH ", "")

# Name of the file, and the line that is written there.
PLANTED = {
    "AWS key": ("a.py", "key_id = '" + "AKIA" + "Q7ZR2LW9XCK4MTB8" + "'"),
    "AWS key in an environment file": (".env", "AWS_ACCESS_KEY_ID=" + "ASIA" + "Q7ZR2LW9XCK4MTB8"),
    "AWS secret": ("a.yaml", f"aws_secret_access_key: '{_MIXED[:40]}'"),
    "JSON Web Token": ("notes.md", ".".join(_BITS)),
    "GitHub token": ("a.sh", "curl -H 'Authorization: token " + "ghp" + "_" + _MIXED[:36] + "'"),
    "GitLab token": ("a.toml", "url = '" + "glpat" + "-" + _MIXED[:20] + "'"),
    "Slack token": ("a.json", '{"hook": "' + "xox" + "b-123456789012-123456789012-" + _MIXED[:24].lower() + '"}'),
    "Slack hook": ("a.txt", "https://hooks" + ".slack.com/services/" + "T0AB12CD/B0AB12CD/" + _MIXED[:24]),
    "basic authentication": ("a.cfg", "index = https://reader:" + _MIXED[:12] + "@packages.test/simple"),
    "OpenAI key": ("a.py", "client('" + "sk" + "-" + _MIXED[:20] + "T3BlbkFJ" + _MIXED[10:30] + "')"),
    "Stripe key": ("a.py", "pay('" + "sk" + "_live_" + _MIXED[:24] + "')"),
    "npm token": (".npmrc", "//registry.npmjs.org/:_authToken=" + "npm" + "_" + _MIXED[:36]),
    "PyPI token": (".pypirc", "pypi" + "-AgEIcHlwaS5vcmc" + _MIXED + _MIXED),
    "SendGrid key": ("a.py", "'" + "SG" + "." + _MIXED[:22] + "." + _MIXED + "abcd'"),
    "Telegram token": ("a.py", "bot = '" + "123456789" + ":" + _MIXED[:35] + "'"),
    "quoted *_KEY": ("a.py", f"FINRAG_API_KEY = '{_MIXED[:32]}'"),
    "*_KEY in an environment file": ("settings.env", f"FINRAG_API_KEY={_MIXED[:32]}"),
    "exported *_TOKEN": ("a.sh", f"export QUERY_TOKEN={_MIXED[:24]}"),
    "password in YAML": ("a.yaml", f"    db_password: {_MIXED[:20]}"),
    **{
        f"private key ({head.strip() or 'PKCS 8'})": ("id.pem", "-----BEGIN " + head + "PRIVATE" + " KEY-----")
        for head in _HEADS
    },
}
HARMLESS = {
    "example of AWS": ("a.py", "key_id = 'AKIA" + "IOSFODNN7EXAMPLE'"),
    "placeholder": ("a.env", "OPENAI_API_KEY=not-a-real-secret-replace-me"),
    "template": ("a.yaml", "password: '{DATABASE_PASSWORD_OF_STAGE}'"),
    "words": ("a.py", "_SECRET_ALLOWED = 'printable ASCII without spaces (secret)'"),
    "short": ("a.py", "API_KEY = 'test'"),
    "token without signature": ("a.md", ".".join([*_BITS[:2], ""])),
    "said to be none": ("a.py", f"FINRAG_API_KEY = '{_MIXED[:32]}'  # pragma: allowlist secret"),
    "hash": ("requirements.txt", "    --hash=sha256:" + "0a30ef8f5322a417" * 4),
}


def scan_line(folder: Path, name: str, line: str) -> list[str]:
    (folder / name).write_text(f"first line\n\n{line}\n")
    return scan_files(folder, [folder / name])


@pytest.mark.parametrize("kind", PLANTED)
def test_planted_secret_is_found_with_its_place(kind: str, tmp_path: Path) -> None:
    name, line = PLANTED[kind]
    found = scan_line(tmp_path, name, line)
    assert found
    assert all(entry.startswith(f"{name}:3: ") for entry in found)


@pytest.mark.parametrize("kind", PLANTED)
def test_finding_does_not_repeat_the_secret(kind: str, tmp_path: Path) -> None:
    name, line = PLANTED[kind]
    value = max(line.replace("'", " ").replace("=", " ").split(), key=len)
    assert value not in " ".join(scan_line(tmp_path, name, line))


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_no_secret_is_let_be(kind: str, tmp_path: Path) -> None:
    assert scan_line(tmp_path, *HARMLESS[kind]) == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with a new file, an ignored one, and a link."""
    (tmp_path / ".gitignore").write_text(".aws_secrets/\n*.egg-info/\n")
    for folder in (".aws_secrets", "finrag.egg-info", "inner"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "new.env").write_text("x")
    (tmp_path / "link.env").symlink_to("inner/new.env")
    return tmp_path


def test_files_not_yet_added_are_read_and_ignored_ones_are_not(checkout: Path) -> None:
    subprocess.run(["git", "init", "--quiet", str(checkout)], check=True)
    assert tracked_files(checkout) == [checkout / ".gitignore", checkout / "inner" / "new.env"]


def test_copy_without_history_is_read_as_well(checkout: Path) -> None:
    assert tracked_files(checkout) == [checkout / ".gitignore", checkout / "inner" / "new.env"]


def test_history_that_cannot_be_read_is_an_error_and_not_clean(checkout: Path) -> None:
    (checkout / ".git").write_text("gitdir: nowhere")
    with pytest.raises(OSError, match="git cannot list"):
        tracked_files(checkout)
