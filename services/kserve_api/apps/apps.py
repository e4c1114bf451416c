"""Every operation on an app; the HTTP layer calls nothing else of the cluster for one."""

from __future__ import annotations

from collections.abc import AsyncIterator

from kserve_api.apps.app import AppDetail, AppSummary, Deployed, Deployment, LogTail
from kserve_api.apps.logs import LogEvent
from kserve_api.cluster.cluster import Cluster, LogQuery
from kserve_api.settings import Settings

__all__ = ["Apps"]


class Apps:
    """Apps of tenants on one cluster. Keeps no state: several replicas may serve at once.

    Every method raises ApiError, never ClusterError: 404 `not_found` (also for an app of another tenant), 409
    `not_managed` (an InferenceService that was not deployed here), 422 with `details.errors` = [{field, message}],
    502 `cluster_error`, 503 `cluster_unreachable`. The caller has checked that the tenant may use the namespace.
    """

    def __init__(self, cluster: Cluster, settings: Settings) -> None:
        self._cluster = cluster
        self._settings = settings

    async def deploy(self, wanted: Deployment, *, tenant: str, actor: str, most_apps: int | None = None) -> Deployed:
        """Validate, then create the app, or change the fields in `wanted.given` of the one that exists.

        `most_apps`: how many apps the tenant may have in this namespace; checked only where one would be created
        (403 `quota_exceeded`). 409 `domain_taken` when a domain is another app's; 409 `not_managed`.
        """
        raise NotImplementedError

    async def get(self, namespace: str, name: str, *, tenant: str) -> AppDetail:
        """The app with conditions (also ScaleToZero), revisions and traffic."""
        raise NotImplementedError

    async def list(
        self, namespace: str, *, tenant: str, limit: int = 100, cursor: str = ""
    ) -> tuple[list[AppSummary], str]:
        """A page of the tenant's apps and the cursor of the next (empty: no more). 410 `cursor_expired`."""
        raise NotImplementedError

    async def delete(self, namespace: str, name: str, *, tenant: str) -> str:
        """Ask for deletion of the app and all that belongs to it; return its uid for `wait_until_gone`."""
        raise NotImplementedError

    async def wait_until_gone(self, namespace: str, name: str, *, uid: str, timeout_s: float) -> bool:
        """Return True once the app with this uid is no longer there, False after `timeout_s`."""
        raise NotImplementedError

    async def wait_until_ready(self, namespace: str, name: str, *, deployed: Deployed, timeout_s: float) -> AppSummary:
        """Wait until what was deployed is served.

        504 `not_ready_in_time` after `timeout_s`, with `details.conditions`; 404 when it is deleted meanwhile.
        """
        raise NotImplementedError

    async def set_traffic(
        self, namespace: str, name: str, *, tenant: str, actor: str, latest_percent: int
    ) -> AppDetail:
        """Give the newest revision this share (0..100), the last one that had all traffic the rest."""
        raise NotImplementedError

    async def rollback(
        self, namespace: str, name: str, *, tenant: str, actor: str, revision: str | None = None
    ) -> Deployed:
        """Deploy again what a revision ran (None: the ready one before the newest), its image by digest.

        404 `revision_not_found`; 409 `no_earlier_revision`; 409 `revision_not_ready`.
        """
        raise NotImplementedError

    async def restart(self, namespace: str, name: str, *, tenant: str, actor: str) -> Deployed:
        """A new revision of the same deployment: new pods, and the tag is resolved to a digest again."""
        raise NotImplementedError

    async def logs(self, namespace: str, name: str, *, tenant: str, query: LogQuery) -> LogTail:
        """The last lines of the newest pod; without pods a LogTail that says so."""
        raise NotImplementedError

    def follow_logs(self, namespace: str, name: str, *, tenant: str, query: LogQuery) -> AsyncIterator[LogEvent]:
        """Lines of the newest pod as they come, then of its successors; ends when the app is gone or it is closed.

        Close it (`aclose`) when the reader is gone. The first step raises ApiError as `logs` does.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """End background work."""
        raise NotImplementedError
