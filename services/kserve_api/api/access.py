"""Who may come in now: the tenants file and the JWKS file, read again when they change."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Generic, TypeVar

from kserve_api.api.tenants import Key, Tenant, Tenants, open_tenant, parse_tenants
from kserve_api.api.tokens import TokenKeys, parse_jwks
from kserve_api.settings import Settings
from kserve_api.settings_reading import ConfigurationError

__all__ = ["Access"]

_POLL_S = 1.0

_Content = TypeVar("_Content")
_logger = logging.getLogger(__name__)


class Access:
    """Knows tenants, their keys, and the issuer's keys. A changed file that cannot be used leaves what was in force."""

    def __init__(self, settings: Settings) -> None:
        """Read the files. Raises ConfigurationError."""
        self._tenants_file: _Watched[Tenants] | None = None
        self._keys_file: _Watched[TokenKeys] | None = None
        if settings.tenants_file is None:
            _check_may_be_open(settings)
            self._open = open_tenant(settings)
        else:
            self._tenants_file = _Watched(settings.tenants_file, "tenants", lambda text: parse_tenants(text, settings))
        issuer = settings.jwt_issuer
        if issuer is not None:
            if settings.jwt_keys_file is None:
                raise ConfigurationError("KSERVE_API_JWT_KEYS_FILE: with KSERVE_API_JWT_ISSUER this is needed, too")
            audience = settings.jwt_audience
            self._keys_file = _Watched(settings.jwt_keys_file, "JWKS", lambda text: parse_jwks(text, issuer, audience))

    @property
    def tenants(self) -> Tenants:
        """The tenants as they are now."""
        return self._open if self._tenants_file is None else self._tenants_file.content

    @property
    def token_keys(self) -> TokenKeys | None:
        """The keys of JWTs as they are now; None: no JWTs are taken."""
        return None if self._keys_file is None else self._keys_file.content

    @property
    def mistakes(self) -> tuple[str, ...]:
        """What is wrong with files that have changed and could not be taken."""
        files = (self._tenants_file, self._keys_file)
        return tuple(line for file in files if file is not None for line in file.mistakes)

    def key_of(self, key: bytes) -> tuple[Tenant, Key] | None:
        """Return whose key it is, in the same time whichever it is and whether it is one."""
        given = hashlib.sha256(key).digest()
        # All are compared, in constant time, before one is told.
        matches = [
            (tenant, known)
            for tenant in self.tenants.by_name.values()
            for known in tenant.keys
            if hmac.compare_digest(given, known.digest)
        ]
        return matches[0] if matches else None

    async def follow_files(self) -> None:
        """Look for changes every second, until cancelled."""
        files = [file for file in (self._tenants_file, self._keys_file) if file is not None]
        while files:
            await asyncio.sleep(_POLL_S)
            for file in files:
                await asyncio.to_thread(file.look)


class _Watched(Generic[_Content]):
    def __init__(self, path: Path, what: str, parse: Callable[[str], _Content]) -> None:
        self._path = path
        self._what = what
        self._parse = parse
        self._seen = self._version()
        self.content = self._read()
        self.mistakes: tuple[str, ...] = ()

    def look(self) -> None:
        """Read the file again when it is not the one that was read."""
        version = self._version()
        if version == self._seen:
            return
        mistakes: tuple[str, ...] = ()
        try:
            self.content = self._read()
        except ConfigurationError as error:
            mistakes = error.lines
        if not mistakes:
            _logger.info("the changed %s file is used from now on", self._what)
        elif mistakes != self.mistakes:
            _logger.error("the changed %s file is not used, the one before stays: %s", self._what, "; ".join(mistakes))
        self.mistakes = mistakes
        self._seen = version

    def _version(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        # Kubernetes swaps a mounted Secret by a link: then the inode is another.
        return found.st_mtime_ns, found.st_size, found.st_ino

    def _read(self) -> _Content:
        try:
            text = self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ConfigurationError(f"{self._what} file: {self._path} cannot be read: {reason}") from None
        return self._parse(text)


def _check_may_be_open(settings: Settings) -> None:
    if settings.environment == "production":
        raise ConfigurationError("KSERVE_API_TENANTS_FILE: in production this must be set")
    try:
        is_loopback = ip_address(settings.host).is_loopback
    except ValueError:
        is_loopback = settings.host == "localhost"
    if not is_loopback:
        raise ConfigurationError(
            "KSERVE_API_TENANTS_FILE: without it the service listens on this machine alone: "
            "set it, or KSERVE_API_HOST to 127.0.0.1"
        )
    _logger.warning("there is no tenants file: whoever is on this machine may do everything")
