"""References of container images, by the grammar of github.com/distribution/reference."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ImageReference", "is_allowed", "parse_image"]

_HOST_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_REGISTRY = re.compile(rf"(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?")
_PATH_COMPONENT = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST_PATH = 255
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class ImageReference:
    """A parsed reference; `registry` is in small letters, docker.io where none was written."""

    registry: str
    path: tuple[str, ...]
    tag: str = ""
    digest: str = ""


def parse_image(text: str) -> ImageReference:
    """Return the parts. Raises ValueError with a sentence for the caller."""
    if len(text) > _LONGEST or not text.isascii():
        raise ValueError(f"must be at most {_LONGEST} ASCII characters")
    rest, has_digest, digest = text.partition("@")
    if has_digest:
        _check_digest(digest)
    name, tag = _split_tag(rest)
    registry, path = _split_registry(name)
    if not path or not all(_PATH_COMPONENT.fullmatch(component) for component in path):
        raise ValueError("is not an image reference such as registry.example.com/team/app:1.0")
    if len("/".join(path)) > _LONGEST_PATH:
        raise ValueError(f"has a path of more than {_LONGEST_PATH} characters")
    return ImageReference(registry, path, tag, digest)


def is_allowed(image: ImageReference, prefixes: Sequence[str]) -> bool:
    """Whether the image lies under a prefix: same registry, and the prefix's whole path components come first.

    `*` allows every image. A prefix that names a repository itself (no `/` at its end) allows it too.
    """
    return any(prefix == "*" or _lies_under(image, prefix) for prefix in prefixes)


def _lies_under(image: ImageReference, prefix: str) -> bool:
    registry, path = _split_registry(prefix.rstrip("/"), bare_is_registry=prefix.count("/") <= 1 and prefix[-1:] == "/")
    if image.registry != registry or image.path[: len(path)] != path:
        return False
    return len(image.path) > len(path) or not prefix.endswith("/")


def _check_digest(digest: str) -> None:
    algorithm, _, value = digest.partition(":")
    length = _DIGEST_LENGTHS.get(algorithm)
    if length is None or not re.fullmatch(rf"[0-9a-f]{{{length}}}", value):
        raise ValueError("has a digest that is not sha256:, sha384: or sha512: with all its hexadecimal digits")


def _split_tag(text: str) -> tuple[str, str]:
    name, has_tag, tag = text.rpartition(":")
    if not has_tag or "/" in tag:
        return text, ""
    if not _TAG.fullmatch(tag):
        raise ValueError("has a tag that is not 1 to 128 letters, digits, `_`, `.`, `-` (first no `.` or `-`)")
    return name, tag


def _split_registry(name: str, *, bare_is_registry: bool = False) -> tuple[str, tuple[str, ...]]:
    """The first component is a registry when it looks like a host: a dot, a port, localhost, or capital letters."""
    first, *rest = name.split("/")
    looks_like_host = bool(rest) and ("." in first or ":" in first or first == "localhost" or first != first.lower())
    if bare_is_registry or looks_like_host:
        if not _REGISTRY.fullmatch(first):
            raise ValueError("has a registry that is not host or host:port")
        return first.lower(), tuple(rest)
    return "docker.io", (first, *rest) if rest else ("library", first)
