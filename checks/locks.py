"""The locks: what is installed is named by version and hash, from the package index, the same everywhere."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

__all__ = ["LOCKS", "Pin", "lock_files", "lock_mistakes", "read_pins"]

LOCKS = Path("requirements")

_PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.!+_-]+)(?:\s*;\s*(?P<marker>[^#]+?))?\Z")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})(?=\s|\Z)")
_OWN = "finrag"

# Nobody mends these any more, or another has taken their place under the same import name.
_ABANDONED = {
    "aioredis": "redis",
    "bs4": "beautifulsoup4",
    "distribute": "setuptools",
    "futures": "the standard library",
    "nose": "pytest",
    "pil": "pillow",
    "pycrypto": "cryptography",
    "pypdf2": "pypdf",
    "python-jose": "pyjwt",
    "pyjks": "cryptography",
    "simple-salesforce-ext": "simple-salesforce",
    "sklearn": "scikit-learn",
    "typed-ast": "the standard library",
}


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a lock: a distribution by its normalised name, its version, its hashes, and where it is for."""

    name: str
    version: str
    marker: str
    hashes: frozenset[str]


def lock_mistakes(root: Path) -> list[str]:
    """Return what is wrong with the locks in `requirements/`, one line each."""
    locks: dict[str, list[Pin]] = {}
    found: list[str] = []
    for path in sorted((root / LOCKS).glob("*.txt")):
        pins, mistakes = read_pins(path.read_text("utf-8"))
        locks[path.stem] = pins
        found += [f"{LOCKS}/{path.name}: {mistake}" for mistake in mistakes]
    if not locks:
        return [f"there is no lock in {LOCKS}"]
    found += _disagreements(locks)
    extras = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    found += [mistake for name, pins in locks.items() for mistake in _missing(name, pins, extras)]
    # A surrounding service has locks of its own; only what is written in them is looked at here.
    for path in lock_files(root):
        if path.parent != root / LOCKS:
            found += [f"{path.relative_to(root)}: {mistake}" for mistake in read_pins(path.read_text("utf-8"))[1]]
    return found


def lock_files(root: Path) -> list[Path]:
    """Return every lock: the product's, and those of the surrounding services."""
    return sorted([*(root / LOCKS).glob("*.txt"), *root.glob(f"services/*/{LOCKS}/*.txt")])


def read_pins(text: str) -> tuple[list[Pin], list[str]]:
    """Return the pins of a lock, and what in it is no pin with hashes."""
    pins, mistakes = [], []
    for line in _joined(text):
        requirement, _, _ = line.partition("--hash=")
        match = _PIN.match(requirement.strip())
        hashes = frozenset(_HASH.findall(line))
        if match is None:
            mistakes.append(f"not a pinned requirement: {_told(requirement.strip() or line)}")
        elif not hashes or len(hashes) != line.count("--hash="):
            mistakes.append(f"{match['name']} has no SHA-256 hash, or one that is not whole")
        else:
            pins.append(Pin(canonicalize_name(match["name"]), match["version"], match["marker"] or "", hashes))
    mistakes += [
        f"{pin.name} is no longer looked after: use {_ABANDONED[pin.name]}" for pin in pins if pin.name in _ABANDONED
    ]
    return pins, mistakes


def _told(requirement: str) -> str:
    """Return a requirement without what an address may hold: a user's name and password."""
    return re.sub(r"(?<=://)[^@/\s]+@", "…@", requirement)[:100]


def _joined(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\n", " ", text).splitlines():
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield stripped


def _disagreements(locks: Mapping[str, Sequence[Pin]]) -> Iterator[str]:
    """Name what two locks pin differently; one lock may have several versions, each for its own marker."""
    kept: dict[str, tuple[str, dict[str, frozenset[str]]]] = {}
    for lock, pins in sorted(locks.items(), key=lambda item: -len(item[1])):
        versions: dict[str, dict[str, frozenset[str]]] = {}
        for pin in pins:
            versions.setdefault(pin.name, {})[pin.version] = pin.hashes
        for name, pinned in versions.items():
            other, expected = kept.setdefault(name, (lock, pinned))
            for version, hashes in pinned.items():
                if version not in expected:
                    yield f"{name} is {version} in {lock}.txt and {', '.join(expected)} in {other}.txt"
                elif hashes != expected[version]:
                    yield f"{name} {version} has other hashes in {lock}.txt than in {other}.txt"


def _missing(lock: str, pins: Sequence[Pin], extras: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Name an extra's direct dependencies that its lock has not, or in a version that pyproject.toml refuses."""
    if lock not in extras:
        yield f"{LOCKS}/{lock}.txt belongs to no extra of pyproject.toml"
        return
    versions: dict[str, list[str]] = {}
    for pin in pins:
        versions.setdefault(pin.name, []).append(pin.version)
    for text in _direct(lock, extras):
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            yield f"pyproject.toml, {lock}: {str(error).splitlines()[0]}"
            continue
        name = canonicalize_name(requirement.name)
        if requirement.url:
            yield f"pyproject.toml, {lock}: {name} is taken from an address, not from the package index"
        elif name not in versions:
            yield f"{name} is missing in {LOCKS}/{lock}.txt: run make lock"
        elif not any(requirement.specifier.contains(version, prereleases=True) for version in versions[name]):
            yield f"{name} {versions[name][0]} in {lock}.txt is not {requirement.specifier}: run make lock"


def _direct(extra: str, extras: Mapping[str, Sequence[str]]) -> Iterable[str]:
    """Yield the dependencies of an extra and of those of our own it builds on."""
    for text in extras[extra]:
        own = re.fullmatch(rf"{_OWN}\[([\w,-]+)\]", text)
        if own is None:
            yield text
        else:
            for name in own[1].split(","):
                yield from _direct(name, extras)
