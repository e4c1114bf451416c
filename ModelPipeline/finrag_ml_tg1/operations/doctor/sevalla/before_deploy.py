"""Which checks are made before a deployment, and what each needs of those before it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from finrag_ml_tg1.loaders.ml_config_loader import InspectedConfig
from finrag_ml_tg1.loaders.object_store import split_s3_url
from finrag_ml_tg1.loaders.open_store import open_store
from finrag_ml_tg1.operations.doctor.checks import Check
from finrag_ml_tg1.operations.doctor.clock import check_clock
from finrag_ml_tg1.operations.doctor.index import IndexInStore, check_files, check_index
from finrag_ml_tg1.operations.doctor.s3_access import S3Access
from finrag_ml_tg1.operations.doctor.secrets_file import check_tracking
from finrag_ml_tg1.operations.doctor.sevalla.descriptor_checks import (
    check_descriptor,
    check_location,
    check_ports,
    check_probes,
    left_to_look_at,
)
from finrag_ml_tg1.operations.doctor.sevalla.pair import check_backend_address, check_shared_key
from finrag_ml_tg1.operations.doctor.sevalla.permissions import (
    check_least_privilege,
    check_pod_keys,
    check_store_address,
)
from finrag_ml_tg1.operations.doctor.sevalla.plan import Plan
from finrag_ml_tg1.operations.doctor.sevalla.repository import check_env_files, check_pushed, check_secret_values
from finrag_ml_tg1.operations.doctor.sevalla.sizes import check_backend_size, check_frontend_size
from finrag_ml_tg1.operations.doctor.sevalla.variables import (
    check_legal,
    check_placeholders,
    check_present,
    check_settings,
    check_spare,
)
from finrag_ml_tg1.operations.doctor.store import check_folder_reading, check_s3_reading

__all__ = ["planned_checks"]

_SILENT = "check the network, FINRAG_STORE and AWS_ENDPOINT_URL_S3"
_STORE_S = 10.0


def planned_checks(plan: Plan, *, store_url: str | None = None, writes: bool = False) -> Iterator[Check]:
    """Yield the checks of a planned deployment; `store_url` in place of the one of the variables.

    Nothing is looked at before its turn, and nothing of the store when the descriptor is not valid.
    """
    valid = ("descriptor",)
    yield Check("descriptor", partial(check_descriptor, plan))
    yield Check("ports", partial(check_ports, plan), valid)
    yield Check("probes", partial(check_probes, plan), valid)
    yield Check("back end vars", partial(check_present, plan, "backend"), valid)
    yield Check("front end vars", partial(check_present, plan, "frontend"), valid)
    yield Check("legal values", partial(check_legal, plan), valid)
    yield Check("settings", partial(check_settings, plan), valid)
    yield Check("example values", partial(check_placeholders, plan), valid)
    yield Check("spare variables", partial(check_spare, plan), valid)
    yield Check("BACKEND_URL", partial(check_backend_address, plan), valid)
    yield Check("API key", partial(check_shared_key, plan), valid)
    yield from _repository_checks(plan)
    if plan.is_valid:
        yield from _store_checks(plan, plan.settings("backend"), store_url, writes=writes)
    yield Check("front end size", partial(check_frontend_size, plan), valid)
    yield Check("dashboard", left_to_look_at)


def _repository_checks(plan: Plan) -> Iterator[Check]:
    yield Check("secrets in git", partial(check_tracking, plan.folder))
    yield Check("env files in git", partial(check_env_files, plan))
    yield Check("secret values", partial(check_secret_values, plan), limit_s=8.0)
    yield Check("pushed", partial(check_pushed, plan), limit_s=8.0)


def _store_checks(plan: Plan, inspected: InspectedConfig, store_url: str | None, *, writes: bool) -> Iterator[Check]:
    config = inspected.config
    store = open_store(store_url or config.store, config)
    place = split_s3_url(store.url)
    index = IndexInStore(store)
    access = S3Access(*place, config) if place else None
    yield Check("location", partial(check_location, plan))
    yield Check("store address", partial(check_store_address, store.url))
    yield Check("pod's keys", partial(check_pod_keys, config))
    if access is None:
        yield Check("store", partial(check_folder_reading, store))
    else:
        reading = partial(check_s3_reading, access, store.url, needs_listing=False)
        yield Check("store", reading, ("pod's keys",), _STORE_S, _SILENT)
    yield Check("least privilege", partial(check_least_privilege, access, writes=writes), ("store",), _STORE_S, _SILENT)
    yield Check("clock", partial(check_clock, access), ("store",))
    yield Check("index", partial(check_index, index), ("store",), _STORE_S)
    yield Check("index files", partial(check_files, index, deep=False), ("index",), _STORE_S)
    yield Check("back end size", partial(check_backend_size, plan, index, config), ("index",), _STORE_S)
