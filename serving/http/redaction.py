"""Takes secrets out of what is logged, whoever logs it: those of the settings, and what is shaped like one.

Nothing of ours logs a secret; this is for what libraries say and for texts that came from outside. To look is cheap:
each pattern is tried only where a few characters that it needs are in the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig

__all__ = ["HIDDEN", "Redaction", "secrets_of"]

HIDDEN = "***"

_SHORTEST = 4
# A shorter secret is hidden only where it stands as a word: it may be part of an innocent one.
_LONG_ENOUGH = 8
_SECRET_NAME = re.compile(r"(?i)(secret|token|passw|pwd|credential|api_?key|access_?key|private_?key|(?:^|_)key$)")

# What the text has to contain in lower case, and what is then hidden: the pattern, but for its first group.
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (needles, re.compile(pattern))
    for needles, pattern in (
        (("private key-----",), r"()-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z0-9 ]*KEY-----|\Z)"),
        (("akia", "asia", "abia", "acca"), r"()\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}\b"),
        (("bearer",), r"(?i)(\bbearer[ +:=]+)[A-Za-z0-9._~+/=-]{6,}"),
        (("authorization",), r"(?i)(\bauthorization[\"']?\s*[:=,]\s*b?[\"']?)(?:[A-Za-z0-9-]+ )?[^\s\"',]+"),
        (("sk-", "sk_", "rk_", "pk_"), r"()\b(?:sk-|[srp]k_(?:live|test)_)[A-Za-z0-9_-]{12,}"),
        (
            ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
            r"()\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})",
        ),
        (("glpat-", "hf_", "npm_", "pypi-"), r"()\b(?:glpat-|hf_|npm_|pypi-)[A-Za-z0-9_-]{16,}"),
        (("xox", "xapp-"), r"()\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{8,}"),
        (("aiza",), r"()\bAIza[A-Za-z0-9_-]{30,}"),
        (("eyj",), r"()\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*)?"),
        (("://",), r"(\b[A-Za-z][A-Za-z0-9+.-]*://)[^\s/?#\"'<>]*:[^\s/?#\"'<>]*@"),
        (
            ("x-amz-", "sig=", "signature="),
            r"(?i)(\b(?:x-amz-(?:signature|credential|security-token)|sig|signature)(?:=|[\"']?:\s*[\"']?))[^\s&\"'<>,]+",
        ),
    )
)
# Fields that are named like a secret. The names are common words: cheap to rule out is only what makes one a field.
_NAMES = ("secret", "token", "password", "passwd", "pwd", "key", "key_id", "key-id")
_SIGNS = ("=", ":", '"', "'", " =", " :")
_ASSIGNED = re.compile(
    r"(?i)((?:secret|token|password|passwd|pwd|api[-_]?key|access[-_]?key|account[-_]?key)"
    r"(?:[-_]?id)?[\"']?\s?[:=]\s?b?[\"']?)[^\s\"',;&<>]{4,}"
)


class Redaction:
    """Knows the secrets of this process; with none it still knows what secrets look like."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= _SHORTEST}
        self._forms = sorted({form for secret in known for form in _forms(secret)}, key=len, reverse=True)
        self._known = re.compile("|".join(map(_exactly, self._forms)))

    def redacted(self, text: str) -> str:
        """Return the text with `***` in place of each secret; the very same object where there is none."""
        for form in self._forms:
            if form in text:
                text = self._known.sub(HIDDEN, text)
                break
        lowered = text.lower()
        for needles, pattern in _SHAPES:
            for needle in needles:
                if needle in lowered:
                    text = pattern.sub(rf"\1{HIDDEN}", text)
                    break
        return _without_assigned(text, lowered)

    def redacted_values(self, value: object) -> object:
        """Return a JSON value with all texts in it redacted, keys and numbers too where they hold a secret."""
        if isinstance(value, Mapping):
            return {self.redacted(str(key)): self._redacted_field(str(key), part) for key, part in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.redacted_values(part) for part in value]
        text = str(value)
        redacted = self.redacted(text)
        return value if redacted == text else redacted

    def _redacted_field(self, name: str, value: object) -> object:
        """The value of a field; its name may tell that it is a secret."""
        redacted = self.redacted_values(value)
        if isinstance(value, str) and redacted == value:
            together = f"{name}={value}"
            return value if self.redacted(together) == together else HIDDEN
        return redacted


def secrets_of(config: MLConfig, environment: Mapping[str, str]) -> set[str]:
    """Return what must not be told: the settings' secrets, and variables that are named like one."""
    values = [getattr(config, name) for name in MLConfig.model_fields]
    secrets = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    if config.otlp_headers is not None:
        pairs = config.otlp_headers.get_secret_value().split(",")
        secrets |= {value.strip() for _, _, value in (pair.partition("=") for pair in pairs)}
    named = {text.strip() for name, text in environment.items() if _SECRET_NAME.search(name)}
    return secrets | {text for text in named if len(text) >= _LONG_ENOUGH}


def _without_assigned(text: str, lowered: str) -> str:
    for name in _NAMES:
        if name in lowered and any(f"{name}{sign}" in lowered for sign in _SIGNS):
            return _ASSIGNED.sub(rf"\1{HIDDEN}", text)
    return text


def _forms(secret: str) -> Iterator[str]:
    """A secret as it stands in a text, in JSON, in a Python literal and in an address."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="")


def _exactly(form: str) -> str:
    escaped = re.escape(form)
    return escaped if len(form) >= _LONG_ENOUGH else rf"(?<![A-Za-z0-9]){escaped}(?![A-Za-z0-9])"
