"""A fake cluster for kubectl by hand and for load runs: `python -m kserve_api.tests.fake_cluster --port 8001`."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import click

from kserve_api.tests.running_cluster import running_cluster


@click.command()
@click.option("--port", default=0, show_default="a free one", help="Port without TLS.")
@click.option("--rbac", multiple=True, type=click.Path(exists=True, path_type=Path), help="Manifests to begin with.")
@click.option("--namespace", "namespaces", multiple=True, default=("default", "team-a", "team-b"), show_default=True)
@click.option("--account", default="admin", show_default=True, help="Whose kubeconfig to write: admin, namespace/name.")
@click.option("--controllers/--no-controllers", default=True, show_default=True, help="KServe and Knative.")
def serve(port: int, rbac: tuple[Path, ...], namespaces: tuple[str, ...], account: str, controllers: bool) -> None:
    """Serve until SIGINT or SIGTERM; print the addresses and the path of a kubeconfig."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    with running_cluster(namespaces=namespaces, rbac=rbac, controllers=controllers, port=port) as cluster:
        click.echo(f"url={cluster.url}")
        click.echo(f"tls={cluster.tls_url}")
        click.echo(f"token={cluster.token(account)}")
        click.echo(f"export KUBECONFIG={cluster.kubeconfig(account)}")
        ended.wait()


if __name__ == "__main__":
    serve()
