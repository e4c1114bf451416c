"""Checks that the pod's keys are there, and may do no more than a pod must: read, and write logs and feedback."""

from __future__ import annotations

import secrets

from finrag_ml_tg1.loaders.ml_config import MLConfig
from finrag_ml_tg1.loaders.object_store import split_s3_url
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, skipped, warning
from finrag_ml_tg1.operations.doctor.s3_access import S3Access
from finrag_ml_tg1.operations.doctor.sevalla.dashboard import VARIABLES

__all__ = ["POLICIES", "check_least_privilege", "check_pod_keys", "check_store_address"]

# Reading what is below index/; writing below logs/ and feedback/.
POLICIES = ("deploy/policies/pod-reader.json", "deploy/policies/pod-logs.json")
_BOTH = " and ".join(POLICIES)
_WRITTEN = ("logs/doctor/pod", "feedback/doctor/pod")
_GUARDED = ("index", "raw", "doctor")


def check_store_address(url: str) -> Finding:
    """Look whether the store outlives a pod."""
    if split_s3_url(url) is None:
        return failed(
            f"{url} is a folder: a pod's disk is emptied by every restart and deployment",
            f"finrag publish --store {url} --to s3://BUCKET/finrag",
            f"FINRAG_STORE=s3://BUCKET/finrag: {VARIABLES}",
        )
    return ok(url)


def check_pod_keys(config: MLConfig) -> Finding:
    """Look whether the keys come from the variables: a pod has no profile, and the ones of this machine stay here."""
    if config.aws_access_key_id is None or config.aws_secret_access_key is None:
        return failed(
            "the variables have no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and a pod has no profile or role",
            f"make keys of a user with {_BOTH}, and paste them: {VARIABLES}",
        )
    if config.aws_session_token is not None:
        return warning("the keys are temporary: the pod loses the store within hours", "use a user's own keys")
    return ok("the pod has keys of its own")


def check_least_privilege(access: S3Access | None, *, writes: bool) -> Finding:
    """Try with the pod's keys what they must be able to write and what they must not; needs `writes` to do so.

    What was written is removed again; what these keys cannot remove is named.
    """
    if access is None or not writes:
        return _not_tried(access)
    open_folders: list[str] = []
    closed: list[str] = []
    left: list[str] = []
    for folder in _GUARDED:
        key = f"{folder}/finrag-doctor-{secrets.token_hex(8)}"
        put = access.put(key, b"finrag doctor\n")
        if put.error is None:
            open_folders.append(f"{folder}/")
            if access.delete(key).error is not None:
                left.append(key)
        elif not put.is_denied:
            return failed(str(put.error), *_to_remove(left))
    # An object of a fixed name: the keys may not be allowed to delete, and then one stays, not one of each time.
    for key in _WRITTEN:
        put = access.put(key, b"finrag doctor\n")
        if put.is_denied:
            closed.append(f"{key.split('/')[0]}/")
        elif put.error is not None and not put.is_lost_condition:
            return failed(str(put.error), *_to_remove(left))
        elif access.delete(key).error is not None:
            left.append(key)
    if open_folders:
        return warning(
            f"the pod's keys may write below {', '.join(open_folders)}: who has them can replace the index",
            f"give their user {_BOTH}, and no other",
            *_to_remove(left),
        )
    if closed:
        return warning(
            f"the keys may not write below {', '.join(closed)}: what is asked, or said about answers, is not kept",
            f"if that is not meant, add {POLICIES[1]} to their user",
            *_to_remove(left),
        )
    stays = f"; these keys remove nothing, so {' and '.join(left)} stay there" if left else ""
    return ok(f"the keys write below logs/ and feedback/, and nowhere else{stays}")


def _to_remove(left: list[str]) -> tuple[str, ...]:
    return (f"remove {', '.join(left)}, which these keys cannot",) if left else ()


def _not_tried(access: S3Access | None) -> Finding:
    if access is None:
        return skipped("a folder has no permissions of this kind")
    return skipped("not tried", "`--write` tries to put small objects where a pod must not, and removes them again")
