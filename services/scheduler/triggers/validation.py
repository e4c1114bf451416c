"""The body of `POST …/triggers`: every mistake of every trigger is found before anything is changed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from scheduler.errors import InvalidTriggersError, TooManyTriggersError
from scheduler.observability.redaction import HIDDEN
from scheduler.settings import Settings
from scheduler.settings_reading import described
from scheduler.triggers.cron import CronError, read_zone, shortest_interval_s
from scheduler.triggers.target import check_target
from scheduler.triggers.trigger import ENVIRONMENTS, Trigger

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_HEADERS",
    "MAX_HEADER_BYTES",
    "TriggerBody",
    "TriggersBody",
    "UnreadTriggersBody",
    "read_triggers",
]

MAX_BODY_BYTES = 64 * 1024
MAX_HEADERS = 32
MAX_HEADER_BYTES = 8 * 1024
MAX_TIMEOUT_S = 300.0

# RFC 9110, section 5.6.2.
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")
# Visible characters, spaces and tabs: what a field value may hold (RFC 9110, section 5.5).
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*\Z")
_OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# The worker sends these itself.
_OURS = frozenset({"content-length", "host", "idempotency-key", "x-trigger-attempt", "x-workspace-id"})

Environment = Literal["dev", "stg", "prod"]
assert get_args(Environment) == ENVIRONMENTS


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TriggerBody(_Model):
    """One trigger as it is asked for."""

    cron: str = Field(
        description="Five fields, or six with the seconds first, or @hourly and the like.", examples=["30 2 * * *"]
    )
    url: str = Field(description="What is called: https in production.", examples=["https://shop.example/nightly"])
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field("GET", description="Method of the call.")
    headers: dict[str, str] = Field({}, description=f"Headers of the call, at most {MAX_HEADERS}.")
    body: JsonValue = Field(None, description="JSON that is sent. null: no body.")
    payload: JsonValue = Field(None, description="Another name of body.")
    tz: str = Field("UTC", description="IANA time zone of the cron times.", examples=["Europe/Berlin"])
    timeout_s: float = Field(30.0, gt=0, le=MAX_TIMEOUT_S, description="Longest time of one attempt, seconds.")
    enabled: bool = Field(True, description="false: kept, not run.")
    name: str | None = Field(None, min_length=1, max_length=100, description="What people call it.")

    @field_validator("name")
    @classmethod
    def _name(cls, value: str | None) -> str | None:
        if value is not None and not value.isprintable():
            raise ValueError("has characters that cannot be shown")
        return value

    @field_validator("tz")
    @classmethod
    def _tz(cls, value: str) -> str:
        read_zone(value)
        return value

    @field_validator("headers")
    @classmethod
    def _headers(cls, value: dict[str, str]) -> dict[str, str]:
        _check_headers(value)
        return value

    @field_validator("body", "payload")
    @classmethod
    def _size(cls, value: JsonValue) -> JsonValue:
        # Python reads more from JSON than it can send as JSON: 1e999 as infinity, half of a character as text.
        try:
            size = len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode())
        except UnicodeEncodeError:
            raise ValueError("has text that is no Unicode: half of a character (\\ud800 to \\udfff)") from None
        except ValueError:
            raise ValueError("has a number that is too large") from None
        if size > MAX_BODY_BYTES:
            raise ValueError(f"is larger than {MAX_BODY_BYTES} bytes")
        return value

    @model_validator(mode="after")
    def _one_body(self) -> TriggerBody:
        given = self.model_fields_set
        if {"body", "payload"} <= given and self.body != self.payload:
            raise ValueError("body and payload are both given and differ: they are two names of one thing")
        return self

    def to_trigger(self) -> Trigger:
        """Return the trigger."""
        body = self.payload if "body" not in self.model_fields_set else self.body
        return Trigger(
            cron=" ".join(self.cron.split()),
            url=self.url,
            method=self.method,
            headers=self.headers,
            body=body,
            tz=self.tz,
            timeout_s=self.timeout_s,
            enabled=self.enabled,
            name=self.name,
        )


class TriggersBody(_Model):
    """All triggers of a workspace in one environment: what is there and is not named here goes."""

    triggers: list[TriggerBody] = Field(description="The triggers; an empty list removes all.")
    environment: Environment = Field("dev", description="Where they belong.")


class UnreadTriggersBody(_Model):
    """The same, with triggers that `read_triggers` is to look at."""

    triggers: list[JsonValue]
    environment: Environment = "dev"


def read_triggers(given: Sequence[object], settings: Settings) -> list[Trigger]:
    """Return the triggers. Raises TooManyTriggersError, and InvalidTriggersError with every mistake."""
    if len(given) > settings.max_triggers:
        raise TooManyTriggersError(len(given), settings.max_triggers)
    problems: list[tuple[int, str, str]] = []
    triggers = []
    for index, each in enumerate(given):
        try:
            trigger = TriggerBody.model_validate(each).to_trigger()
        except ValidationError as error:
            problems += [(index, place[:128] or "body", words) for place, words in described(error)]
            if isinstance(each, Mapping):
                problems += [(index, *found) for found in _problems_of(each.get("cron"), each.get("url"), settings)]
            continue
        problems += [(index, *found) for found in _problems_of(trigger.cron, trigger.url, settings)]
        triggers.append(trigger)
    if problems:
        raise InvalidTriggersError(problems)
    return triggers


def _problems_of(cron: object, url: object, settings: Settings) -> list[tuple[str, str]]:
    """What the settings decide; what is not even text has been told."""
    problems = []
    for field, value, check in (("cron", cron, _check_cron), ("url", url, check_target)):
        if isinstance(value, str):
            try:
                check(value, settings)
            except ValueError as error:
                problems.append((field, str(error)))
    return problems


def _check_cron(cron: str, settings: Settings) -> None:
    interval = shortest_interval_s(cron)
    if interval < settings.min_interval_s:
        raise CronError(f"has two ticks {interval} s apart; at least {settings.min_interval_s} s must be between them")


def _check_headers(headers: Mapping[str, str]) -> None:
    if len(headers) > MAX_HEADERS:
        raise ValueError(f"has {len(headers)} headers; {MAX_HEADERS} are allowed")
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_HEADER_BYTES:
        raise ValueError(f"is larger than {MAX_HEADER_BYTES} bytes in all")
    seen: set[str] = set()
    for name, value in headers.items():
        lowered = name.lower()
        # The name is shown; the value may be a secret.
        shown = ascii(name[:40])
        if not _TOKEN.match(name):
            raise ValueError(f"{shown} cannot be the name of a header")
        if lowered in _OF_THE_CONNECTION:
            raise ValueError(f"{shown} belongs to the connection and cannot be set")
        if lowered in _OURS:
            raise ValueError(f"{shown} is set by the scheduler itself")
        if lowered in seen:
            raise ValueError(f"{shown} is there twice")
        if not _VALUE.match(value) or value != value.strip():
            raise ValueError(f"the value of {shown} has characters that no header can have, or spaces around it")
        if value == HIDDEN:
            raise ValueError(f"the value of {shown} is the mask of a listing, not the value itself")
        seen.add(lowered)
