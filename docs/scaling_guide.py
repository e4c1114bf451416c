"""docs/scaling.md and its charts: what a load needs, and how the autoscaler follows it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from finrag_ml_tg1.commands.scale_inputs import read_basis
from finrag_ml_tg1.operations.cost.charges import Usd
from finrag_ml_tg1.operations.cost.table import write_usd
from finrag_ml_tg1.operations.scaling.autoscaler.overlay import KIT_FOLDER
from finrag_ml_tg1.operations.scaling.load.traces import SHAPES
from finrag_ml_tg1.operations.scaling.planning.demand import Demand
from finrag_ml_tg1.operations.scaling.planning.facts import Tier
from finrag_ml_tg1.operations.scaling.planning.plan import Basis, Plan, make_plan
from finrag_ml_tg1.operations.scaling.planning.thresholds import thresholds_of
from finrag_ml_tg1.operations.scaling.simulation.chart import draw_chart
from finrag_ml_tg1.operations.scaling.simulation.report import replica_price
from finrag_ml_tg1.operations.scaling.simulation.run import Outcome, simulate
from finrag_ml_tg1.operations.scaling.simulation.tier import tier_autoscaler, tier_replica

__all__ = ["TIER_CHARTS", "scaling_guide"]

_ROOT = Path(__file__).parent.parent
_KIT = _ROOT / KIT_FOLDER
_PASSAGES = 150_000
_P95_S = 0.5
_LEAST_RPS = 10
_TRACES = ("ramp", "step", "spike")
_CURVE_RPS = (10, 100, 300, 1000, 3000, 10_000)
_CURVE_PASSAGES = (150_000, 10_000_000, 100_000_000, 1_000_000_000)
_EDGE_GB = 20
_FACTORS = ((10**9, "B"), (10**6, "M"), (10**3, "k"))


def scaling_guide() -> str:
    """Return docs/scaling.md."""
    return _GUIDE.format(
        passages=f"{_PASSAGES:,}",
        speed=_speed(),
        tiers=_tiers(),
        thresholds=_thresholds(),
        curve=_curve(),
        simulated=_simulated(),
        headroom=_headroom(),
        chat=_chat(),
        images=_images(),
        edge=_edge(),
        ideas=_ideas(),
        phases=_phases(),
        assumed=_assumed_prices(),
    )


def _chart_of(name: str) -> Callable[[], str]:
    def chart() -> str:
        tier = _basis().facts.tier(name)
        title = f"Tier {name}: a rise to {tier.sample_rps:,} questions a second and back"
        return draw_chart(_outcome(tier, "ramp"), title)

    return chart


@cache
def _basis() -> Basis:
    return read_basis(_ROOT)


@cache
def _plan(rps: int, passages: int) -> Plan:
    return make_plan(_demand(rps, passages), _basis())


def _demand(rps: int, passages: int) -> Demand:
    return Demand(Fraction(rps), passages, _P95_S, Fraction(str(_basis().measured.open_share)))


@cache
def _outcome(tier: Tier, trace: str) -> Outcome:
    replica = tier_replica(_KIT, _basis().measured, _PASSAGES)
    return simulate(tier_autoscaler(_KIT, tier.overlay), replica, SHAPES[trace](tier.sample_rps))


def _speed() -> str:
    measured = _basis().measured
    rows = []
    for passages in _CURVE_PASSAGES:
        memory_mb = measured.memory_mb_at(passages)
        known = "measured" if passages <= measured.largest else "extrapolated"
        rows.append(
            [
                f"{passages:,}",
                f"{measured.answer_ms_at(passages):.1f} ms",
                f"{1000 / measured.answer_ms_at(passages):.1f}",
                f"{measured.open_search_ms(passages):,.0f} ms",
                f"{memory_mb:,.0f} MB",
                known,
            ]
        )
    head = ["passages", "processor an answer", "answers a second", "a search of all", "memory", "search, memory"]
    return _table(head, rows)


def _tiers() -> str:
    rows = []
    for tier in _basis().facts.tiers:
        for rps in (max(_LEAST_RPS, tier.above_rps + 1), tier.sample_rps, tier.up_to_rps):
            plan = _plan(rps, _PASSAGES)
            low, high = tier.usd_month
            months = [_within(month, low, high) for month in plan.chosen.months.values()]
            pods = " + ".join(f"{plan.chosen.replicas(role)}" for role in ("frontend", "backend", "indexer"))
            rows.append([tier.name, f"{rps:,}", plan.chosen.engine.value, pods, f"${low:,}–{high:,}", *months])
    head = ["tier", "questions/s", "engine", "front ends + back ends + indexers", "the notes", *_platforms()]
    return _table(head, rows)


def _within(month: Usd, low: int, high: int) -> str:
    mark = "↓" if month < low else "↑" if month > high else "✓"
    return f"{_dollars(month)} {mark}"


def _thresholds() -> str:
    rows = []
    for rps, passages in ((10, _PASSAGES), (300, 10_000_000), (300, 100_000_000)):
        for threshold in thresholds_of(_demand(rps, passages), _basis()):
            rows.append([f"{rps:,}/s, {_short(passages)}", f"{threshold.at:,} {threshold.unit}", threshold.what])
    return _table(["around", "from", "it is so"], rows)


def _curve() -> str:
    rows = []
    for passages in _CURVE_PASSAGES:
        for rps in _CURVE_RPS:
            plan = _plan(rps, passages)
            chosen = plan.chosen
            nodes = chosen.need.nodes if chosen.need else 0
            rows.append(
                [
                    _short(passages),
                    f"{rps:,}",
                    chosen.engine.value,
                    f"{chosen.replicas('backend'):,}",
                    f"{nodes:,}",
                    *(_dollars(month) for month in chosen.months.values()),
                ]
            )
    head = ["passages", "questions/s", "engine", "back ends (Kubernetes)", "vector machines", *_platforms()]
    return _table(head, rows)


def _simulated() -> str:
    basis = _basis()
    replica = tier_replica(_KIT, basis.measured, _PASSAGES)
    rows = []
    for tier in basis.facts.tiers:
        for trace in _TRACES:
            outcome = _outcome(tier, trace)
            p95 = "-" if outcome.p95_s is None else f"{outcome.p95_s * 1000:.0f} ms"
            rows.append(
                [
                    tier.name,
                    f"{trace} to {tier.sample_rps:,}/s",
                    f"{outcome.fewest_wanted} to {outcome.most_wanted}",
                    f"{outcome.dropped / outcome.offered:.2%}",
                    p95,
                    f"{outcome.replica_seconds / 3600:.1f} h",
                    write_usd(replica_price(outcome, replica, basis.prices.aws)),
                ]
            )
    return _table(["tier", "load", "back ends", "refused", "p95", "their time", "cost"], rows)


def _headroom() -> str:
    kit, size = _basis().kit, _basis().facts.roles["backend"]
    target = kit.full_shares()["backend"]
    busy = kit.requested_shares(_basis().facts.roles)["backend"]
    replica = tier_replica(_KIT, _basis().measured, _PASSAGES)
    most = kit.autoscalers["backend"].most
    return _bullet(
        f"Utilisation is a share of the **request** ({_cores(kit.requests['backend'].cpu)}; a back end may use "
        f"{_cores(size.cpu)}). At {float(target):.0%} it is busy for {float(busy):.0%} of what it can do: the rest is "
        f"room for a rise while others start. {most} back ends are reached at {float(busy) * replica.rate * most:,.0f} "
        "answers a second."
    )


def _chat() -> str:
    kit, seconds = _basis().kit, _basis().measured.chat_cpu_s
    cores = kit.requests["frontend"].cpu
    a_second = float(kit.full_shares()["frontend"] * cores) / seconds
    return _bullet(
        f"A front end requests {_cores(cores)} and uses {seconds * 1000:.0f} ms a question in the chat: {a_second:.1f} "
        'such questions a second each are its target. See "raise maxReplicas" above, or request more.'
    )


def _cores(count: Fraction | Decimal) -> str:
    return "one core" if count == 1 else f"{float(count):g} cores" if count > 1 else f"{float(count):g} of a core"


def _bullet(text: str) -> str:
    return textwrap.fill(text, 118, initial_indent="- ", subsequent_indent="  ", break_long_words=False)


def _images() -> str:
    facts = _basis().facts
    measured: dict[str, Any] = json.loads((_ROOT / "benchmarks/image_packages.json").read_text("utf-8"))["images"]
    rows = []
    for image in facts.images:
        ours = measured.get(image.role)
        rows.append(
            [
                f"{image.role} ({facts.roles[image.role].noted})",
                f"{image.noted_mb} MB",
                f"{ours['packages_mb']} MB" if ours else "another's image",
                f"{image.budget_mb} MB" if image.budget_mb else "-",
                facts.functions.verdicts[image.role],
            ]
        )
    return _table(["role (in the notes)", "the notes", "our packages", "budget with bytecode", "as a function?"], rows)


def _edge() -> str:
    aws = _basis().prices.aws
    beyond = max(Fraction(), _EDGE_GB - Fraction(aws.edge_free_gb_month)) * Fraction(aws.edge_gb.usd)
    sizes = _basis().prices.current.sizes
    return (
        f"{_EDGE_GB} GB a month from the edge cost {write_usd(beyond)} (the first {int(aws.edge_free_gb_month):,} GB "
        f"are free, {aws.edge_gb.confidence}; the notes: $0–5), a front-end pod ${sizes['S1'].month} (the notes: $5–20)"
    )


def _ideas() -> str:
    rows = [[idea.idea, idea.low, idea.medium, idea.high] for idea in _basis().facts.ideas]
    return _table(["idea", "low", "medium", "high"], rows)


def _phases() -> str:
    rows = []
    for phase in _basis().facts.phases:
        state = f"open: {phase.open}" if phase.open else f"[{Path(str(phase.evidence)).name}](../{phase.evidence})"
        rows.append([phase.phase, phase.what, state])
    return _table(["phase", "what", "where it stands"], rows)


def _assumed_prices() -> str:
    aws = _basis().prices.aws
    return f"a disk's GB at ${aws.disk_gb_month.usd} a month ({aws.disk_gb_month.source})"


def _platforms() -> list[str]:
    return list(_plan(_CURVE_RPS[0], _PASSAGES).chosen.months)


def _dollars(month: Usd) -> str:
    return f"${float(month):,.0f}"


def _short(count: int) -> str:
    return next((f"{count // factor:,}{unit}" for factor, unit in _FACTORS if count >= factor), str(count))


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


# The documents of this module beside the guide, by their place in docs/.
TIER_CHARTS: dict[str, Callable[[], str]] = {
    f"images/scaling-{name}.svg": _chart_of(name) for name in ("low", "medium", "high")
}

_GUIDE = """# Scaling: from one pod to thousands of questions a second

