"""Secrets that open nothing, in the shapes of those that do: where one of them turns up, a real one would.

They are made when they are needed, so that no text in the repository looks like a secret.
"""

from __future__ import annotations

import base64
import hashlib
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

__all__ = ["CANARIES", "Canary", "Sighting", "sightings"]

_UPPER_DIGITS = string.ascii_uppercase + string.digits
_LETTERS_DIGITS = string.ascii_letters + string.digits
_BASE64 = _LETTERS_DIGITS + "+/"


@dataclass(frozen=True, slots=True)
class Canary:
    """A secret of one kind: `text` is what is planted, `core` the part of it that nobody may see."""

    kind: str
    text: str
    core: str


@dataclass(frozen=True, slots=True)
class Sighting:
    """A secret that was found where it must not be."""

    kind: str
    place: str
    around: str


def _drawn(kind: str, alphabet: str, length: int) -> str:
    """Return characters that look random and are the same in every run."""
    drawn = ""
    while len(drawn) < length:
        digest = hashlib.sha256(f"{kind} {len(drawn)}".encode()).digest()
        drawn += "".join(alphabet[byte % len(alphabet)] for byte in digest)
    return drawn[:length]


def _made(kind: str, shape: str, alphabet: str, length: int) -> Canary:
    core = _drawn(kind, alphabet, length)
    return Canary(kind, shape.format(core), core)


def _key_block(kind: str, name: str) -> Canary:
    core = _drawn(kind, _BASE64, 64)
    dashes = "-" * 5
    return Canary(kind, f"{dashes}BEGIN {name}{dashes}\n{core}\n{dashes}END {name}{dashes}", core)


def _basic(kind: str) -> Canary:
    pair = base64.b64encode(f"analyst:{_drawn(kind, _LETTERS_DIGITS, 18)}".encode()).decode()
    return Canary(kind, f"Basic {pair}", pair)


CANARIES: Mapping[str, Canary] = {
    canary.kind: canary
    for canary in (
        _made("AWS access key id", "AKIA{}", _UPPER_DIGITS, 16),
        _made("AWS temporary key id", "ASIA{}", _UPPER_DIGITS, 16),
        _made("AWS secret access key", "{}", _BASE64, 40),
        _made("AWS session token", "IQoJb3JpZ2luX2Vj{}", _BASE64, 120),
        _made("key of this API", "{}", _LETTERS_DIGITS, 43),
        _made("earlier key of this API", "{}", _LETTERS_DIGITS, 43),
        _made("wrong key of this API", "{}", _LETTERS_DIGITS, 43),
        _made("key of administrators", "{}", _LETTERS_DIGITS, 43),
        _made("key for the coding agent", "{}", _LETTERS_DIGITS, 43),
        _made("token of the platform", "{}", _LETTERS_DIGITS, 48),
        _made("OpenAI key", "sk-proj-{}", _LETTERS_DIGITS, 48),
        _made("Anthropic key", "sk-ant-api03-{}", _LETTERS_DIGITS, 60),
        _made("Google API key", "AIza{}", _LETTERS_DIGITS, 35),
        _made("GitHub token", "ghp_{}", _LETTERS_DIGITS, 36),
        _made("GitHub fine-grained token", "github_pat_{}", _LETTERS_DIGITS, 60),
        _made("GitLab token", "glpat-{}", _LETTERS_DIGITS, 20),
        _made("Hugging Face token", "hf_{}", string.ascii_letters, 34),
        _made("npm token", "npm_{}", _LETTERS_DIGITS, 36),
        _made("PyPI token", "pypi-AgEIcHlwaS5vcmc{}", _LETTERS_DIGITS, 70),
        _made("Slack token", "xoxb-{}", _LETTERS_DIGITS, 40),
        _made("Slack web hook", "https://hooks.slack.com/services/{}", _UPPER_DIGITS, 24),
        _made("Stripe key", "sk_live_{}", _LETTERS_DIGITS, 24),
        _made("SendGrid key", "SG.{}", _LETTERS_DIGITS, 50),
        _made("bearer token", "Bearer {}", _LETTERS_DIGITS, 40),
        _made("JSON web token", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{}", _LETTERS_DIGITS, 43),
        _basic("basic authentication"),
        _made("password in a database's address", "postgres://finrag:{}@db.internal:5432/finrag", _LETTERS_DIGITS, 20),
        # Nothing answers there: what is told of that must not have the password either.
        _made("password in Redis' address", "redis://finrag:{}@127.0.0.1:1/0", _LETTERS_DIGITS, 20),
        _made("password in an address of the web", "https://finrag:{}@collector.internal/v1", _LETTERS_DIGITS, 20),
        _made("storage account key", "AccountName=finrag;AccountKey={}==", _BASE64, 86),
        _made("session cookie", "session={}", _LETTERS_DIGITS, 32),
        _made("Qdrant key", "{}", _LETTERS_DIGITS, 32),
        _made("collector's key", "x-honeycomb-team={}", _LETTERS_DIGITS, 32),
        _key_block("private key", "PRIVATE KEY"),
        _key_block("OpenSSH private key", "OPENSSH PRIVATE KEY"),
    )
}


def sightings(place: str, content: str | bytes, planted: Iterable[Canary]) -> list[Sighting]:
    """Return which of the planted secrets stand in `content`, as they are or in an encoding of the web."""
    text = content.decode("latin-1") if isinstance(content, bytes) else content
    found = []
    for canary in planted:
        for form in _forms(canary.core):
            at = text.find(form)
            if at >= 0:
                around = text[max(0, at - 80) : at].replace("\n", " ") + "…"
                found.append(Sighting(canary.kind, place, around))
                break
    return found


def _forms(core: str) -> set[str]:
    """The secret itself, its first part (what a cut message may show), and how addresses and JSON write it."""
    encoded = base64.b64encode(core.encode()).decode().rstrip("=")[:-2]
    return {
        core,
        core[: max(14, len(core) // 2)],
        quote(core, safe=""),
        quote_plus(core),
        core.replace("/", r"\/"),
        encoded,
    }
