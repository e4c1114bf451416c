"""`python -m checks.audit`: is what we install and deploy what we mean and harmless, and is nothing secret here.

Prints what is wrong, one line each, and exits with 1 then. Only the advisories need the network; without it one line
says that they were not asked.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from checks.advisories import ask_advisories
from checks.deploy_kit.files import read_files
from checks.deploy_kit.kit import kit_mistakes
from checks.deploy_kit.validators import validator_mistakes
from checks.dockerfiles import DOCKERFILES, dockerfile_mistakes
from checks.exceptions import EXCEPTIONS, Exceptions, ExceptionsError, read_exceptions
from checks.licences import licence_mistakes
from checks.locks import lock_files, lock_mistakes
from checks.policies import policy_files_mistakes
from checks.secret_scan import scan_files, tracked_files
from checks.wheel_files import wheel_files, wheel_mistakes
from finrag_ml_tg1.operations.scaling.manifests.kustomizations import kubectl
from finrag_ml_tg1.operations.scaling.manifests.lint import kubernetes_mistakes

__all__ = ["main"]

ROOT = Path(__file__).parents[1]


def main() -> int:
    """Run every check; return 0, or 1 when one found something."""
    try:
        exceptions = read_exceptions(EXCEPTIONS.read_text("utf-8"))
    except (OSError, ExceptionsError) as error:
        sys.stderr.write(f"{_where(EXCEPTIONS)}: {error}\n")
        return 1
    checks: dict[str, Callable[[], list[str]]] = {
        "lock": lambda: lock_mistakes(ROOT),
        "licence": lambda: licence_mistakes(distributions(), exceptions.licences),
        "secret": lambda: scan_files(ROOT, tracked_files(ROOT)),
        "wheel": lambda: wheel_mistakes(wheel_files(ROOT)),
        "image": lambda: list(_image_mistakes()),
        "deploy": lambda: [*kit_mistakes(read_files(ROOT)), *validator_mistakes(ROOT)],
        "kubernetes": _kubernetes,
        "policy": lambda: policy_files_mistakes(ROOT),
        "advisory": lambda: _advisories(exceptions),
    }
    count = 0
    for name, check in checks.items():
        try:
            found = check()
        except OSError as error:
            found = [str(error)]
        for mistake in found:
            sys.stderr.write(f"{name}: {mistake}\n")
        count += len(found)
    if count:
        sys.stderr.write(
            f"The audit found {count}. What may stay is written down, with the reason: {_where(EXCEPTIONS)}\n"
        )
    return 1 if count else 0


def _image_mistakes() -> Iterator[str]:
    for path in [*sorted((ROOT / DOCKERFILES).glob("Dockerfile.*")), ROOT / "services/kserve_api/Dockerfile"]:
        for mistake in dockerfile_mistakes(path.read_text("utf-8")):
            yield f"{_where(path)}:{mistake}"


def _kubernetes() -> list[str]:
    if kubectl() is None:
        sys.stdout.write("Overlays were not put together: kubectl is not on the path.\n")
    return kubernetes_mistakes(ROOT)


def _advisories(exceptions: Exceptions) -> list[str]:
    today = datetime.now(UTC).date()
    asked = ask_advisories(lock_files(ROOT), exceptions.ignored(today))
    if asked.skipped:
        sys.stdout.write(f"Known vulnerabilities were not looked for: {asked.skipped}.\n")
    if asked.unknown:
        sys.stdout.write(f"The advisory service knows nothing of {', '.join(asked.unknown)}.\n")
    return [*asked.found, *(f"{mistake} ({_where(EXCEPTIONS)})" for mistake in exceptions.over(today))]


def _where(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    sys.exit(main())