This file is written by `python -m docs.generate`; change `docs/scaling_guide.py`, `deploy/scaling.yaml` or
`deploy/pricing.yaml` instead.

```
finrag scale plan --rps 300 --passages 10M --p95 500ms     # replicas, engine, cost, when to move on; --json
finrag scale simulate --tier medium --trace spike --out spike.svg
finrag scale simulate --tier high --trace load.csv --hpa my-hpa.yaml --json
finrag scale lint                                          # the manifests
```

Neither asks anybody: both compute from what was measured (`benchmarks/`), the prices and the notes' tables
(`deploy/pricing.yaml`, `deploy/scaling.yaml`) and the manifests (`deploy/kubernetes/finrag`), in the checkout. Linear
scaling cannot be proved on two cores: what one replica costs is measured, what many do is a **model**, on paper.

## What one back end does

With one core:

{speed}

An answer is what was measured whole (15.2 ms of processor over 24,387 passages, one question of five without a
company) with the search exchanged for that of so many passages. That leaves out what a tight pod adds: with 150,000
passages in 350 MB an answer took 25.3 ms, in a pod of 2 GB the model says 17.5. Beyond ten million passages searches
and memory are taken to grow in proportion. Kept answers (the cache) and models that write are not counted.

## The notes' tiers, checked

