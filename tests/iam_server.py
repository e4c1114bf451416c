"""Users of the S3 server with the policies that are handed out, and a server that keeps to them.

moto checks signatures, actions and resources. Of conditions it knows StringEquals alone and gives S3's no values, so
`s3:prefix` with StringLike, the one these policies use, is added here; any other condition is an error of the test.
So is that S3 answers 403 for a missing object to who may not list the bucket, a condition on the prefix not met.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pytest
from moto.iam.access_control import IAMPolicyStatement, S3IAMRequest
from moto.s3.models import s3_backends

__all__ = ["IamServer", "S3Request", "enforced"]

POLICIES = Path(__file__).parents[1] / "deploy" / "policies"


@dataclass(frozen=True, slots=True)
class S3Request:
    """What was asked, with which key: the action as policies name it, and the object, or for a listing the prefix."""

    action: str
    key: str
    access_key: str


@dataclass(slots=True)
class IamServer:
    """A server at `endpoint` whose users may do what their policies allow; `requests` are those of S3, in order."""

    endpoint: str
    bucket: str
    prefix: str
    requests: list[S3Request] = field(default_factory=list)

    def keys_for(self, *policies: str) -> dict[str, str]:
        """Make a user with these policies of the repository; return the settings that reach the server as that user.

        To be called before anything is `enforced`.
        """
        texts = [(POLICIES / f"{name}.json").read_text() for name in policies]
        return self._user([text.replace("BUCKET", self.bucket).replace("PREFIX", self.prefix) for text in texts])

    def owners_keys(self) -> dict[str, str]:
        """As `keys_for`, of a user who may do everything."""
        statement = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
        return self._user([json.dumps({"Version": "2012-10-17", "Statement": [statement]})])

    def _user(self, documents: list[str]) -> dict[str, str]:
        session = boto3.session.Session("testing", "testing-secret", region_name="us-east-1")
        name = f"user-{uuid.uuid4().hex}"
        with closing(session.client("iam", endpoint_url=self.endpoint)) as iam:
            iam.create_user(UserName=name)
            for number, document in enumerate(documents):
                iam.put_user_policy(UserName=name, PolicyName=f"policy-{number}", PolicyDocument=document)
            key = iam.create_access_key(UserName=name)["AccessKey"]
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            "AWS_REGION": "us-east-1",
        }


@contextmanager
def enforced(server: IamServer) -> Iterator[None]:
    """Keep to the policies until the block ends. The server is this process's, and so is what is asked meanwhile."""
    asked = threading.local()
    check = S3IAMRequest.check_action_permitted

    def noting(self: S3IAMRequest, resource: str) -> None:
        asked.prefix = parse_qs(urlsplit(self._path).query).get("prefix", [""])[0]
        key = resource.partition(f":::{server.bucket}/")[2] or asked.prefix
        asker = self._access_key._access_key_id
        server.requests.append(S3Request(self._action, key.removeprefix(f"{server.prefix}/"), asker))
        check(self, resource)
        objects = s3_backends[self.account_id]["aws"]
        if self._action == "s3:GetObject" and objects.get_object(server.bucket, key) is None:
            self._action, asked.prefix = "s3:ListBucket", None
            check(self, f"arn:aws:s3:::{server.bucket}")

    def meets_conditions(self: IAMPolicyStatement, values: Mapping[str, str] | None) -> bool:
        match self._statement.get("Condition"):
            case None:
                return True
            case {"StringLike": {"s3:prefix": [*patterns]}}:
                return asked.prefix is not None and any(fnmatchcase(asked.prefix, pattern) for pattern in patterns)
        raise AssertionError("a condition that this server does not know")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3IAMRequest, "check_action_permitted", noting)
        patch.setattr(IAMPolicyStatement, "_check_conditions", meets_conditions)
        reset = f"{server.endpoint}/moto-api/reset-auth"
        httpx.post(reset, content=b"0", trust_env=False)
        try:
            yield
        finally:
            httpx.post(reset, content=b"inf", trust_env=False)
