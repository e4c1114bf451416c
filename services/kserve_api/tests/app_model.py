"""What apps should be, in plain dictionaries: every request's outcome is worked out here without the service."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["BASE_DOMAIN", "App", "Expected", "Model", "Refusal", "Revision", "Run", "starts"]

BASE_DOMAIN = "calvinruntime.net"
Place = tuple[str, str]
_SIZES = {
    "sm": ("100m", "128Mi", "500m", "512Mi"),
    "lg": ("100m", "128Mi", "1", "2Gi"),
}
_RESOURCES = ("cpu_request", "memory_request", "cpu_limit", "memory_limit")
_DEFAULT_RESOURCES = ("100m", "128Mi", "1", "512Mi")
_IDLE_S = {None: None, 30: 30, "5m": 300, "1h": 3600}


@dataclass(frozen=True)
class Refusal:
    """An error answer."""

    status: int
    code: str


@dataclass(frozen=True)
class Run:
    """What a container runs. `secret_data` is all that its Secret holds, `secrets` what the container sees of it."""

    image: str
    port: int = 8080
    envs: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    secret_data: Mapping[str, str] = field(default_factory=dict)
    resources: tuple[str, ...] = _DEFAULT_RESOURCES  # In the order of _RESOURCES.


@dataclass(frozen=True)
class Revision:
    """What was rolled out once."""

    run: Run
    min_scale: int

    @property
    def ready(self) -> bool:
        """Whether it came up."""
        return starts(self.run.image)


@dataclass(frozen=True)
class App:
    """An app as its tenant wants it, and what it was before."""

    tenant: str
    run: Run
    min_scale: int = 0
    max_scale: int = 10
    concurrency: int | None = None
    image_pull_secret: str | None = None
    custom_domain: str | None = None
    idle_timeout_s: int | None = None
    latest_percent: int | None = None
    revisions: tuple[Revision, ...] = ()  # Oldest first.
    service_url_lost: bool = False  # Somebody took SERVICE_URL out by hand.
    note: bool = False  # Somebody added an annotation of their own.
    broken: bool = False  # Somebody renamed its container: only deletion is left.
    unmapped: frozenset[str] = frozenset()  # Host names whose DomainMapping somebody deleted.

    @property
    def ready(self) -> bool:
        """Whether what was deployed last came up."""
        return self.revisions[-1].ready

    def rolled_out(self) -> App:
        """The same with one more revision, of what it is now."""
        return replace(self, revisions=(*self.revisions, Revision(self.run, self.min_scale)))


@dataclass(frozen=True)
class Expected:
    """What a change should come to."""

    app: App
    action: str
    changed: bool


def starts(image: str) -> bool:
    """Whether a container of this image comes up in the fake cluster."""
    return "broken-pull" not in image


class Model:
    """All apps of all tenants, and what others have put into the same namespaces."""

    def __init__(
        self, namespaces: Mapping[str, tuple[str, ...]], max_apps: Mapping[str, int], *, makes_claims: bool
    ) -> None:
        self._makes_claims = makes_claims
        self.namespaces = namespaces
        self.apps: dict[Place, App] = {}
        self.foreign: set[Place] = set()  # InferenceServices that were not deployed by the service.
        self.foreign_domains: dict[str, str] = {}  # Likewise DomainMappings, and their namespaces.
        self.strays: set[Place] = set()  # Where a deployment that broke off may have left a Secret.
        self._max_apps = max_apps

    def domains(self, name: str, app: App) -> set[str]:
        """The host names of an app that are mapped."""
        return {f"{name}.{BASE_DOMAIN}", *([app.custom_domain] if app.custom_domain else [])} - app.unmapped

    def claims(self) -> dict[str, str]:
        """The namespace of every host name that is claimed: Knative's own claims go with their mappings."""
        claimed = {
            domain: namespace
            for (namespace, name), app in self.apps.items()
            for domain in self.domains(name, replace(app, unmapped=frozenset()) if self._makes_claims else app)
        }
        return claimed | self.foreign_domains

    def owned(self, tenant: str, namespace: str) -> list[str]:
        """Names of a tenant's apps in a namespace."""
        return sorted(name for (place, name), app in self.apps.items() if place == namespace and app.tenant == tenant)

    def visible(self, tenant: str, place: Place) -> App | Refusal:
        """What a tenant gets that asks for one app."""
        if place[0] not in self.namespaces[tenant]:
            return Refusal(404, "not_found")
        if place in self.foreign:
            return Refusal(409, "not_managed")
        app = self.apps.get(place)
        if app is None or app.tenant != tenant:
            return Refusal(404, "not_found")
        return Refusal(409, "not_managed") if app.broken else app

    def deploy(self, tenant: str, place: Place, body: Mapping[str, Any]) -> Expected | Refusal:
        """What POST /deploy should come to."""
        present = self.apps.get(place)
        wanted = _merged(present, tenant, body)
        is_other = present is not None and present.tenant != tenant
        is_one_more = (present is None or is_other) and self._count(tenant) >= self._max_apps.get(tenant, 1000)
        is_changed_by_hand = place in self.foreign or (present is not None and present.broken and not is_other)
        for is_refused, status, code in (
            (place[0] not in self.namespaces[tenant], 403, "namespace_not_allowed"),
            (_is_invalid(body), 422, "invalid_request"),
            (is_one_more, 403, "quota_exceeded"),
            (is_changed_by_hand, 409, "not_managed"),
            (is_other, 404, "not_found"),
            (wanted.min_scale > wanted.max_scale, 422, "invalid_request"),
            (self._is_taken(place, wanted), 409, "domain_taken"),
        ):
            if is_refused:
                return Refusal(status, code)
        if present is None:
            return Expected(wanted.rolled_out(), "created", True)
        changed = bool(body.get("redeploy")) or wanted != present or present.service_url_lost
        wanted = replace(wanted, service_url_lost=False, unmapped=frozenset())
        return Expected(wanted.rolled_out() if changed else wanted, "updated", changed)

    def rollback(self, tenant: str, place: Place, number: int | None, digests: Mapping[int, str]) -> Expected | Refusal:
        """What POST …/rollback should come to; `number` counts revisions from 1, `digests` has their images."""
        app = self.visible(tenant, place)
        if isinstance(app, Refusal):
            return app
        if number is None:
            earlier = [n for n, revision in enumerate(app.revisions[:-1], 1) if revision.ready]
            if not earlier:
                return Refusal(409, "no_earlier_revision")
            number = earlier[-1]
        elif number > len(app.revisions):
            return Refusal(404, "revision_not_found")
        elif not app.revisions[number - 1].ready:
            return Refusal(409, "revision_not_ready")
        run = replace(app.revisions[number - 1].run, image=digests[number])
        wanted = replace(app, run=run, latest_percent=None)
        changed = wanted != app or app.service_url_lost
        wanted = replace(wanted, service_url_lost=False, unmapped=frozenset())
        return Expected(wanted.rolled_out() if changed else wanted, "updated", changed)

    def restart(self, tenant: str, place: Place) -> Expected | Refusal:
        """What POST …/restart should come to."""
        app = self.visible(tenant, place)
        if isinstance(app, Refusal):
            return app
        return Expected(replace(app, service_url_lost=False, unmapped=frozenset()).rolled_out(), "updated", True)

    def _count(self, tenant: str) -> int:
        return sum(1 for app in self.apps.values() if app.tenant == tenant)

    def _is_taken(self, place: Place, wanted: App) -> bool:
        held = set(self.foreign_domains)
        for other, app in self.apps.items():
            if other != place:
                held |= self.domains(other[1], app)
                # Who deletes a mapping by hand leaves the claim that the service made: it keeps other namespaces out.
                if self._makes_claims and other[0] != place[0]:
                    held |= app.unmapped
        return bool(held & self.domains(place[1], replace(wanted, unmapped=frozenset())))


