"""The OpenAPI document as a page without scripts: nothing is loaded from anywhere."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import Any

__all__ = ["docs_page"]

_STYLE = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;"
    "padding:0 1rem}h2{font-size:1.15rem;margin:2.2rem 0 .4rem;padding-top:1rem;border-top:1px solid #8886}"
    "p{margin:.4rem 0}code{font-family:ui-monospace,monospace;overflow-wrap:anywhere}"
    "table{border-collapse:collapse;margin:.8rem 0;width:100%}"
    "td,th{border-bottom:1px solid #8886;padding:.3rem .6rem .3rem 0;text-align:left;vertical-align:top}"
    "td:last-child{overflow-wrap:anywhere}"
)


def docs_page(document: dict[str, Any]) -> tuple[str, str]:
    """Return the page, and the hash of its style for the Content-Security-Policy."""
    info = document["info"]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width,initial-scale=1">',
        f"<title>{escape(info['title'])}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(info['title'])} {escape(info['version'])}</h1><p>{escape(info['description'])}</p>",
        '<p>All of it, for programs: <a href="/openapi.json">/openapi.json</a></p>',
    ]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(method, path, operation, document))
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return "".join([*parts, "</body></html>"]), f"sha256-{digest}"


def _operation(method: str, path: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    parts = [f"<h2><code>{method.upper()} {escape(path)}</code></h2><p>{escape(operation['description'])}</p>"]
    rows = [
        (parameter["name"], parameter["in"], parameter.get("description", ""))
        for parameter in operation.get("parameters", ())
    ]
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    if reference := content.get("schema", {}).get("$ref"):
        schema = document["components"]["schemas"][reference.rpartition("/")[2]]
        rows += [
            (name, "body", field.get("description", "") + (" Required." if name in schema.get("required", ()) else ""))
            for name, field in schema["properties"].items()
        ]
    if rows:
        cells = "".join(
            f"<tr><td><code>{escape(name)}</code></td><td>{escape(place)}</td><td>{escape(told)}</td></tr>"
            for name, place, told in rows
        )
        parts.append(f"<table><tr><th>name</th><th>where</th><th>meaning</th></tr>{cells}</table>")
    return "".join(parts)
