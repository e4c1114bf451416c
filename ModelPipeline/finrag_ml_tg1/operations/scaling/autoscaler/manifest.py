"""A HorizontalPodAutoscaler's manifest as the specification that is simulated: the manifests are the one source."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from finrag_ml_tg1.operations.scaling.autoscaler.spec import (
    DEFAULT_DOWN,
    DEFAULT_UP,
    TOLERANCE,
    AutoscalerSpec,
    MetricTarget,
    Policy,
    PolicyKind,
    Rules,
    Select,
    TargetKind,
)
from finrag_ml_tg1.operations.scaling.errors import ScalingError
from finrag_ml_tg1.operations.scaling.manifests.manifest import read_documents
from finrag_ml_tg1.operations.scaling.manifests.quantities import parse_quantity

__all__ = ["parse_autoscaler", "read_autoscaler"]

_KIND = "HorizontalPodAutoscaler"
_Quantity = Annotated[Decimal, BeforeValidator(parse_quantity)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel)


class _Target(_Part):
    type: Literal["Utilization", "AverageValue"]
    average_utilization: Annotated[int, Field(ge=1)] | None = None
    average_value: Annotated[_Quantity, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _has_its_value(self) -> _Target:
        wanted = "averageUtilization" if self.type == "Utilization" else "averageValue"
        if (self.average_utilization if self.type == "Utilization" else self.average_value) is None:
            raise ValueError(f"a target of type {self.type} needs {wanted}")
        return self


class _Resource(_Part):
    name: Literal["cpu", "memory"]
    target: _Target


class _ContainerResource(_Resource):
    container: str


class _Identifier(_Part):
    name: str
    selector: dict[str, Any] | None = None


class _Pods(_Part):
    metric: _Identifier
    target: _Target


class _Metric(_Part):
    type: str
    resource: _Resource | None = None
    container_resource: _ContainerResource | None = None
    pods: _Pods | None = None

    def to_target(self) -> MetricTarget:
        match self:
            case _Metric(type="Resource", resource=_Resource() as resource):
                return _metric_target(resource.name, resource.target)
            case _Metric(type="ContainerResource", container_resource=_ContainerResource() as resource):
                return _metric_target(resource.name, resource.target)
            case _Metric(type="Pods", pods=_Pods() as pods):
                return _metric_target(pods.metric.name, pods.target)
        raise ScalingError(
            f"a metric of type {self.type} without a field of its own that is known here: "
            "Resource, ContainerResource and Pods are simulated"
        )


class _Policy(_Part):
    type: PolicyKind
    value: int = Field(strict=True, ge=1)
    period_seconds: int = Field(strict=True, ge=1, le=1800)


class _Rules(_Part):
    stabilization_window_seconds: Annotated[int, Field(strict=True, ge=0, le=3600)] | None = None
    policies: Annotated[list[_Policy], Field(min_length=1)] | None = None
    select_policy: Select = Select.MAX
    tolerance: Annotated[_Quantity, Field(ge=0)] | None = None

    def to_rules(self, default: Rules) -> Rules:
        window_s = self.stabilization_window_seconds
        policies = tuple(Policy(one.type, one.value, one.period_seconds) for one in self.policies or ())
        return Rules(
            default.window_s if window_s is None else window_s,
            policies or default.policies,
            self.select_policy,
            TOLERANCE if self.tolerance is None else Fraction(self.tolerance),
        )


class _Behaviour(_Part):
    scale_up: _Rules = _Rules()
    scale_down: _Rules = _Rules()


class _Reference(_Part):
    api_version: str | None = None
    kind: str
    name: str


class _Spec(_Part):
    scale_target_ref: _Reference
    min_replicas: int = Field(default=1, strict=True, ge=1)
    max_replicas: int = Field(strict=True, ge=1)
    metrics: list[_Metric] = Field(min_length=1)
    behavior: _Behaviour = _Behaviour()

    @model_validator(mode="after")
    def _is_in_order(self) -> _Spec:
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"minReplicas {self.min_replicas} is above maxReplicas {self.max_replicas}")
        return self


class _Manifest(BaseModel):
    """The object around the specification; labels, annotations and status are not looked at."""

    api_version: Literal["autoscaling/v2"] = Field(alias="apiVersion")
    kind: Literal["HorizontalPodAutoscaler"]
    spec: _Spec


def parse_autoscaler(document: object) -> AutoscalerSpec:
    """Return what an object of kind HorizontalPodAutoscaler says; raises `ScalingError` naming the field."""
    try:
        spec = _Manifest.model_validate(document).spec
    except ValidationError as error:
        mistakes = (f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ScalingError(f"this is no {_KIND} of autoscaling/v2 as it is simulated: {'; '.join(mistakes)}") from None
    return AutoscalerSpec(
        target=spec.scale_target_ref.name,
        least=spec.min_replicas,
        most=spec.max_replicas,
        metrics=tuple(metric.to_target() for metric in spec.metrics),
        up=spec.behavior.scale_up.to_rules(DEFAULT_UP),
        down=spec.behavior.scale_down.to_rules(DEFAULT_DOWN),
    )


def read_autoscaler(path: Path) -> AutoscalerSpec:
    """Return the one autoscaler of a file of manifests; raises `ScalingError` for a file without, or with several."""
    try:
        documents, mistakes = read_documents(path.read_text("utf-8"))
    except OSError as error:
        raise ScalingError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ScalingError(f"{path} is not a text file in UTF-8") from None
    if mistakes:
        raise ScalingError(f"{path}: {'; '.join(mistakes)}")
    found = [one for one in documents if isinstance(one, dict) and one.get("kind") == _KIND]
    if len(found) != 1:
        raise ScalingError(f"{path} has {len(found)} objects of kind {_KIND}: one is needed")
    return parse_autoscaler(found[0])


def _metric_target(name: str, target: _Target) -> MetricTarget:
    if target.type == "Utilization":
        assert target.average_utilization is not None
        return MetricTarget(name, TargetKind.UTILIZATION, Fraction(target.average_utilization))
    assert target.average_value is not None
    return MetricTarget(name, TargetKind.AVERAGE_VALUE, Fraction(target.average_value))
