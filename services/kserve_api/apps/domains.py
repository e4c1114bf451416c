"""Host names of apps: a DomainMapping each, and its ClusterDomainClaim where Knative does not make that itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kserve_api.apps.app import MANAGED_BY, Condition
from kserve_api.apps.domain_claims import DomainClaims, create_unless_there, domain_taken
from kserve_api.apps.manifest import (
    APP_LABEL,
    MANAGED_BY_LABEL,
    TENANT_LABEL,
    AppState,
    custom_domain_of,
    predictor_name,
)
from kserve_api.apps.ownership import app_selector, owner_reference
from kserve_api.apps.views import conditions_of
from kserve_api.cluster.cluster import Cluster, Object
from kserve_api.cluster.resources import DOMAIN_MAPPING, KNATIVE_SERVICE
from kserve_api.errors import ApiError, ClusterError
from kserve_api.settings import Settings

__all__ = ["Domains", "domain_condition", "domains_of"]

_GONE_AFTER_S = 10.0
_LOOK_EVERY_S = 0.2
_MOST_TRIES = 5


def domains_of(state: AppState, settings: Settings) -> tuple[str, ...]:
    """The host names that the app shall have: its own under the base domain, then the custom one."""
    own = f"{state.name}.{settings.base_domain}"
    return (own, state.custom_domain) if state.custom_domain else (own,)


def domains_named_by(service: Object, settings: Settings) -> tuple[str, ...]:
    """The same of an InferenceService, whatever else of it was changed by hand."""
    custom = custom_domain_of(service)
    own = f"{service['metadata']['name']}.{settings.base_domain}"
    return (own, custom) if custom else (own,)


def domain_condition(mappings: Sequence[Object]) -> Condition:
    """Our condition `DomainsReady`: True when every mapping is, else the first that is not, by name."""
    if not mappings:
        return Condition("DomainsReady", "False", "NoDomainMapping", "No host name is mapped; deploy again.")
    for mapping in mappings:
        ready = next((one for one in conditions_of(mapping) if one.type == "Ready"), None)
        if ready is None or ready.status != "True":
            name = mapping["metadata"]["name"]
            if ready is None:
                return Condition("DomainsReady", "Unknown", "NotReconciled", f"{name}: Knative has not mapped it yet.")
            message = f"{name}: {ready.message}"
            return Condition("DomainsReady", ready.status, ready.reason, message, ready.changed_at)
    return Condition("DomainsReady", "True")


class Domains:
    """The DomainMappings of apps. Raises ClusterError, and ApiError 409 `domain_taken`."""

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._claims = DomainClaims(cluster, settings)

    async def mappings(self, namespace: str, name: str, tenant: str) -> Sequence[Object]:
        """The mappings of a tenant's app."""
        return (await self._cluster.list(DOMAIN_MAPPING, namespace, labels=app_selector(name, tenant))).items

    async def claimed_for(self, service: Object, tenant: str) -> set[str]:
        """The host names whose claims are of no use without this app: those it has mapped, or nobody has."""
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        own = {mapping["metadata"]["name"] for mapping in await self.mappings(namespace, name, tenant)}
        unmapped = [
            domain
            for domain in domains_named_by(service, self._settings)
            if domain not in own and not await self._mapping(domain, namespace)
        ]
        return own.union(unmapped)

    async def check_free(self, state: AppState, existing: Sequence[Object]) -> list[str]:
        """Raise `domain_taken` if another app has one of the host names; return warnings.

        Called before anything is written; costs two reads for every name that has no mapping yet.
        """
        held = {mapping["metadata"]["name"] for mapping in existing}
        missing = [domain for domain in domains_of(state, self._settings) if domain not in held]
        warnings = await asyncio.gather(*(self._check_one(state, domain) for domain in missing))
        return [warning for warning in warnings if warning]

    async def set(self, service: Object, state: AppState, existing: Sequence[Object]) -> None:
        """Create what is missing, correct what differs, delete what is no longer wanted."""
        wanted = domains_of(state, self._settings)
        by_name = {mapping["metadata"]["name"]: mapping for mapping in existing}
        await asyncio.gather(
            *(self._set_one(service, state, domain, by_name.get(domain)) for domain in wanted),
            *(self._remove(mapping) for domain, mapping in by_name.items() if domain not in wanted),
        )

    async def _check_one(self, state: AppState, domain: str) -> str:
        mapping, (claimed_by, warning) = await asyncio.gather(
            self._mapping(domain, state.namespace), self._claims.claimed_by(domain)
        )
        if mapping and not _belongs_to(mapping, state):
            raise domain_taken(domain, state.namespace)
        if claimed_by not in ("", state.namespace):
            raise domain_taken(domain, claimed_by)
        return warning

    async def _mapping(self, domain: str, namespace: str) -> Object | None:
        try:
            return await self._cluster.get(DOMAIN_MAPPING, domain, namespace)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise

    async def _set_one(self, service: Object, state: AppState, domain: str, existing: Object | None) -> None:
        await self._claims.claim(domain, state.namespace)
        wanted = _manifest(service, state, domain)
        for _ in range(_MOST_TRIES):
            if await self._is_set(service, state, wanted, existing):
                return
            existing = await self._mapping(domain, state.namespace)
        raise ApiError(409, "conflict", f"The domain {domain} is being changed by someone else; try again.")

    async def _is_set(self, service: Object, state: AppState, wanted: Object, existing: Object | None) -> bool:
        """Bring the mapping to what is wanted; False when it is not as `existing` says any more."""
        name = wanted["metadata"]["name"]
        if existing is None:
            return await create_unless_there(self._cluster, DOMAIN_MAPPING, wanted)
        if not _belongs_to(existing, state):
            raise domain_taken(name, state.namespace)
        if _is_left_over(existing, service):
            await self._delete(existing)
            await self._wait_until_gone(name, state.namespace)
            return await create_unless_there(self._cluster, DOMAIN_MAPPING, wanted)
        if not _same(existing, wanted):
            metadata = {key: wanted["metadata"][key] for key in ("labels", "ownerReferences")}
            try:
                patch = {"metadata": metadata, "spec": wanted["spec"]}
                await self._cluster.merge_patch(DOMAIN_MAPPING, name, patch, state.namespace)
            except ClusterError as error:
                if error.status != 404:
                    raise
                return False
        return True

    async def _remove(self, mapping: Object) -> None:
        await self._delete(mapping)
        await self._claims.release(mapping["metadata"]["namespace"], [mapping["metadata"]["name"]])

    async def _delete(self, mapping: Object) -> None:
        metadata = mapping["metadata"]
        try:
            await self._cluster.delete(DOMAIN_MAPPING, metadata["name"], metadata["namespace"], uid=metadata["uid"])
        except ClusterError as error:
            if error.status not in (404, 409):
                raise

    async def _wait_until_gone(self, domain: str, namespace: str) -> None:
        """A mapping goes a moment after it is deleted: Knative gives its claim back first."""
        try:
            async with asyncio.timeout(_GONE_AFTER_S):
                while await self._mapping(domain, namespace):
                    await asyncio.sleep(_LOOK_EVERY_S)
        except TimeoutError as error:
            raise ApiError(409, "conflict", f"The domain {domain} is still being deleted; try again.") from error