def _is_invalid(body: Mapping[str, Any]) -> bool:
    both = body.get("envs", {}).keys() & body.get("secret_envs", {}).keys()
    crossed = "min_scale" in body and "max_scale" in body and body["min_scale"] > body["max_scale"]
    return bool(both) or crossed


def _merged(present: App | None, tenant: str, body: Mapping[str, Any]) -> App:
    """The app with the fields that were sent in place of its own."""
    app = present or App(tenant, Run(body["image"]))
    plain = ("min_scale", "max_scale", "concurrency", "image_pull_secret", "custom_domain")
    given = {name: body[name] for name in plain if name in body}
    if "idle_timeout" in body:
        given["idle_timeout_s"] = _IDLE_S[body["idle_timeout"]]
    return replace(app, run=_merged_run(app.run, body), **given)


def _merged_run(run: Run, body: Mapping[str, Any]) -> Run:
    envs, secrets, data = dict(run.envs), dict(run.secrets), dict(run.secret_data)
    if "envs" in body:
        envs = dict(body["envs"])
    if "secret_envs" in body:
        secrets = data = dict(body["secret_envs"])
    if "envs" not in body:
        envs = {name: value for name, value in envs.items() if name not in secrets}
    elif "secret_envs" not in body:
        secrets = {name: value for name, value in secrets.items() if name not in envs}
    resources = run.resources
    if "size" in body:
        resources = _SIZES[body["size"]]
    elif "resources" in body:
        sent = dict(zip(_RESOURCES, _DEFAULT_RESOURCES, strict=True)) | body["resources"]
        resources = tuple(sent[name] for name in _RESOURCES)
    return Run(body["image"], body.get("port", run.port), envs, secrets, data if secrets else {}, resources)
