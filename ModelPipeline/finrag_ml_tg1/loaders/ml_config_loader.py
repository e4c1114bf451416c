"""Reads the settings, once, at the start: a wrong one stops the process with a line that names it.

A variable that is set to nothing counts as not set, because dashboards and example files leave such lines behind.
"""

from __future__ import annotations

import difflib
import io
import logging
import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import yaml
from dotenv.parser import parse_stream
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from finrag_ml_tg1.errors import SettingsError
from finrag_ml_tg1.loaders.ml_config import MLConfig, described_settings

__all__ = ["CONFIG_FILE", "CREDENTIALS_FILE", "InspectedConfig", "MLConfig", "inspect_config", "load_config"]

CONFIG_FILE = Path("ml_config.yaml")
CREDENTIALS_FILE = Path(".aws_secrets", "aws_credentials.env")

_SETTINGS = described_settings()
_NAMES = {name for setting, _ in _SETTINGS.values() for name in setting.names}
_SECRET_NAMES = {name for setting, secret in _SETTINGS.values() if secret for name in setting.names}
# A YAML file says yes and no in its own type; for any other setting that is a slip.
_SWITCHES = {
    name
    for field, (setting, _) in _SETTINGS.items()
    if MLConfig.model_fields[field].annotation is bool
    for name in setting.names
}
# Variables that only make sense from one source: a key from here with a token from there is refused by AWS.
_UNITS = (
    frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"}),
    frozenset({"AWS_REGION", "AWS_DEFAULT_REGION"}),
)
# The password of an address is known by its place; other secrets by their length and their capitals or digits.
_MAY_BE_SECRET = re.compile(r"(?=[a-z+/=_-]*[A-Z0-9])[A-Za-z0-9+/=_-]{16,}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Value:
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class InspectedConfig:
    """All that is wrong with the settings, and what of them can be used.

    `config` has the defaults in place of wrong values. `problems` and `unknown` are one line each and repeat no value.
    `sources` says for each variable that counts where it is set; `secrets` are the values that must not be shown.
    """

    config: MLConfig
    problems: tuple[str, ...]
    unknown: tuple[str, ...]
    sources: Mapping[str, str]
    secrets: frozenset[str] = field(repr=False)


def load_config(*, environ: Mapping[str, str] | None = None, folder: Path = Path()) -> MLConfig:
    """Return the settings: `environ` over `folder`'s credentials file over its ml_config.yaml over the defaults.

    `environ` is the process's environment when not given; then the AWS_* variables of the credentials file are added to
    it where it has none, so that boto3 finds them too. Raises SettingsError for a wrong value or an unreadable file. An
    unknown FINRAG_* variable is logged as a warning.
    """
    environment = os.environ if environ is None else environ
    credentials = _read_credentials(folder / CREDENTIALS_FILE)
    values = _merge(
        _read_yaml(folder / CONFIG_FILE),
        credentials,
        {name: _Value(text.strip(), "the environment") for name, text in environment.items() if text.strip()},
    )
    _warn_about_unknown(values)
    config = _validate(values)
    if environ is None:
        _export({name: value for name, value in credentials.items() if values.get(name) is value}, os.environ)
    return config


def inspect_config(*, environ: Mapping[str, str] | None = None, folder: Path = Path()) -> InspectedConfig:
    """Return what `load_config` would find, without stopping at the first wrong value; raises nothing for one.

    As with `load_config`, the credentials file's AWS_* variables are added to the process's environment.
    """
    environment = os.environ if environ is None else environ
    problems: list[str] = []

    def read(reader: Callable[[Path], dict[str, _Value]], path: Path) -> dict[str, _Value]:
        try:
            return reader(path)
        except SettingsError as error:
            problems.append(str(error))
            return {}

    credentials = read(_read_credentials, folder / CREDENTIALS_FILE)
    values = _merge(
        read(_read_yaml, folder / CONFIG_FILE),
        credentials,
        {name: _Value(text.strip(), "the environment") for name, text in environment.items() if text.strip()},
    )
    names = _names_set(values)
    if fault := _fault_in_keys(names):
        problems.append(fault)
    wrong: dict[str, ErrorDetails] = {}
    try:
        config = MLConfig.model_validate(_texts(names, values))
    except ValidationError as error:
        wrong = {str(each["loc"][0]): each for each in error.errors(include_url=False, include_input=False)}
        config = MLConfig.model_validate(_texts({field: names[field] for field in names.keys() - wrong.keys()}, values))
    for each in wrong:
        setting, name = _SETTINGS[each][0], names[each]
        problems.append(f"{name} in {values[name].source} cannot be used; allowed: {setting.allowed}.")
    if environ is None:
        _export({name: value for name, value in credentials.items() if values.get(name) is value}, os.environ)
    return InspectedConfig(
        config,
        tuple(problems),
        tuple(_unknown(values)),
        {name: value.source for name, value in values.items() if name in _NAMES},
        frozenset(values[name].text for name in _SECRET_NAMES & values.keys()),
    )


def _read_yaml(path: Path) -> dict[str, _Value]:
    try:
        content = yaml.safe_load(_read_text(path))
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise SettingsError(f"{path}{line}: this is not valid YAML.") from error
    except (yaml.YAMLError, ValueError) as error:
        raise SettingsError(f"{path}: this is not valid YAML.") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise SettingsError(f"{path}: expected lines of the form NAME: value.")
    return {str(name): _yaml_value(path, str(name), value) for name, value in content.items() if value is not None}


def _yaml_value(path: Path, name: str, value: object) -> _Value:
    if name not in _NAMES:
        raise SettingsError(f"{path}: {name[:80]!r} is not a setting{_suggestion(name)}.")
    if name in _SECRET_NAMES:
        raise SettingsError(f"{path}: {name} is a secret and belongs in {CREDENTIALS_FILE} or the environment.")
    if (isinstance(value, bool) and name not in _SWITCHES) or not isinstance(value, str | int | float):
        raise SettingsError(f"{path}: {name} must be one text or number.")
    return _Value(str(value).strip(), str(path))


def _read_credentials(path: Path) -> dict[str, _Value]:
    values = {}
    for line in parse_stream(io.StringIO(_read_text(path))):
        if line.error or (line.key is not None and line.value is None):  # not repeated: it may be a bare secret
            text = line.original.string
            blank_lines = text[: len(text) - len(text.lstrip())].count("\n")
            raise SettingsError(f"{path} line {line.original.line + blank_lines}: expected NAME=value.")
        if line.key and line.value and line.value.strip():
            values[line.key] = _Value(line.value.strip(), str(path))
    return values


def _read_text(path: Path) -> str:
    """Return the file's text, empty when there is no file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not a text file in UTF-8.") from None
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.") from error


def _merge(*sources: dict[str, _Value]) -> dict[str, _Value]:
    """Return all values, later sources over earlier ones."""
    merged: dict[str, _Value] = {}
    for source in sources:
        for unit in _UNITS:
            if unit & source.keys():
                merged = {name: value for name, value in merged.items() if name not in unit}
        merged |= {name: value for name, value in source.items() if value.text}
    return merged


def _warn_about_unknown(values: Mapping[str, _Value]) -> None:
    for line in _unknown(values):
        _log.warning("%s", line)


def _unknown(values: Mapping[str, _Value]) -> list[str]:
    """Return a line for each variable that looks like a setting and is none."""
    return [
        f"{name} in {value.source} is not a setting{_suggestion(name)}"
        for name, value in sorted(values.items())
        if name.startswith("FINRAG_") and name not in _NAMES
    ]


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, _NAMES, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def _validate(values: Mapping[str, _Value]) -> MLConfig:
    names = _names_set(values)
    if fault := _fault_in_keys(names):
        raise SettingsError(fault)
    try:
        return MLConfig.model_validate(_texts(names, values))
    except ValidationError as error:
        _refuse(error, names, values)


def _names_set(values: Mapping[str, _Value]) -> dict[str, str]:
    """Return for each field the variable that sets it, "" where none does."""
    return {
        field: next((name for name in setting.names if name in values), "") for field, (setting, _) in _SETTINGS.items()
    }


def _texts(names: Mapping[str, str], values: Mapping[str, _Value]) -> dict[str, str]:
    return {field: values[name].text for field, name in names.items() if name}


def _fault_in_keys(names: Mapping[str, str]) -> str:
    """Return what is wrong with keys that belong together, "" when nothing is."""
    if bool(names["aws_access_key_id"]) != bool(names["aws_secret_access_key"]):
        return "AWS_ACCESS_KEY_ID needs AWS_SECRET_ACCESS_KEY and the reverse: set both in one place, or none."
    if names["aws_session_token"] and not names["aws_access_key_id"]:
        return "AWS_SESSION_TOKEN is set without AWS_ACCESS_KEY_ID: set both in one place, or none."
    if names["api_key_previous"] and not names["api_key"]:
        return "FINRAG_API_KEY_PREVIOUS is set without FINRAG_API_KEY: set the key that is to be used."
    return ""


def _refuse(error: ValidationError, names: Mapping[str, str], values: Mapping[str, _Value]) -> NoReturn:
    """Raise SettingsError for the first wrong field, without the exception that has the input in it."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = str(first["loc"][0])
    setting, secret = _SETTINGS[field]
    name = names[field]
    value = values[name]
    shown = "" if secret else f"={_shown(value.text)}"
    reason = f": {first['ctx']['error']}" if first["type"] == "value_error" else ""
    raise SettingsError(
        f"{name}{shown} in {value.source} cannot be used{reason}; allowed: {setting.allowed}."
    ) from None


def _shown(text: str) -> str:
    """Return the value for a message, cut, and without what may be a secret that was put into the wrong setting."""
    return ascii(_MAY_BE_SECRET.sub("***", re.sub(r"//.*@", "//***@", text))[:80])


def _export(credentials: Mapping[str, _Value], environment: MutableMapping[str, str]) -> None:
    for name, value in credentials.items():
        if name.startswith("AWS_"):
            environment[name] = value.text