def _manifest(service: Object, state: AppState, domain: str) -> Object:
    return {
        "apiVersion": DOMAIN_MAPPING.api_version,
        "kind": DOMAIN_MAPPING.kind,
        "metadata": {
            "name": domain,
            "namespace": state.namespace,
            "labels": {MANAGED_BY_LABEL: MANAGED_BY, TENANT_LABEL: state.tenant, APP_LABEL: state.name},
            "ownerReferences": [owner_reference(service)],
        },
        "spec": {
            # Knative's admission needs the apiVersion, though the schema does not.
            "ref": {
                "apiVersion": KNATIVE_SERVICE.api_version,
                "kind": KNATIVE_SERVICE.kind,
                "name": predictor_name(state.name),
            }
        },
    }


def _same(existing: Object, wanted: Object) -> bool:
    metadata, ref = existing["metadata"], existing.get("spec", {}).get("ref") or {}
    return bool(
        (metadata.get("labels") or {}).items() >= wanted["metadata"]["labels"].items()
        and metadata.get("ownerReferences") == wanted["metadata"]["ownerReferences"]
        and ref.items() >= wanted["spec"]["ref"].items()
    )


def _is_left_over(mapping: Object, service: Object) -> bool:
    """Whether it is that of a deleted app of the same name: it is, or will soon be, deleted with that."""
    owners = {reference["uid"] for reference in mapping["metadata"].get("ownerReferences") or []}
    deleted = "deletionTimestamp" in mapping["metadata"]
    return deleted or bool(owners and service["metadata"]["uid"] not in owners)


def _belongs_to(mapping: Object, state: AppState) -> bool:
    labels = mapping["metadata"].get("labels") or {}
    ours = {MANAGED_BY_LABEL: MANAGED_BY, TENANT_LABEL: state.tenant, APP_LABEL: state.name}
    return bool(labels.items() >= ours.items())
