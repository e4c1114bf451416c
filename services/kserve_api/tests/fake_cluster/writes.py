"""What a write request does before the store has it: fields, names, status apart from spec, admission, quota."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kserve_api.tests.fake_cluster import admission, patches
from kserve_api.tests.fake_cluster.apply import applied, track_update
from kserve_api.tests.fake_cluster.entry import Object, clone
from kserve_api.tests.fake_cluster.fields import check_fields
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.object_names import check_metadata
from kserve_api.tests.fake_cluster.quota import check_quota
from kserve_api.tests.fake_cluster.routing import Target
from kserve_api.tests.fake_cluster.schemas import Json
from kserve_api.tests.fake_cluster.status_error import StatusError, bad_request, conflict, invalid, not_found
from kserve_api.tests.fake_cluster.store import ObjectStore

__all__ = ["PATCH_TYPES", "WriteOptions", "Writes"]

MERGE, JSON, STRATEGIC, APPLY = (
    "application/merge-patch+json",
    "application/json-patch+json",
    "application/strategic-merge-patch+json",
    "application/apply-patch+yaml",
)
PATCH_TYPES = (JSON, MERGE, STRATEGIC, APPLY)


@dataclass(slots=True)
class WriteOptions:
    """Query parameters of a write; `warnings` collects what the Warning header tells."""

    validation: str = "Warn"
    dry_run: bool = False
    manager: str = ""  # As the request names it; without a name, the first part of its User-Agent counts.
    agent: str = "unknown"
    user: str = ""
    force: bool = False
    warnings: list[str] = field(default_factory=list)


class Writes:
    """Create, update and patch as the API server does them; all raise StatusError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def create(self, target: Target, item: Json, options: WriteOptions) -> Object:
        """The created object (or what would be created on a dry run)."""
        kind = _kind(target)
        item = self._checked(target, item, options)
        if kind.status:
            item.pop("status", None)
        track_update(kind, None, item, manager=options.manager or options.agent)
        return self._create(kind, target, item, options)

    def update(self, target: Target, item: Json, options: WriteOptions) -> Object:
        """The replaced object."""
        kind = _kind(target)
        item = self._checked(target, item, options)
        metadata = item["metadata"]
        if metadata.get("name") != target.name:
            raise _wrong_name(target, metadata.get("name", ""))
        old = self._store.entry(kind.key, _place(target), target.name).object
        if kind.custom and not metadata.get("resourceVersion"):
            must = "Invalid value: 0: must be specified for an update"
            raise invalid(kind, target.name, ("metadata.resourceVersion", "FieldValueInvalid", must))
        return self._replace(kind, target, old, item, options)

    def patch(self, target: Target, content_type: str, patch: Json, options: WriteOptions) -> Object:
        """The patched object; 415 for a patch type that does not exist (or not for this kind)."""
        kind = _kind(target)
        served = [kind_of_patch for kind_of_patch in PATCH_TYPES if not (kind.custom and kind_of_patch == STRATEGIC)]
        if content_type not in served:
            message = "the body of the request was in an unknown format - accepted media types include: " + ", ".join(
                served
            )
            raise StatusError(415, "UnsupportedMediaType", message)
        if content_type == APPLY:
            return self._apply(target, patch, options)
        if options.force:
            raise _bad_option("force", "Forbidden: may not be specified for non-apply patch")
        old = self._store.entry(kind.key, _place(target), target.name).object
        change: Callable[[], Any] = {
            MERGE: lambda: patches.merge_patch(old, patch),
            JSON: lambda: patches.json_patch(old, patch),
            STRATEGIC: lambda: patches.strategic_patch(old, patch, kind.schema),
        }[content_type]
        item = self._checked(target, change(), options)
        return self._replace(kind, target, old, item, options)

    def _apply(self, target: Target, patch: Json, options: WriteOptions) -> Object:
        kind = _kind(target)
        if not options.manager:
            raise _bad_option("fieldManager", "Required value: is required for apply patch")
        configuration = self._checked(target, patch, options, partial=True)
        metadata = configuration["metadata"]
        if metadata.setdefault("name", target.name) != target.name:
            raise _wrong_name(target, metadata["name"])
        if metadata.get("managedFields"):
            raise bad_request("metadata.managedFields must be nil")
        if kind.status:
            unwanted = [name for name in configuration if (name == "status") is not (target.subresource == "status")]
            for name in unwanted:
                if name not in ("apiVersion", "kind", "metadata"):
                    del configuration[name]
        found = self._store.find(kind.key, _place(target), target.name)
        if found is None and target.subresource:
            raise not_found(kind, target.name)
        if found is None and metadata.get("uid"):
            why = f"uid mismatch: the provided object specified uid {metadata['uid']}, and no existing object was found"
            raise conflict(kind, target.name, why)
        if found is None and metadata.get("resourceVersion"):
            raise conflict(kind, target.name)
        if found is not None:
            _same_identity(kind, target, found, configuration)
        item = applied(
            kind,
            found,
            configuration,
            manager=options.manager,
            force=options.force,
            subresource=target.subresource,
        )
        check_fields(kind, item, "Ignore")
        if found is None:
            return self._create(kind, target, item, options)
        return self._replace(kind, target, found, item, options, tracked=True)

    def _create(self, kind: Kind, target: Target, item: Object, options: WriteOptions) -> Object:
        item = admission.admit("CREATE", kind.key, None, item, target.namespace, store=self._store, user=options.user)
        item = _completed(kind, item, None)
        check_metadata(kind, item)
        name = item["metadata"].get("name") or item["metadata"].get("generateName", "")
        if kind.namespaced and self._store.find(kind.key, target.namespace, name) is None:
            check_quota(self._store, kind, target.namespace, name)
        return self._store.create(kind.key, item, dry_run=options.dry_run)

    def _replace(
        self, kind: Kind, target: Target, old: Object, item: Object, options: WriteOptions, *, tracked: bool = False
    ) -> Object:
        _same_identity(kind, target, old, item)
        if target.subresource == "status":
            kept = {name: value for name, value in old.items() if name != "status"} | {
                "metadata": clone(old["metadata"])
            }
            for name in ("resourceVersion", "uid", "managedFields"):
                if name in item["metadata"]:
                    kept["metadata"][name] = item["metadata"][name]
            item = kept | ({"status": item["status"]} if "status" in item else {})
        elif kind.status:
            item = {name: value for name, value in item.items() if name != "status"}
            item |= {"status": clone(old["status"])} if "status" in old else {}
        if not tracked:
            item["metadata"] = dict(item["metadata"])
            track_update(kind, old, item, manager=options.manager or options.agent, subresource=target.subresource)
        if target.subresource != "status":
            item = admission.admit(
                "UPDATE", kind.key, clone(old), item, target.namespace, store=self._store, user=options.user
            )
        item = _completed(kind, item, old)
        check_metadata(kind, item)
        return self._store.replace(kind.key, item, dry_run=options.dry_run)

    def _checked(self, target: Target, item: Json, options: WriteOptions, *, partial: bool = False) -> Object:
        kind = _kind(target)
        if not isinstance(item, dict):
            raise bad_request("the object provided is unrecognized (must be of type object)")
        if (item.get("apiVersion"), item.get("kind")) != (kind.api_version, kind.kind):
            given = f"{item.get('apiVersion', '')}, Kind={item.get('kind', '')}"
            raise bad_request(
                f"the API version in the data ({given}) does not match the expected API version "
                f"({kind.api_version}, Kind={kind.kind})"
            )
        checked, warnings = check_fields(kind, item, options.validation, partial=partial)
        options.warnings += warnings
        metadata = checked["metadata"] = dict(checked.get("metadata") or {})
        if kind.namespaced and metadata.setdefault("namespace", target.namespace) != target.namespace:
            raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
        return checked


