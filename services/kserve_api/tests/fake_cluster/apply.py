"""Server-side apply: who owns which field, what an applied configuration changes, adds and takes away.

Every manager's fields are kept in metadata.managedFields. What is applied is merged into the object; fields that this
manager applied before and no longer does are removed unless somebody else owns them; a field that another manager owns
with another value is a conflict, unless the apply is forced.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from kserve_api.tests.fake_cluster.entry import Object, clone, now
from kserve_api.tests.fake_cluster.field_sets import (
    FieldSet,
    Path,
    child_schema,
    decode,
    encode,
    fields_of,
    item_step,
    shown,
    value_at,
)
from kserve_api.tests.fake_cluster.kinds import Kind
from kserve_api.tests.fake_cluster.schemas import Json, Schema
from kserve_api.tests.fake_cluster.status_error import StatusError

__all__ = ["applied", "track_update"]

_SERVER_FIELDS = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink")


@dataclass(slots=True)
class _Manager:
    name: str
    operation: str
    subresource: str
    api_version: str
    time: str
    fields: FieldSet = field(default_factory=set)

    def entry(self) -> Object:
        entry: Object = {
            "manager": self.name,
            "operation": self.operation,
            "apiVersion": self.api_version,
            "time": self.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": encode(self.fields),
        }
        return entry | ({"subresource": self.subresource} if self.subresource else {})

    def shown(self) -> str:
        text = f'"{self.name}"' + (f' with subresource "{self.subresource}"' if self.subresource else "")
        return f"{text} using {self.api_version} at {self.time}" if self.operation == "Update" else text


def applied(
    kind: Kind, old: Object | None, configuration: Object, *, manager: str, force: bool, subresource: str = ""
) -> Object:
    """The object after `configuration` has been applied to `old` (None: it does not exist yet), with managedFields.

    Its resourceVersion and uid are those of the configuration, where it has them. StatusError 409 with one cause for
    every field that another manager owns with another value.
    """
    schema = kind.schema
    managers = _managers(old)
    mine = _find(managers, manager, "Apply", subresource, kind.api_version)
    wanted = fields_of(configuration, schema)
    conflicts = _conflicts(managers, mine, wanted, old or {}, configuration, schema)
    if conflicts and not force:
        raise _conflict(conflicts)
    for other, path in conflicts:
        other.fields.discard(path)
    merged: Object = _merge(old or {}, _without_server_fields(configuration), schema)
    owned_by_others = set().union(*(other.fields for other in managers if other is not mine)) if managers else set()
    # Items as a whole before their fields: without its key field an item would not be found any more.
    for path in sorted(mine.fields - wanted - owned_by_others, key=len):
        if not any(kept[: len(path)] == path for kept in wanted | owned_by_others):
            _remove(merged, schema, path)
    mine.fields = wanted
    metadata = configuration["metadata"]
    merged["metadata"] = merged["metadata"] | {
        name: metadata[name] for name in ("uid", "resourceVersion") if name in metadata
    }
    if old is None or _content(merged) != _content(old):
        mine.time = now()
    merged["metadata"]["managedFields"] = _entries(managers)
    return merged


def track_update(kind: Kind, old: Object | None, new: Object, *, manager: str, subresource: str = "") -> None:
    """Write the managedFields of `new`: what differs from `old` is now this manager's, as of an Update."""
    schema = kind.schema
    # Managed fields in the update itself count: that is how ownership is handed over.
    managers = _managers(new if new["metadata"].get("managedFields") else old)
    before, after = fields_of(old, schema) if old else set(), fields_of(new, schema)
    changed = {
        path
        for path in after
        if path not in before or (path[-1][0] == "f" and value_at(old, schema, path) != value_at(new, schema, path))
    }
    removed = before - after
    if changed or removed:
        for other in managers:
            other.fields -= changed | removed
    if changed:
        mine = _find(managers, manager, "Update", subresource, kind.api_version)
        mine.fields |= changed
        mine.time = now()
    new["metadata"]["managedFields"] = _entries(managers)


