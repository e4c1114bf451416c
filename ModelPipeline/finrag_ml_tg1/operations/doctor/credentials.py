"""Which credentials AWS is asked with: where they come from, never what they are."""

from __future__ import annotations

import os
from collections.abc import Mapping

from botocore.exceptions import BotoCoreError

from finrag_ml_tg1.loaders.aws_session import open_session
from finrag_ml_tg1.loaders.ml_config_loader import InspectedConfig
from finrag_ml_tg1.operations.doctor.checks import Finding, failed, ok, warning

__all__ = ["check_credentials"]

_SOURCES = {
    "env": "the environment",
    "shared-credentials-file": "AWS's credentials file",
    "config-file": "AWS's config file",
    "iam-role": "the role of this machine",
    "container-role": "the role of this container",
    "assume-role": "an assumed role of a profile",
    "assume-role-with-web-identity": "a role by web identity",
    "sso": "single sign-on",
    "custom-process": "a program named in AWS's config file",
}


def check_credentials(inspected: InspectedConfig, environ: Mapping[str, str] = os.environ) -> Finding:
    """Look where boto3 takes the credentials from; it may ask the machine's metadata service, but not AWS."""
    profile = environ.get("AWS_PROFILE")
    named = f" (AWS_PROFILE={profile})" if profile else ""
    try:
        session = open_session(inspected.config)
        credentials, region = session.get_credentials(), session.region_name
    except BotoCoreError as error:
        return failed(
            f"boto3 cannot use what it is given{named}: {type(error).__name__}",
            "check AWS_PROFILE and ~/.aws/config, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if credentials is None:
        return failed(
            f"boto3 finds no credentials{named}",
            "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in .aws_secrets/aws_credentials.env or the environment, "
            "or give this machine a profile or a role",
        )
    place = inspected.sources.get("AWS_ACCESS_KEY_ID") or _SOURCES.get(credentials.method, credentials.method)
    kind = ", temporary" if credentials.token else ""
    if not region and inspected.config.aws_endpoint_url_s3 is None:
        return warning(f"from {place}{named}{kind}; AWS_REGION is not set", "set AWS_REGION to the bucket's region")
    return ok(f"from {place}{named}{kind}")
