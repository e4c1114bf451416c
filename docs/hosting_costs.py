"""What is written down of the costs of hosting: the guide's table, and the data of the chart of the status page."""

from __future__ import annotations

import json
from pathlib import Path

from finrag_ml_tg1.operations.cost.charges import Usd, as_decimal, charge_build
from finrag_ml_tg1.operations.cost.hosting import Hosting, every_hosting
from finrag_ml_tg1.operations.cost.overview import Assumptions, hosting_rows
from finrag_ml_tg1.operations.cost.prices import PRICES_FILE, read_prices
from finrag_ml_tg1.operations.cost.table import write_hours, write_usd
from finrag_ml_tg1.operations.deployment.descriptor import DESCRIPTOR_FILE, read_descriptor

__all__ = ["cost_guide", "hosting_prices"]

_ROOT = Path(__file__).parent.parent
_ASSUMED = Assumptions()


def hosting_prices() -> str:
    """Return serving/frontend/status/hosting_prices.json: the catalogues' prices of both applications together."""
    content = {
        "written_by": f"python -m docs.generate, from {PRICES_FILE} and {DESCRIPTOR_FILE}",
        "build_minutes": str(_ASSUMED.build_minutes),
        "catalogues": [_summary(hosting) for hosting in _hostings()],
    }
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def cost_guide() -> str:
    """Return docs/operations/cost.md."""
    return _GUIDE.format(table=_table())


def _hostings() -> tuple[Hosting, ...]:
    return every_hosting(read_prices(_ROOT / PRICES_FILE), read_descriptor(_ROOT / DESCRIPTOR_FILE))


def _summary(hosting: Hosting) -> dict[str, str]:
    return {
        "name": hosting.catalogue,
        "as_of": hosting.as_of.isoformat(),
        "sizes": " + ".join(process.size for process in hosting.processes),
        "usd_per_hour": _exact(hosting.hour),
        "usd_per_month": _exact(hosting.month),
        "usd_per_build": _exact(charge_build(hosting.build_minute, _ASSUMED.build_minutes)),
    }


def _exact(amount: Usd) -> str:
    return f"{as_decimal(amount):f}"


def _table() -> str:
    hostings = _hostings()
    head = [
        ("", [hosting.catalogue for hosting in hostings]),
        ("**prices as of**", [hosting.as_of.isoformat() for hosting in hostings]),
    ]
    for position, process in enumerate(hostings[0].processes):
        beside = [hosting.processes[position] for hosting in hostings]
        head.append((process.role, [f"{one.size}, ${one.month} ({one.confidence})" for one in beside]))
    rows = [
        (f"{row.section}: {row.label}", [(write_hours if row.is_hours else write_usd)(value) for value in row.values])
        for row in hosting_rows(hostings, _ASSUMED)
    ]
    lines = [f"| {label} | {' | '.join(cells)} |" for label, cells in [*head, *rows]]
    return "\n".join([lines[0], f"|:---|{'---:|' * len(hostings)}", *lines[1:]])


_GUIDE = """# What it costs: `finrag cost`

This file is written by `python -m docs.generate`; change `docs/hosting_costs.py` or `deploy/pricing.yaml` instead.

```
finrag cost                                   # everything below, and the bucket and language models
finrag cost --hours 3 --builds 0              # an activated deployment, three hours
finrag cost --redeploys 2                     # both applications built again twice while they run
finrag cost --hours-per-day 4 --days 10       # a month on a schedule
finrag cost --budget 20                       # for how many hours twenty dollars last
finrag cost --questions 5000 --model development
finrag cost --catalog listed-2026 --json      # exact decimals as strings, for programs
```

It asks nobody: prices are those of `deploy/pricing.yaml`, sizes and instances those of `sevalla.yml` (a catalogue
with `roles` of its own has its own sizes). It works in the checkout, or with `--prices` and `--descriptor`. Exit code
0, or 2 with one line that says what is wrong. The invoice comes from the platform: compare once, and mend the prices.

**The two catalogues.** `listed-2026` is what the platform takes today, as far as it can be known without an account:
S2, builds and bandwidth are in its own documentation; the other sizes are `reported` by people who name its price
page. `notes-2025` is what was planned with; its sizes do not exist there. Each price has a date, a source, and says
how it is known. **All prices are before tax.**

{table}

## How it is computed

- **Running**: the price of a month ÷ 730 h ÷ 3,600 × seconds × instances, for each application. A calendar month of
  31 days has 744 hours and costs 744/730 of the list price. Amounts are exact fractions and are rounded only where
  they are shown: a rate rounded to $0.027 an hour would make $19.71 of a month of $20.
- **Suspended or hibernated**: nothing. Only seconds of running are charged.
- **Builds**: minutes × $0.02 for each application, and there are two. Restart, rollback, suspend and activate build
  nothing. So one build costs as much as hours of running: activate again rather than deploy again.
- **Rollout**: while a running application is replaced, old and new instances run beside each other, here for 60 s:
  three readiness probes ten seconds apart, and the old instances' end.
- **Bandwidth**: what goes to browsers, by the byte, 1 GB = 10⁹ bytes. What comes in is free.
- **Bucket**: S3 in us-east-1, read from outside AWS: requests, storage, and what leaves AWS beyond 100 GB a month. A
  pod that starts with an empty cache reads the index once more (`--bucket-egress-gb`).
- **Language models**: tokens × the prices of the profiles (`FINRAG_MODELS_FILE` or the bundled ones). What was really
  used stands in `GET /usage`. The 5,000 + 400 tokens of a question are an assumption: `--input-tokens`,
  `--output-tokens`.

Not in it: tax, disks (none is used), databases, a custom plan of the platform.
"""
