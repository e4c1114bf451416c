"""What the API server answers instead of an object: its Status object, in Kubernetes's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kserve_api.tests.fake_cluster.kinds import Kind

__all__ = [
    "StatusError",
    "already_exists",
    "bad_request",
    "conflict",
    "forbidden",
    "invalid",
    "not_found",
]


class StatusError(Exception):
    """Ends a request (or a store call) with a Status: HTTP status, machine-readable reason, message, details."""

    def __init__(
        self, status: int, reason: str, message: str, details: dict[str, Any] | None = None, *, retry_after_s: int = 0
    ) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message
        self.details = details or {}
        self.retry_after_s = retry_after_s

    def body(self) -> dict[str, Any]:
        """The Status object."""
        body: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
        body["message"] = self.message
        if self.reason:
            body["reason"] = self.reason
        details = {**self.details, "retryAfterSeconds": self.retry_after_s} if self.retry_after_s else self.details
        if details:
            body["details"] = details
        return body | {"code": self.status}


def _details(kind: Kind, name: str) -> dict[str, Any]:
    details = {"name": name, "group": kind.group, "kind": kind.plural}
    return {field: value for field, value in details.items() if value}


def not_found(kind: Kind, name: str) -> StatusError:
    """404 NotFound."""
    return StatusError(404, "NotFound", f'{kind.key} "{name}" not found', _details(kind, name))


def already_exists(kind: Kind, name: str) -> StatusError:
    """409 AlreadyExists."""
    return StatusError(409, "AlreadyExists", f'{kind.key} "{name}" already exists', _details(kind, name))


def conflict(
    kind: Kind,
    name: str,
    why: str = "the object has been modified; please apply your changes to the latest version and try again",
) -> StatusError:
    """409 Conflict: another resourceVersion or uid."""
    message = f'Operation cannot be fulfilled on {kind.key} "{name}": {why}'
    return StatusError(409, "Conflict", message, _details(kind, name))


def invalid(kind: Kind, name: str, *causes: tuple[str, str, str]) -> StatusError:
    """422 Invalid; every cause is (field, reason such as FieldValueInvalid, message)."""
    problems = [f"{field}: {message}" for field, _, message in causes]
    text = problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]"
    qualified = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    details = {"name": name, "group": kind.group, "kind": kind.kind}
    return StatusError(
        422,
        "Invalid",
        f'{qualified} "{name}" is invalid: {text}',
        {field: value for field, value in details.items() if value}
        | {"causes": [{"reason": reason, "message": message, "field": field} for field, reason, message in causes]},
    )


def forbidden(kind: Kind, name: str, why: str) -> StatusError:
    """403 Forbidden for a reason other than RBAC (quota, admission, a namespace that ends)."""
    return StatusError(403, "Forbidden", f'{kind.key} "{name}" is forbidden: {why}', _details(kind, name))


def bad_request(message: str) -> StatusError:
    """400 BadRequest."""
    return StatusError(400, "BadRequest", message)
