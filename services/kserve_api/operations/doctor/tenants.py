"""Whether the service can read who may use it."""

from __future__ import annotations

from collections.abc import Sequence

from kserve_api.api.tenants import Tenants, parse_tenants
from kserve_api.operations.doctor.finding import Check, Finding, fail, ok, warn
from kserve_api.settings import Settings
from kserve_api.settings_reading import ConfigurationError

__all__ = ["app_namespaces", "tenants_check"]

_EXAMPLE = "python -m kserve_api key NAME"


def tenants_check(settings: Settings) -> Check:
    """Return the check of the tenants file."""

    async def look() -> Sequence[Finding]:
        return [_tenants(settings)]

    return Check("tenants", look, "kubectl get secret kserve-api-tenants -n kserve-api")


def app_namespaces(settings: Settings) -> Sequence[str]:
    """The namespaces that apps may be in: those of the tenants file, else the default one."""
    found = _read(settings)
    if isinstance(found, Tenants) and found.namespaces:
        return found.namespaces
    return (settings.default_namespace,)


def _tenants(settings: Settings) -> Finding:
    if settings.tenants_file is None:
        return warn("KSERVE_API_TENANTS_FILE is not set: only this machine is served", "make one with keys", _EXAMPLE)
    found = _read(settings)
    if isinstance(found, str):
        return fail(found, "write it as docs/kserve-api.md shows", _EXAMPLE)
    keys = sum(len(tenant.keys) for tenant in found.by_name.values())
    text = f"{len(found.by_name)} tenants, {keys} keys, namespaces {', '.join(found.namespaces)}"
    return ok(text) if keys or settings.jwt_issuer else warn(f"{text}: nobody can come in", "give keys", _EXAMPLE)


def _read(settings: Settings) -> Tenants | str:
    """The tenants, or what is wrong with their file."""
    if settings.tenants_file is None:
        return Tenants({}, is_open=True)
    try:
        return parse_tenants(settings.tenants_file.read_text(encoding="utf-8"), settings)
    except OSError as error:
        return f"{settings.tenants_file} cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        return f"{settings.tenants_file} is not UTF-8 text"
    except ConfigurationError as error:
        return "; ".join(error.lines)
