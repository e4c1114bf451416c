"""What axe-core finds wrong with a page as it stands, and what of it lies in Streamlit's own parts."""

from __future__ import annotations

from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

__all__ = ["ALLOWED", "Allowed", "find_barriers"]

_GRAVE = {"serious", "critical"}
# What is scrolled out of sight is not judged, so nothing should be.
_HEIGHT_PX = 4000


@dataclass(frozen=True, slots=True)
class Allowed:
    """A finding that cannot be mended from here: the rule, elements that a CSS selector matches, and why."""

    rule: str
    selector: str
    reason: str


ALLOWED = (
    Allowed(
        "scrollable-region-focusable",
        ".st-key-coverage-grid",
        "Streamlit has no option that lets a row which scrolls sideways take the focus; the browser lets the keyboard "
        "reach and scroll it all the same, which test_wide_grid_is_scrolled_by_keyboard holds them to.",
    ),
)


def find_barriers(page: Page) -> list[str]:
    """Return the serious and critical findings that are not allowed, one line each."""
    size = page.viewport_size
    assert size is not None
    _wait_until_at_rest(page)
    page.set_viewport_size({"width": size["width"], "height": _HEIGHT_PX})
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    barriers = [
        f"{violation['id']} ({violation['impact']}): {node['html'][:200]} {_why(node)}"
        for violation in found
        if violation["impact"] in _GRAVE
        for node in violation["nodes"]
        if not any(
            allowed.rule == violation["id"] and _matches(page, node["target"], allowed.selector) for allowed in ALLOWED
        )
    ]
    page.set_viewport_size(size)
    return barriers


def _wait_until_at_rest(page: Page) -> None:
    # While a script runs, what it has not drawn again yet is faded, and comes back by a transition.
    page.wait_for_selector("[data-testid='stApp'][data-test-script-state='notRunning']")
    page.wait_for_function(
        "!document.querySelector('[data-stale=true]')"
        " && !document.getAnimations().some(each => each instanceof CSSTransition)"
    )


def _why(node: dict[str, list[dict[str, str]]]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return "; ".join(check["message"] for check in checks)


def _matches(page: Page, target: list[str], selector: str) -> bool:
    script = "([target, selector]) => document.querySelector(target)?.matches(selector) ?? false"
    return bool(page.evaluate(script, [target[0], selector]))
