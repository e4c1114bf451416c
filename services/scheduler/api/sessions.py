"""Sessions of people on the pages: a signed cookie, and a token in each form that changes something.

Nothing is stored: every replica with the same secret knows every session. A session ends with its time, when its key
is taken from the keys file, or when the secret changes.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from http.cookies import CookieError, SimpleCookie

from scheduler.api.keys import Key, Keys
from scheduler.api.principal import Principal
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError

__all__ = ["Sessions"]

_SHORTEST_SECRET = 32


class Sessions:
    """Makes and reads cookies and form tokens."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        """Raises ConfigurationError where production has no secret, or one that can be guessed."""
        given = settings.session_secret.get_secret_value() if settings.session_secret is not None else ""
        is_production = settings.environment == "production"
        if len(given) < _SHORTEST_SECRET and (given or is_production):
            raise ConfigurationError(
                f"SCHEDULER_SESSION_SECRET: {_SHORTEST_SECRET} random characters or more are needed, "
                "the same for all replicas"
            )
        self._secret = (given or secrets.token_hex(32)).encode()
        self._keys = keys
        self._longest_s = int(settings.session_hours * 3600)
        # The prefix binds the cookie to this host and to TLS, which only production is sure to have.
        self._name = "__Host-scheduler" if is_production else "scheduler"
        self._flags = f"Path=/; HttpOnly; SameSite=Lax{'; Secure' if is_production else ''}"

    def cookie(self, key: Key) -> str:
        """Return a Set-Cookie header for somebody who has shown this key."""
        session = f"{secrets.token_hex(8)}.{int(time.time()) + self._longest_s}.{key.principal.name}"
        value = f"{session}.{self._signature('session', session, key.digest)}"
        return f"{self._name}={value}; Max-Age={self._longest_s}; {self._flags}"

    def end_cookie(self) -> str:
        """Return a Set-Cookie header that ends a session."""
        return f"{self._name}=; Max-Age=0; {self._flags}"

    def principal(self, cookie_header: str) -> Principal | None:
        """Return who has signed in, or None."""
        try:
            morsel = SimpleCookie(cookie_header).get(self._name)
        except CookieError:
            return None
        # Names of keys may hold dots; the other parts do not.
        session, _, signature = (morsel.value if morsel is not None else "").rpartition(".")
        _, _, rest = session.partition(".")
        expires, _, name = rest.partition(".")
        key = self._keys.by_name(name)
        if key is None or not expires.isdecimal() or int(expires) < time.time():
            return None
        expected = self._signature("session", session, key.digest)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            return None
        known = key.principal
        return Principal(known.name, known.role, known.workspaces, session=session)

    def form_token(self, principal: Principal) -> str:
        """Return the token of this person's forms: no other site can know it."""
        return self._signature("form", principal.session, b"")

    def is_form_token(self, principal: Principal, given: str) -> bool:
        """Return whether a form came from one of our pages."""
        expected = self.form_token(principal)
        return bool(principal.session) and hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace"))

    def _signature(self, purpose: str, text: str, key_digest: bytes) -> str:
        signed = b"\0".join((purpose.encode(), text.encode(), key_digest))
        return hmac.new(self._secret, signed, hashlib.sha256).hexdigest()
