"""Which fields of an object are ours, as server-side apply sees it; pure.

https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

from collections.abc import Sequence

from kserve_api.apps.app import MANAGED_BY
from kserve_api.cluster.cluster import Object

__all__ = ["applied_entries", "covers"]


def covers(present: object, wanted: object) -> bool:
    """Whether everything wanted is there; more may be (defaults of the cluster, fields of others)."""
    if isinstance(wanted, dict):
        return isinstance(present, dict) and all(key in present and covers(present[key], wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        if not isinstance(present, list) or len(present) != len(wanted):
            return False
        return all(covers(one, other) for one, other in zip(present, wanted, strict=True))
    return present == wanted


def applied_entries(managed_fields: Sequence[Object]) -> list[Object] | None:
    """The entries of `managedFields` with what we have created as if we had applied it; None when they are so already.

    Without that, fields which we no longer apply would stay: their creation, a plain write, would still own them.
    """
    created = [one for one in managed_fields if _is_ours(one) and one.get("operation") == "Update"]
    if not created:
        return None
    return [{**one, "operation": "Apply"} if one in created else one for one in managed_fields]


def _is_ours(entry: Object) -> bool:
    return entry.get("manager") == MANAGED_BY and not entry.get("subresource")
