"""`sevalla.yml` itself: what its schema cannot know, of prices, routes, settings and files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from checks.deploy_kit.files import Files
from checks.deploy_kit.sizes import read_sizes
from finrag_ml_tg1.loaders.ml_config import described_settings
from finrag_ml_tg1.loaders.ml_config_loader import inspect_config
from finrag_ml_tg1.operations.deployment.descriptor import DESCRIPTOR_FILE, Application, Descriptor

__all__ = ["SECRET_NAME", "described_mistakes"]

SECRET_NAME = re.compile(r"SECRET|TOKEN|PASSWORD|CREDENTIAL|(?:^|_)KEY(?:$|_)")
STREAMLIT_HEALTH = "/_stcore/health"
_BACKEND_OPTIONS = (
    "--workers 1",
    "--timeout-graceful-shutdown 20",
    "--timeout-keep-alive 65",
    "--no-server-header",
    "--no-proxy-headers",
)
# Names that are right in docker-compose.yml and on a laptop, and that the platform does not resolve.
_ELSEWHERE = {"backend", "localhost", "127.0.0.1"}


def described_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield what is wrong with the descriptor."""
    backend, frontend = descriptor.applications.backend, descriptor.applications.frontend
    yield from _named("backend", [*_common(backend, files), *_backend(backend, files)])
    yield from _named("frontend", [*_common(frontend, files), *_frontend(frontend, backend)])
    for role, application in (("backend", backend), ("frontend", frontend)):
        yield from _named(role, _size(application, files))


def _named(role: str, mistakes: list[str] | Iterator[str]) -> Iterator[str]:
    yield from (f"{DESCRIPTOR_FILE}: {role}: {mistake}" for mistake in mistakes)


def _common(application: Application, files: Files) -> Iterator[str]:
    build = application.build
    for path in (build.file, build.nixpacks, build.requirements):
        if path not in files:
            yield f"{path} is none of the kit's files"
    default = re.findall(r"\$\{PORT:-(\d+)\}", application.start)
    if default != [str(application.port)]:
        yield f"the start takes its port not from ${{PORT:-{application.port}}}"
    for variable in application.variables:
        if SECRET_NAME.search(variable.name) and not variable.secret:
            yield f"{variable.name} is a secret and not marked as one"
        if variable.name.startswith("SEVALLA_"):
            yield f"{variable.name} is for who deploys: an application with it could deploy and delete"


def _size(application: Application, files: Files) -> Iterator[str]:
    if application.size not in read_sizes(files["deploy/pricing.yaml"]):
        yield f"deploy/pricing.yaml has no size {application.size}"


def _backend(application: Application, files: Files) -> Iterator[str]:
    for option in _BACKEND_OPTIONS:
        if option not in application.start:
            yield f"the start lacks {option}"
    if application.public:
        yield "it would be public: only the front end is"
    paths = json.loads(files["docs/openapi.json"])["paths"]
    readiness, liveness = application.probes.readiness.path, application.probes.liveness.path
    for path in (readiness, liveness):
        if "get" not in paths.get(path, {}):
            yield f"the probe's path {path} is no route of the back end"
    if readiness == liveness:
        yield "one path for both probes: a store that is away would have the instance restarted"
    known = {name for setting, _ in described_settings().values() for name in setting.names}
    for variable in application.variables:
        if variable.name not in known:
            yield f"{variable.name} is no setting (docs/settings.md)"
    told = {each.name: each.value or each.example or "" for each in application.variables}
    yield from inspect_config(environ=told, folder=Path(__file__).parent).problems


def _frontend(application: Application, backend: Application) -> Iterator[str]:
    for probe in (application.probes.readiness, application.probes.liveness):
        if probe.path != STREAMLIT_HEALTH:
            yield f"the probe's path {probe.path} is not Streamlit's {STREAMLIT_HEALTH}, though it answers 200 as well"
        if probe.body != "ok":
            yield f"the probe of {probe.path} does not ask for the body ok, which alone says that it is the right path"
    variables = {variable.name: variable for variable in application.variables}
    if "BACKEND_URL" not in variables:
        yield "BACKEND_URL is missing"
        return
    if variables["BACKEND_URL"].value is not None:
        yield "BACKEND_URL has a value: its host is made by the platform, and an example is all that can stand here"
        return
    example = urlsplit(variables["BACKEND_URL"].example or "")
    if example.scheme != "http" or example.port != backend.port or example.hostname in _ELSEWHERE:
        yield f"the example of BACKEND_URL is not http://internal-hostname:{backend.port}"