Over {passages} passages, 95 % within 500 ms, at most 1 % refused at the peak. ✓ is within the notes' range, ↑ above,
↓ below it.

{tiers}

Only a small load fits the lowest range, with the two applications on Sevalla; a cluster has a control plane, a
balancer and the autoscalers' least pods before the first question. Above some hundred questions a second what costs
is the chat: a question in it takes 66 ms of the front end's processor, four times an answer's. The notes priced a
client of static files.

## When to move on

Computed from prices and measures, so they move with them:

{thresholds}

## The curve, on paper

{curve}

## How the autoscaler follows a load

Back ends of the kit over {passages} passages (rise to the peak in 20 minutes, in no time, and for two minutes):

{simulated}

![Tier low](images/scaling-low.svg)
![Tier medium](images/scaling-medium.svg)
![Tier high](images/scaling-high.svg)

What it shows:

{headroom}
- A step is the worst case: the window of 30 s, the doublings of 30 s each and a pod's start are paid in refused
  questions (429, and the chat asks again). The highest tier therefore begins with more pods.
- Memory is mapped index, hence always there. An index that fills the request (ten million passages in 2 GB) is above
  80 % for ever, and the memory metric then holds every pod up to the bound. Give such pods a request of 1.5 times the
  index.
{chat}

## How it is computed

