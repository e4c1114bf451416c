"""Secrets that were written into the repository: every file git would take is read by detect-secrets.

There is no baseline: a line that only looks like a secret says so itself, by `pragma: allowlist secret`.
"""

from __future__ import annotations

import math
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from detect_secrets import SecretsCollection
from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.settings import transient_settings

__all__ = ["scan_files", "tracked_files"]

# Those for single strings of high entropy are left out: hashes and identifiers are what this project is full of. A
# string is looked at when a name says that it is a key.
_DETECTORS = (
    "AWSKeyDetector AzureStorageKeyDetector BasicAuthDetector DiscordBotTokenDetector GitHubTokenDetector "
    "GitLabTokenDetector JwtTokenDetector KeywordDetector MailchimpDetector NpmDetector OpenAIDetector PrivateKeyDetector "
    "PypiTokenDetector SendGridDetector SlackDetector SquareOAuthDetector StripeDetector TelegramBotTokenDetector "
    "TwilioKeyDetector"
).split()
_SETTINGS = {
    "plugins_used": [{"name": name} for name in _DETECTORS],
    "filters_used": [{"path": "detect_secrets.filters.allowlist.is_line_allowlisted"}],
}
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
    """Return the files git tracks or would add, sorted; raises OSError where git cannot say."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"git cannot list the files of {root}: {done.stderr.strip()}")
    paths = {root / name for name in done.stdout.split("\0") if name}
    return sorted(path for path in paths if path.is_file() and not path.is_symlink())


def scan_files(root: Path, paths: Sequence[Path]) -> list[str]:
    """Return what looks like a secret, one line each: kind, file and line, never the value."""
    read = sorted((path for path in paths if path.suffix not in _BINARY), key=lambda path: -path.stat().st_size)
    workers = min(os.cpu_count() or 1, 4)
    parts = [read[start :: workers * 4] for start in range(workers * 4)]
    parts = [part for part in parts if part]
    if len(read) < 50:
        found = [_scan_part(part) for part in parts]
    else:
        with ProcessPoolExecutor(workers) as pool:
            found = list(pool.map(_scan_part, parts))
    return sorted(f"{path.relative_to(root)}:{line}: {kind}" for part in found for path, line, kind in part)


def _scan_part(paths: Sequence[Path]) -> list[tuple[Path, int, str]]:
    secrets = SecretsCollection()
    with transient_settings(_SETTINGS):
        for path in paths:
            secrets.scan_file(str(path))
    found = {(Path(name), secret.line_number, secret.type) for name, secret in secrets if _is_meant(secret)}
    found |= {(path, line, "Secret Keyword") for path in paths if path.suffix in _UNQUOTED for line in _assigned(path)}
    return sorted(found)


def _is_meant(secret: PotentialSecret) -> bool:
    """Whether a value can be a secret: long and mixed enough, and neither a template nor fictional by its own words."""
    value = secret.secret_value or ""
    if secret.type == "Private Key":
        return True
    if _FICTIONAL.search(value) or _TEMPLATE.fullmatch(value):
        return False
    if secret.type == "JSON Web Token":
        return bool(value.rpartition(".")[2])  # one without signature opens nothing
    if len(value) < _LEAST_LENGTH.get(secret.type, 0):
        return False
    return secret.type != "Secret Keyword" or (" " not in value and _entropy_bits(value) >= _LEAST_ENTROPY_BITS)


def _assigned(path: Path) -> Iterator[int]:
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        match = _ASSIGNED.match(line) if len(line) < 1000 and "allowlist secret" not in line else None
        if match and not _FICTIONAL.search(match["value"]) and _entropy_bits(match["value"]) >= _LEAST_ENTROPY_BITS:
            yield number


def _entropy_bits(text: str) -> float:
    """Return Shannon's entropy of the characters of a text, in bits a character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
