"""What may be deployed; checked before the cluster is asked for anything (KS-01).

An app's name becomes other names, DNS labels of at most 63 characters: the Knative Service `{name}-predictor`, the
core Service `prev-{name}-predictor` while traffic is split, and KServe's own host `{name}-{namespace}`. Longer derived
names (revisions, their Deployments) are shortened by Knative itself. So a name has at most 48 characters, fewer in a
namespace of more than 14.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction

from kserve_api.apps.app import Deployment, Resources
from kserve_api.apps.image_reference import is_allowed, parse_image
from kserve_api.apps.quantities import parse_quantity
from kserve_api.errors import ApiError
from kserve_api.settings import Settings

__all__ = [
    "LARGEST_SCALE",
    "LONGEST_NAME",
    "RESERVED_ENVS",
    "RESERVED_PORTS",
    "SIZES",
    "check_app_name",
    "check_deployment",
    "check_namespace",
    "invalid_request",
]

SIZES: Mapping[str, Resources] = {
    "sm": Resources(cpu_limit="500m", memory_limit="512Mi"),
    "md": Resources(cpu_limit="1", memory_limit="1Gi"),
    "lg": Resources(cpu_limit="1", memory_limit="2Gi"),
    "xl": Resources(cpu_limit="2", memory_limit="4Gi"),
}
_LABEL_LENGTH = 63
LONGEST_NAME = _LABEL_LENGTH - len("prev-") - len("-predictor")
LARGEST_SCALE = 100
LARGEST_CONCURRENCY = 1000
LONGEST_IDLE_S = 3600  # Knative's own limit of scale-to-zero-pod-retention-period.

# Knative refuses these names and ports in a container (pkg/apis/serving/k8s_validation.go); 8112 is its queue's TLS
# port. SERVICE_URL is set by us.
RESERVED_ENVS = frozenset({"PORT", "K_SERVICE", "K_CONFIGURATION", "K_REVISION", "SERVICE_URL"})
RESERVED_PORTS = frozenset({8008, 8012, 8013, 8022, 8112, 9090, 9091})

_MOST_ENVS = 200
_LARGEST_ENV_BYTES = 32 * 1024
_LARGEST_ENVS_BYTES = 256 * 1024
_CPU_BOUNDS = (Fraction(1, 1000), Fraction(32))
_MEMORY_BOUNDS = (Fraction(16 * 1024**2), Fraction(128 * 1024**3))

_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/%-]{0,255}")
_APP_NAME = re.compile(r"[a-z](?:[-a-z0-9]*[a-z0-9])?")
_DNS_LABEL = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?")
_ENV_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DERIVED_NAME = re.compile(r"-predictor(?:-|$)")
_Errors = Iterator[tuple[str, str]]


def check_app_name(name: str, namespace: str) -> None:
    """Raise ApiError 422 `invalid_request` unless an app of the namespace can have this name."""
    _refuse_any([*_namespace_errors(namespace), *_name_errors(name, namespace)])


def check_namespace(namespace: str) -> None:
    """Raise ApiError 422 `invalid_request` unless it is a DNS label (it goes into paths as it is)."""
    _refuse_any([*_namespace_errors(namespace)])


def check_deployment(wanted: Deployment, settings: Settings) -> None:
    """Raise ApiError 422 `invalid_request` with every mistake in `details["errors"]` as {field, message}.

    Whether min_scale fits max_scale is left open where only one is given: the other is the existing app's.
    """
    errors = [
        *_namespace_errors(wanted.namespace),
        *_name_errors(wanted.name, wanted.namespace),
        *_image_errors(wanted.image, settings),
        *_env_errors(wanted),
        *_scale_errors(wanted),
        *_resource_errors(wanted.resources),
        *_domain_errors(wanted.custom_domain, settings),
    ]
    if wanted.name in settings.reserved_names:
        errors.append(("name", "is reserved for the platform"))
    if wanted.image_pull_secret is not None and not _is_subdomain(wanted.image_pull_secret):
        errors.append(("image_pull_secret", "is not the name of a Secret"))
    if wanted.readiness_path is not None and not _PATH.fullmatch(wanted.readiness_path):
        errors.append(("readiness_path", "must be a path that begins with /, without a query, such as /readyz"))
    _refuse_any(errors)


def invalid_request(field: str, message: str) -> ApiError:
    """The 422 error for one field."""
    return _refusal([(field, message)])


def _refuse_any(errors: list[tuple[str, str]]) -> None:
    if errors:
        raise _refusal(errors)


def _refusal(errors: list[tuple[str, str]]) -> ApiError:
    text = "; ".join(f"{field} {message}" for field, message in errors)
    details = [{"field": field, "message": message} for field, message in errors]
    return ApiError(422, "invalid_request", f"Not valid: {text}.", details={"errors": details})


def _namespace_errors(namespace: str) -> _Errors:
    if len(namespace) > _LABEL_LENGTH or not _DNS_LABEL.fullmatch(namespace):
        yield "namespace", "is not the name of a namespace (small letters, digits, `-`; at most 63)"


def _name_errors(name: str, namespace: str) -> _Errors:
    longest = min(LONGEST_NAME, _LABEL_LENGTH - 1 - len(namespace))
    if not _APP_NAME.fullmatch(name):
        yield "name", "must be small letters, digits and `-`, begin with a letter and not end with `-`"
    elif len(name) > longest:
        yield "name", f"is longer than {longest} characters, the most in this namespace"
    elif _DERIVED_NAME.search(name):
        yield "name", "must not contain `-predictor` as a part: those names belong to the parts of other apps"


def _image_errors(image: str, settings: Settings) -> _Errors:
    try:
        parsed = parse_image(image)
    except ValueError as error:
        yield "image", str(error)
        return
    if not is_allowed(parsed, settings.image_prefixes):
        yield "image", f"must begin with {' or '.join(settings.image_prefixes)}"


def _env_errors(wanted: Deployment) -> _Errors:
    size = 0
    for field, envs in (("envs", wanted.envs), ("secret_envs", wanted.secret_envs)):
        for name, value in envs.items():
            yield from ((field, message) for message in _env_mistakes(name, value))
            size += len(name) + len(value.encode("utf-8", "replace"))
    for name in wanted.envs.keys() & wanted.secret_envs.keys():
        yield "envs", f"and secret_envs both have {name}"
    if len(wanted.envs) + len(wanted.secret_envs) > _MOST_ENVS:
        yield "envs", f"and secret_envs are more than {_MOST_ENVS} together"
    if size > _LARGEST_ENVS_BYTES:
        yield "envs", f"and secret_envs are larger than {_LARGEST_ENVS_BYTES // 1024} KiB together"


def _env_mistakes(name: str, value: str) -> Iterator[str]:
    shown = name[:_LABEL_LENGTH].encode("ascii", "backslashreplace").decode()
    if not _ENV_NAME.fullmatch(name) or len(name) > 253:
        yield f"has a name that is not letters, digits and `_` (first no digit): {shown}"
    elif name in RESERVED_ENVS:
        yield f"must not set {name}, which the platform sets"
    try:
        size = len(value.encode())
    except UnicodeEncodeError:
        yield f"has a value that is not Unicode text: {shown}"
        return
    if "\0" in value:
        yield f"has a value with a NUL character: {shown}"
    if size > _LARGEST_ENV_BYTES:
        yield f"has a value of more than {_LARGEST_ENV_BYTES // 1024} KiB: {shown}"


def _scale_errors(wanted: Deployment) -> _Errors:
    # Zero as the most would mean "no limit" to Knative.
    if not 1 <= wanted.max_scale <= LARGEST_SCALE:
        yield "max_scale", f"must be 1 to {LARGEST_SCALE}"
    if not 0 <= wanted.min_scale <= LARGEST_SCALE:
        yield "min_scale", f"must be 0 to {LARGEST_SCALE}"
    elif wanted.min_scale > wanted.max_scale and {"min_scale", "max_scale"} <= wanted.given:
        yield "min_scale", "must not be more than max_scale"
    if wanted.concurrency is not None and not 1 <= wanted.concurrency <= LARGEST_CONCURRENCY:
        yield "concurrency", f"must be 1 to {LARGEST_CONCURRENCY}"
    if wanted.idle_timeout_s is not None and not 0 <= wanted.idle_timeout_s <= LONGEST_IDLE_S:
        yield "idle_timeout", "must be 0 seconds to 1 hour"
    if not 1 <= wanted.port <= 65535:
        yield "port", "must be 1 to 65535"
    elif wanted.port in RESERVED_PORTS:
        yield "port", f"must not be {wanted.port}, which Knative's own container uses"


def _resource_errors(resources: Resources) -> _Errors:
    yield from _pair_errors(
        "cpu", resources.cpu_request, resources.cpu_limit, _CPU_BOUNDS, "1m to 32", Fraction(1, 1000)
    )
    yield from _pair_errors(
        "memory", resources.memory_request, resources.memory_limit, _MEMORY_BOUNDS, "16Mi to 128Gi", Fraction(1)
    )


def _pair_errors(
    kind: str, request: str, limit: str, bounds: tuple[Fraction, Fraction], range_text: str, step: Fraction
) -> _Errors:
    values = []
    for part, text in (("request", request), ("limit", limit)):
        field = f"resources.{kind}_{part}"
        try:
            value = parse_quantity(text)
        except ValueError as error:
            yield field, str(error)
            continue
        values.append(value)
        if not bounds[0] <= value <= bounds[1]:
            yield field, f"must be {range_text}"
        elif value % step:
            yield field, "is finer than the cluster counts"
    if len(values) == 2 and values[0] > values[1]:
        yield f"resources.{kind}_request", "is more than the limit"


def _domain_errors(domain: str | None, settings: Settings) -> _Errors:
    if domain is None:
        return
    if not domain.isascii():
        yield "custom_domain", "must be written in its ASCII form (xn--…)"
    elif not _is_subdomain(domain) or "." not in domain or domain.rpartition(".")[2].isdigit():
        yield "custom_domain", "is not a full domain name in small letters, such as www.example.com"
    elif _is_under(domain, "cluster.local"):
        yield "custom_domain", "must not be a name inside the cluster"
    elif _is_under(domain, settings.base_domain):
        yield "custom_domain", f"must not be under {settings.base_domain}: apps get their names there by themselves"


def _is_under(domain: str, parent: str) -> bool:
    return domain == parent or domain.endswith(f".{parent}")


def _is_subdomain(name: str) -> bool:
    labels = name.split(".")
    return len(name) <= 253 and all(len(label) <= _LABEL_LENGTH and _DNS_LABEL.fullmatch(label) for label in labels)