def _kind(target: Target) -> Kind:
    assert target.kind is not None
    return target.kind


def _place(target: Target) -> str | None:
    return target.namespace if _kind(target).namespaced else None


def _wrong_name(target: Target, name: str) -> StatusError:
    return bad_request(f"the name of the object ({name}) does not match the name on the URL ({target.name})")


def _bad_option(name: str, why: str) -> StatusError:
    return StatusError(422, "Invalid", f'PatchOptions.meta.k8s.io "" is invalid: {name}: {why}')


def _same_identity(kind: Kind, target: Target, old: Object, item: Object) -> None:
    metadata = item["metadata"]
    if metadata.get("name") != target.name:
        why = f'Invalid value: "{metadata.get("name", "")}": field is immutable'
        raise invalid(kind, target.name, ("metadata.name", "FieldValueInvalid", why))
    if metadata.get("uid") not in (None, old["metadata"]["uid"]):
        uids = f"UID in precondition: {metadata['uid']}, UID in object meta: {old['metadata']['uid']}"
        raise conflict(kind, target.name, f"Precondition failed: {uids}")
    if metadata.get("resourceVersion") and metadata["resourceVersion"] != old["metadata"]["resourceVersion"]:
        raise conflict(kind, target.name)


def _completed(kind: Kind, item: Object, old: Object | None) -> Object:
    """Defaults and rules of built-in kinds that are no webhook's."""
    if kind.key not in ("secrets", "configmaps"):
        return item
    name = item["metadata"].get("name", "")
    if kind.key == "secrets":
        plain = item.pop("stringData", None) or {}
        if plain:
            item["data"] = (item.get("data") or {}) | {
                key: base64.b64encode(value.encode()).decode() for key, value in plain.items()
            }
        item.setdefault("type", "Opaque")
        for key, value in (item.get("data") or {}).items():
            try:
                base64.b64decode(value, validate=True)
            except (binascii.Error, ValueError) as error:
                message = f'Secret in version "v1" cannot be handled as a Secret: illegal base64 data in data.{key}'
                raise bad_request(message) from error
        if old is not None and item["type"] != old["type"]:
            why = f'Invalid value: "{item["type"]}": field is immutable'
            raise invalid(kind, name, ("type", "FieldValueInvalid", why))
    if old is not None and old.get("immutable"):
        why = "Forbidden: field is immutable when `immutable` is set"
        for part in ("immutable", "data", "binaryData"):
            if (item.get(part) or None) != (old.get(part) or None):
                raise invalid(kind, name, (part, "FieldValueForbidden", why))
    return item
