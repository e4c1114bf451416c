"""What the webhooks of Knative have in common: the words of a denial, and who made and changed an object."""

from __future__ import annotations

from collections.abc import Sequence

from kserve_api.tests.fake_cluster.status_error import StatusError
from kserve_api.tests.fake_cluster.store import Object

CREATOR = "serving.knative.dev/creator"
MODIFIER = "serving.knative.dev/lastModifier"


def denied(problems: Sequence[str], *, hook: str = "validation.webhook.serving.knative.dev") -> StatusError:
    """400 BadRequest in Knative's words."""
    message = f'admission webhook "{hook}" denied the request: validation failed: ' + "\n".join(problems)
    return StatusError(400, "BadRequest", message)


def set_user(old: Object | None, item: Object, user: str) -> None:
    """Annotations that Knative's defaulting webhook keeps on Services and DomainMappings."""
    annotations = item["metadata"].setdefault("annotations", {})
    if old is None:
        annotations[CREATOR] = annotations[MODIFIER] = user
        return
    before = old["metadata"].get("annotations", {})
    changed = old.get("spec") != item.get("spec")
    for key, value in ((CREATOR, before.get(CREATOR, user)), (MODIFIER, before.get(MODIFIER, user))):
        annotations[key] = value
    if changed:
        annotations[MODIFIER] = user
