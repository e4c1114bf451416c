"""JWTs of an identity provider: signed by a key of its JWKS, for us, within their time, for one tenant."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from kserve_api.settings_reading import ConfigurationError

__all__ = ["Claims", "TokenKeys", "parse_jwks"]

_ALGORITHMS = ("RS256", "ES256", "EdDSA")
_SMALLEST_RSA_BITS = 2048
_LONGEST_TOKEN = 8192
# Clocks of two machines are never the same.
_LEEWAY_S = 10


@dataclass(frozen=True, slots=True)
class Claims:
    """What a valid token says."""

    tenant: str
    subject: str


@dataclass(frozen=True, slots=True)
class TokenKeys:
    """Public keys by key id, and whose tokens for whom are taken."""

    keys: Mapping[str, jwt.PyJWK]
    issuer: str
    audience: str

    def claims(self, token: str) -> Claims | None:
        """Return what the token says, None unless it is valid in every respect."""
        if len(token) > _LONGEST_TOKEN:
            return None
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self.issuer,
                audience=self.audience,
                leeway=_LEEWAY_S,
                options={"require": ["iss", "aud", "exp", "nbf", "tenant"]},
            )
        except jwt.PyJWTError:
            return None
        tenant, subject = claims["tenant"], claims.get("sub", "")
        return Claims(tenant, subject[:128]) if isinstance(tenant, str) and isinstance(subject, str) else None

    def _key(self, key_id: object) -> jwt.PyJWK | None:
        if key_id is None and len(self.keys) == 1:
            return next(iter(self.keys.values()))
        return self.keys.get(key_id) if isinstance(key_id, str) else None


def parse_jwks(text: str, issuer: str, audience: str) -> TokenKeys:
    """Return the keys of a JWKS document. Raises ConfigurationError for one that we would not trust."""
    try:
        entries = json.loads(text)["keys"]
        found = [entry for entry in entries if entry.get("use", "sig") == "sig"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise ConfigurationError('JWKS file: this is not a JSON object {"keys": [...]}') from None
    keys: dict[str, jwt.PyJWK] = {}
    for number, entry in enumerate(found):
        place = f"JWKS file: key {number}"
        try:
            key = jwt.PyJWK.from_dict(entry)
        except (jwt.PyJWTError, TypeError):
            raise ConfigurationError(f"{place}: this is not a public key that can be used") from None
        if key.algorithm_name not in _ALGORITHMS:
            raise ConfigurationError(f"{place}: its algorithm is none of {', '.join(_ALGORITHMS)}")
        if "d" in entry:
            raise ConfigurationError(f"{place}: this is a private key; put the public one here")
        if isinstance(key.key, RSAPublicKey) and key.key.key_size < _SMALLEST_RSA_BITS:
            raise ConfigurationError(f"{place}: an RSA key has at least {_SMALLEST_RSA_BITS} bits")
        key_id = key.key_id or ""
        if not isinstance(key_id, str) or key_id in keys or (not key_id and len(found) > 1):
            raise ConfigurationError(f"{place}: each key needs a kid of its own")
        keys[key_id] = key
    if not keys:
        raise ConfigurationError("JWKS file: there is no key for signatures in it")
    return TokenKeys(keys, issuer, audience)
