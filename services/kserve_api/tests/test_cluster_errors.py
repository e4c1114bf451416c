"""What callers are told of the API server's refusals."""

from __future__ import annotations

import pytest

from kserve_api.apps.errors import to_api_error
from kserve_api.errors import ClusterError

_FORBIDDEN = (
    'GET /x: domainmappings.serving.knative.dev is forbidden: User "system:serviceaccount:platform:kserve-api" cannot '
    'create resource "domainmappings" in API group "serving.knative.dev" in the namespace "team-a"'
)
_QUOTA = 'inferenceservices "a" is forbidden: exceeded quota: apps, requested: count/x=1, used: count/x=5, limited: 5'
_KSERVE = (
    'admission webhook "inferenceservice.kserve-webhook-server.validator" denied the request: minReplicas is more than '
    "maxReplicas"
)
_KNATIVE = 'admission webhook "validation.webhook.serving.knative.dev" denied the request: invalid value: spec.ref\nx'


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ClusterError(0, "NoAnswer", "refused"), 503, "cluster_unreachable"),
        (ClusterError(400, "BadRequest", _KNATIVE), 422, "refused_by_cluster"),
        (ClusterError(400, "BadRequest", 'strict decoding error: unknown field "spec.x"'), 502, "cluster_error"),
        (ClusterError(401, "Unauthorized", "Unauthorized"), 502, "cluster_error"),
        (ClusterError(403, "Forbidden", _FORBIDDEN), 502, "not_permitted"),
        (ClusterError(403, "Forbidden", _QUOTA), 403, "quota_exceeded"),
        (ClusterError(403, "Forbidden", _KSERVE), 422, "refused_by_cluster"),
        (ClusterError(404, "NotFound", "x"), 404, "not_found"),
        (ClusterError(409, "Conflict", "x"), 409, "conflict"),
        (ClusterError(410, "Expired", "x"), 410, "cursor_expired"),
        (ClusterError(422, "Invalid", 'X "a" is invalid: spec.a: Required value'), 422, "refused_by_cluster"),
        (ClusterError(429, "TooManyRequests", "x", retry_after_s=7), 429, "cluster_busy"),
        (ClusterError(500, "InternalError", "etcd at 10.0.0.1 is gone"), 502, "cluster_error"),
        (ClusterError(503, "ServiceUnavailable", "x"), 502, "cluster_error"),
    ],
    ids=lambda value: str(value) if not isinstance(value, ClusterError) else f"{value.status} {value.reason}",
)
def test_a_refusal_has_its_status_and_no_internals(error: ClusterError, status: int, code: str) -> None:
    """KS-08: ApiException mapped with no internals."""
    told = to_api_error(error)
    assert (told.status, told.code) == (status, code)
    for internal in ("serviceaccount", "webhook", "10.0.0.1", "etcd", "GET /", "\n"):
        assert internal not in told.message


def test_the_missing_verb_is_named() -> None:
    """KS-08: 403 says which permission the service lacks."""
    assert "create on domainmappings" in to_api_error(ClusterError(403, "Forbidden", _FORBIDDEN)).message


def test_the_field_of_an_admission_refusal_is_named() -> None:
    """KS-08: 422."""
    assert (
        "spec.a: Required value"
        in to_api_error(ClusterError(422, "Invalid", 'X "a" is invalid: spec.a: Required value')).message
    )
    assert "minReplicas is more than maxReplicas" in to_api_error(ClusterError(403, "Forbidden", _KSERVE)).message


def test_retry_after_is_passed_on() -> None:
    """KS-08: 429."""
    assert to_api_error(ClusterError(429, "TooManyRequests", "x", retry_after_s=7)).retry_after_s == 7
