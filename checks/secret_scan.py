"""Secrets that were written into the repository: every file git would take is read by detect-secrets.

There is no baseline: a line that only looks like a secret says so itself, by `pragma: allowlist secret`.
"""

from __future__ import annotations

import math
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import transient_settings

__all__ = ["scan_files", "tracked_files"]

# Those for single strings of high entropy are left out: hashes and identifiers are what this project is full of. A
# string is looked at when a name says that it is a key.
_DETECTORS = (
    "AWSKeyDetector AzureStorageKeyDetector BasicAuthDetector DiscordBotTokenDetector GitHubTokenDetector "
    "GitLabTokenDetector JwtTokenDetector KeywordDetector MailchimpDetector NpmDetector OpenAIDetector "
    "PrivateKeyDetector PypiTokenDetector SendGridDetector SlackDetector SquareOAuthDetector "
    "StripeDetector TelegramBotTokenDetector TwilioKeyDetector"
).split()
_SETTINGS = {"plugins_used": [{"name": name} for name in _DETECTORS], "filters_used": []}
# What a line has at least, in small letters, that any of the detectors finds something in; they take a millisecond for
# each line. Without IGNORECASE, which makes it four times slower; the second is about letters as they are.
_HINT = re.compile(
    r"key|secret|token|pass\b|passw|pwd|cred|auth|://|-----begin|akia|asia|abia|acca|a3t|eyj|gh[pousr]_|gl\w{2,4}-|xox|slack|sk-|sk_|rk_|"
    r"sq0|npm_|pypi-|sg\.|\d{8,10}:[\w-]{35}|[mno][\w-]{23,25}\.[\w-]{6}\.|-us\d"
)
_CASED_HINT = re.compile(r"(?:AC|SK)[A-Za-z0-9]{32}")
_BINARY = {".gz", ".ico", ".jpeg", ".jpg", ".parquet", ".png", ".woff2", ".zip"}
# Words in values that are no secrets; AWS writes EXAMPLE into the keys of its documentation.
_FICTIONAL = re.compile(r"example|not-a-real|not-real|fake|placeholder|replace-me|\.\.\.|…", re.IGNORECASE)
_TEMPLATE = re.compile(r"\{.*\}|\$\(.*\)|<.*>|\$\w+")
_LEAST_LENGTH = {"Secret Keyword": 16, "Basic Auth Credentials": 8}
_LEAST_ENTROPY_BITS = 3.5
# A key by its name and a value without quotes, as in .env, shell and YAML files; detect-secrets wants quotes there.
_ASSIGNED = re.compile(
    r"^\s*(?:export\s+|-\s+)?[\w.-]*(?:key|secret|token|password|passwd)\s*[=:]\s*(?P<value>[A-Za-z0-9+/=_.~-]{16,})\s*$",
    re.IGNORECASE,
)
_UNQUOTED = {"", ".cfg", ".conf", ".env", ".ini", ".md", ".sh", ".tf", ".tfvars", ".txt", ".yaml", ".yml"}


def tracked_files(root: Path) -> list[Path]:
    """Return the files git tracks or would add, sorted; of a copy without history all that .gitignore does not name."""
    paths = _files_git_knows(root) if (root / ".git").exists() else _files_not_ignored(root)
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


def _files_git_knows(root: Path) -> set[Path]:
    # The owner of a checkout may be another than who checks it, as in a container that builds.
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z"]
    command += ["--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"git cannot list the files of {root}: {done.stderr.strip()}")
    return {root / name for name in done.stdout.split("\0") if name}


def _files_not_ignored(root: Path) -> set[Path]:
    lines = (root / ".gitignore").read_text("utf-8").splitlines() if (root / ".gitignore").is_file() else []
    ignored = {line.rstrip("/") for line in lines}
    return {
        path for path in root.rglob("*") if not any(_matches(part, ignored) for part in path.relative_to(root).parts)
    }


def _matches(name: str, patterns: set[str]) -> bool:
    return any(fnmatch(name, pattern) for pattern in patterns)


def scan_files(root: Path, paths: Sequence[Path]) -> list[str]:
    """Return what looks like a secret, one line each: file, line and kind, never the value."""
    with tempfile.TemporaryDirectory() as folder, transient_settings(_SETTINGS):
        found = {
            (path.relative_to(root).as_posix(), line, kind)
            for path in paths
            if path.suffix not in _BINARY
            for line, kind in _scan_file(path, Path(folder) / f"lines{path.suffix}")
        }
    return [f"{name}:{line}: {kind}" for name, line, kind in sorted(found)]


def _scan_file(path: Path, extract: Path) -> Iterator[tuple[int, str]]:
    """Yield line and kind of what a file holds; `extract` is where the lines that need a close look are put."""
    lines = [
        (number, line)
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1)
        if (_HINT.search(line.lower()) or _CASED_HINT.search(line)) and "pragma: allowlist secret" not in line
    ]
    if not lines:
        return
    extract.write_text("".join(f"{line}\n" for _, line in lines), "utf-8")
    secrets = SecretsCollection()
    secrets.scan_file(str(extract))
    for _, secret in secrets:
        number, line = lines[secret.line_number - 1]
        if _is_meant(secret, line):
            yield number, secret.type
    if path.suffix in _UNQUOTED:
        yield from ((number, "Secret Keyword") for number, line in lines if _assigns_secret(line))


def _is_meant(secret: PotentialSecret, line: str) -> bool:
    """Whether a value can be a secret: long and mixed enough, and neither a template nor fictional by its own words."""
    value = secret.secret_value or ""
    if secret.type == "Private Key":
        return True
    if _FICTIONAL.search(value) or _TEMPLATE.fullmatch(value):
        return False
    if secret.type == "JSON Web Token":
        return bool(re.search(re.escape(value) + r"\.?[\w-]{8}", line))  # one without signature opens nothing
    if len(value) < _LEAST_LENGTH.get(secret.type, 0):
        return False
    return secret.type != "Secret Keyword" or (" " not in value and _entropy_bits(value) >= _LEAST_ENTROPY_BITS)


def _assigns_secret(line: str) -> bool:
    match = _ASSIGNED.match(line) if len(line) < 1000 else None
    return bool(
        match and not _FICTIONAL.search(match["value"]) and _entropy_bits(match["value"]) >= _LEAST_ENTROPY_BITS
    )


def _entropy_bits(text: str) -> float:
    """Return Shannon's entropy of the characters of a text, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
