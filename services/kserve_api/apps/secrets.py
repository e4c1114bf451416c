"""Secret variables: their values are in immutable Secrets, one for each set of values.

A changed value makes a new Secret, so it makes a new revision too, and a rollback finds the old values. Secrets that
neither the app nor any of its revisions refers to are deleted some minutes later, by the next deployment of an app with
secret variables, or with the app.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from kserve_api.apps.app import MANAGED_BY, Deployment
from kserve_api.apps.manifest import (
    APP_LABEL,
    MANAGED_BY_LABEL,
    TENANT_LABEL,
    AppState,
)
from kserve_api.apps.ownership import app_selector, owner_reference
from kserve_api.apps.revisions import container_of, revision_selector
from kserve_api.apps.views import created_at
from kserve_api.cluster.cluster import Cluster, Object
from kserve_api.cluster.resources import REVISION, SECRET
from kserve_api.errors import ClusterError

__all__ = ["SecretVariables"]

# Another deployment may have made a Secret and not yet the change that refers to it.
_UNUSED_FOR = timedelta(minutes=5)


class SecretVariables:
    """The Secrets of apps. Raises ClusterError."""

    def __init__(self, cluster: Cluster, now: Callable[[], datetime]) -> None:
        self._cluster = cluster
        self._now = now

    async def prepare(
        self, wanted: Deployment, current: AppState | None, *, tenant: str, made: list[str]
    ) -> dict[str, str]:
        """Return variable → Secret that has these values: one of the app's or of `made`, else a new one.

        `made`: Secrets that this deployment has created in earlier tries; a new one is appended.
        """
        values, namespace = wanted.secret_envs, wanted.namespace
        if not values:
            return {}
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        present = sorted(set(current.container.secret_refs.values()) if current else ())
        for secret in [*present, *made]:
            if await self._data(namespace, secret) == data:
                return dict.fromkeys(values, secret)
        created = await self._cluster.create(
            SECRET,
            {
                "apiVersion": SECRET.api_version,
                "kind": SECRET.kind,
                "metadata": {
                    "name": f"{wanted.name}-env-{secrets.token_hex(4)}",
                    "namespace": namespace,
                    "labels": {MANAGED_BY_LABEL: MANAGED_BY, TENANT_LABEL: tenant, APP_LABEL: wanted.name},
                },
                "type": "Opaque",
                "immutable": True,
                "data": data,
            },
        )
        made.append(created["metadata"]["name"])
        return dict.fromkeys(values, made[-1])

    async def tidy(self, service: Object, state: AppState) -> None:
        """Give the app's Secrets their owner, the InferenceService, and delete those of no use any more."""
        namespace, name = state.namespace, state.name
        present = await self._of_app(namespace, name, state.tenant)
        if not present:
            return
        used = set(state.container.secret_refs.values()) | await self._used_by_revisions(namespace, name)
        for secret in present:
            secret_name = secret["metadata"]["name"]
            if secret_name not in used and self._now() - created_at(secret) > _UNUSED_FOR:
                await self.discard(namespace, secret_name)
            elif secret["metadata"].get("ownerReferences") != [owner_reference(service)]:
                await self._give(secret, service)

    async def give_unowned(self, service: Object, tenant: str) -> None:
        """Give Secrets without an owner, left by a deployment that broke off, to the InferenceService."""
        metadata = service["metadata"]
        for secret in await self._of_app(metadata["namespace"], metadata["name"], tenant):
            if not secret["metadata"].get("ownerReferences"):
                await self._give(secret, service)

    async def discard(self, namespace: str, secret: str) -> None:
        """Delete a Secret, if it is still there."""
        try:
            await self._cluster.delete(SECRET, secret, namespace)
        except ClusterError as error:
            if error.status != 404:
                raise

    async def _of_app(self, namespace: str, name: str, tenant: str) -> Sequence[Object]:
        return (await self._cluster.list(SECRET, namespace, labels=app_selector(name, tenant))).items

    async def _give(self, secret: Object, service: Object) -> None:
        patch: Object = {"metadata": {"ownerReferences": [owner_reference(service)]}}
        metadata = secret["metadata"]
        await self._cluster.merge_patch(SECRET, metadata["name"], patch, metadata["namespace"])

    async def _data(self, namespace: str, secret: str) -> object:
        try:
            return (await self._cluster.get(SECRET, secret, namespace)).get("data")
        except ClusterError as error:
            if error.status != 404:
                raise
            return None

    async def _used_by_revisions(self, namespace: str, name: str) -> set[str]:
        page = await self._cluster.list(REVISION, namespace, labels=revision_selector(name))
        return {secret for revision in page.items for secret in container_of(revision).secret_refs.values()}