- **The autoscaler** is Kubernetes' documented algorithm (*Horizontal Pod Autoscaling*: "Algorithm details", "Default
  behavior", "Configurable scaling behavior"): ceil(current × metric / target), a tolerance of 10 %, the most over all
  metrics, missing pods at the target (the controller: at the whole request) when it falls and at nothing when it
  rises, pods not ready at nothing when it rises, windows, policies by period, bounds, a look each 15 s. The controller
  rounds utilisation to whole percent and counts in doubles; here it is exact. Metrics arrive at once, where
  metrics-server takes some 15 s.
- **A back end** is the queue M/M/1/4 of its admission: two questions worked on by one core, two waiting, the next
  refused. Real answers vary less than exponential ones, so times and refusals are on the high side. Replicas are
  drawn by chance, as kube-proxy does, and who is refused asks once more. A new pod serves after 15 s: 2 s measured,
  the rest assumed (an image at hand, a node with room).
- **Replicas** are the fewest that are busy for no more than the autoscaler's target, refuse few enough and answer in
  time; p95 adds the engine's time to the queue's. A quarter of the questions is asked in the chat (`--chat-share`).
- **Engines**: embedded while the index fits the pod of 2 GB; S3 Vectors at its list prices without the reduction
  above ten million vectors; Qdrant in machines of 8 GB, filled to 75 %, 5 ms of processor a query (assumed: it was
  never measured here). A month's mean load is 40 % of the peak (`--mean-share`). The cheapest that meets the time is
  chosen.
- **Platforms**: Sevalla runs front ends, back ends and Redis, filings are indexed elsewhere, and so many instances of
  an application are assumed to be possible; Kubernetes has all roles, machines filled by requests to 90 % of cores
  and 85 % of memory; Fargate has all roles by their limits. Always on at the peak: the autoscaler's saving is in the
  simulation.
- **Prices** say their date, source and how they are known; assumed is {assumed}.

## Images and functions

{images}

## The edge

{edge}.

## Verdicts on the notes' ideas

{ideas}

## The notes' three phases

{phases}
"""
