"""Who changed what, and who tried to come in without a valid credential: one record each, never with values."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

__all__ = ["AuditRecord", "write_audit"]

_logger = logging.getLogger("kserve_api.audit")


@dataclass(slots=True)
class AuditRecord:
    """What a record says; the request id and the time are added by the log. `fields` are the names of what was sent."""

    action: str
    client: str = ""
    tenant: str = ""
    subject: str = ""
    for_tenant: str = ""  # Where an administrator acts for another tenant.
    namespace: str = ""
    name: str = ""
    image: str = ""
    fields: tuple[str, ...] = field(default=())
    status: int = 0
    error_code: str = ""
    duration_ms: float = 0.0

    @property
    def outcome(self) -> str:
        """`allowed` (done), `refused` (the caller's doing) or `failed` (ours, or the cluster's)."""
        if self.status < 400:
            return "allowed"
        return "refused" if self.status < 500 else "failed"


def write_audit(record: AuditRecord) -> None:
    """Write one record to the log `kserve_api.audit`; what does not apply is left out."""
    told: dict[str, object] = {
        "action": record.action,
        "outcome": record.outcome,
        "status": record.status,
        "client": record.client,
        "duration_ms": record.duration_ms,
        "tenant": record.tenant,
        "subject": record.subject,
        "for_tenant": record.for_tenant,
        "namespace": record.namespace,
        # `name` is the logger's in a log line.
        "app": record.name,
        "image": record.image,
        "fields": list(record.fields),
        "error_code": record.error_code,
    }
    extra = {key: value for key, value in told.items() if value not in ("", [])}
    _logger.info("%s %s", record.action, record.outcome, extra=extra)
