"""The two Dockerfiles against the descriptor: command, port, variables, probe and lock."""

from __future__ import annotations

from collections.abc import Iterator

from checks.deploy_kit.files import Files
from checks.dockerfiles import Stage, read_stages
from finrag_ml_tg1.operations.deployment.descriptor import Application, Descriptor

__all__ = ["image_mistakes"]


def image_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield where an image differs from what is described."""
    for application in (descriptor.applications.backend, descriptor.applications.frontend):
        name = application.build.file
        stages = read_stages(files[name])
        if not stages:
            yield f"{name}: there is no FROM"
            continue
        found = [*_final_mistakes(stages[-1], application), *_lock_mistakes(stages, application)]
        yield from (f"{name}: {mistake}" for mistake in found)


def _final_mistakes(stage: Stage, application: Application) -> Iterator[str]:
    commands = stage.all_of("CMD")
    if not commands or commands[-1].words[-1:] != (application.start,):
        yield f"CMD does not start as sevalla.yml says: {application.start}"
    exposed = [instruction.text for instruction in stage.all_of("EXPOSE")]
    if exposed != [str(application.port)]:
        yield f"EXPOSE is {' '.join(exposed) or 'missing'}, not {application.port}"
    environment = stage.environment
    for name, value in application.threads.items():
        if environment.get(name) != value:
            yield f"{name} is {environment.get(name)!r}, not {value!r} as in sevalla.yml"
    for variable in application.variables:
        if variable.value is not None and environment.get(variable.name, variable.value) != variable.value:
            yield f"{variable.name} is {environment[variable.name]!r}, not {variable.value!r} as in sevalla.yml"
    health = " ".join(instruction.text for instruction in stage.all_of("HEALTHCHECK"))
    probe = application.probes.liveness
    if f"'PORT', '{application.port}'" not in health or f"'{probe.path}'" not in health:
        yield f"HEALTHCHECK does not ask {probe.path} on the port of PORT, or {application.port}"
    if probe.body is not None and f"b'{probe.body}'" not in health:
        yield f"HEALTHCHECK does not look for the body {probe.body}"


def _lock_mistakes(stages: list[Stage], application: Application) -> Iterator[str]:
    copied = [
        word
        for stage in stages
        for instruction in stage.all_of("COPY")
        for word in instruction.words[:-1]
        if word.startswith("requirements/")
    ]
    if copied != [application.build.requirements]:
        yield f"it installs {' '.join(copied) or 'no lock'}, not {application.build.requirements}"
