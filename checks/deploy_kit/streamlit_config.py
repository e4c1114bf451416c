"""`.streamlit/config.toml`: what an open page on the internet must have, and what comes from elsewhere."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

from checks.deploy_kit.files import Files
from finrag_ml_tg1.operations.deployment.descriptor import Descriptor

__all__ = ["streamlit_mistakes"]

NAME = ".streamlit/config.toml"
_REQUIRED: dict[str, dict[str, object]] = {
    "server": {
        "headless": True,
        "address": "0.0.0.0",
        "fileWatcherType": "none",
        "runOnSave": False,
        "enableCORS": True,
        "enableXsrfProtection": True,
        "enableAgentApi": False,
    },
    "browser": {"gatherUsageStats": False},
    "client": {"showErrorDetails": "none", "toolbarMode": "minimal"},
}
_FROM_ELSEWHERE = {
    "port": "the start command gives it",
    "cookieSecret": "it is a secret: STREAMLIT_SERVER_COOKIE_SECRET",
}


def streamlit_mistakes(descriptor: Descriptor, files: Files) -> Iterator[str]:
    """Yield what is wrong with the settings of the front end."""
    try:
        settings = tomllib.loads(files[NAME])
    except tomllib.TOMLDecodeError as error:
        yield f"{NAME}: this is no TOML: {error}"
        return
    for section, options in _REQUIRED.items():
        for option, value in options.items():
            if settings.get(section, {}).get(option) != value:
                yield f"{NAME}: {section}.{option} is not {value}"
    for option, reason in _FROM_ELSEWHERE.items():
        if option in settings.get("server", {}):
            yield f"{NAME}: server.{option} stands there: {reason}"
