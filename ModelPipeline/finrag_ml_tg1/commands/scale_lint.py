"""`finrag scale lint`: what is wrong with Kubernetes manifests that no schema sees."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import click

from finrag_ml_tg1.commands.session import explaining
from finrag_ml_tg1.errors import SettingsError

__all__ = ["lint"]

_LIBRARY = "kubernetes_validate"


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="[PATH]...")
@explaining
def lint(paths: tuple[Path, ...]) -> None:
    """Say what is wrong with Kubernetes manifests: those of a folder or file, without one of deploy/kubernetes.

    Each is held to Kubernetes' schemas, then to rules that these cannot express: bounds and behaviour of autoscalers,
    selectors, references, probes of real routes, one writer for storage. A folder's overlays are looked at as kubectl
    kustomize makes them too. Exit code 0: nothing was found, 1: something, or kubectl is missing, 2: nothing could be
    looked at. Example: finrag scale lint deploy/kubernetes/finrag
    """
    if importlib.util.find_spec(_LIBRARY) is None:
        raise SettingsError("kubernetes-validate is not installed: pip install 'kubernetes-validate>=1.37'")
    from finrag_ml_tg1.operations.scaling.manifests.kustomizations import kubectl
    from finrag_ml_tg1.operations.scaling.manifests.lint import kubernetes_mistakes

    mistakes = kubernetes_mistakes(Path.cwd(), paths)
    for mistake in mistakes:
        click.echo(mistake)
    is_whole = kubectl() is not None
    if not is_whole:
        click.echo("note: overlays were not put together: kubectl is not on the path", err=True)
    click.echo(f"{len(mistakes)} found" if mistakes else "Nothing is wrong.", err=bool(mistakes))
    sys.exit(1 if mistakes or not is_whole else 0)
