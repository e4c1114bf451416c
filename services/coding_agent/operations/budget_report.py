"""The budget of the month: limit, what was spent and is expected, and who is told at which threshold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from coding_agent.operations.doctor.aws_deployment import Deployment

__all__ = ["BudgetReport", "read_budget"]


_PLANNED = {Decimal(80), Decimal(100)}


@dataclass(frozen=True, slots=True)
class BudgetReport:
    """What AWS has of a budget; amounts are US dollars. An alert is percent, ACTUAL or FORECASTED, and who is told."""

    name: str
    limit: Decimal
    actual: Decimal
    forecast: Decimal | None
    alerts: tuple[tuple[Decimal, str, tuple[str, ...]], ...]

    @property
    def crossed(self) -> list[Decimal]:
        """Thresholds in percent that what was spent, or is expected, lies above."""
        return [percent for percent, kind, _ in self.alerts if self._is_crossed(percent, kind)]

    def lines(self) -> Iterator[str]:
        """Yield it for people."""
        yield f"budget       {self.name}: {self.limit:.2f} USD a month"
        yield f"actual       {self.actual:.2f} USD, {self._percent(self.actual)}"
        if self.forecast is None:
            yield "forecast     none yet: AWS needs some weeks of use"
        else:
            yield f"forecast     {self.forecast:.2f} USD, {self._percent(self.forecast)}"
        for percent, kind, subscribers in self.alerts:
            stands = "CROSSED" if self._is_crossed(percent, kind) else "not crossed"
            told = ", ".join(subscribers) or "NOBODY: add a subscriber"
            yield f"threshold    {percent:g} % of {kind.lower()} {stands}, tells {told}"
        if missing := sorted(_PLANNED - {percent for percent, _, _ in self.alerts}):
            yield f"missing      no alert at {', '.join(f'{each:g} %' for each in missing)}: run terraform apply"

    def _is_crossed(self, percent: Decimal, kind: str) -> bool:
        spent = self.actual if kind == "ACTUAL" else self.forecast
        return spent is not None and spent * 100 > self.limit * percent

    def _percent(self, spent: Decimal) -> str:
        return f"{spent * 100 / self.limit:.0f} % of it" if self.limit else "of a limit of nothing"


def read_budget(deployment: Deployment, name: str) -> BudgetReport:
    """Return the budget. Raises ClientError (`NotFoundException` for one that is not there) or BotoCoreError."""
    account = deployment.identity["Account"]
    client = deployment.budgets
    budget = client.describe_budget(AccountId=account, BudgetName=name)["Budget"]
    spend = budget.get("CalculatedSpend")
    forecast = spend.get("ForecastedSpend") if spend else None
    alerts = []
    answer = client.describe_notifications_for_budget(AccountId=account, BudgetName=name)
    for alert in answer.get("Notifications", []):
        subscribers = client.describe_subscribers_for_notification(
            AccountId=account, BudgetName=name, Notification=alert
        )["Subscribers"]
        told = tuple(f"{each['SubscriptionType'].lower()} {each['Address']}" for each in subscribers)
        percent = Decimal(str(alert["Threshold"]))
        if alert.get("ThresholdType") == "ABSOLUTE_VALUE":
            percent = percent * 100 / Decimal(budget["BudgetLimit"]["Amount"])
        alerts.append((percent, str(alert["NotificationType"]), told))
    return BudgetReport(
        name,
        Decimal(budget["BudgetLimit"]["Amount"]),
        Decimal(spend["ActualSpend"]["Amount"]) if spend else Decimal(0),
        Decimal(forecast["Amount"]) if forecast else None,
        tuple(sorted(alerts)),
    )
