"""Changing an app in the cluster: create it, change it, remove it.

Order of a deployment: everything is checked that can be, then the Secret, the InferenceService, the DomainMappings,
the owner of the Secret. Each step looks at what is there, so a deployment that broke off is completed by the next.
API calls of a change: 2 reads and 1 write (2 the first time), and 2 lists where the app has secret variables; of a
creation also 2 reads and 1 write for each host name.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kserve_api.apps.app import Deployed, Deployment
from kserve_api.apps.domain_claims import DomainClaims
from kserve_api.apps.domains import Domains
from kserve_api.apps.errors import app_not_found, to_api_error
from kserve_api.apps.field_ownership import applied_entries, covers
from kserve_api.apps.manifest import AppState, merged, state_of, to_manifest
from kserve_api.apps.ownership import check_owner
from kserve_api.apps.secrets import SecretVariables
from kserve_api.apps.validation import invalid_request
from kserve_api.apps.views import summary_of
from kserve_api.cluster.cluster import Cluster, Object
from kserve_api.cluster.resources import INFERENCE_SERVICE
from kserve_api.errors import ApiError, ClusterError
from kserve_api.settings import Settings

__all__ = ["Deployer", "stamped"]

_PAUSES_S = (0.05, 0.1, 0.2, 0.4)  # Between five tries.


@dataclass(frozen=True, slots=True)
class _Written:
    """The InferenceService after a change, and what was there before."""

    service: Object
    state: AppState
    before: Object | None
    changed: bool


@dataclass(frozen=True, slots=True)
class _Plan:
    """What one attempt starts from and wants."""

    before: Object | None
    current: AppState | None
    state: AppState
    mappings: Sequence[Object]
    warnings: Sequence[str]


class Deployer:
    """Writes apps. Raises ClusterError and ApiError."""

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._domains = Domains(cluster, settings)
        self._claims = DomainClaims(cluster, settings)
        self._secrets = SecretVariables(cluster, lambda: datetime.now(UTC))

    async def deploy(self, wanted: Deployment, *, tenant: str, actor: str) -> Deployed:
        """Create the app, or change what is given."""
        made: list[str] = []

        async def edit(current: AppState | None) -> AppState:
            secret_refs: Mapping[str, str] = {}
            if "secret_envs" in wanted.given or current is None:
                secret_refs = await self._secrets.prepare(wanted, current, tenant=tenant, made=made)
            state = merged(current, wanted, tenant=tenant, secret_refs=secret_refs)
            return stamped(state, actor) if state != current or wanted.redeploy else state

        try:
            plan, written = await self._write_service(wanted.namespace, wanted.name, edit, tenant=tenant)
        except (ApiError, ClusterError) as error:
            await self._discard_secrets(wanted, made, error)
            raise
        return await self._complete(plan, written)

    async def change(
        self, namespace: str, name: str, change: Callable[[AppState], AppState], *, tenant: str
    ) -> Deployed:
        """Change an app that exists; a change that shall make a new revision stamps it."""

        async def edit(current: AppState | None) -> AppState:
            if current is None:
                raise app_not_found(namespace, name)
            return change(current)

        plan, written = await self._write_service(namespace, name, edit, tenant=tenant)
        return await self._complete(plan, written)

    async def delete(self, namespace: str, name: str, *, tenant: str) -> str:
        """Delete the InferenceService; its Secrets and DomainMappings go with it. Return its uid."""
        service = await self._read(namespace, name)
        if service is None:
            raise app_not_found(namespace, name)
        check_owner(service, tenant)
        # What has no owner yet would outlive the app.
        await self._secrets.give_unowned(service, tenant)
        # Claims are cluster-wide: no owner in a namespace takes them along.
        claimed: set[str] = set()
        if self._settings.domain_claims == "create":
            claimed = await self._domains.claimed_for(service, tenant)
        uid = str(service["metadata"]["uid"])
        try:
            await self._cluster.delete(INFERENCE_SERVICE, name, namespace, uid=uid)
        except ClusterError as error:
            # Gone, or already another one of that name: this one is deleted either way.
            if error.status not in (404, 409):
                raise
        await self._claims.release(namespace, claimed)
        return uid

    async def _write_service(
        self,
        namespace: str,
        name: str,
        edit: Callable[[AppState | None], Awaitable[AppState]],
        *,
        tenant: str,
    ) -> tuple[_Plan, _Written]:
        """Read, change, write; again when someone else has written in between."""
        for pause_s in (*_PAUSES_S, None):
            plan = await self._plan(namespace, name, edit, tenant)
            try:
                return plan, await self._write(plan)
            except ClusterError as error:
                # 404: it was deleted since we looked.
                changed_since = error.status == 409 or (error.status == 404 and plan.before)
                if not changed_since or pause_s is None:
                    raise
            await asyncio.sleep(pause_s * (1 + random.random()))
        raise AssertionError("the last try returns or raises")

    async def _plan(
        self, namespace: str, name: str, edit: Callable[[AppState | None], Awaitable[AppState]], tenant: str
    ) -> _Plan:
        before, mappings = await asyncio.gather(
            self._read(namespace, name), self._domains.mappings(namespace, name, tenant)
        )
        if before:
            check_owner(before, tenant)
            if before["metadata"].get("deletionTimestamp"):
                message = f"{name} is being deleted; deploy it again in a moment."
                raise ApiError(409, "being_deleted", message, retry_after_s=2)
        current = state_of(before) if before else None
        state = await edit(current)
        if state.min_scale > state.max_scale:
            raise invalid_request("min_scale", f"must not be more than max_scale, which is {state.max_scale}")
        warnings = await self._domains.check_free(state, mappings)
        return _Plan(before, current, state, mappings, warnings)

    async def _write(self, plan: _Plan) -> _Written:
        manifest = to_manifest(plan.state, self._settings)
        before = plan.before
        if before is None:
            # Not an apply: that would change an app which someone else has created since we looked.
            created = await self._cluster.create(INFERENCE_SERVICE, manifest)
            return _Written(created, plan.state, None, changed=True)
        if plan.state == plan.current and covers(before, manifest):
            return _Written(before, plan.state, before, changed=False)
        # The uid, because an apply creates what is not there any more.
        manifest["metadata"] |= {
            "uid": before["metadata"]["uid"],
            "resourceVersion": await self._own_by_apply(before, manifest),
        }
        applied = await self._cluster.apply(INFERENCE_SERVICE, manifest)
        return _Written(applied, plan.state, before, changed=True)

    async def _own_by_apply(self, service: Object, manifest: Object) -> str:
        """Own what the manifest is without, as applied fields; return the resourceVersion to go on from."""
        metadata = service["metadata"]
        handed_over = applied_entries(metadata.get("managedFields") or [], manifest)
        if handed_over is None:
            return str(metadata["resourceVersion"])
        patch = {"metadata": {"resourceVersion": metadata["resourceVersion"], "managedFields": handed_over}}
        patched = await self._cluster.merge_patch(INFERENCE_SERVICE, metadata["name"], patch, metadata["namespace"])
        return str(patched["metadata"]["resourceVersion"])

    async def _complete(self, plan: _Plan, written: _Written) -> Deployed:
        """All that belongs to the InferenceService; done without a change too, it repairs what is missing."""
        await self._domains.set(written.service, written.state, plan.mappings)
        warnings = list(plan.warnings)
        if written.state.container.secret_refs or (plan.current and plan.current.container.secret_refs):
            try:
                await self._secrets.tidy(written.service, written.state)
            except ClusterError as error:
                warnings.append(f"Secrets of earlier values were not tidied up: {to_api_error(error).message}")
        percent = written.state.latest_percent
        if percent is not None and percent < 100 and written.changed:
            warnings.append(f"The newest revision gets {percent} % of the requests: set its traffic to 100 to go on.")
        return Deployed(
            summary=summary_of(written.service, self._settings),
            action="updated" if written.before else "created",
            changed=written.changed,
            warnings=tuple(warnings),
            stamp=written.state.stamp,
        )

    async def _discard_secrets(self, wanted: Deployment, made: Sequence[str], error: Exception) -> None:
        """Delete what was made for a deployment that was refused; not when its outcome is unknown."""
        refused = isinstance(error, ApiError) or (isinstance(error, ClusterError) and 400 <= error.status < 500)
        if not refused or not made:
            return
        current = await self._read(wanted.namespace, wanted.name)
        used = set(state_of(current).container.secret_refs.values()) if current else set()
        for secret in set(made) - used:
            await self._secrets.discard(wanted.namespace, secret)

    async def _read(self, namespace: str, name: str) -> Object | None:
        try:
            return await self._cluster.get(INFERENCE_SERVICE, name, namespace)
        except ClusterError as error:
            if error.status == 404:
                return None
            raise


def stamped(state: AppState, actor: str) -> AppState:
    """The same as a new deployment: a new revision comes of it."""
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return replace(state, stamp=now, deployed_by=actor)
