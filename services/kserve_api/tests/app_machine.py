"""Random steps of two tenants, of people with kubectl and of a failing cluster; after each the model must be right."""

from __future__ import annotations

from hypothesis.stateful import invariant

from kserve_api.tests.app_agreement import MARK
from kserve_api.tests.app_steps_changing import ChangingSteps
from kserve_api.tests.app_steps_failing import FailingSteps
from kserve_api.tests.app_steps_of_others import StepsOfOthers
from kserve_api.tests.app_steps_reading import ReadingSteps

__all__ = ["AppMachine"]


class AppMachine(ChangingSteps, ReadingSteps, StepsOfOthers, FailingSteps):
    """All of them."""

    @invariant()
    def the_model_is_right(self) -> None:
        """All of it, after each step."""
        self.agreement.check()

    def teardown(self) -> None:
        """Nothing secret is in the log, and the cluster has not been asked for what it does not allow."""
        assert not any(MARK in line for line in self.api.log.lines)
        forbidden = [one for one in self.api.cluster.requests if one.status == 403 and "kserve-api" in one.account]
        assert forbidden == []
