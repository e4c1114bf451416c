"""Known vulnerabilities of what the locks name, asked of a public advisory service by pip-audit.

Where no service can be reached nothing is known, and that is said: the other checks do not depend on the network. A
mirror of the package index that has no advisories is no service: pip-audit would find every package without fault.
"""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["SERVICES", "Asked", "Service", "ask_advisories"]

TIMEOUT_S = 60.0
_REACH_S = 3.0


@dataclass(frozen=True, slots=True)
class Service:
    """An advisory service: its name for pip-audit, an address that tells of `_KNOWN`, more of pip-audit's options."""

    name: str
    address: str
    options: tuple[str, ...] = ()


# An advisory on pip before 23.3, by which a service shows that it has any.
_KNOWN = "PYSEC-2023-228"
SERVICES = (
    Service("pypi", "https://pypi.org/pypi/pip/23.2.1/json"),
    Service("osv", f"https://api.osv.dev/v1/vulns/{_KNOWN}"),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What came of it: what was found, one line each; what the service does not know; or why nothing could be asked."""

    found: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    skipped: str = ""


def ask_advisories(
    locks: Sequence[Path],
    ignored: Collection[str],
    services: Sequence[Service] = SERVICES,
    timeout_s: float = TIMEOUT_S,
) -> Asked:
    """Return the vulnerabilities of what the locks pin, except those ignored, after `timeout_s` at most."""
    service = next((service for service in services if _is_there(service)), None)
    if service is None:
        names = " and ".join(service.name for service in services)
        return Asked(skipped=f"no advisory service can be reached from here ({names})")
    command = [sys.executable, "-m", "pip_audit", "--format", "json", "--progress-spinner", "off", "--timeout", "10"]
    command += ["--require-hashes", "--disable-pip", "--vulnerability-service", service.name]
    command += [*service.options, *(part for lock in locks for part in ("--requirement", str(lock)))]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        return Asked(skipped=f"the advisory service {service.name} did not answer in {timeout_s:g} s")
    try:
        report = json.loads(done.stdout)
    except json.JSONDecodeError:
        return Asked(skipped=f"pip-audit could not ask {service.name}: {_last_line(done.stderr)}")
    unknown = {dependency["name"] for dependency in report["dependencies"] if "skip_reason" in dependency}
    return Asked(tuple(sorted(set(_vulnerabilities(report, ignored)))), tuple(sorted(unknown)))


def _is_there(service: Service) -> bool:
    try:
        with urllib.request.urlopen(service.address, timeout=_REACH_S) as answer:
            return _KNOWN in answer.read().decode("utf-8", "replace")
    except OSError:
        return False


def _vulnerabilities(report: dict[str, list[dict[str, Any]]], ignored: Collection[str]) -> Iterator[str]:
    for dependency in report["dependencies"]:
        for vulnerability in dependency.get("vulns", []):
            names = [vulnerability["id"], *vulnerability["aliases"]]
            if not set(ignored).isdisjoint(names):
                continue
            mended = ", ".join(vulnerability["fix_versions"])
            advice = f"mended in {mended}: raise it in pyproject.toml, make lock" if mended else "not mended yet"
            yield f"{dependency['name']} {dependency['version']}: {' '.join(names)}, {advice}"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it gave no reason"
