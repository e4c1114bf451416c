"""Which checks are made of an installation, in which order, and what each needs of those before it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from finrag_ml_tg1.loaders.cache import DiskCache
from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.ml_config_loader import InspectedConfig
from finrag_ml_tg1.loaders.object_store import ObjectStore, split_s3_url
from finrag_ml_tg1.operations.doctor.backend import check_backend, check_backend_key
from finrag_ml_tg1.operations.doctor.cache import check_cache_folder, check_cache_size, check_cached_files
from finrag_ml_tg1.operations.doctor.checks import Check
from finrag_ml_tg1.operations.doctor.clock import check_clock
from finrag_ml_tg1.operations.doctor.credentials import check_credentials
from finrag_ml_tg1.operations.doctor.index import (
    IndexInStore,
    check_encoder,
    check_files,
    check_index,
    check_versions,
)
from finrag_ml_tg1.operations.doctor.machine_limits import is_container, read_limits
from finrag_ml_tg1.operations.doctor.memory import check_machine, check_memory, check_open_files
from finrag_ml_tg1.operations.doctor.models import ChosenModel, check_model, check_model_address
from finrag_ml_tg1.operations.doctor.outside import check_sec_contact, check_vector_engine
from finrag_ml_tg1.operations.doctor.s3_access import S3Access
from finrag_ml_tg1.operations.doctor.secrets_file import check_readers, check_tracking
from finrag_ml_tg1.operations.doctor.settings import (
    check_aws_endpoint,
    check_examples,
    check_key,
    check_names,
    check_port,
    check_previous_key,
    check_values,
)
from finrag_ml_tg1.operations.doctor.store import (
    check_folder_reading,
    check_folder_writing,
    check_s3_reading,
    check_s3_writing,
    not_written,
)

__all__ = ["Installation", "installation_checks"]

_INDEX_SECONDS = 10.0
_DEEP_SECONDS = 900.0


@dataclass(frozen=True, slots=True)
class Installation:
    """What is examined: the settings, the folder they were read in, the store, and how to learn the chosen model.

    With `writes` an object is put into the store and removed again; with `is_deep` every file of the index is read.
    """

    inspected: InspectedConfig
    folder: Path
    store: ObjectStore
    choose_model: Callable[[], ChosenModel | None]
    writes: bool = False
    is_deep: bool = False


def installation_checks(installation: Installation) -> list[Check]:
    """Return all checks of an installation; nothing is looked at yet."""
    place = split_s3_url(installation.store.url)
    access = S3Access(*place, installation.inspected.config) if place else None
    index = IndexInStore(installation.store)
    return [
        *_settings_checks(installation),
        *_store_checks(installation, access),
        *_index_checks(installation, index),
        *_machine_checks(installation, index),
        *_outside_checks(installation, index),
    ]


def _settings_checks(installation: Installation) -> list[Check]:
    inspected, folder = installation.inspected, installation.folder
    config = inspected.config
    container = is_container()
    return [
        Check("settings", partial(check_values, inspected)),
        Check("unknown settings", partial(check_names, inspected)),
        Check("example values", partial(check_examples, config)),
        Check("secrets file", partial(check_readers, folder)),
        Check("secrets in git", partial(check_tracking, folder)),
        Check("API key", partial(check_key, config, is_container=container)),
        Check("earlier API key", partial(check_previous_key, config)),
        Check("port", partial(check_port, config, is_container=container)),
        Check("AWS endpoint", partial(check_aws_endpoint, os.environ, uses_bedrock=_uses_bedrock(config))),
    ]


def _store_checks(installation: Installation, access: S3Access | None) -> list[Check]:
    store = installation.store
    silent = "check the network (a firewall that drops packets?), FINRAG_STORE and AWS_ENDPOINT_URL_S3"
    if access is None:
        reading = Check(
            "store", partial(check_folder_reading, store), if_silent="the file system hangs: look at its mount"
        )
        writes = partial(check_folder_writing, store)
    else:
        reading = Check("store", partial(check_s3_reading, access, store.url), ("credentials",), 10.0, silent)
        writes = partial(check_s3_writing, access)
    asks_aws = access is not None or _uses_bedrock(installation.inspected.config)
    credentials = Check("credentials", partial(check_credentials, installation.inspected), limit_s=6.0)
    return [
        *([credentials] if asks_aws else []),
        reading,
        Check("store writing", writes if installation.writes else not_written, ("store",), 10.0, silent),
        Check("clock", partial(check_clock, access)),
    ]


def _index_checks(installation: Installation, index: IndexInStore) -> list[Check]:
    config, store = installation.inspected.config, installation.store
    cache = DiskCache(Path(config.cache_dir), store, config.cache_bytes)
    is_folder = split_s3_url(store.url) is None
    limit_s = _DEEP_SECONDS if installation.is_deep else _INDEX_SECONDS
    return [
        Check("cache folder", partial(check_cache_folder, config), if_silent="the disk hangs: set FINRAG_CACHE_DIR"),
        Check("index", partial(check_index, index), ("store",), _INDEX_SECONDS),
        Check("index files", partial(check_files, index, deep=installation.is_deep), ("index",), limit_s),
        Check("index versions", partial(check_versions, index), ("index", "index files"), _INDEX_SECONDS),
        Check("encoder", partial(check_encoder, index, cache), ("index", "index files", "cache folder"), limit_s),
        Check("cache size", partial(check_cache_size, index, config, is_folder=is_folder), ("index", "cache folder")),
        Check("cached files", partial(check_cached_files, index, config), ("cache size",)),
    ]


def _machine_checks(installation: Installation, index: IndexInStore) -> list[Check]:
    limits = read_limits()
    return [
        Check("memory", partial(check_memory, index, installation.inspected.config, limits), ("index",)),
        Check("machine", partial(check_machine, limits, os.environ)),
        Check("open files", check_open_files),
    ]


def _outside_checks(installation: Installation, index: IndexInStore) -> list[Check]:
    config, choose = installation.inspected.config, installation.choose_model
    return [
        Check("model", lambda: check_model(choose(), config)),
        Check("model address", lambda: check_model_address(choose(), config), ("model",)),
        Check("vector engine", partial(check_vector_engine, index, config), ("index",)),
        Check("back end", partial(check_backend, config), limit_s=6.0),
        Check("back end key", partial(check_backend_key, config), ("back end",), 6.0),
        Check("SEC contact", partial(check_sec_contact, config)),
    ]


def _uses_bedrock(config: MLConfig) -> bool:
    return config.model not in {"extractive", "openai", "development"}
