"""Tenants: whose keys open what, in which namespaces, and how much of it (KS-08)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from kserve_api.settings import Settings
from kserve_api.settings_reading import ConfigurationError, described

__all__ = ["Key", "Quotas", "Role", "Tenant", "Tenants", "open_tenant", "parse_tenants"]

Role = Literal["reader", "deployer", "platform-admin"]

_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_DOMAIN = rf"(?:{_LABEL}\.)+{_LABEL}"
_ANY_DOMAIN = "*"  # Not of a tenants file.
_QUANTITY = r"[0-9]+(?:\.[0-9]+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?"


@dataclass(frozen=True, slots=True)
class Quotas:
    """Most of everything a tenant may have (None: not limited here). `max_pods` is the sum of its apps' max_scale;
    `max_scale`, `max_cpu` and `max_memory` (limits, Kubernetes quantities) are of one app, of one pod.
    """

    max_apps: int | None = None
    max_pods: int | None = None
    max_scale: int | None = None
    max_cpu: str | None = None
    max_memory: str | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as we know it: its name for the audit, its SHA-256 digest, and what it may do."""

    name: str
    digest: bytes
    role: Role


@dataclass(frozen=True, slots=True)
class Tenant:
    """A customer, or the platform's own people (role platform-admin)."""

    name: str
    role: Role
    namespaces: Sequence[str]
    keys: Sequence[Key] = ()
    quotas: Quotas = Quotas()
    custom_domains: Sequence[str] = ()  # Suffixes: acme.example allows itself and everything under it.
    image_prefixes: Sequence[str] | None = None  # Instead of the settings' ones.

    def default_namespace(self, settings: Settings) -> str:
        """Where its apps go when a request names no namespace."""
        preferred = settings.default_namespace
        return preferred if preferred in self.namespaces else self.namespaces[0]

    def may_use_domain(self, domain: str) -> bool:
        """Whether a custom domain is the tenant's to give."""
        return any(suffix in (_ANY_DOMAIN, domain) or domain.endswith(f".{suffix}") for suffix in self.custom_domains)


