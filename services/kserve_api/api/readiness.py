"""Whether the service can work: the API server answers, it serves what we use, and lets us use it (KS-07)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import monotonic

from kserve_api.api.access import Access
from kserve_api.apps.permissions import Permission, required_permissions
from kserve_api.cluster.cluster import Cluster
from kserve_api.cluster.resources import KNATIVE_SERVICE, Resource
from kserve_api.errors import ClusterError
from kserve_api.settings import Settings

__all__ = ["Readiness", "Report"]

_KEPT_S = 5.0
# What we were allowed once is asked again only so often: there are two dozen questions for each namespace.
_ALLOWED_KEPT_S = 60.0
_AT_ONCE = 8

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is lacking; `namespace` is empty where it is not of one namespace."""

    what: str
    namespace: str = ""

    def __str__(self) -> str:
        return f"{self.what} in namespace {self.namespace}" if self.namespace else self.what


@dataclass(frozen=True, slots=True)
class Report:
    """What was found out; `checks` are `ok` or what is wrong in a word."""

    checks: dict[str, str]
    missing: tuple[Missing, ...] = ()
    warnings: tuple[Missing, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether requests can be served."""
        return set(self.checks.values()) == {"ok"}


@dataclass(frozen=True, slots=True)
class _Question:
    verb: str
    permission: Permission
    namespace: str | None
    name: str = ""

    @property
    def missing(self) -> Missing:
        resource = self.permission.resource
        plural = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
        sub = f"/{self.permission.subresource}" if self.permission.subresource else ""
        named = f" {self.name}" if self.name else ""
        return Missing(f"permission to {self.verb} {plural}{sub}{named}", self.namespace or "")


class Readiness:
    """Asks the cluster at most every five seconds, however many ask us."""

    def __init__(self, cluster: Cluster, settings: Settings, access: Access) -> None:
        self._cluster = cluster
        self._settings = settings
        self._access = access
        self._lock = asyncio.Lock()
        self._report: Report | None = None
        self._asked_at = 0.0
        self._allowed: dict[_Question, float] = {}
        self._questions_at_once = asyncio.Semaphore(_AT_ONCE)

    async def report(self) -> Report:
        """Return what is known, not older than five seconds."""
        async with self._lock:
            if self._report is None or monotonic() - self._asked_at > _KEPT_S:
                before, self._report = self._report, await self._ask()
                self._asked_at = monotonic()
                _tell_change(before, self._report)
            return self._report

    async def _ask(self) -> Report:
        permissions = required_permissions(self._settings)
        resources = [permission.resource for permission in permissions if not permission.optional]
        try:
            unserved = await self._unserved([*resources, KNATIVE_SERVICE])
            refused = await self._refused([*self._questions(permissions)])
        except ClusterError as error:
            _logger.warning("readiness: the API server answered %d %s: %s", error.status, error.reason, error.message)
            reached = "unreachable" if error.status == 0 else f"answers {error.status}"
            return Report({"api_server": reached, "resources": "unknown", "permissions": "unknown"})
        lacking = [question for question in refused if not question.permission.optional]
        return Report(
            {
                "api_server": "ok",
                "resources": "missing" if unserved else "ok",
                "permissions": "missing" if lacking else "ok",
            },
            tuple(unserved) + tuple(question.missing for question in lacking),
            tuple(question.missing for question in refused if question.permission.optional),
        )

    async def _unserved(self, resources: Sequence[Resource]) -> list[Missing]:
        versions = sorted({(resource.group, resource.version) for resource in resources if resource.group})
        answers = await asyncio.gather(*(self._cluster.served(group, version) for group, version in versions))
        served = dict(zip(versions, answers, strict=True))
        wanted = sorted({resource for resource in resources if resource.group}, key=lambda each: each.plural)
        return [
            Missing(f"{resource.plural} of {resource.api_version}, which the API server does not serve")
            for resource in wanted
            if resource.plural not in served[(resource.group, resource.version)]
        ]

    def _questions(self, permissions: Iterable[Permission]) -> Iterable[_Question]:
        for permission in permissions:
            places: Sequence[str | None]
            match permission.scope:
                case "apps":
                    places = self._access.tenants.namespaces
                case "knative":
                    places = (self._settings.knative_namespace,)
                case "cluster":
                    places = (None,)
            for verb in permission.verbs:
                for place in places:
                    for name in permission.names or ("",):
                        yield _Question(verb, permission, place, name)

    async def _refused(self, questions: Sequence[_Question]) -> list[_Question]:
        now = monotonic()
        self._allowed = {question: at for question, at in self._allowed.items() if now - at < _ALLOWED_KEPT_S}
        open_questions = [question for question in questions if question not in self._allowed]
        answers = await asyncio.gather(*(self._may(question) for question in open_questions))
        refused = []
        for question, is_allowed in zip(open_questions, answers, strict=True):
            if is_allowed:
                self._allowed[question] = now
            else:
                refused.append(question)
        return refused

    async def _may(self, question: _Question) -> bool:
        permission = question.permission
        async with self._questions_at_once:
            return await self._cluster.may(
                question.verb,
                permission.resource,
                question.namespace,
                subresource=permission.subresource,
                name=question.name,
            )


def _tell_change(before: Report | None, now: Report) -> None:
    if before is not None and before == now:
        return
    if now.is_ready:
        _logger.info("ready")
    else:
        missing = [str(each) for each in now.missing]
        _logger.warning("not ready", extra={"checks": now.checks, "missing": missing})
    if now.warnings:
        _logger.warning("some reports are not complete", extra={"missing": [str(each) for each in now.warnings]})
