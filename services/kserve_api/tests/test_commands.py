"""`python -m kserve_api …` as it is called: against the running API, and the doctor against the fake cluster."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from kserve_api.__main__ import kserve_api
from kserve_api.api.tenants import parse_tenants
from kserve_api.settings import Settings
from kserve_api.tests.running_api import IMAGE, RunningApi, key_of, running_api
from kserve_api.tests.running_doctor import controllers_of, deploy, healthy_cluster

_REPOSITORY = IMAGE.partition(":")[0]


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with running_api() as running:
        yield running


def _call(api: RunningApi, *arguments: str, tenant: str = "acme", key: str = "main", **variables: str) -> Result:
    environment = {"KSERVE_API_URL": api.url, "KSERVE_API_KEY": key_of(tenant, key), **variables}
    done = CliRunner().invoke(kserve_api, list(arguments), env=environment)
    api.cluster.settle()
    return done


def test_an_app_is_deployed_looked_at_and_deleted(api: RunningApi) -> None:
    """KS-10: deploy, list, status, logs, restart, rollback, delete do what their names say, by the running API."""
    done = _call(api, "deploy", "shop", "--image", IMAGE, "--env", "A=1=2", "--wait")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[:2] == ["shop in team-a: created", "https://shop.calvinruntime.net"]

    listed = _call(api, "list")
    assert listed.stdout.splitlines()[0].split() == ["NAME", "READY", "URL"]
    assert ["shop", "yes", "https://shop.calvinruntime.net"] in [line.split() for line in listed.stdout.splitlines()]

    shown = _call(api, "status", "shop")
    assert shown.exit_code == 0
    assert "shop in team-a: ready" in shown.stdout
    assert re.search(r"^shop-predictor-00001 +yes +100 % ", shown.stdout, re.MULTILINE)
    assert re.search(r"^variables +A$", shown.stdout, re.MULTILINE)

    assert "listening on 0.0.0.0:8080" in _call(api, "logs", "shop", "--tail", "5").stdout

    assert _call(api, "restart", "shop", "--wait").exit_code == 0
    assert "shop-predictor-00002" in _call(api, "status", "shop").stdout
    back = _call(api, "rollback", "shop", "--revision", "shop-predictor-00001")
    assert back.exit_code == 0, back.stderr

    gone = _call(api, "delete", "shop", "--yes", "--wait")
    assert (gone.exit_code, gone.stdout) == (0, "shop in team-a: deleted\n")
    missing = _call(api, "status", "shop")
    assert missing.exit_code == 1
    assert missing.stderr.startswith("GET /models/team-a/shop: HTTP 404: ")


def test_only_what_is_named_is_changed(api: RunningApi) -> None:
    """Limits: a second deployment that names the image alone keeps scale and variables."""
    first = ("--max-scale", "3", "--env", "A=1", "--idle-timeout", "5m", "--port", "9000")
    assert _call(api, "deploy", "keeps", "--image", IMAGE, *first).exit_code == 0

    assert _call(api, "deploy", "keeps", "--image", f"{_REPOSITORY}:2.0").exit_code == 0

    shown = json.loads(_call(api, "status", "keeps", "--json").stdout)
    assert (shown["image"], shown["max_scale"], shown["port"]) == (f"{_REPOSITORY}:2.0", 3, 9000)
    assert (shown["idle_timeout_s"], shown["env_names"]) == (300, ["A"])


def test_an_app_has_its_addresses(api: RunningApi) -> None:
    """URLs: https://{app}.{domain} and the predictor's are told, and a custom domain leads to it, too."""
    more = ("--custom-domain", "shop.acme.example", "--wait", "--json")

    told = json.loads(_call(api, "deploy", "known", "--image", IMAGE, *more).stdout)

    assert told["url"] == "https://known.calvinruntime.net"
    assert "known-predictor" in told["predictor_url"]
    for host in ("known.calvinruntime.net", "shop.acme.example"):
        assert _status(api, host) == 200


