"""Checks of the variables of both applications: there, legal on the platform, right as settings, nobody's example."""

from __future__ import annotations

import re

from finrag_ml_tg1.operations.deployment.descriptor import illegal_value
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning
from finrag_ml_tg1.operations.doctor.settings import check_examples
from finrag_ml_tg1.operations.doctor.sevalla.dashboard import VARIABLES
from finrag_ml_tg1.operations.doctor.sevalla.plan import ROLES, Plan, Role

__all__ = ["check_legal", "check_placeholders", "check_present", "check_settings", "check_spare"]

_TITLES: dict[Role, str] = {"backend": "back end", "frontend": "front end"}


def check_present(plan: Plan, role: Role) -> Finding:
    """Look whether every variable that an application needs is there."""
    application, environment = plan.application(role), plan.environment(role)
    required = [each for each in application.variables if each.required]
    missing = [each for each in required if not environment.get(each.name, "").strip()]
    source = plan.pasted[role].source
    if missing:
        lines = (f"{each.name}={each.value or ''}{'…' if each.value is None else ''}" for each in missing)
        return failed(f"missing in {source}: {', '.join(each.name for each in missing)}", *lines, VARIABLES)
    return ok(f"all {len(required)} are there ({source})")


def check_legal(plan: Plan) -> Finding:
    """Look whether the platform takes every name and value as it is written."""
    wrong: list[str] = []
    unescaped: list[str] = []
    for role in ROLES:
        pasted = plan.pasted[role]
        wrong += (f"{pasted.source}: {mistake}" for mistake in pasted.mistakes)
        named = {each.name for each in plan.application(role).variables}
        for name, value in pasted.typed.items():
            if pasted.file is None and name not in named:
                continue
            if reason := _illegal(value, is_file=pasted.file is not None):
                wrong.append(f"{name} in {pasted.source}: {reason}")
            elif pasted.file is None and re.search(r'[,"]', value):
                unescaped.append(f"{name}: put a backslash before each comma and double quote when you paste it")
    if wrong:
        lines = list(dict.fromkeys(wrong))
        return failed(f"{len(lines)} that the platform does not take", *lines)
    if unescaped:
        return warning("taken, once they are escaped", *dict.fromkeys(unescaped))
    return ok("every value is taken as it is: no parentheses, line breaks or JSON, commas and quotes escaped")


def check_settings(plan: Plan) -> Finding:
    """Look whether the servers can use the values."""
    wrong: list[str] = []
    unknown: list[str] = []
    for role in ROLES:
        inspected, source = plan.settings(role), plan.pasted[role].source
        wrong += (line.replace(" in the environment ", f" in {source} ", 1) for line in inspected.problems)
        unknown += (line.replace(" in the environment ", f" in {source} ", 1) for line in inspected.unknown)
    if wrong:
        return failed(f"{len(dict.fromkeys(wrong))} that the servers cannot use", *dict.fromkeys(wrong))
    if unknown:
        return warning("without effect", *dict.fromkeys(unknown))
    return ok("the servers can use every value")


def check_placeholders(plan: Plan) -> Finding:
    """Look for values that are still those of an example."""
    left = []
    for role in ROLES:
        environment = plan.environment(role)
        for variable in plan.application(role).variables:
            is_placeholder = variable.required or "://" in (variable.example or "")
            if is_placeholder and variable.example and environment.get(variable.name) == variable.example:
                left.append(f"{variable.name} of the {_TITLES[role]}")
    finding = check_examples(plan.settings("backend").config)
    if left:
        return failed(f"still as in the descriptor's example: {', '.join(left)}", f"put in your own: {VARIABLES}")
    return finding


def check_spare(plan: Plan) -> Finding:
    """Look for what should not be there: the platform's own variable, and secrets of the other application."""
    spare = []
    for role in ROLES:
        pasted = plan.pasted[role]
        if pasted.file is None:
            continue
        if "PORT" in pasted.typed:
            spare.append(f"PORT in {pasted.source}: the platform sets it, to the number under Networking > Update port")
        if plan.have_own_files:
            own = {each.name for each in plan.application(role).variables}
            other = ROLES[1 - ROLES.index(role)]
            spare += (
                f"{each.name} in {pasted.source}: the {_TITLES[role]} has no use for it"
                for each in plan.application(other).variables
                if each.secret and each.name not in own and each.name in pasted.typed
            )
    if spare:
        return warning("some should not be there", *dict.fromkeys(spare))
    return ok("no variable that should not be there")


def _illegal(value: str, *, is_file: bool) -> str | None:
    if value.lstrip("'\"\\").startswith(("{", "[")):
        return "it looks like JSON, which the platform's rules for commas and quotes break"
    if "${" in value:
        return "it has ${…}, which the platform replaces by another variable"
    if not is_file:  # commas and quotes are escaped when it is pasted
        return illegal_value(re.sub(r'[,"]', "", value))
    if re.search(r"\s#", value):
        return "it has a comment behind it, which becomes part of the value"
    if len(value) > 1 and value[0] == value[-1] == "'":
        return "it stands in quotes, which become part of the value: leave them out"
    return illegal_value(value)