@dataclass(frozen=True, slots=True)
class Tenants:
    """All tenants by name; `is_open`: there is no file, and who is on this machine is the only one there is."""

    by_name: Mapping[str, Tenant]
    is_open: bool = False

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Every namespace that any of them may use, sorted."""
        return tuple(sorted({namespace for tenant in self.by_name.values() for namespace in tenant.namespaces}))


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Key(_Model):
    name: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    role: Role | None = None


class _Quotas(_Model):
    max_apps: int | None = Field(None, ge=0)
    max_pods: int | None = Field(None, ge=0)
    max_scale: int | None = Field(None, ge=1)
    max_cpu: str | None = Field(None, pattern=rf"^{_QUANTITY}$")
    max_memory: str | None = Field(None, pattern=rf"^{_QUANTITY}$")

    @field_validator("max_cpu", "max_memory", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        # `max_cpu: 2` is a number in YAML.
        return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


class _Tenant(_Model):
    name: str = Field(pattern=rf"^{_LABEL}$")
    role: Role = "deployer"
    namespaces: list[str] = Field(min_length=1)
    keys: list[_Key] = []
    quotas: _Quotas = _Quotas()
    custom_domains: list[str] = []
    image_prefixes: list[str] | None = Field(None, min_length=1)

    @field_validator("namespaces")
    @classmethod
    def _namespaces(cls, value: list[str]) -> list[str]:
        for name in value:
            if not re.fullmatch(_LABEL, name):
                raise ValueError("each namespace is a DNS label: small letters, digits, hyphens")
            if name.startswith("kube-"):
                raise ValueError("no namespace of Kubernetes itself (kube-…) can hold apps")
        return value

    @field_validator("custom_domains")
    @classmethod
    def _domains(cls, value: list[str]) -> list[str]:
        if not all(re.fullmatch(_DOMAIN, name) for name in value):
            raise ValueError("each entry is a domain in small letters, without * and without a dot before it")
        return value

    @field_validator("image_prefixes")
    @classmethod
    def _prefixes(cls, value: list[str] | None) -> list[str] | None:
        if not all(value or ["*"]):
            raise ValueError("a prefix is not empty; *: any image")
        return value


class _File(_Model):
    tenants: list[_Tenant] = Field(min_length=1)


class _UniqueKeys(yaml.SafeLoader):
    """Refuses a mapping with a key twice: the second would replace the first without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.constructor.ConstructorError(None, None, "a field's name is not text", key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, "a field is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def parse_tenants(text: str, settings: Settings) -> Tenants:
    """Return the tenants that the YAML describes. Raises ConfigurationError, a line for each mistake, no values."""
    document = _document(text)
    try:
        parsed = _File.model_validate(document)
    except ValidationError as error:
        found = described(error)
        raise ConfigurationError(*(f"tenants file: {place or 'document'}: {words}" for place, words in found)) from None
    if mistakes := _mistakes(parsed.tenants, settings):
        raise ConfigurationError(*(f"tenants file: {mistake}" for mistake in mistakes))
    return Tenants({tenant.name: _tenant(tenant) for tenant in parsed.tenants})


def _document(text: str) -> object:
    try:
        return yaml.load(text, _UniqueKeys)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "somewhere"
        raise ConfigurationError(f"tenants file: {line}: {error.problem or 'this is not YAML'}") from None
    except yaml.YAMLError:
        raise ConfigurationError("tenants file: this is not YAML text") from None
    except (ValueError, AttributeError, RecursionError):
        # What PyYAML raises for a date such as 2024-13-45, for `!!int x`, `!!timestamp x`, and for deep nesting.
        raise ConfigurationError("tenants file: a value in it is no date or number, or nested too deep") from None


def open_tenant(settings: Settings) -> Tenants:
    """Return the one tenant of a development machine."""
    local = Tenant("local", "platform-admin", (settings.default_namespace,), custom_domains=(_ANY_DOMAIN,))
    return Tenants({local.name: local}, is_open=True)


def _mistakes(tenants: Sequence[_Tenant], settings: Settings) -> list[str]:
    platform = {settings.knative_namespace, settings.kserve_namespace, settings.kourier_namespace}
    mistakes = []
    names: set[str] = set()
    digests: set[str] = set()
    for tenant in tenants:
        if tenant.name in names:
            mistakes.append(f"tenant {tenant.name} is there twice")
        names.add(tenant.name)
        if held := platform.intersection(tenant.namespaces):
            mistakes.append(f"tenant {tenant.name}: {min(held)} is a namespace of the platform, not for apps")
        keys = [key.name for key in tenant.keys]
        if len(set(keys)) < len(keys):
            mistakes.append(f"tenant {tenant.name}: two keys have the same name")
        for key in tenant.keys:
            if key.sha256 in digests:
                mistakes.append(f"tenant {tenant.name}: key {key.name} is there twice")
            digests.add(key.sha256)
            if key.role is not None and _RANK[key.role] > _RANK[tenant.role]:
                mistakes.append(f"tenant {tenant.name}: key {key.name} may do more than its tenant ({tenant.role})")
    return mistakes


_RANK: Mapping[Role, int] = {"reader": 0, "deployer": 1, "platform-admin": 2}


def _tenant(parsed: _Tenant) -> Tenant:
    return Tenant(
        parsed.name,
        parsed.role,
        tuple(dict.fromkeys(parsed.namespaces)),
        tuple(Key(key.name, bytes.fromhex(key.sha256), key.role or parsed.role) for key in parsed.keys),
        Quotas(**parsed.quotas.model_dump()),
        tuple(parsed.custom_domains),
        None if parsed.image_prefixes is None else tuple(parsed.image_prefixes),
    )