def _status(api: RunningApi, host: str) -> int:
    return api.cluster.call(lambda _: controllers_of(api.cluster).request(host).status)


def test_a_deployment_comes_from_a_file_and_options_go_before_it(api: RunningApi, tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(yaml.safe_dump({"name": "filed", "image": IMAGE, "max_scale": 2, "min_scale": 1}))

    done = _call(api, "deploy", "-f", str(file), "--max-scale", "4", "--json")

    assert json.loads(done.stdout)["action"] == "created"
    shown = json.loads(_call(api, "status", "filed", "--json").stdout)
    assert (shown["min_scale"], shown["max_scale"]) == (1, 4)


def test_a_secret_comes_from_the_environment_and_is_never_shown(api: RunningApi) -> None:
    value = "v4lue-" * 4

    done = _call(api, "deploy", "hidden", "--image", IMAGE, "--secret-env", "TOKEN", TOKEN=value)

    assert done.exit_code == 0
    shown = _call(api, "status", "hidden")
    assert "TOKEN (secret)" in shown.stdout
    assert value not in done.output + shown.output + _call(api, "status", "hidden", "--json").output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("deploy", "shop"), "what to deploy is not said: image"),
        (("deploy", "shop", "--image", "i", "--env", "A"), "--env A: write NAME=VALUE"),
        (("deploy", "shop", "--image", "i", "--secret-env", "NOT_SET_HERE"), "--secret-env NOT_SET_HERE: set a variab"),
        (("logs", "shop", "--follow", "--previous"), "--follow goes with --tail and --namespace only"),
        (("status", "../shop"), "no name of an app or namespace"),
    ],
    ids=["no image", "no value", "secret not set", "follow", "name"],
)
def test_what_cannot_be_meant_is_not_sent(api: RunningApi, arguments: tuple[str, ...], told: str) -> None:
    done = _call(api, *arguments)

    assert done.exit_code == 2
    assert told in done.stderr
    assert "Traceback" not in done.output


def test_a_refusal_is_one_line_with_its_reason_and_the_requests_id(api: RunningApi) -> None:
    done = _call(api, "deploy", "shop", "--image", "docker.io/library/nginx:1")

    assert done.exit_code == 1
    first, second = done.stderr.splitlines()
    assert first.startswith("POST /deploy: HTTP 422: ")
    assert re.fullmatch(r"  request [-0-9a-zA-Z]+", second)


def test_an_app_that_does_not_start_shows_its_conditions(api: RunningApi) -> None:
    """Trouble app-wont-start-crash: `deploy --wait` says why."""
    done = _call(api, "deploy", "crashes", "--image", f"{_REPOSITORY}:crash", "--wait")

    assert done.exit_code == 1
    assert "DATABASE_URL is not set" in done.stderr


