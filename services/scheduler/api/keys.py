"""API keys: the keys file, read again when it changes."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from scheduler.api.principal import Principal, Role
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError, described
from scheduler.triggers.trigger import WORKSPACE_ID

__all__ = ["Key", "Keys", "parse_keys"]

_POLL_S = 1.0

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as we know it: its SHA-256 digest and whom it stands for."""

    digest: bytes
    principal: Principal


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    workspaces: list[str] = Field(min_length=1)
    role: Role = "member"

    @field_validator("workspaces")
    @classmethod
    def _ids(cls, value: list[str]) -> list[str]:
        if value != ["*"] and not all(WORKSPACE_ID.match(each) for each in value):
            raise ValueError('each entry is the id of a workspace; ["*"] alone: all of them')
        return value

    @model_validator(mode="after")
    def _admin_of_all(self) -> _Entry:
        if self.role == "admin" and self.workspaces != ["*"]:
            raise ValueError('an admin sees the queue of all workspaces: write workspaces: ["*"]')
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    keys: list[_Entry] = Field(min_length=1)


def parse_keys(text: str) -> Mapping[str, Key]:
    """Return the keys of a file by name. Raises ConfigurationError, which names every mistake and no value."""
    try:
        read = yaml.safe_load(text)
    # 2026-13-45 is a date to YAML, which Python refuses in its own way.
    except (yaml.YAMLError, ValueError, RecursionError):
        raise ConfigurationError("keys file: it is not YAML") from None
    try:
        entries = _File.model_validate(read).keys
    except ValidationError as error:
        told = [f"keys file: {place or 'the file'}: {words}" for place, words in described(error)]
        raise ConfigurationError(*told) from None
    keys: dict[str, Key] = {}
    digests: set[str] = set()
    for entry in entries:
        if entry.name in keys or entry.sha256 in digests:
            raise ConfigurationError(f"keys file: key {entry.name}: its name or digest is there twice")
        digests.add(entry.sha256)
        workspaces = None if entry.workspaces == ["*"] else frozenset(entry.workspaces)
        keys[entry.name] = Key(bytes.fromhex(entry.sha256), Principal(entry.name, entry.role, workspaces))
    return MappingProxyType(keys)


class Keys:
    """The keys in force. `is_open`: there is no file, and whoever is on this machine may do everything."""

    def __init__(self, settings: Settings) -> None:
        """Read the file. Raises ConfigurationError, also where nobody would be kept out."""
        self._path = settings.keys_file
        self.is_open = self._path is None
        self._by_name: Mapping[str, Key] = MappingProxyType({})
        self._seen: tuple[int, int, int] | None = None
        # What is wrong with a file that has changed and could not be taken.
        self.mistakes: tuple[str, ...] = ()
        if self._path is None:
            _check_may_be_open(settings)
        else:
            self._seen = _version(self._path)
            self._by_name = _read(self._path)

    def by_name(self, name: str) -> Key | None:
        """Return a key, or None where it is gone."""
        return self._by_name.get(name)

    def find(self, given: str) -> Key | None:
        """Return the key that somebody sent, in the same time whichever it is and whether it is one."""
        digest = hashlib.sha256(given.encode("utf-8", "surrogateescape")).digest()
        # All are compared, in constant time, before one is told.
        matches = [key for key in self._by_name.values() if hmac.compare_digest(digest, key.digest)]
        return matches[0] if matches else None

    async def follow_file(self) -> None:
        """Look for changes every second, until cancelled."""
        while self._path is not None:
            await asyncio.sleep(_POLL_S)
            await asyncio.to_thread(self._look, self._path)

    def _look(self, path: Path) -> None:
        version = _version(path)
        if version == self._seen:
            return
        self._seen = version
        self.mistakes = ()
        try:
            self._by_name = _read(path)
        except ConfigurationError as error:
            self.mistakes = error.lines
        if self.mistakes:
            _logger.error("the changed keys file is not used, the one before stays: %s", "; ".join(self.mistakes))
        else:
            _logger.info("the changed keys file is used from now on")


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    # Kubernetes swaps a mounted Secret by a link: then the inode is another.
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path) -> Mapping[str, Key]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"SCHEDULER_KEYS_FILE: {path} cannot be read: {reason}") from None
    return parse_keys(text)


def _check_may_be_open(settings: Settings) -> None:
    if settings.environment == "production":
        raise ConfigurationError("SCHEDULER_KEYS_FILE: in production this must be set")
    try:
        is_loopback = ip_address(settings.host).is_loopback
    except ValueError:
        is_loopback = settings.host == "localhost"
    if not is_loopback:
        raise ConfigurationError(
            "SCHEDULER_KEYS_FILE: without it the service listens on this machine alone: "
            "set it, or SCHEDULER_HOST to 127.0.0.1"
        )
    _logger.warning("there is no keys file: whoever is on this machine may do everything")
