"""Settings: one frozen object, read once from the environment (`KSERVE_API_…`)."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

__all__ = ["Settings"]

Names = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Everything that can be set. Lists are separated by commas; a wrong value fails at start and is named."""

    model_config = SettingsConfigDict(env_prefix="KSERVE_API_", frozen=True, extra="ignore", env_ignore_empty=True)

    environment: Literal["development", "production"] = Field(
        "development", description="In production the service refuses to start without tenants."
    )
    host: str = Field("127.0.0.1", description="Address it listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port it listens on; 0: any free one.")
    trusted_proxies: Names = Field(
        (), description="Networks (CIDR) of proxies whose X-Forwarded-For is believed, for the audit."
    )
    request_timeout_s: float = Field(60.0, gt=0, description="Longest answer; `wait=true` has its own limit on top.")
    max_waiting: int = Field(20, ge=1, description="Log streams and `wait=true` requests of one tenant at a time.")
    stream_s: float = Field(3600.0, gt=0, description="Longest log stream; clients open it again.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="What is logged, and above.")

    base_domain: str = Field(
        "calvinruntime.net",
        description="Apps answer at https://{app}.{base_domain}: wildcard DNS to Kourier, edge TLS.",
    )
    image_prefixes: Names = Field(
        ("registry.digitalocean.com/calvin-apps/",), description="Images must begin with one of these; *: any image."
    )
    reserved_names: Names = Field(
        ("kserve-api", "scheduler-api"), description="Names no app may have: hosts of the platform itself."
    )
    default_namespace: str = Field("default", description="Where apps go when a request names no namespace.")
    tenants_file: Path | None = Field(
        None, description="YAML of tenants: digests of their keys, namespaces, quotas, custom domains."
    )
    jwt_issuer: str | None = Field(None, description="`iss` of accepted JWTs; without it only API keys are taken.")
    jwt_audience: str = Field("kserve-api", description="`aud` that a JWT must carry.")
    jwt_keys_file: Path | None = Field(None, description="JWKS file with the issuer's public keys.")

    kubeconfig: Path | None = Field(None, description="Kubeconfig; without it the pod's service account is used.")
    cluster_timeout_s: float = Field(10.0, gt=0, description="Longest wait for one answer of the API server.")
    wait_timeout_s: float = Field(120.0, gt=0, description="Longest `wait=true` of a deployment or a deletion.")
    deployment_mode: Literal["Knative", "Serverless"] = Field(
        "Knative", description="Value of KServe's deploymentMode annotation; Serverless before KServe 0.16."
    )
    knative_namespace: str = Field("knative-serving", description="Where Knative's ConfigMaps are.")
    kserve_namespace: str = Field("kserve", description="Where KServe's inferenceservice-config is.")
    kourier_namespace: str = Field("kourier-system", description="Where the gateway's pods are.")
    domain_claims: Literal["auto", "create"] = Field(
        "auto",
        description="create: make the ClusterDomainClaim too (config-network autocreate-cluster-domain-claims false).",
    )
    patch_old_kserve: bool = Field(
        False, description="Patch min-scale of a new revision where KServe is too old to carry minReplicas 0."
    )

    @field_validator("image_prefixes", "reserved_names", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for network in value:
            try:
                ip_network(network)
            except ValueError:
                raise ValueError("each entry is an address or a network such as 10.0.0.0/8") from None
        return value
