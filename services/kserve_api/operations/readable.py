"""The API's answers as lines for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kserve_api.client import App, AppDetail, DeployDone

__all__ = ["app_lines", "done_lines", "list_lines"]


def list_lines(apps: Sequence[App]) -> Sequence[str]:
    """A table of apps."""
    if not apps:
        return ["no apps"]
    return _table([("NAME", "READY", "URL"), *((app.name, _yes(app.ready), app.url) for app in apps)])


def done_lines(done: DeployDone) -> Sequence[str]:
    """What a deployment did."""
    what = done.action if done.changed else "unchanged"
    return [f"{done.name} in {done.namespace}: {what}", done.url, *(f"note: {each}" for each in done.warnings)]


def app_lines(detail: AppDetail) -> Sequence[str]:
    """Everything that is told of one app."""
    app, fields = detail.app, detail.fields
    return [
        f"{app.name} in {app.namespace}: {'ready' if app.ready else 'NOT READY'}",
        *_table(
            [
                ("url", app.url),
                ("image", detail.image),
                ("scale", f"{fields.get('min_scale')} to {fields.get('max_scale')} pods"),
                ("port", str(fields.get("port"))),
                ("variables", ", ".join(_names(fields)) or "none"),
            ]
        ),
        "",
        *_table([("CONDITION", "STATUS", "WHY"), *(_condition(each) for each in fields.get("conditions") or ())]),
        "",
        *_table([("REVISION", "READY", "TRAFFIC", "PODS", "IMAGE"), *(_revision(each) for each in _revisions(fields))]),
    ]


def _names(fields: Mapping[str, Any]) -> Sequence[str]:
    return [*(fields.get("env_names") or ()), *(f"{name} (secret)" for name in fields.get("secret_env_names") or ())]


def _condition(each: Mapping[str, Any]) -> tuple[str, ...]:
    why = " ".join(f"{each.get('reason') or ''} {each.get('message') or ''}".split())
    return str(each.get("type")), str(each.get("status")), why


def _revisions(fields: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return fields.get("revisions") or ()


def _revision(each: Mapping[str, Any]) -> tuple[str, ...]:
    digest = str(each.get("digest") or "")
    image = f"{each.get('image')} {digest[:19]}…" if digest else str(each.get("image"))
    return str(each.get("name")), _yes(each.get("ready")), f"{each.get('percent')} %", str(each.get("pods")), image


def _yes(value: object) -> str:
    return "yes" if value is True else "no"


def _table(rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """Rows with their columns under each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
