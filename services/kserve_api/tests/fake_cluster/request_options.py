"""What a request carries besides its path: body, dry run, how to delete, how to write."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from kserve_api.tests.fake_cluster.entry import Object, Propagation
from kserve_api.tests.fake_cluster.fields import parse
from kserve_api.tests.fake_cluster.protobuf import MEDIA_TYPE, decode_protobuf
from kserve_api.tests.fake_cluster.schemas import Json
from kserve_api.tests.fake_cluster.status_error import StatusError, bad_request
from kserve_api.tests.fake_cluster.writes import WriteOptions

__all__ = ["body_of", "is_dry_run", "options_of", "propagation_of", "write_options"]

_LARGEST_BODY = 3 * 1024 * 1024


async def body_of(request: web.BaseRequest, *, any_type: bool = False) -> Json:
    """The decoded body, None without one; StatusError 400, 413, or 415 (`any_type`: whatever its type says)."""
    if not request.can_read_body:
        return None
    media = request.content_type
    if media == MEDIA_TYPE:
        return decode_protobuf(await request.content.read())
    if not any_type and "json" not in media and "yaml" not in media and media != "application/octet-stream":
        accepted = "application/json, application/yaml"
        message = f"the body of the request was in an unknown format - accepted media types include: {accepted}"
        raise StatusError(415, "UnsupportedMediaType", message)
    body = await request.content.read()
    if len(body) > _LARGEST_BODY:
        raise StatusError(413, "RequestEntityTooLarge", f"Request entity too large: limit is {_LARGEST_BODY}")
    return parse(body) if body else None


async def options_of(request: web.BaseRequest) -> Object:
    """The body as an object, empty without one; StatusError 400 where it is something else."""
    options = await body_of(request)
    if options is None:
        return {}
    if not isinstance(options, dict):
        raise bad_request("the object provided is unrecognized (must be of type object)")
    return options


def propagation_of(options: Object, query: Mapping[str, str]) -> Propagation:
    """What is to become of what the object owns; StatusError 422 for an unknown word."""
    wanted = options.get("propagationPolicy") or query.get("propagationPolicy") or "Background"
    if options.get("orphanDependents"):
        wanted = "Orphan"
    known: tuple[Propagation, ...] = ("Background", "Foreground", "Orphan")
    for propagation in known:
        if propagation == wanted:
            return propagation
    supported = ", ".join(f'"{one}"' for one in known)
    raise StatusError(
        422,
        "Invalid",
        f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "{wanted}": '
        f"supported values: {supported}",
    )


def is_dry_run(values: list[str]) -> bool:
    """Whether nothing is to be written; StatusError 400 for an unknown word."""
    if values and values != ["All"]:
        raise bad_request(f'dryRun: Unsupported value: {values}: supported values: "All"')
    return bool(values)


def write_options(request: web.BaseRequest, user: str) -> WriteOptions:
    """Options of a write; StatusError 400 for an unknown word."""
    query = request.query
    validation = query.get("fieldValidation") or "Warn"
    if validation not in ("Ignore", "Warn", "Strict"):
        raise bad_request(
            f'fieldValidation: Unsupported value: "{validation}": supported values: "", "Ignore", "Strict", "Warn"'
        )
    return WriteOptions(
        validation=validation,
        dry_run=is_dry_run(query.getall("dryRun", [])),
        manager=query.get("fieldManager", ""),
        agent=request.headers.get("User-Agent", "unknown").partition("/")[0],
        force=query.get("force", "").lower() in ("1", "true"),
        user=user,
    )
