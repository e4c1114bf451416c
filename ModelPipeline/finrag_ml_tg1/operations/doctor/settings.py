"""Checks of the settings themselves, before anything is asked: files, values, keys, and what is left from examples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from pydantic import SecretStr

from finrag_ml_tg1.loaders.ml_config import MLConfig, described_settings
from finrag_ml_tg1.loaders.ml_config_loader import CREDENTIALS_FILE, InspectedConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning

__all__ = [
    "check_aws_endpoint",
    "check_examples",
    "check_key",
    "check_names",
    "check_port",
    "check_previous_key",
    "check_values",
]

_LEAST_KEY_CHARS = 20
_LEAST_DISTINCT = 8
_GUESSED = re.compile(r"password|passwort|secret|change-?me|finrag|admin|qwert|letmein|12345|abcdef|test", re.I)
_EXAMPLE = re.compile(r"example$|fakefake|^not-a-real|replace-?me|change-?me|^your[-_ ]|^<.*>$|^x{4,}$|^\.{3,}$", re.I)
_EXAMPLE_STORE = re.compile(r"s3://(bucket|my-bucket|your-bucket|example-bucket)(/|$)")


def check_values(inspected: InspectedConfig) -> Finding:
    """Look where settings come from, and name every wrong value."""
    counts = Counter(inspected.sources.values())
    found = ", ".join(f"{count} from {source}" for source, count in counts.most_common()) or "none set: all defaults"
    if inspected.problems:
        return failed(f"{len(inspected.problems)} wrong; {found}", *inspected.problems)
    return ok(found)


def check_names(inspected: InspectedConfig) -> Finding:
    """Look for variables that are thought to be settings and are none."""
    if inspected.unknown:
        return warning(f"{len(inspected.unknown)} unknown, without effect", *inspected.unknown)
    return ok("no unknown FINRAG_… variable")


def check_port(config: MLConfig, *, is_container: bool) -> Finding:
    """Look for a PORT where no platform gives one."""
    if config.port is None:
        return ok("PORT is not set: each server has its default port")
    if is_container:
        return ok(f"PORT={config.port}, given by the platform")
    return warning(
        f"PORT={config.port} on a machine that is no container",
        "unset PORT: it is for platforms, and both servers would want it; `finrag up` has --backend-port",
    )


def check_key(config: MLConfig, *, is_container: bool) -> Finding:
    """Look whether strangers can use the API."""
    if config.api_key is None:
        if is_container or config.port is not None:
            return warning(
                "FINRAG_API_KEY is not set: whoever reaches the API may use it",
                'set it for both processes: python -c "import secrets; print(secrets.token_urlsafe(32))"',
            )
        return ok("FINRAG_API_KEY is not set; `finrag up` lets only this machine in")
    key = config.api_key.get_secret_value()
    if len(key) < _LEAST_KEY_CHARS or len(set(key)) < _LEAST_DISTINCT or _GUESSED.search(key):
        return warning(
            "FINRAG_API_KEY can be guessed: it is short, repeats few characters, or has a common word in it",
            'make a new one: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return ok("FINRAG_API_KEY is set")


def check_previous_key(config: MLConfig) -> Finding:
    """Look for a rotation of the key that was not finished."""
    if config.api_key_previous is None:
        return ok("no earlier key is taken")
    if config.api_key is None:
        return warning(
            "FINRAG_API_KEY_PREVIOUS is set without FINRAG_API_KEY", "set the new key as FINRAG_API_KEY, or remove both"
        )
    if config.api_key_previous == config.api_key:
        return warning("FINRAG_API_KEY_PREVIOUS is the key itself", "remove FINRAG_API_KEY_PREVIOUS")
    return warning(
        "FINRAG_API_KEY_PREVIOUS still lets the earlier key in",
        "remove it once all clients send the new key",
    )


def check_aws_endpoint(environ: Mapping[str, str], *, uses_bedrock: bool) -> Finding:
    """Look for one address that would be used for the store and for the models."""
    if not environ.get("AWS_ENDPOINT_URL"):
        return ok("no AWS_ENDPOINT_URL for all services at once")
    advice = "unset it, and set AWS_ENDPOINT_URL_S3 (and AWS_ENDPOINT_URL_BEDROCK_RUNTIME) instead"
    if uses_bedrock:
        return warning("AWS_ENDPOINT_URL sends S3 and Bedrock to one address", advice)
    return warning("AWS_ENDPOINT_URL sends every AWS service to one address", advice)


def check_examples(config: MLConfig) -> Finding:
    """Look for values that were copied from an example and not replaced."""
    left = [
        setting.names[0]
        for field, (setting, _) in described_settings().items()
        if isinstance(value := getattr(config, field), SecretStr) and _EXAMPLE.search(value.get_secret_value())
    ]
    if _EXAMPLE_STORE.match(config.store):
        left.append("FINRAG_STORE")
    if not left:
        return ok("no value of an example is left")
    if left == ["FINRAG_STORE"]:
        return warning("FINRAG_STORE looks like an example's", "name your own bucket")
    return failed(
        f"left as in an example: {', '.join(left)}", f"put the real value into {CREDENTIALS_FILE}, or remove the line"
    )