def test_an_api_that_is_not_there_is_told_with_its_own_exit_code(
    api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("random.uniform", lambda *_: 0.0)  # The pauses between tries.

    assert _call(api, "list", KSERVE_API_URL="").exit_code == 2
    done = _call(api, "list", KSERVE_API_URL="http://127.0.0.1:9")

    assert done.exit_code == 2
    assert "ConnectError" in done.stderr


def test_a_reader_may_look_and_not_deploy(api: RunningApi) -> None:
    assert _call(api, "list", key="read").exit_code == 0
    done = _call(api, "deploy", "shop", "--image", IMAGE, key="read")
    assert done.exit_code == 1
    assert "HTTP 403" in done.stderr


def test_an_administrator_looks_at_a_tenants_apps(api: RunningApi) -> None:
    assert _call(api, "deploy", "theirs", "--image", IMAGE, tenant="globex").exit_code == 0

    done = _call(api, "list", tenant="ops", KSERVE_API_TENANT="globex")

    assert "theirs" in done.stdout


def test_a_deletion_that_is_not_confirmed_does_nothing(api: RunningApi) -> None:
    assert _call(api, "deploy", "stays", "--image", IMAGE).exit_code == 0

    assert _call(api, "delete", "stays").exit_code == 1

    assert _call(api, "status", "stays").exit_code == 0


def test_a_followed_log_is_shown_until_the_app_is_gone(api: RunningApi) -> None:
    """KS-10: view logs as they come."""
    assert _call(api, "deploy", "followed", "--image", IMAGE, "--wait").exit_code == 0
    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(_call, api, "logs", "followed", "--follow", "--tail", "10")
        deadline = time.monotonic() + 30
        while not _is_followed(api) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert _call(api, "delete", "followed", "--yes").exit_code == 0
        done = following.result(timeout=60)

    assert done.exit_code == 0, done.stderr
    assert "listening on 0.0.0.0:8080" in done.stdout
    assert "Traceback" not in done.output


def _is_followed(api: RunningApi) -> bool:
    with api.client("ops") as operator:
        return "kserve_api_open_streams 1.0" in operator.get("/metrics").text


def test_a_log_of_an_app_that_is_not_there_cannot_be_followed(api: RunningApi) -> None:
    done = _call(api, "logs", "nobody", "--follow")

    assert done.exit_code == 1
    assert "HTTP 404" in done.stderr


def test_a_made_key_opens_the_api_by_its_digest_alone() -> None:
    done = CliRunner().invoke(kserve_api, ["key", "ci"])
    made = done.stderr.split()[-1]

    assert done.exit_code == 0
    assert made not in done.stdout
    (entry,) = yaml.safe_load(done.stdout)
    assert entry == {"name": "ci", "sha256": hashlib.sha256(made.encode()).hexdigest()}
    text = yaml.safe_dump({"tenants": [{"name": "acme", "namespaces": ["team-a"], "keys": [entry]}]})
    assert parse_tenants(text, Settings()).by_name["acme"].keys[0].name == "ci"
    assert CliRunner().invoke(kserve_api, ["key", "ci"]).stderr.split()[-1] != made


def test_the_doctor_prints_each_check_with_its_cause_what_to_do_and_a_command() -> None:
    """KS-10: the doctor as it is called; exit code 1 when something is wrong."""
    with healthy_cluster() as cluster:
        deploy(cluster, "crash")
        environment = {"KSERVE_API_KUBECONFIG": str(cluster.kubeconfig("kserve-api/kserve-api"))}

        done = CliRunner().invoke(kserve_api, ["doctor", "--app", "shop"], env=environment)
        as_json = CliRunner().invoke(kserve_api, ["doctor", "--app", "shop", "--json"], env=environment)

    assert done.exit_code == as_json.exit_code == 1
    lines = done.stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("fail     container"))
    assert "exit code 1" in lines[at]
    assert lines[at + 1].strip() == "-> see its last lines below"
    assert lines[at + 2].strip().startswith("$ kubectl logs shop-predictor-00001-")
    assert any(line.strip() == "| RuntimeError: DATABASE_URL is not set" for line in lines)
    assert re.fullmatch(r"\d+ ok, \d+ warn, \d+ fail, \d+ unknown", lines[-1])
    found = {each["check"]: each for each in json.loads(as_json.stdout)}
    assert found["container"]["state"] == "fail"
    assert set(found["container"]) == {"check", "state", "cause", "fix", "command", "lines"}


@pytest.mark.parametrize(
    "variables",
    [
        {"KSERVE_API_KUBECONFIG": "/nowhere/kubeconfig"},
        {"KSERVE_API_PORT": "many"},
    ],
    ids=["no kubeconfig", "a wrong setting"],
)
def test_a_doctor_that_cannot_run_says_so_in_a_line(variables: dict[str, str]) -> None:
    done = CliRunner().invoke(kserve_api, ["doctor"], env=variables)

    assert done.exit_code == 2
    assert done.stderr.startswith(("The doctor cannot run: The kubeconfig", "The doctor cannot run: KSERVE_API_PORT"))
    assert len(done.stderr.splitlines()) == 1
