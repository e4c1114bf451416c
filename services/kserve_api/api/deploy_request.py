"""From the body of `POST /deploy` to a deployment; every wrong field is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kserve_api.api.json_body import field_errors
from kserve_api.api.problems import invalid_request
from kserve_api.api.schemas import DeployRequest
from kserve_api.api.tenants import Tenant
from kserve_api.apps.app import Deployment, Resources
from kserve_api.apps.validation import SIZES, check_deployment
from kserve_api.errors import ApiError
from kserve_api.settings import Settings

__all__ = ["to_deployment"]

# Stand for required fields that cannot be used, so that the others can be checked.
_PLACEHOLDERS = {"name": "a", "image": "a"}


def to_deployment(found: Mapping[str, Any], namespace: str, tenant: Tenant, settings: Settings) -> Deployment:
    """Return what is asked for. Raises ApiError 422 `invalid_request` with all mistakes as `details.errors`."""
    errors: list[dict[str, str]] = []
    usable = dict(found)
    try:
        parsed = DeployRequest.model_validate(usable)
    except ValidationError as error:
        errors += field_errors(error)
        wrong = {_top(entry["field"]) for entry in errors}
        usable = {**_PLACEHOLDERS, **{name: value for name, value in found.items() if name not in wrong}}
        parsed = DeployRequest.model_validate(usable)
    wanted = _deployment(parsed, namespace, frozenset(found))
    if parsed.size is not None and "resources" in usable:
        errors.append({"field": "size", "message": "send either size or resources"})
    domain = wanted.custom_domain
    if domain is not None and not tenant.may_use_domain(domain):
        errors.append({"field": "custom_domain", "message": "is not under one of the tenant's domains"})
    if errors:
        wrong = {_top(entry["field"]) for entry in errors}
        more = _mistakes(wanted, settings)
        raise invalid_request(errors + [entry for entry in more if _top(entry["field"]) not in wrong])
    return wanted


def _deployment(parsed: DeployRequest, namespace: str, sent: frozenset[str]) -> Deployment:
    given = sent - {"namespace", "redeploy", "size", "idle_timeout"}
    resources = Resources(**parsed.resources.model_dump())
    if parsed.size is not None:
        resources = SIZES[parsed.size]
        given |= {"resources"}
    if "idle_timeout" in sent:
        given |= {"idle_timeout_s"}
    return Deployment(
        name=parsed.name,
        image=parsed.image,
        namespace=namespace,
        envs=parsed.envs,
        secret_envs=parsed.secret_envs,
        min_scale=parsed.min_scale,
        max_scale=parsed.max_scale,
        concurrency=parsed.concurrency,
        port=parsed.port,
        readiness_path=parsed.readiness_path,
        resources=resources,
        image_pull_secret=parsed.image_pull_secret,
        custom_domain=parsed.custom_domain,
        idle_timeout_s=parsed.idle_timeout,
        redeploy=parsed.redeploy,
        given=given,
    )


def _mistakes(wanted: Deployment, settings: Settings) -> list[dict[str, str]]:
    try:
        check_deployment(wanted, settings)
    except ApiError as error:
        found = error.details["errors"]
        assert isinstance(found, list)
        return found
    return []


def _top(field: str) -> str:
    return field.partition(".")[0]
