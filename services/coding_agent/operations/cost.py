"""What a month of the coding agent costs, line by line. Pure and exact.

A minute is a sixtieth of an hour, which no decimal holds. So prices come in as `Decimal`, amounts are fractions, and
only what is told is rounded: lines add up to their total exactly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction

from coding_agent.operations.price_list import Confidence, Price

__all__ = [
    "HOURS_PER_MONTH",
    "Comparison",
    "CostLine",
    "Group",
    "Usage",
    "Verdict",
    "cents",
    "charge",
    "compare",
    "total",
]

HOURS_PER_MONTH = 730


class Group(StrEnum):
    """Whether a line is one of the planning notes', or what this architecture adds."""

    NOTES = "notes"
    BEYOND = "beyond the notes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What runs, for how long, and what it does. The defaults are those of deploy/fargate/terraform, for a month.

    Memory is in GB; a rule, alarm or metric is one of WAF or CloudWatch; `lcu` is the load of the balancer (1: a GB of
    traffic an hour, or less than 25 new connections a second).
    """

    tasks: Decimal = Decimal(2)
    vcpu: Decimal = Decimal(2)
    memory_gb: Decimal = Decimal(4)
    hours: Decimal = Decimal(HOURS_PER_MONTH)
    lcu: Decimal = Decimal(1)
    nat_gateways: Decimal = Decimal(1)
    jobs: Decimal = Decimal(100)
    minutes_per_job: Decimal = Decimal(20)
    runner_vcpu: Decimal = Decimal(2)
    runner_memory_gb: Decimal = Decimal(4)
    proxy_tasks: Decimal = Decimal(2)
    proxy_vcpu: Decimal = Decimal("0.25")
    proxy_memory_gb: Decimal = Decimal("0.5")
    store_nodes: Decimal = Decimal(1)
    interface_endpoints: Decimal = Decimal(4)
    public_addresses: Decimal = Decimal(3)
    waf_rules: Decimal = Decimal(1)
    alarms: Decimal = Decimal(12)
    metrics: Decimal = Decimal(12)
    log_gb: Decimal = Decimal(5)
    kms_keys: Decimal = Decimal(1)
    secrets: Decimal = Decimal(6)

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not value.is_finite() or value < 0:
                raise ValueError(f"{field.name} must be a number of at least 0, not {value}")


@dataclass(frozen=True, slots=True)
class CostLine:
    """One thing that is paid for: exact US dollars, how they come about, and the least sure price in it."""

    name: str
    usd: Fraction
    how: str
    group: Group
    confidence: Confidence


class Verdict(StrEnum):
    """How a range lies to the planned one."""

    INSIDE = "inside"
    PARTLY = "partly inside"
    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Comparison:
    """AWS and Sevalla together, from low to high, beside what was planned."""

    low: Fraction
    high: Fraction
    planned_low: Fraction
    planned_high: Fraction

    @property
    def verdict(self) -> Verdict:
        """Where the range lies."""
        if self.high < self.planned_low:
            return Verdict.BELOW
        if self.low > self.planned_high:
            return Verdict.ABOVE
        if self.low >= self.planned_low and self.high <= self.planned_high:
            return Verdict.INSIDE
        return Verdict.PARTLY


def charge(usage: Usage, prices: Mapping[str, Price]) -> tuple[CostLine, ...]:
    """Return a line for everything; all but the jobs' are in proportion to the hours, 730 of which are a month."""
    bill = _Bill(prices)
    use = usage
    hours = Fraction(use.hours)
    months = hours / HOURS_PER_MONTH
    size = f"({use.vcpu} vCPU, {use.memory_gb} GB)"
    bill.fargate(
        "service tasks", f"{use.tasks} x {size} x {use.hours} h", use.tasks * use.vcpu, use.tasks * use.memory_gb, hours
    )
    bill.add("load balancer", f"{use.hours} h, {use.lcu} LCU", ("alb", hours), ("alb_lcu", hours * Fraction(use.lcu)))
    bill.add(
        "NAT", f"{use.nat_gateways} x {use.hours} h, traffic not counted", ("nat", hours * Fraction(use.nat_gateways))
    )
    bill.group = Group.BEYOND
    bill.add("store", f"{use.store_nodes} MemoryDB node(s)", ("memorydb_node", hours * Fraction(use.store_nodes)))
    bill.fargate(
        "egress proxy",
        f"{use.proxy_tasks} x ({use.proxy_vcpu} vCPU, {use.proxy_memory_gb} GB)",
        use.proxy_tasks * use.proxy_vcpu,
        use.proxy_tasks * use.proxy_memory_gb,
        hours,
    )
    bill.add(
        "interface endpoints",
        f"{use.interface_endpoints} of service and zone",
        ("interface_endpoint", hours * Fraction(use.interface_endpoints)),
    )
    bill.add("public addresses", f"{use.public_addresses}", ("public_ipv4", hours * Fraction(use.public_addresses)))
    bill.add(
        "WAF", f"1 list, {use.waf_rules} rules", ("waf_acl", months), ("waf_rule", months * Fraction(use.waf_rules))
    )
    bill.add(
        "CloudWatch",
        f"{use.alarms} alarms, {use.metrics} metrics, {use.log_gb} GB of logs a month",
        ("cloudwatch_alarm", months * Fraction(use.alarms)),
        ("cloudwatch_metric", months * Fraction(use.metrics)),
        ("cloudwatch_logs_gb", months * Fraction(use.log_gb)),
    )
    bill.add("KMS", f"{use.kms_keys} keys", ("kms_key", months * Fraction(use.kms_keys)))
    bill.add("secrets", f"{use.secrets}", ("secret", months * Fraction(use.secrets)))
    job_hours = Fraction(use.jobs) * Fraction(use.minutes_per_job) / 60
    bill.fargate(
        "runner tasks",
        f"{use.jobs} jobs x {use.minutes_per_job} min x ({use.runner_vcpu} vCPU, {use.runner_memory_gb} GB)",
        use.runner_vcpu,
        use.runner_memory_gb,
        job_hours,
    )
    bill.add("model", f"{use.jobs} jobs", ("model_job", Fraction(use.jobs)))
    return tuple(bill.lines)


