"""Settings: one frozen object, read once from the environment (`SCHEDULER_…`)."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["Settings"]

Names = Annotated[tuple[str, ...], NoDecode]
# The largest private networks of each version of IP: 10.0.0.0/8, fc00::/7.
_WIDEST = {4: 8, 6: 7}


class Settings(BaseSettings):
    """Everything that can be set. Lists are separated by commas; a wrong value fails at start and is named."""

    model_config = SettingsConfigDict(env_prefix="SCHEDULER_", frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Literal["development", "production"] = Field(
        "development", description="In production a role refuses to start without keys, and calls go over https only."
    )
    host: str = Field("127.0.0.1", description="Address the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port the API listens on; 0: any free one.")
    worker_port: int = Field(8001, ge=0, le=65535, description="Port of the worker's health and metrics; 0: any.")
    trusted_proxies: Names = Field((), description="Networks (CIDR) of proxies whose X-Forwarded-For is believed.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged, and above.")
    stop_s: float = Field(35.0, gt=0, description="Longest wait for calls under way when a worker is told to stop.")

    keys_file: Path | None = Field(None, description="YAML of API keys: digests, workspaces, roles.")
    session_secret: SecretStr | None = Field(
        None, description="Signs the cookies of people who signed in; the same for all API replicas."
    )
    session_hours: float = Field(12.0, gt=0, description="How long somebody stays signed in.")
    admin_read_only: bool = Field(False, description="/admin/queues shows and changes nothing.")

    redis_url: SecretStr = Field(SecretStr("redis://127.0.0.1:6379/0"), description="redis:// or rediss:// (TLS).")
    redis_ca_file: Path | None = Field(None, description="Certificates that the Redis server's must come from.")
    prefix: str = Field("scheduler", pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Begins every key in Redis.")
    queue: str = Field("triggers", pattern=r"^[a-z][a-z0-9-]{0,30}$", description="Name of the queue.")
    max_triggers: int = Field(100, ge=1, description="Most triggers of one workspace.")
    min_interval_s: int = Field(10, ge=1, description="Shortest time between two ticks of a trigger.")
    reconcile_s: float = Field(60.0, gt=0, description="How often schedules are compared with the triggers.")

    concurrency: int = Field(10, ge=1, le=1000, description="Calls at a time, of one worker.")
    calls_per_second: float = Field(100.0, gt=0, description="Most calls begun per second, by one worker.")
    workspace_concurrency: int = Field(5, ge=1, description="Calls at a time to one workspace's addresses, per worker.")
    attempts: int = Field(3, ge=1, le=10, description="Tries of a call.")
    backoff_s: float = Field(2.0, gt=0, description="Wait before the second try; it doubles with each.")
    lock_s: float = Field(30.0, gt=0, description="A job of a worker that died is free again after this.")
    stalled_s: float = Field(30.0, gt=0, description="How often jobs of dead workers are looked for.")
    allow_private_targets: bool = Field(
        False, description="Calls may go to private addresses and loopback; refused in production."
    )
    target_networks: Names = Field(
        (), description="Private networks (CIDR) that calls may go to all the same: the cluster's services."
    )

    s3_endpoint: str | None = Field(None, description="S3-compatible endpoint (Spaces, MinIO); path style.")
    s3_region: str = Field("us-east-1", description="Region for signing.")
    s3_bucket: str = Field("calvin-runtime-scheduler", description="Bucket of the executions.")
    s3_access_key_id: str | None = Field(None, description="Without it, botocore's own chain of credentials.")
    s3_secret_access_key: SecretStr | None = Field(None, description="Secret of that key.")
    metrics_prefix: str = Field("metrics/", description="Keys begin with this.")
    metrics_by_workspace: bool = Field(False, description="Keys have workspace={id}/ before the year.")
    metrics_retention_days: int | None = Field(None, ge=1, description="Executions older than this are deleted.")
    metrics_buffer: int = Field(100, ge=1, description="So many records are written at once.")
    metrics_flush_s: float = Field(60.0, gt=0, description="Records are written after this at the latest.")
    spool_dir: Path = Field(Path("/tmp/scheduler-spool"), description="Records wait here until they are on S3.")
    spool_mb: int = Field(256, ge=1, description="Most that waits there; beyond it the worker takes no more jobs.")
    compact_s: float = Field(900.0, ge=0, description="How often closed hours are made one object; 0: never.")

    @field_validator("trusted_proxies", "target_networks", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies", "target_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError("each entry is an address or a network such as 10.0.0.0/8") from None
        return value

    @field_validator("target_networks")
    @classmethod
    def _private(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in map(ip_network, value):
            if network.prefixlen < _WIDEST[network.version]:
                raise ValueError(f"{network} is wider than any private network: name the ones that are meant")
        return value