def _managers(item: Object | None) -> list[_Manager]:
    return [
        _Manager(
            entry["manager"],
            entry["operation"],
            entry.get("subresource", ""),
            entry["apiVersion"],
            entry["time"],
            decode(entry["fieldsV1"]),
        )
        for entry in ((item or {}).get("metadata", {}).get("managedFields") or ())
    ]


def _find(managers: list[_Manager], name: str, operation: str, subresource: str, api_version: str) -> _Manager:
    for one in managers:
        if (one.name, one.operation, one.subresource) == (name, operation, subresource):
            return one
    managers.append(_Manager(name, operation, subresource, api_version, now()))
    return managers[-1]


def _entries(managers: list[_Manager]) -> list[Object]:
    return [one.entry() for one in managers if one.fields]


def _conflicts(
    managers: list[_Manager], mine: _Manager, wanted: FieldSet, old: Object, new: Object, schema: Schema
) -> list[tuple[_Manager, Path]]:
    return [
        (other, path)
        for other in managers
        if other is not mine
        for path in sorted(other.fields & wanted)
        if path[-1].startswith("f:") and value_at(old, schema, path) != value_at(new, schema, path)
    ]


def _conflict(conflicts: list[tuple[_Manager, Path]]) -> StatusError:
    if len(conflicts) == 1:
        other, path = conflicts[0]
        text = f"conflict with {other.shown()}: {shown(path)}"
    else:
        lines = []
        for name in dict.fromkeys(other.shown() for other, _ in conflicts):
            lines.append(f"conflicts with {name}:")
            lines += [f"- {shown(path)}" for other, path in conflicts if other.shown() == name]
        text = "\n".join(lines)
    plural = "" if len(conflicts) == 1 else "s"
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {other.shown()}", "field": shown(path)}
        for other, path in conflicts
    ]
    message = f"Apply failed with {len(conflicts)} conflict{plural}: {text}"
    return StatusError(409, "Conflict", message, {"causes": causes})


def _without_server_fields(configuration: Object) -> Object:
    metadata = configuration["metadata"]
    kept = {name: value for name, value in metadata.items() if name not in _SERVER_FIELDS}
    return configuration | {"metadata": kept}


def _content(item: Object) -> Object:
    return item | {"metadata": {name: value for name, value in item["metadata"].items() if name not in _SERVER_FIELDS}}


def _merge(value: Json, wanted: Json, schema: Schema) -> Json:
    if isinstance(wanted, dict):
        merged = dict(value) if isinstance(value, dict) else {}
        for name, item in wanted.items():
            merged[name] = _merge(merged.get(name), item, child_schema(schema, name))
        return merged
    kind = schema.get("x-kubernetes-list-type")
    if not isinstance(wanted, list) or not kind:
        return clone(wanted)
    present = {item_step(item, schema): item for item in value or ()}
    merged_items = []
    for item in wanted:
        was = present.pop(item_step(item, schema), None)
        merged_items.append(_merge(was, item, schema["items"]) if kind == "map" else item)
    return [*merged_items, *present.values()]


def _remove(item: Json, schema: Schema, path: Path) -> bool:
    """Take a field away, and its parents that become empty by it; returns whether `item` is empty now.

    Containers on the way are copied: `item` itself is ours, what is below may be shared with the stored object.
    """
    step, rest = path[0], path[1:]
    if step.startswith("f:"):
        name = step[2:]
        if name not in item:
            return False
        below = child_schema(schema, name)
        if rest:
            item[name] = item[name].copy()
        if not rest or _remove(item[name], below, rest):
            del item[name]
        return not item
    at = next((index for index, one in enumerate(item) if item_step(one, schema) == step), None)
    if at is None:
        return False
    if rest:
        item[at] = item[at].copy()
    if not rest or _remove(item[at], schema["items"], rest):
        del item[at]
    return not item
