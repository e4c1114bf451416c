"""A deployment as it is planned: the repository's descriptor and prices, and files of variables that are right."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from finrag_ml_tg1.operations.doctor.sevalla.pasted import from_file
from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan

__all__ = ["BACKEND", "FRONTEND", "planned"]

_ROOT = Path(__file__).parents[4]
_KEY = secrets.token_urlsafe(32)
BACKEND: Mapping[str, str] = {
    "FINRAG_STORE": "s3://filings-of-ours/finrag",
    "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "AK" + secrets.token_hex(9).upper(),
    "AWS_SECRET_ACCESS_KEY": secrets.token_urlsafe(30),
    "FINRAG_API_KEY": _KEY,
    "FINRAG_CACHE_DIR": "/tmp/finrag_cache",
    "FINRAG_CACHE_MB": "4096",
    "LOG_LEVEL": "info",
}
FRONTEND: Mapping[str, str] = {
    "BACKEND_URL": "http://finrag-backend-k3j4h-web.finrag-backend-k3j4h.svc.cluster.local:8000",
    "FINRAG_API_KEY": _KEY,
    "STREAMLIT_SERVER_COOKIE_SECRET": secrets.token_urlsafe(32),
}


def planned(
    folder: Path,
    *,
    backend: Mapping[str, str | None] | None = None,
    frontend: Mapping[str, str | None] | None = None,
    descriptor: tuple[str, str] = ("", ""),
    size: str | None = None,
) -> Plan:
    """Return a plan in `folder`, right but for what is changed; None takes a variable away.

    `descriptor` is a piece of the descriptor's text, and what stands there instead.
    """
    (folder / "deploy" / "sevalla").mkdir(parents=True)
    shutil.copy(_ROOT / "deploy" / "pricing.yaml", folder / "deploy")
    shutil.copy(_ROOT / "deploy" / "sevalla" / "sevalla.schema.json", folder / "deploy" / "sevalla")
    text = (_ROOT / "sevalla.yml").read_text("utf-8")
    assert descriptor[0] in text
    (folder / "sevalla.yml").write_text(text.replace(*descriptor, 1) if descriptor[0] else text, "utf-8")
    pasted = {
        role: from_file(_written(folder / f"{role}.env", {**values, **(change or {})}))
        for role, values, change in (("backend", BACKEND, backend), ("frontend", FRONTEND, frontend))
    }
    files = {"backend": pasted["backend"], "frontend": pasted["frontend"]}
    return Plan(folder / "sevalla.yml", files, folder, size)  # type: ignore[arg-type]


def _written(path: Path, values: Mapping[str, str | None]) -> Path:
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items() if value is not None), "utf-8")
    return path
