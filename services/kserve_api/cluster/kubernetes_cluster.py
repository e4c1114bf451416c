"""The `Cluster` protocol over the official asynchronous client."""

from __future__ import annotations

from typing import Self

from kserve_api.settings import Settings

__all__ = ["KubernetesCluster"]


class KubernetesCluster:
    """One connection pool to one API server; close it in the loop that opened it."""

    @classmethod
    async def open(cls, settings: Settings) -> Self:
        """Read the kubeconfig, or else the pod's service account; ClusterError status 0 when neither is there."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close every connection."""
        raise NotImplementedError
