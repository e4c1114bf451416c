"""What a caller is told of a ClusterError: the one place where the API server's answers are translated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from kserve_api.errors import ApiError, ClusterError

__all__ = ["app_not_found", "cluster_errors", "to_api_error"]

_FORBIDDEN_ACTION = re.compile(r"cannot (?P<verb>[a-z]+) resource \"(?P<resource>[a-z/]+)\"")
_ADMISSION = re.compile(r"admission webhook \"[^\"]*\" denied the request: (?P<why>.*)", re.DOTALL)
_INVALID = re.compile(r"\S+ \"[^\"]*\" is invalid: (?P<why>.*)", re.DOTALL)
_UNSAFE = re.compile(r"[^ -~]+")
_LONGEST_MESSAGE = 300
_ANSWERS = {
    0: (503, "cluster_unreachable", "The cluster does not answer; try again."),
    401: (
        502,
        "cluster_error",
        "The cluster does not accept this service's credentials; its operators must renew them.",
    ),
    404: (404, "not_found", "The cluster has no such object or namespace."),
    409: (409, "conflict", "It was changed by someone else at the same time; try again."),
    410: (410, "cursor_expired", "The cursor has expired; begin again without it."),
    429: (429, "cluster_busy", "The cluster is busy; try again later."),
}


@contextmanager
def cluster_errors() -> Iterator[None]:
    """Turn a ClusterError of the block into the ApiError for the caller."""
    try:
        yield
    except ClusterError as error:
        raise to_api_error(error) from error


def app_not_found(namespace: str, name: str) -> ApiError:
    """The 404; the same for an app that is not there and for one of another tenant."""
    return ApiError(404, "not_found", f"There is no app {name} in namespace {namespace}.")


def to_api_error(error: ClusterError) -> ApiError:
    """The error for the caller: nothing of it names addresses, webhooks or accounts of the cluster."""
    if error.status == 403:
        return _forbidden(error)
    refusal = _refusal(error)
    if error.status in (400, 422) and refusal:
        return ApiError(422, "refused_by_cluster", f"The cluster refuses it: {refusal}")
    status, code, message = _ANSWERS.get(
        error.status, (502, "cluster_error", f"The cluster answered with an error ({error.status}); try again.")
    )
    waiting = max(error.retry_after_s, 1) if status in (429, 503) else 0
    return ApiError(status, code, message, retry_after_s=waiting)


def _forbidden(error: ClusterError) -> ApiError:
    if "exceeded quota" in error.message:
        return ApiError(403, "quota_exceeded", "The namespace's quota in the cluster is used up; delete an app first.")
    if "being terminated" in error.message:
        return ApiError(409, "namespace_terminating", "The namespace is being deleted.")
    # KServe's validators refuse with 403 too.
    if _ADMISSION.search(error.message):
        return ApiError(422, "refused_by_cluster", f"The cluster refuses it: {_refusal(error)}")
    action = _FORBIDDEN_ACTION.search(error.message)
    what = f" (verb {action['verb']} on {action['resource']})" if action else ""
    return ApiError(
        502,
        "not_permitted",
        f"This service lacks a permission in the cluster{what}; its operators must add it to the service's Role.",
    )


def _refusal(error: ClusterError) -> str:
    """The part of the message that speaks of fields; empty when there is none."""
    match = _ADMISSION.search(error.message) or _INVALID.search(error.message)
    return _UNSAFE.sub(" ", match["why"]).strip()[:_LONGEST_MESSAGE] if match else ""
