"""Every operation on an app; the HTTP layer calls nothing else of the cluster for one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from dataclasses import replace

from kserve_api.apps.app import AppDetail, AppSummary, Deployed, Deployment, LogTail
from kserve_api.apps.deploying import Deployer, stamped
from kserve_api.apps.domains import Domains, domain_condition
from kserve_api.apps.errors import app_not_found, cluster_errors
from kserve_api.apps.logs import AppLogs, LogEvent
from kserve_api.apps.manifest import AppState, state_of
from kserve_api.apps.ownership import check_owner, of_tenant, tenant_selector
from kserve_api.apps.revisions import revision_selector, revision_views, rollback_target
from kserve_api.apps.scale_to_zero import ScaleToZeroGuard
from kserve_api.apps.validation import check_app_name, check_deployment, check_namespace, invalid_request
from kserve_api.apps.views import conditions_of, created_at, summary_of, traffic_of
from kserve_api.apps.waiting import wait_until_gone, wait_until_ready
from kserve_api.cluster.cluster import Cluster, LogQuery, Object
from kserve_api.cluster.resources import INFERENCE_SERVICE, REVISION
from kserve_api.errors import ClusterError
from kserve_api.settings import Settings

__all__ = ["Apps"]

_LOG = logging.getLogger(__name__)


class Apps:
    """Apps of tenants on one cluster. Keeps no state: several replicas may serve at once.

    Every method raises ApiError, never ClusterError: 404 `not_found` (also for an app of another tenant), 409
    `not_managed` (an InferenceService that was not deployed here), 422 with `details.errors` = [{field, message}],
    and what `apps/errors.py` makes of the cluster's own refusals. The caller has checked that the tenant may use the
    namespace.
    """

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._deployer = Deployer(cluster, settings)
        self._domains = Domains(cluster, settings)
        self._guard = ScaleToZeroGuard(cluster, settings)
        self._logs = AppLogs(cluster)
        self._background: set[asyncio.Task[None]] = set()

    async def deploy(self, wanted: Deployment, *, tenant: str, actor: str) -> Deployed:
        """Validate, then create the app, or change the fields in `wanted.given` of the one that exists.

        409 `domain_taken` when a domain is another app's; 409 `being_deleted`; 403 `quota_exceeded` by the cluster.
        """
        check_deployment(wanted, self._settings)
        with cluster_errors():
            deployed = await self._deployer.deploy(wanted, tenant=tenant, actor=actor)
        self._patch_old_kserve(wanted.namespace, wanted.name, deployed)
        return deployed

    async def get(self, namespace: str, name: str, *, tenant: str) -> AppDetail:
        """The app with conditions (also ScaleToZero and DomainsReady), revisions and traffic; three reads at once."""
        check_app_name(name, namespace)
        with cluster_errors():
            service, page, mappings = await asyncio.gather(
                self._service(namespace, name),
                self._cluster.list(REVISION, namespace, labels=revision_selector(name)),
                self._domains.mappings(namespace, name, tenant),
            )
            check_owner(service, tenant)
            state = state_of(service)
            revisions = of_tenant(page.items, tenant)
            scale_to_zero = await self._guard.condition(service, state, revisions)
        traffic = traffic_of(service)
        return AppDetail(
            summary=summary_of(service, self._settings),
            image=state.container.image,
            conditions=[*conditions_of(service), domain_condition(mappings), scale_to_zero],
            revisions=revision_views(revisions, traffic),
            traffic=traffic,
            min_scale=state.min_scale,
            max_scale=state.max_scale,
            concurrency=state.concurrency,
            port=state.container.port,
            readiness_path=state.container.readiness_path,
            resources=state.container.resources,
            env_names=sorted(state.container.envs),
            secret_env_names=sorted(state.container.secret_refs),
            custom_domain=state.custom_domain,
            idle_timeout_s=state.idle_timeout_s,
            created_at=created_at(service),
            deleting="deletionTimestamp" in service["metadata"],
        )

    async def list(
        self, namespace: str, *, tenant: str, limit: int = 100, cursor: str = ""
    ) -> tuple[list[AppSummary], str]:
        """A page of the tenant's apps and the cursor of the next (empty: no more); one read. 410 `cursor_expired`."""
        check_namespace(namespace)
        with cluster_errors():
            try:
                page = await self._cluster.list(
                    INFERENCE_SERVICE, namespace, labels=tenant_selector(tenant), limit=limit, cursor=cursor
                )
            except ClusterError as error:
                if error.status == 400 and cursor:
                    raise invalid_request("cursor", "is not one that a list returned") from error
                raise
        return [summary_of(service, self._settings) for service in page.items], page.cursor

    async def delete(self, namespace: str, name: str, *, tenant: str) -> str:
        """Ask for deletion of the app and all that belongs to it; return its uid for `wait_until_gone`."""
        check_app_name(name, namespace)
        with cluster_errors():
            return await self._deployer.delete(namespace, name, tenant=tenant)

    async def wait_until_gone(self, namespace: str, name: str, *, uid: str, timeout_s: float) -> bool:
        """Return True once the app with this uid is no longer there, False after `timeout_s`."""
        return await wait_until_gone(self._cluster, namespace, name, uid=uid, timeout_s=timeout_s)

    async def wait_until_ready(self, namespace: str, name: str, *, deployed: Deployed, timeout_s: float) -> AppSummary:
        """Return the app once the revision that was deployed is ready and serves.

        504 `not_ready_in_time` after `timeout_s` and 422 `app_failed` when the cluster has given up on the revision,
        both with `details.conditions`; 404 when it is deleted meanwhile.
        """
        return await wait_until_ready(
            self._cluster, self._settings, namespace, name, deployed=deployed, timeout_s=timeout_s
        )

    async def set_traffic(self, namespace: str, name: str, *, tenant: str, latest_percent: int) -> AppDetail:
        """Give the newest revision this share (0..100), the last one that had all traffic the rest.

        The share stays for later deployments too, until it is set to 100 or something is rolled back.
        """
        check_app_name(name, namespace)
        if not 0 <= latest_percent <= 100:
            raise invalid_request("latest_percent", "must be 0 to 100")
        percent = None if latest_percent == 100 else latest_percent

        def change(state: AppState) -> AppState:
            return replace(state, latest_percent=percent)

        with cluster_errors():
            await self._deployer.change(namespace, name, change, tenant=tenant)
        return await self.get(namespace, name, tenant=tenant)

    async def rollback(
        self, namespace: str, name: str, *, tenant: str, actor: str, revision: str | None = None
    ) -> Deployed:
        """Deploy again what a revision ran (None: the ready one before the newest), its image by digest.

        That makes a new revision with all traffic; scale and domains stay. Not a mere shift of traffic: the next
        deployment would undo that. 404 `revision_not_found`; 409 `no_earlier_revision`; 409 `revision_not_ready`.
        """
        check_app_name(name, namespace)
        with cluster_errors():
            page = await self._cluster.list(REVISION, namespace, labels=revision_selector(name))

            def change(state: AppState) -> AppState:
                container = rollback_target(of_tenant(page.items, tenant), name, revision)
                back = replace(state, container=container, latest_percent=None)
                return back if back == state else stamped(back, actor)

            deployed = await self._deployer.change(namespace, name, change, tenant=tenant)
        self._patch_old_kserve(namespace, name, deployed)
        return deployed

    async def restart(self, namespace: str, name: str, *, tenant: str, actor: str) -> Deployed:
        """A new revision of the same deployment: new pods, and the tag is resolved to a digest again."""
        check_app_name(name, namespace)

        def change(state: AppState) -> AppState:
            return stamped(state, actor)

        with cluster_errors():
            deployed = await self._deployer.change(namespace, name, change, tenant=tenant)
        self._patch_old_kserve(namespace, name, deployed)
        return deployed

    async def logs(self, namespace: str, name: str, *, tenant: str, query: LogQuery) -> LogTail:
        """The last lines of the newest pod; without pods a LogTail that says so."""
        check_app_name(name, namespace)
        return await self._logs.tail(namespace, name, tenant=tenant, query=query)

    def follow_logs(self, namespace: str, name: str, *, tenant: str, query: LogQuery) -> AsyncGenerator[LogEvent, None]:
        """Lines of the newest pod as they come, then of its successors; ends when the app is gone or it is closed.

        Close it (`aclose`) when the reader is gone. The first step raises ApiError as `logs` does.
        """
        check_app_name(name, namespace)
        return self._logs.follow(namespace, name, tenant=tenant, query=query)

    async def close(self) -> None:
        """End background work."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    async def _service(self, namespace: str, name: str) -> Object:
        try:
            return await self._cluster.get(INFERENCE_SERVICE, name, namespace)
        except ClusterError as error:
            if error.status == 404:
                raise app_not_found(namespace, name) from error
            raise

    def _patch_old_kserve(self, namespace: str, name: str, deployed: Deployed) -> None:
        if self._settings.patch_old_kserve and deployed.changed:
            task = asyncio.create_task(self._patched(namespace, name, deployed))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def _patched(self, namespace: str, name: str, deployed: Deployed) -> None:
        try:
            await self._guard.patch_new_revision(namespace, name, stamp=deployed.stamp)
        except ClusterError as error:
            _LOG.warning("min-scale of the new revision of %s/%s was not patched: %s", namespace, name, error)
