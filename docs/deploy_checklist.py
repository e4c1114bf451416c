"""docs/deploy-checklist.md: what is to be set in the dashboard, field by field, from the descriptor `sevalla.yml`."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.operations.deployment.descriptor import (
    DESCRIPTOR_FILE,
    Application,
    Descriptor,
    Probe,
    Variable,
    read_descriptor,
)

__all__ = ["checklist", "deploy_checklist"]

_ROOT = Path(__file__).parents[1]
_FOUND_BY_NIXPACKS = "nixpacks.toml"
_TITLES = {"backend": "Back end", "frontend": "Front end"}


def deploy_checklist() -> str:
    """Return docs/deploy-checklist.md."""
    return checklist(read_descriptor(_ROOT / DESCRIPTOR_FILE))


def checklist(descriptor: Descriptor) -> str:
    """Return the checklist of a descriptor, in Markdown."""
    parts = {name: _application(name, getattr(descriptor.applications, name)) for name in _TITLES}
    connections = "\n".join(f"- [ ] {one} → {other}" for one, other in descriptor.internal_connections)
    return f"""# Deploy checklist

This file is written by `python -m docs.generate` from `{DESCRIPTOR_FILE}`; change that instead. What to click for each
line, and in which order, is in the [runbook](deploy-sevalla.md). The platform reads neither.

Both applications: the same repository and branch, the same data center (**{descriptor.location}**, near the bucket; it
cannot be changed afterwards), automatic deployment on commit **off**, deploy hook **not enabled**.

{parts["backend"]}

{parts["frontend"]}

## Internal connections

{connections}
"""


def _application(name: str, application: Application) -> str:
    build, probes = application.build, application.probes
    exposed = "on" if application.public else "**off** (Networking → Expose HTTP traffic)"
    is_found = build.nixpacks == _FOUND_BY_NIXPACKS
    nixpacks = "by itself" if is_found else "with the build-time variable `NIXPACKS_CONFIG_FILE`"
    return f"""## {_TITLES[name]}: `{application.name}`

| where | field | value |
|---|---|---|
| create form | instance size, instances | {application.size}, {application.instances} |
| Settings → Build strategy | Dockerfile; Dockerfile path; Docker context | `{build.file}`; `.` |
| or Nixpacks, which reads | {nixpacks} | `{build.nixpacks}` |
| Processes → Web process | start command | leave empty: the image has it |
| | port | {application.port} |
| | readiness probe | {_probe(probes.readiness, application.port)} |
| | liveness probe | {_probe(probes.liveness, application.port)} |
| Networking | Expose HTTP traffic | {exposed} |

Environment variables, all available at run time only:

| variable | value |
|---|---|
{_variables(application.variables)}"""


def _probe(probe: Probe, port: int) -> str:
    body = f"; the body is `{probe.body}`, on a wrong path it is a page" if probe.body else ""
    return (
        f"`{probe.path}`, port {port}, every {probe.period_s} s, timeout {probe.timeout_s} s, "
        f"{probe.successes} × well, {probe.failures} × not{body}"
    )


def _variables(variables: tuple[Variable, ...]) -> str:
    return "\n".join(f"| `{variable.name}`{_need(variable)} | {_value(variable)} |" for variable in variables)


def _need(variable: Variable) -> str:
    return "" if variable.required else " (optional)"


def _value(variable: Variable) -> str:
    if variable.secret:
        return "secret: paste it, keep it nowhere else"
    return f"`{variable.value}`" if variable.value is not None else f"yours, such as `{variable.example}`"