def total(lines: Iterable[CostLine], group: Group | None = None) -> Fraction:
    """Return the exact sum of the lines, or of those of a group."""
    return sum((line.usd for line in lines if group in (None, line.group)), Fraction())


def compare(aws: Fraction, prices: Mapping[str, Price]) -> Comparison:
    """Return AWS's cost with Sevalla's, beside the planned total."""
    usd = {name: Fraction(price.usd) for name, price in prices.items()}
    return Comparison(aws + usd["sevalla_low"], aws + usd["sevalla_high"], usd["planned_low"], usd["planned_high"])


def cents(usd: Fraction) -> Decimal:
    """Return US dollars to the cent; half a cent goes to the even one."""
    scaled = usd * 100
    return Decimal(round(scaled)).scaleb(-2).quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)


class _Bill:
    """Collects lines: what they add up from, and how sure they are."""

    def __init__(self, prices: Mapping[str, Price]) -> None:
        self._prices = prices
        self.group = Group.NOTES
        self.lines: list[CostLine] = []

    def add(self, name: str, how: str, *parts: tuple[str, Fraction]) -> None:
        prices = [self._prices[price] for price, _ in parts]
        usd = sum((Fraction(self._prices[price].usd) * quantity for price, quantity in parts), Fraction())
        least = max((price.confidence for price in prices), key=list(Confidence).index)
        self.lines.append(CostLine(name, usd, how, self.group, least))

    def fargate(self, name: str, how: str, vcpu: Decimal, memory_gb: Decimal, hours: Fraction) -> None:
        self.add(name, how, ("fargate_vcpu", Fraction(vcpu) * hours), ("fargate_gb", Fraction(memory_gb) * hours))
