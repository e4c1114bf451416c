"""Who changed what, and who was refused: one line each, never with values."""

from __future__ import annotations

import logging
from dataclasses import dataclass

__all__ = ["AuditRecord", "write_audit"]

_logger = logging.getLogger("scheduler.audit")


@dataclass(slots=True)
class AuditRecord:
    """What a record says; the log adds time and request id. `subject` is the name of a key."""

    action: str
    client: str = ""
    subject: str = ""
    workspace: str = ""
    target: str = ""
    status: int = 0
    error_code: str = ""

    @property
    def outcome(self) -> str:
        """`allowed` (done), `refused` (the caller's doing) or `failed` (ours, or Redis')."""
        if self.status < 400:
            return "allowed"
        return "refused" if self.status < 500 else "failed"


def write_audit(record: AuditRecord) -> None:
    """Write one record to the log `scheduler.audit`; what does not apply is left out."""
    told: dict[str, object] = {
        "action": record.action,
        "outcome": record.outcome,
        "status": record.status,
        "client": record.client,
        "subject": record.subject,
        "workspace": record.workspace,
        "target": record.target,
        "error_code": record.error_code,
    }
    extra = {key: value for key, value in told.items() if value != ""}
    _logger.info("%s %s", record.action, record.outcome, extra=extra)
