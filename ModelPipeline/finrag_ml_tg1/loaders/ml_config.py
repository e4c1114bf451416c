"""The settings as one frozen object; each field carries its name outside, what it may be, and what it means.

Errors, documentation and example files all come from these fields, so nothing can be set that is not described here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, SecretStr
from pydantic.fields import FieldInfo

from finrag_ml_tg1.errors import SettingsError, StoreError
from finrag_ml_tg1.loaders.loopback import is_loopback
from finrag_ml_tg1.loaders.object_store import split_s3_url
from finrag_ml_tg1.loaders.vector_address import ALLOWED_ADDRESSES, parse_vector_address

__all__ = ["MLConfig", "Setting", "described_settings", "settings_table"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a field is called outside the process (the first of `names` wins) and, for people, which values it takes."""

    names: tuple[str, ...]
    allowed: str


def _folder(value: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", value):
        raise ValueError("it has a control character")
    try:
        return str(Path(value).expanduser())
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


def _store(value: str) -> str:
    try:
        return _folder(value) if split_s3_url(value) is None else value.rstrip("/")
    except StoreError as error:
        raise ValueError(str(error)) from None


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:  # whose text repeats the address
        raise ValueError("it is not well-formed") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("not http(s)://host, or it has a user name in it")
    if parts.query or parts.fragment or port == 0 or re.search(r"[\s\x00-\x1f\x7f]", value):
        raise ValueError("it has a query, a fragment, port 0 or a space")
    return value.rstrip("/")


def _encrypted_address(value: str) -> str:
    address = _web_address(value)
    parts = urlsplit(address)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise ValueError("a key would be sent there unencrypted")
    return address


def _host_or_address(value: str) -> str:
    return _web_address(value if "://" in value else f"http://{value}")


def _vector_index(value: str) -> str:
    try:
        return parse_vector_address(value).text
    except SettingsError as error:
        raise ValueError(str(error)) from None


def _words(value: object) -> object:
    return tuple(value.split()) if isinstance(value, str) else value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ip_network(part)) for part in value)
    except ValueError:  # whose text repeats what was given
        raise ValueError("one of them is neither an address nor a network") from None


