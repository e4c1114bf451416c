"""AWS on loopback for Terraform and boto3: moto's server, with the few calls that it lacks and the provider insists on.

`python -m coding_agent.tests.moto_server` serves until it is ended; `moto_server()` does so for tests. One environment
variable, `AWS_ENDPOINT_URL`, then sends every service of Terraform's provider and of boto3 here.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

__all__ = ["client_environment", "moto_server"]

_SERVICES = Path(__file__).resolve().parents[2]


@contextmanager
def moto_server(log: Path | None = None) -> Iterator[str]:
    """Serve an empty account and give its URL, then end the server. `log` takes what it says."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(_SERVICES),
        # AWS has its managed policies in every account, moto only when told so.
        "MOTO_IAM_LOAD_MANAGED_POLICIES": "true",
        # It is sent its own requests; a proxy of the machine must not see them.
        "NO_PROXY": "127.0.0.1",
    }
    environment.pop("AWS_ENDPOINT_URL", None)
    command = [sys.executable, "-m", "coding_agent.tests.moto_server"]
    with (
        log.open("wb") if log else open(os.devnull, "wb") as errors,  # noqa: PTH123
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip()
            if not url:
                raise RuntimeError(f"moto's server ended at once with exit code {server.wait()}")
            yield url
        finally:
            server.kill()


def client_environment(url: str, region: str = "us-east-1") -> dict[str, str]:
    """What sends the AWS clients of a process to that server and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",  # pragma: allowlist secret
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1",
    }


def _add_tags_of_autoscaling() -> None:
    from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse as Responses

    tags: dict[str, dict[str, str]] = {}
    register = Responses.register_scalable_target

    def register_scalable_target(self: Responses) -> str:
        answer = register(self)
        if given := self._get_param("Tags"):
            tags[json.loads(answer)["ScalableTargetARN"]] = given
        return answer

    def list_tags_for_resource(self: Responses) -> str:
        return json.dumps({"Tags": tags.get(self._get_param("ResourceARN"), {})})

    _replace(Responses, register_scalable_target, list_tags_for_resource)


def _add_tags_and_subscribers_of_budgets() -> None:
    from moto.budgets.responses import BudgetsResponse as Responses

    tags: dict[str, list[dict[str, str]]] = {}
    create = Responses.create_budget

    def create_budget(self: Responses) -> str:
        answer = create(self)
        tags[self._get_param("Budget")["BudgetName"]] = self._get_param("ResourceTags") or []
        return answer

    def list_tags_for_resource(self: Responses) -> str:
        return json.dumps({"ResourceTags": tags.get(self._get_param("ResourceARN").rpartition("budget/")[2], [])})

    def describe_subscribers_for_notification(self: Responses) -> str:
        budget = self.backend.budgets[self._get_param("AccountId")][self._get_param("BudgetName")]
        asked = self._get_param("Notification")
        found = [each.subscribers for each in budget.notifications if each.details == asked]
        return json.dumps({"Subscribers": found[0] if found else []})

    _replace(Responses, create_budget, list_tags_for_resource, describe_subscribers_for_notification)


def _add_access_lists_of_memorydb() -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.core.responses import ActionResult
    from moto.memorydb.responses import MemoryDBResponse as Responses

    lists: dict[str, dict[str, Any]] = {}
    tags: dict[str, list[dict[str, str]]] = {}
    list_other_tags = Responses.list_tags

    def asked(self: Responses) -> dict[str, Any]:
        request: dict[str, Any] = json.loads(self.body)
        if "ACLName" in request and request["ACLName"] not in lists:
            raise JsonRESTError("ACLNotFoundFault", f"{request['ACLName']} is not present")
        return request

    def create_acl(self: Responses) -> ActionResult:
        request = json.loads(self.body)
        arn = f"arn:aws:memorydb:{self.region}:{self.current_account}:acl/{request['ACLName']}"
        tags[arn] = request.get("Tags") or []
        lists[request["ACLName"]] = {
            "Name": request["ACLName"],
            "Status": "active",
            "UserNames": request.get("UserNames") or [],
            "MinimumEngineVersion": "6.2",
            "Clusters": [],
            "ARN": arn,
        }
        return ActionResult({"ACL": lists[request["ACLName"]]})

    def describe_acls(self: Responses) -> ActionResult:
        name = asked(self).get("ACLName")
        return ActionResult({"ACLs": [lists[name]] if name else list(lists.values())})

    def delete_acl(self: Responses) -> ActionResult:
        return ActionResult({"ACL": lists.pop(asked(self)["ACLName"])})

    def list_tags(self: Responses) -> ActionResult:
        arn = json.loads(self.body)["ResourceArn"]
        return ActionResult({"TagList": tags[arn]}) if arn in tags else list_other_tags(self)

    _replace(Responses, create_acl, delete_acl, list_tags)
    # The name that moto makes of `DescribeACLs`.
    Responses.describe_ac_ls = describe_acls  # type: ignore[attr-defined]


def _keep_what_memorydb_was_asked_for() -> None:
    from moto.core.responses import ActionResult
    from moto.memorydb.responses import MemoryDBResponse as Responses

    engines: dict[str, dict[str, str]] = {}
    create, describe = Responses.create_cluster, Responses.describe_clusters

    def with_engine(clusters: list[dict[str, Any]]) -> None:
        for cluster in clusters:
            cluster.update(engines.get(cluster["Name"], {}))

    def create_cluster(self: Responses) -> ActionResult:
        request = json.loads(self.body)
        engines[request["ClusterName"]] = {
            name: request[name] for name in ("Engine", "EngineVersion") if name in request
        }
        answer = create(self)
        if request.get("NumReplicasPerShard") == 0:
            cluster = self.memorydb_backend.clusters[request["ClusterName"]]
            cluster.num_replicas_per_shard, cluster.availability_mode = 0, "SingleAZ"
            cluster.shards = cluster.get_shard_details()
        with_engine([cast(Any, answer.result)["Cluster"]])
        return answer

    def describe_clusters(self: Responses) -> ActionResult:
        answer = describe(self)
        with_engine(cast(Any, answer.result)["Clusters"])
        return answer

    _replace(Responses, create_cluster, describe_clusters)


def _replace(responses: type, *methods: Any) -> None:  # noqa: ANN401
    for method in methods:
        setattr(responses, method.__name__, method)


def main() -> None:
    """Serve on a free port of loopback, or the one named, and print the URL as the first line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    port = parser.parse_args().port
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    _add_tags_of_autoscaling()
    _add_tags_and_subscribers_of_budgets()
    _add_access_lists_of_memorydb()
    _keep_what_memorydb_was_asked_for()
    server = make_server(
        "127.0.0.1",
        port,
        DomainDispatcherApplication(create_backend_app),
        threaded=True,
        request_handler=MotoRequestHandler,
    )
    os.environ["MOTO_PORT"] = str(server.server_port)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)  # noqa: T201
    server.serve_forever()


if __name__ == "__main__":
    main()
