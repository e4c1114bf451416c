"""How much a tenant may have (KS-08).

Checked against what it has at this moment, one deployment of a tenant at a time in this process; of several replicas
at the same moment each might let one through: the namespace's ResourceQuota holds in any case.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kserve_api.api.tenants import Quotas
from kserve_api.apps.app import Deployment
from kserve_api.apps.quantities import parse_quantity
from kserve_api.apps.usage import AppUsage
from kserve_api.errors import ApiError

__all__ = ["check_quotas", "needs_usage"]

_Limit = int | str


def needs_usage(quotas: Quotas) -> bool:
    """Whether a limit is on the sum of a tenant's apps, or on a field that a present app may have already."""
    return not quotas.max_apps is quotas.max_pods is quotas.max_scale is None


def check_quotas(quotas: Quotas, wanted: Deployment, present: Sequence[AppUsage]) -> None:
    """Raise ApiError 403 `quota_exceeded` where what is wanted is more than before and more than is allowed.

    What a present app has already stays allowed when a quota is lowered: it can still be changed otherwise.
    """
    for quota, limit, used, asked in _exceeded(quotas, wanted, present):
        raise ApiError(
            403,
            "quota_exceeded",
            f"This is more than {quota} allows: {limit} at most, {used} used, {asked} asked for",
            details={"quota": quota, "limit": limit, "used": used, "asked": asked},
        )


def _exceeded(
    quotas: Quotas, wanted: Deployment, present: Sequence[AppUsage]
) -> Iterator[tuple[str, _Limit, _Limit, _Limit]]:
    place = (wanted.namespace, wanted.name)
    current = next((usage for usage in present if (usage.namespace, usage.name) == place), None)
    if current is None and quotas.max_apps is not None and len(present) + 1 > quotas.max_apps:
        yield "max_apps", quotas.max_apps, len(present), 1
    before = 0 if current is None else current.max_scale
    pods = wanted.max_scale if current is None or "max_scale" in wanted.given else before
    if pods > before:
        others = sum(usage.max_scale for usage in present) - before
        if quotas.max_pods is not None and others + pods > quotas.max_pods:
            yield "max_pods", quotas.max_pods, others, pods
        if quotas.max_scale is not None and pods > quotas.max_scale:
            yield "max_scale", quotas.max_scale, before, pods
    if current is None or "resources" in wanted.given:
        limits = (
            ("max_cpu", quotas.max_cpu, wanted.resources.cpu_limit),
            ("max_memory", quotas.max_memory, wanted.resources.memory_limit),
        )
        for quota, limit, asked in limits:
            if limit is not None and parse_quantity(asked) > parse_quantity(limit):
                yield quota, limit, "0", asked