def _printable(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[\x21-\x7e]+", value.get_secret_value()):
        raise ValueError("it has a space, a line break or a character outside ASCII")
    return value


def _redis_address(value: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(_printable(value).get_secret_value())
        port = parts.port
    except ValueError:  # whose text repeats the address
        raise ValueError("it is not well-formed") from None
    if parts.scheme not in {"redis", "rediss"} or not parts.hostname or port == 0:
        raise ValueError("not redis(s)://host")
    if parts.query or parts.fragment or not re.fullmatch(r"(/\d{0,4})?", parts.path):
        raise ValueError("after host and port comes the number of a database at most")
    return value


_Secret = Annotated[SecretStr, AfterValidator(_printable)]
_SECRET_ALLOWED = "printable ASCII without spaces (secret)"


class MLConfig(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Every setting of the pipeline and of the servers; made by `load_config`. Secrets show as asterisks."""

    store: Annotated[str, Setting(("FINRAG_STORE",), "a folder, or s3://bucket/prefix"), AfterValidator(_store)] = (
        Field(default=".finrag/store", description="Where filings, tables, the index and the logs are kept.")
    )
    cache_dir: Annotated[str, Setting(("FINRAG_CACHE_DIR",), "a folder"), AfterValidator(_folder)] = Field(
        default="/tmp/finrag_cache",
        description="Local copies of what was read from S3, and rows of the query log that are not in the store yet; "
        "may be emptied while no back end runs. On a volume that outlives the container, a killed one loses no rows.",
    )
    cache_mb: Annotated[int, Setting(("FINRAG_CACHE_MB",), "a whole number from 1 to 1048576")] = Field(
        default=1024, ge=1, le=1_048_576, description="Size limit of the cache folder, in units of 1,048,576 bytes."
    )
    refresh_s: Annotated[float, Setting(("FINRAG_REFRESH_S",), "a number from 0 to 86400")] = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="Seconds between two looks at which index version is current; another one is loaded while the old "
        "one answers. 0 never looks.",
    )
    vector_index: Annotated[
        Annotated[str, AfterValidator(_vector_index)] | None, Setting(("FINRAG_VECTOR_INDEX",), ALLOWED_ADDRESSES)
    ] = Field(
        default=None,
        description="The outside engine that is asked for the nearest passages when a question names no company, "
        "filled by `finrag vectors sync`; without it the index's own vectors are searched.",
    )
    qdrant_api_key: Annotated[_Secret | None, Setting(("QDRANT_API_KEY",), _SECRET_ALLOWED)] = Field(
        default=None, description="The key for Qdrant in `FINRAG_VECTOR_INDEX`; sent over https, or to this machine."
    )
    model: Annotated[
        str,
        Setting(
            ("FINRAG_MODEL",),
            "extractive, bedrock, openai, or a profile: development, production_balanced, production_premium",
        ),
    ] = Field(
        default="extractive",
        pattern=r"^[a-z0-9_]{1,60}$",
        description="What writes the answer: `extractive` quotes the filings and needs no key; `bedrock` is "
        "`production_balanced`, `openai` is `development`.",
    )
    model_id: Annotated[str | None, Setting(("FINRAG_MODEL_ID",), "a model's id at its provider")] = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._:/@+-]{1,300}$",
        description="Another model than the profile's. Its price is then not known, so with a daily budget it must run "
        "on this machine; a profile of `FINRAG_MODELS_FILE` has a price.",
    )
    models_file: Annotated[
        Annotated[str, AfterValidator(_folder)] | None, Setting(("FINRAG_MODELS_FILE",), "a YAML file")
    ] = Field(
        default=None,
        description="Profiles of one's own, with prices and limits, instead of the bundled "
        "`finrag_ml_tg1/answering/models/models.yaml`.",
    )
    model_timeout_s: Annotated[float, Setting(("FINRAG_MODEL_TIMEOUT_S",), "a number from 0.1 to 600")] = Field(
        default=30.0,
        ge=0.1,
        le=600,
        description="Seconds to wait for a model's first words, and between its words; ten times as long for all.",
    )
    query_timeout_s: Annotated[float, Setting(("FINRAG_QUERY_TIMEOUT_S",), "a number from 1 to 6000")] = Field(
        default=300.0,
        ge=1,
        le=6000,
        description="Seconds after which a question that is not answered is given up, with 503 or an `error` event.",
    )
    openai_base_url: Annotated[
        str,
        Setting(("OPENAI_BASE_URL",), "an http(s) address without user name, query and fragment"),
        AfterValidator(_web_address),
    ] = Field(
        default="https://api.openai.com/v1",
        description="An OpenAI-compatible server; Ollama's is `http://localhost:11434/v1`.",
    )
    openai_api_key: Annotated[_Secret | None, Setting(("OPENAI_API_KEY",), _SECRET_ALLOWED)] = Field(
        default=None, description="The key for `OPENAI_BASE_URL`; servers of one's own need none."
    )
    daily_budget_usd: Annotated[Decimal | None, Setting(("FINRAG_DAILY_BUDGET_USD",), "a number from 0 to 1000000")] = (
        Field(
            default=None,
            ge=0,
            le=1_000_000,
            description="What language models may cost in a day (UTC), in US dollars; once it is spent, answers quote "
            "the filings and say why. 0 asks no model; without it there is no limit. A back end counts its own calls "
            "and what the query log held when it started, so several need a share each, or `FINRAG_SHARED_REDIS`.",
        )
    )
    answer_cache_mb: Annotated[int, Setting(("FINRAG_ANSWER_CACHE_MB",), "a whole number from 0 to 4096")] = Field(
        default=16,
        ge=0,
        le=4096,
        description="Size limit of the answers kept in memory, in units of 1,048,576 bytes; 0 keeps none.",
    )
    shared_redis: Annotated[
        Annotated[SecretStr, AfterValidator(_redis_address)] | None,
        Setting(("FINRAG_SHARED_REDIS",), "redis(s)://[user:password@]host[:port][/number] (secret)"),
    ] = Field(
        default=None,
        description="A Redis that several back ends on one store share: rates, the daily budget, kept answers (as many "
        "again) and which model or store is away. While it does not answer, each goes by its own memory.",
    )
    query_log: Annotated[
        Literal["on", "off"], Setting(("FINRAG_QUERY_LOG",), "on or off"), BeforeValidator(str.lower)
    ] = Field(
        default="on",
        description="Whether a back end keeps a row of each query, and what readers say, in the store. With `off` it "
        "writes nothing there, as keys that only read want it: feedback is refused, and usage and the daily budget are "
        "counted from the start of the process.",
    )
    log_prompts: Annotated[bool, Setting(("FINRAG_LOG_PROMPTS",), "true or false")] = Field(
        default=False, description="Whether the query log holds the words of questions and answers."
    )
    api_key: Annotated[_Secret | None, Setting(("FINRAG_API_KEY",), _SECRET_ALLOWED)] = Field(
        default=None, description="When set, the API asks for it in the header `X-API-Key`."
    )
    api_key_previous: Annotated[_Secret | None, Setting(("FINRAG_API_KEY_PREVIOUS",), _SECRET_ALLOWED)] = Field(
        default=None,
        description="A key that is taken as well while clients change to a new `FINRAG_API_KEY`; remove it afterwards.",
    )
    admin_key: Annotated[_Secret | None, Setting(("FINRAG_ADMIN_KEY",), _SECRET_ALLOWED)] = Field(
        default=None,
        description="Opens `/admin/fix`, where an administrator has a reported answer filed as an issue and worked on "
        "by the coding agent; sent in the header `X-Admin-Key`, and no other key's value. Needs `CODING_AGENT_URL` and "
        "`CODING_AGENT_API_KEY`; without all three the route is off.",
    )
    coding_agent_url: Annotated[
        Annotated[str, AfterValidator(_encrypted_address)] | None,
        Setting(("CODING_AGENT_URL",), "an https address, or http on this machine"),
    ] = Field(default=None, description="Where the back end finds the coding agent that reported answers are sent to.")
    coding_agent_api_key: Annotated[_Secret | None, Setting(("CODING_AGENT_API_KEY",), _SECRET_ALLOWED)] = Field(
        default=None, description="The key that the coding agent knows this back end by."
    )
    trusted_proxies: Annotated[
        tuple[str, ...],
        Setting(("FINRAG_TRUSTED_PROXIES",), "addresses and networks (10.0.0.0/8), separated by spaces"),
        BeforeValidator(_words),
        AfterValidator(_networks),
    ] = Field(
        default=(),
        description="Who may say in `X-Forwarded-For` whose request it passes on: the front end and the platform's "
        "ingress. From anybody else that header is ignored.",
    )
    rate_per_minute: Annotated[int, Setting(("FINRAG_RATE_PER_MINUTE",), "a whole number from 0 to 1000000")] = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="How many requests one client may send in a minute, probes aside; 0 sets no limit. Each back end "
        "counts for itself, or all together in `FINRAG_SHARED_REDIS`.",
    )
    log_level: Annotated[
        Literal["debug", "info", "warning", "error", "critical"],
        Setting(("LOG_LEVEL",), "debug, info, warning, error or critical"),
        BeforeValidator(str.lower),
    ] = Field(default="info", description="The least serious message that is logged.")
    log_format: Annotated[
        Literal["json", "text"], Setting(("LOG_FORMAT",), "json or text"), BeforeValidator(str.lower)
    ] = Field(default="json", description="How the servers log: one JSON object a line, or lines for people.")
    otlp_endpoint: Annotated[
        Annotated[str, AfterValidator(_web_address)] | None,
        Setting(("OTEL_EXPORTER_OTLP_ENDPOINT",), "an http(s) address without user name, query and fragment"),
    ] = Field(
        default=None, description="Where OpenTelemetry traces are sent (OTLP over HTTP); without it none are made."
    )
    otlp_headers: Annotated[
        _Secret | None, Setting(("OTEL_EXPORTER_OTLP_HEADERS",), f"name=value pairs, by commas, {_SECRET_ALLOWED}")
    ] = Field(default=None, description="What is sent along with traces: most collectors ask for a key there.")
    aws_region: Annotated[
        str | None, Setting(("AWS_REGION", "AWS_DEFAULT_REGION"), "a region such as us-east-1, or auto")
    ] = Field(
        default=None,
        pattern=r"^[a-z0-9-]{2,40}$",
        description="The region of the bucket and of Bedrock; `auto` for Cloudflare R2.",
    )
    aws_access_key_id: Annotated[_Secret | None, Setting(("AWS_ACCESS_KEY_ID",), _SECRET_ALLOWED)] = Field(
        default=None, description="Credentials for S3 and Bedrock; without them boto3 looks for a profile or a role."
    )
    aws_secret_access_key: Annotated[_Secret | None, Setting(("AWS_SECRET_ACCESS_KEY",), _SECRET_ALLOWED)] = Field(
        default=None, description="Belongs to `AWS_ACCESS_KEY_ID`; both are set, or neither."
    )
    aws_session_token: Annotated[_Secret | None, Setting(("AWS_SESSION_TOKEN",), _SECRET_ALLOWED)] = Field(
        default=None, description="Belongs to temporary credentials."
    )
    aws_endpoint_url_s3: Annotated[
        Annotated[str, AfterValidator(_web_address)] | None,
        Setting(("AWS_ENDPOINT_URL_S3",), "an http(s) address without user name, query and fragment"),
    ] = Field(default=None, description="The address of an S3 service that is not AWS (R2, Spaces, MinIO).")
    aws_endpoint_url_s3vectors: Annotated[
        Annotated[str, AfterValidator(_web_address)] | None,
        Setting(("AWS_ENDPOINT_URL_S3VECTORS",), "an http(s) address without user name, query and fragment"),
    ] = Field(default=None, description="Another address of S3 Vectors: a private endpoint, or one for tests.")
    aws_endpoint_url_bedrock_runtime: Annotated[
        Annotated[str, AfterValidator(_web_address)] | None,
        Setting(("AWS_ENDPOINT_URL_BEDROCK_RUNTIME",), "an http(s) address without user name, query and fragment"),
    ] = Field(default=None, description="Another address of Bedrock's models: a private endpoint, or one for tests.")
    backend_url: Annotated[
        str,
        Setting(("BACKEND_URL",), "a host, or an http(s) address without user name, query and fragment"),
        AfterValidator(_host_or_address),
    ] = Field(
        default="http://localhost:8000", description="Where the front end finds the API; read by the front end alone."
    )
    sec_contact: Annotated[str | None, Setting(("FINRAG_SEC_CONTACT",), "a name and an e-mail address")] = Field(
        default=None,
        description="Who SEC may write to about requests to EDGAR; needed by `finrag ingest --ticker`.",
    )
    sec_url: Annotated[
        Annotated[str, AfterValidator(_web_address)] | None,
        Setting(("FINRAG_SEC_URL",), "an https address, or http on this machine"),
    ] = Field(default=None, description="A mirror of EDGAR to ask instead of www.sec.gov and data.sec.gov.")
    indexer_sources: Annotated[
        Annotated[str, AfterValidator(_store)] | None,
        Setting(("FINRAG_INDEXER_SOURCES",), "a folder, or s3://bucket/prefix"),
    ] = Field(
        default=None,
        description="Where the indexing service takes filings from: jobs name what lies below it, and nothing else. "
        "Without it jobs fetch from EDGAR alone.",
    )
    indexer_lease_s: Annotated[int, Setting(("FINRAG_INDEXER_LEASE_S",), "a whole number from 2 to 3600")] = Field(
        default=60,
        ge=2,
        le=3600,
        description="Seconds after which another indexing service may take over the store from one that has died.",
    )
    eval_data: Annotated[Annotated[str, AfterValidator(_folder)] | None, Setting(("FINRAG_EVAL_DATA",), "a folder")] = (
        Field(
            default=None,
            description="Data with known answers: the indexing service's evaluation jobs name what lies below it.",
        )
    )
    sevalla_api_token: Annotated[_Secret | None, Setting(("SEVALLA_API_TOKEN",), _SECRET_ALLOWED)] = Field(
        default=None,
        description="The platform's API key for `finrag sevalla`; stays on the machine of whoever deploys, and is no "
        "variable of an application.",
    )
    sevalla_api_url: Annotated[
        str,
        Setting(("SEVALLA_API_URL",), "an https address, or http on this machine"),
        AfterValidator(_encrypted_address),
    ] = Field(default="https://api.sevalla.com/v3", description="Where `finrag sevalla` finds the platform's API.")
    port: Annotated[int | None, Setting(("PORT",), "a whole number from 1 to 65535")] = Field(
        default=None,
        ge=1,
        le=65535,
        description="The port to serve on, given by the platform in production; not for laptops.",
    )

    @property
    def cache_bytes(self) -> int:
        """The cache's limit in bytes."""
        return self.cache_mb * 1_048_576

    @property
    def answer_cache_bytes(self) -> int:
        """The limit of the answers kept in memory, in bytes."""
        return self.answer_cache_mb * 1_048_576


def described_settings() -> dict[str, tuple[Setting, bool]]:
    """Return for each field of MLConfig its outside names and allowed values, and whether it is a secret."""
    return {
        name: (next(item for item in field.metadata if isinstance(item, Setting)), _is_secret(field))
        for name, field in MLConfig.model_fields.items()
    }


def settings_table() -> str:
    """Return all settings as a Markdown table."""
    lines = ["| Variable | Default | Allowed | Meaning |", "|---|---|---|---|"]
    for field, (setting, _) in described_settings().items():
        information = MLConfig.model_fields[field]
        names = ", ".join(f"`{name}`" for name in setting.names)
        default = "" if information.default in (None, ()) else f"`{_written(information.default)}`"
        lines.append(f"| {names} | {default} | {setting.allowed} | {information.description} |")
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    """A value as it is written in a settings file."""
    if isinstance(value, tuple):
        return " ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_secret(field: FieldInfo) -> bool:
    kinds = [field.annotation, *get_args(field.annotation)]
    return any(kind is SecretStr or SecretStr in get_args(kind) for kind in kinds)
