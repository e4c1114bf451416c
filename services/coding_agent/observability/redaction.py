"""Takes secrets out of texts that leave the process: logs, jobs' logs, patches, pull requests, trajectories.

Secrets that the process knows are found plain and in the encodings that programs give them (JSON, URL, base64 at any
offset, hex); others by the shape that their issuers document. Nothing of ours writes a secret anywhere: this is for
what models, commands, libraries and people write.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote, quote_plus, urlsplit

from pydantic import SecretStr

from coding_agent.settings import Settings

__all__ = ["HIDDEN", "Redactor", "known_secrets", "redactor_for", "written_forms"]

HIDDEN = "***"

# A shorter one would hide innocent text, and none that is worth stealing is so short.
_SHORTEST = 6
# A line of a key that spans lines counts by itself, but not its last few characters.
_SHORTEST_LINE = 16

# Where a token begins: not inside a word, unless that is the letter of an escaped line break.
_START = r"(?:(?<![A-Za-z0-9_-])|(?<=\\[nrt]))"
# What the text must contain in lower case for the pattern to be tried; what is hidden comes after group 1.
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = tuple(
    (needles, re.compile(pattern))
    for needles, pattern in (
        (
            ("private key",),
            r"()-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----(?:[A-Za-z0-9+/=\s:,.]|\\+[nrt]|-(?!-))*+"
            r"(?:-----END [A-Z0-9 ]{0,30}KEY-----)?",
        ),
        (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"()gh[pousr]_[A-Za-z0-9]{20,}"),
        (("github_pat_",), r"()github_pat_[A-Za-z0-9_]{20,}"),
        (("akia", "asia"), rf"(){_START}(?:AKIA|ASIA)[A-Z0-9]{{16}}(?![A-Za-z0-9])"),
        (("sk-",), rf"(){_START}sk-(?=[A-Za-z_-]{{0,100}}[0-9])[A-Za-z0-9_-]{{16,}}"),
        (("eyj",), rf"(){_START}eyJ[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}\.[A-Za-z0-9_-]{{8,}}"),
        (
            ("authorization", "x-api-key"),
            r"(?i)((?:authorization|x-api-key)[\"']?\s{0,5}[:=,]\s{0,5}[\"']?(?:(?:basic|bearer|token)\s{1,5})?)"
            r"(?!basic\s|bearer\s|token\s)[^\s\"',\\]{6,}",
        ),
        (("bearer",), r"(?i)(\bbearer\s{1,5})[A-Za-z0-9._~+/=-]{16,}"),
        (("://",), r"(\b[A-Za-z][A-Za-z0-9+.-]{0,20}://)(?!git@)[^\s/?#@\"'<>\\]{1,1000}(?=@)"),
    )
)


class Redactor:
    """Knows the secrets of this process; with none it still knows what secrets look like. Safe from threads."""

    def __init__(self, known_secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[str] = frozenset()
        self._known: re.Pattern[str] | None = None
        self._learn(known_secrets)

    def learn(self, secret: str) -> None:
        """Hide this one from now on as well, such as a token that was fetched."""
        self._learn((secret,))

    def redact(self, text: str) -> str:
        """Return the text with `***` in place of each known secret, and of what is shaped like one."""
        text = self.redact_known(text)
        lowered = text.lower()
        for needles, pattern in _SHAPES:
            if any(needle in lowered for needle in needles):
                text = pattern.sub(rf"\g<1>{HIDDEN}", text)
        return text

    def redact_known(self, text: str) -> str:
        """Return the text with `***` in place of each known secret; what is only shaped like one stays."""
        return text if self._known is None else self._known.sub(HIDDEN, text)

    def redact_bytes(self, data: bytes) -> bytes:
        """Do the same for bytes of any encoding that has ASCII in it; all others stay as they are."""
        return self.redact(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def redact_known_bytes(self, data: bytes) -> bytes:
        """Return bytes with `***` in place of each known secret; all others stay as they are."""
        return self.redact_known(data.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")

    def redact_json(self, value: object) -> object:
        """Return a JSON value with all texts in it redacted, keys too."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact(str(key)): self.redact_json(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.redact_json(part) for part in value]
        return value

    def _learn(self, secrets: Iterable[str]) -> None:
        self._forms |= {form for secret in secrets for form in written_forms(secret)}
        # The longest first: of two that begin alike the whole of the longer one goes.
        patterns = [re.escape(form) for form in sorted(self._forms, key=len, reverse=True)]
        self._known = re.compile("|".join(patterns)) if patterns else None


def redactor_for(settings: Settings, environment: Mapping[str, str] = os.environ) -> Redactor:
    """Return a redactor that knows the service's secrets."""
    return Redactor(known_secrets(settings, environment))


def known_secrets(settings: Settings, environment: Mapping[str, str] = os.environ) -> frozenset[str]:
    """Return the secrets in the settings, and AWS's in the environment."""
    values = (getattr(settings, name) for name in Settings.model_fields)
    known = {value.get_secret_value() for value in values if isinstance(value, SecretStr)}
    known |= {environment.get(name, "") for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
    known.add(urlsplit(settings.store).password or "")
    return frozenset(known - {""})


def written_forms(secret: str) -> frozenset[str]:
    """Return the texts by which a secret, or a line of one that spans several, is found in what programs write."""
    forms = {form for part in _parts(secret) for form in _forms(part)}
    return frozenset(form for form in forms if len(form) >= _SHORTEST)


def _parts(secret: str) -> Iterator[str]:
    """A secret, and the lines of one that spans several, as keys in PEM do."""
    secret = secret.strip()
    if len(secret) >= _SHORTEST:
        yield secret
        lines = secret.splitlines()
        if len(lines) > 1:
            yield from (line for line in lines if len(line) >= _SHORTEST_LINE and not line.startswith("-----"))


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode()
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield quote(secret, safe="")
    yield quote(secret)
    yield quote_plus(secret)
    yield data.hex()
    yield data.hex().upper()
    for shift in range(3):
        yield from _in_base64(data, shift)


def _in_base64(data: bytes, shift: int) -> Iterator[str]:
    """The characters that the data alone decides, when it stands `shift` bytes into a group of three.

    So it is found whatever comes before it, as in `x-access-token:TOKEN`.
    """
    begin, end = (8 * shift + 5) // 6, 8 * (shift + len(data)) // 6
    padded = bytes(shift) + data
    yield base64.b64encode(padded).decode()[begin:end]
    yield base64.urlsafe_b64encode(padded).decode()[begin:end]
