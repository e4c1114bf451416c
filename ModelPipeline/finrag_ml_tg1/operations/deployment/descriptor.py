"""The descriptor `sevalla.yml`: what is set by hand in the dashboard, as frozen objects that are right or refused.

The platform does not read it. Its rules are the platform's (documentation as of November 2026): one web process per
application, variable names of letters, digits and underscores, values without parentheses, ports that are not
reserved. The JSON schema for editors and validators is made from these classes.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from finrag_ml_tg1.errors import FinRAGError
from finrag_ml_tg1.operations.strict_yaml import parse_strict_yaml

__all__ = [
    "DESCRIPTOR_FILE",
    "RESERVED_PORTS",
    "Application",
    "Build",
    "Descriptor",
    "DescriptorError",
    "Probe",
    "Probes",
    "Variable",
    "descriptor_schema",
    "illegal_value",
    "parse_descriptor",
    "read_descriptor",
]

DESCRIPTOR_FILE = "sevalla.yml"
RESERVED_PORTS = frozenset({15000, 15001, 15004, 15006, 15008, 15009, 15020, 15021, 15053, 15090})


class DescriptorError(FinRAGError):
    """The descriptor cannot be read or breaks a rule; the message names the place."""


def illegal_value(value: str) -> str | None:
    """Return why the platform cannot hold a variable's value, None when it can.

    Parentheses are refused; commas and double quotes must be escaped with a backslash in the dashboard, so what needs
    them (JSON above all) is better not there at all.
    """
    if re.search(r"[()]", value):
        return "it has a parenthesis, which the platform does not take"
    if re.search(r"[\x00-\x1f\x7f]", value):
        return "it has a line break or another control character"
    if re.search(r'(?<!\\)[,"]', value):
        return "it has a comma or a double quote without a backslash before it"
    return None


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("a variable's name has letters, digits and underscores alone, and begins with no digit")
    return value


def _value(value: str) -> str:
    if reason := illegal_value(value):
        raise ValueError(reason)
    return value


def _port(value: int) -> int:
    if value in RESERVED_PORTS:
        raise ValueError("the platform keeps this port for itself")
    return value


class _Part(BaseModel):
    """A part of the descriptor: a key that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Variable(_Part):
    """One environment variable; a secret and a value that is each owner's own have none here."""

    name: Annotated[str, AfterValidator(_name)]
    value: Annotated[str, AfterValidator(_value)] | None = Field(default=None, description="Set to this.")
    example: Annotated[str, AfterValidator(_value)] | None = Field(default=None, description="Looks like this.")
    secret: bool = Field(default=False, description="Pasted by hand, never written down here.")
    required: bool = Field(default=True, description="Whether the application needs it.")
    scope: Literal["runtime"] = Field(
        default="runtime", description="Variables of the build end up in the image: ours are for run time alone."
    )

    @model_validator(mode="after")
    def _has_one_source(self) -> Variable:
        if self.secret and (self.value is not None or self.example is not None):
            raise ValueError("a secret has no value and no example here")
        if not self.secret and (self.value is None) == (self.example is None):
            raise ValueError("it has either a value or an example")
        return self


class Probe(_Part):
    """How the platform asks whether an instance is well; `body` is what tells a right path from a wrong one."""

    path: str = Field(pattern=r"^/[A-Za-z0-9/_.-]*$")
    period_s: int = Field(ge=1, le=3600)
    timeout_s: int = Field(ge=1, le=60)
    successes: int = Field(ge=1, le=10)
    failures: int = Field(ge=1, le=10)
    body: str | None = None


class Probes(_Part):
    """The two probes of a web process, which the platform has off until they are switched on."""

    readiness: Probe
    liveness: Probe


class Build(_Part):
    """What the platform builds from: the Dockerfile, or with the strategy Nixpacks its own file."""

    strategy: Literal["dockerfile", "nixpacks"]
    file: str
    nixpacks: str
    requirements: str


class Application(_Part):
    """One application: one web process of a size, with its command, its probes and its variables."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{1,38}$")
    public: bool
    size: str = Field(pattern=r"^[A-Z][0-9]$")
    instances: int = Field(ge=1, le=50)
    port: Annotated[int, AfterValidator(_port)] = Field(ge=1024, le=65535)
    build: Build
    start: str = Field(pattern=r"^exec \S")
    probes: Probes
    variables: tuple[Variable, ...]
    threads: dict[Annotated[str, AfterValidator(_name)], Annotated[str, AfterValidator(_value)]]

    @model_validator(mode="after")
    def _names_each_variable_once(self) -> Application:
        names = [variable.name for variable in self.variables] + list(self.threads)
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"more than once: {', '.join(twice)}")
        return self


class Applications(_Part):
    """The two applications."""

    backend: Application
    frontend: Application


class Descriptor(_Part):
    """All of `sevalla.yml`. Nothing is deployed by a push: `auto_deploy` can only be false."""

    version: Literal[1]
    auto_deploy: Literal[False]
    location: str = Field(min_length=1)
    applications: Applications
    internal_connections: tuple[tuple[Literal["frontend"], Literal["backend"]], ...] = Field(min_length=1, max_length=1)


def read_descriptor(path: Path) -> Descriptor:
    """Return the descriptor in a file; raises `DescriptorError` naming what is wrong and where."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise DescriptorError(f"{path} is not there: run this in the checkout, or name the descriptor") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DescriptorError(f"{path} cannot be read: {error}") from error
    return parse_descriptor(text, str(path))


def parse_descriptor(text: str, source: str = DESCRIPTOR_FILE) -> Descriptor:
    """Return the descriptor in a text; raises `DescriptorError` naming its source, what is wrong and where."""
    try:
        content = parse_strict_yaml(text)
    except ValueError as error:
        raise DescriptorError(f"{source} is no YAML: {error}") from None
    try:
        return Descriptor.model_validate(content)
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}" for one in error.errors())
        raise DescriptorError(f"{source}: {'; '.join(mistakes)}") from None


def descriptor_schema() -> str:
    """Return deploy/sevalla/sevalla.schema.json."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Descriptor.model_json_schema()}
    return json.dumps(schema, indent=1) + "\n"
