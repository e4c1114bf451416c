"""Suspending the applications, and activating them again: each asked for once, in order, then waited for.

The front end is suspended first and activated last, so that nobody meets a page whose back end is away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from finrag_ml_tg1.operations.sevalla.client import Request, SevallaClient
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from finrag_ml_tg1.operations.sevalla.states import State, read_state
from finrag_ml_tg1.operations.sevalla.steps import Ending, Step
from finrag_ml_tg1.operations.sevalla.targets import Target
from finrag_ml_tg1.operations.sevalla.waiting import Deadline, wait_for

__all__ = ["Action", "change", "plan_change"]

Action = Literal["suspend", "activate"]


def plan_change(client: SevallaClient, targets: Sequence[Target], action: Action) -> list[Step]:
    """Return the steps in their order; reads whether each application is suspended, changes nothing."""
    steps = []
    for target in targets if action == "activate" else reversed(targets):
        is_so = client.application(target.id).is_suspended == (action == "suspend")
        steps.append(Step(target, None if is_so else Request("POST", f"/applications/{target.id}/{action}")))
    return steps


def change(
    client: SevallaClient, steps: Sequence[Step], action: Action, wait_s: float, say: Callable[[str], None]
) -> Ending:
    """Send the steps' requests, wait until all is reached, and say what happens.

    A suspension that fails does not keep the other application running; an activation that fails ends the rest. After a
    failure it is said how each application is then, after Ctrl-C what goes on all the same.
    """
    sent: list[Target] = []
    try:
        has_failed = not _send_all(client, steps, action, sent, say)
        is_late = False
        deadline = Deadline(client.clock, wait_s)
        for target in [] if has_failed else sent:
            is_late |= not _await(client, target, action, deadline, wait_s, say)
    except PlatformError as error:
        say(str(error))
        has_failed = True
    except KeyboardInterrupt:
        for target in sent:
            say(f"{target.name}: {action} was asked for and goes on at Sevalla: `finrag sevalla status`")
        return Ending.INTERRUPTED
    if has_failed:
        _tell_states(client, steps, action, say)
        return Ending.FAILED
    return Ending.LATE if is_late else Ending.DONE


def _send_all(
    client: SevallaClient, steps: Sequence[Step], action: Action, sent: list[Target], say: Callable[[str], None]
) -> bool:
    is_all = True
    for step in steps:
        if step.request is None:
            continue
        sent.append(step.target)  # before sending: interrupted within it, the request may have arrived
        try:
            client.send(step.request)
        except PlatformError as error:
            say(f"{step.target.name}: {error}")
            is_all = False
            if action == "activate":
                break
        else:
            say(f"{step.target.name}: {action} is asked for")
    return is_all


def _await(
    client: SevallaClient,
    target: Target,
    action: Action,
    deadline: Deadline,
    wait_s: float,
    say: Callable[[str], None],
) -> bool:
    def is_reached(state: State) -> bool:
        return state == "suspended" if action == "suspend" else state not in ("suspended", "deploying")

    state = wait_for(lambda: read_state(client, target), is_reached, deadline, client.clock)
    if is_reached(state):
        say(f"{target.name} is {state}")
        return True
    say(f"{target.name} is still {state} after {wait_s:g} s; {action} goes on at Sevalla: `finrag sevalla status`")
    return False


def _tell_states(client: SevallaClient, steps: Sequence[Step], action: Action, say: Callable[[str], None]) -> None:
    for step in steps:
        try:
            say(f"{step.target.name} is now {read_state(client, step.target)}")
        except PlatformError:
            say(f"{step.target.name}: how it is now cannot be read; look at the dashboard")
    say(
        f"Mend what is said above and give the same command again, which leaves out what is done; or {action} by hand: "
        "Settings of the application in the dashboard"
    )
