"""What the pods of a plan cost a month on each platform, always on, at the prices of deploy/pricing.yaml."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from finrag_ml_tg1.operations.cost.charges import HOURS_PER_MONTH, Usd
from finrag_ml_tg1.operations.cost.prices import AwsPrices, Catalogue
from finrag_ml_tg1.operations.scaling.errors import ScalingError

__all__ = ["Hosted", "Pods", "on_fargate", "on_kubernetes", "on_sevalla"]

_MB_PER_GB = 1024
# Fargate's sizes: vCPUs, and the least and most GB that go with them.
_FARGATE = (("0.25", 0.5, 2), ("0.5", 1, 4), ("1", 2, 8), ("2", 4, 16), ("4", 8, 30), ("8", 16, 60), ("16", 32, 120))
# Of a machine's cores and memory, what kubelet and system pods leave: assumed.
_CORES_FOR_PODS = Fraction(9, 10)
_MEMORY_FOR_PODS = Fraction(85, 100)
# Beyond a load balancer's first unit: 25 new connections a second each.
_CONNECTIONS_A_UNIT = 25


@dataclass(frozen=True, slots=True)
class Pods:
    """So many pods of one role and size; megabytes are of 2²⁰ bytes."""

    role: str
    count: int
    cpu: Fraction
    memory_mb: Fraction


@dataclass(frozen=True, slots=True)
class Hosted:
    """One platform's price of a month, and in words what it is made of."""

    platform: str
    month: Usd
    made_of: str


def on_sevalla(pods: Iterable[Pods], catalogue: Catalogue) -> Hosted:
    """Return each pod as an instance of the cheapest size that holds it; that there may be so many is assumed.

    Raises `ScalingError` for pods that no size holds.
    """
    month = Fraction()
    parts = []
    for one in pods:
        fitting = [
            (size.month, name)
            for name, size in catalogue.sizes.items()
            if size.cpu >= one.cpu and size.memory_mb * 10**6 >= _tolerated_bytes(one.memory_mb)
        ]
        if not fitting:
            raise ScalingError(
                f"no size of the platform holds a {one.role} of {float(one.cpu):g} CPU and {float(one.memory_mb):,g} MB"
            )
        price, name = min(fitting)
        month += Fraction(price) * one.count
        parts.append(f"{one.count} × {name} ({one.role})")
    return Hosted("Sevalla", month, ", ".join(parts))


def on_kubernetes(pods: Iterable[Pods], rps: Fraction, prices: AwsPrices) -> Hosted:
    """Return a managed cluster with as many machines as hold what all pods request, and a load balancer."""
    pods = tuple(pods)
    node = prices.node_hour
    cores = sum((one.count * one.cpu for one in pods), Fraction())
    memory_gb = sum((one.count * one.memory_mb / _MB_PER_GB for one in pods), Fraction())
    nodes = max(
        math.ceil(cores / (Fraction(node.cpu) * _CORES_FOR_PODS)),
        math.ceil(memory_gb / (Fraction(node.memory_gb) * _MEMORY_FOR_PODS)),
    )
    hourly = Fraction(prices.cluster_hour.usd) + nodes * Fraction(node.usd) + _balancer_hour(rps, prices)
    return Hosted("Kubernetes", hourly * HOURS_PER_MONTH, f"cluster, {nodes} × {node.name}, load balancer")


def on_fargate(pods: Iterable[Pods], rps: Fraction, prices: AwsPrices) -> Hosted:
    """Return each pod as a task of the smallest size that holds it, and a load balancer."""
    hourly = _balancer_hour(rps, prices)
    count = 0
    for one in pods:
        vcpu, memory_gb = _fargate_size(one)
        task = vcpu * Fraction(prices.fargate_vcpu_hour.usd) + memory_gb * Fraction(prices.fargate_gb_hour.usd)
        hourly += one.count * task
        count += one.count
    return Hosted("Fargate", hourly * HOURS_PER_MONTH, f"{count} tasks, load balancer")


def _fargate_size(pods: Pods) -> tuple[Fraction, Fraction]:
    wanted_gb = pods.memory_mb / _MB_PER_GB
    for vcpu, least_gb, most_gb in _FARGATE:
        if Fraction(vcpu) >= pods.cpu and most_gb >= wanted_gb:
            return Fraction(vcpu), max(Fraction(least_gb), Fraction(math.ceil(wanted_gb)))
    raise ScalingError(
        f"Fargate has no task for a {pods.role} of {float(pods.cpu):g} CPU and {float(pods.memory_mb):,g} MB"
    )


def _balancer_hour(rps: Fraction, prices: AwsPrices) -> Usd:
    units = max(1, math.ceil(rps / _CONNECTIONS_A_UNIT))
    return Fraction(prices.balancer_hour.usd) + units * Fraction(prices.balancer_unit_hour.usd)


def _tolerated_bytes(memory_mb: Fraction) -> Fraction:
    """The platform's sizes are in round thousands of MB, and 2,000 of them are taken to hold a pod of 2 GB."""
    return memory_mb * 2**20 * 93 / 100
