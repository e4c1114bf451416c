"""Who may do what: keys, workspaces, roles, sessions, and requests that a browser was made to send."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from scheduler.api.keys import Keys, parse_keys
from scheduler.api.sessions import Sessions
from scheduler.backend import create_app
from scheduler.settings import Settings
from scheduler.settings_reading import ConfigurationError
from scheduler.tests.running_api import KEYS, SECRET, RunningApi, kept_logging, key_of, keys_file, running_api
from scheduler.tests.running_redis import RunningRedis, running_redis

_TRIGGER = {"cron": "*/5 * * * *", "url": "https://shop.example/often"}


@pytest.fixture(scope="module")
def redis() -> Iterator[RunningRedis]:
    with running_redis() as server:
        yield server


@pytest.fixture(scope="module")
def api(redis: RunningRedis, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    with running_api(redis, keys_file=keys_file(tmp_path_factory.mktemp("keys")), session_secret=SECRET) as running:
        yield running


@pytest.fixture(scope="module")
def open_api(redis: RunningRedis) -> Iterator[RunningApi]:
    with running_api(redis, prefix="open") as running:
        yield running


_CLOSED = [
    ("GET", "/api/workspaces/acme/triggers"),
    ("POST", "/api/workspaces/acme/triggers"),
    ("DELETE", "/api/workspaces/acme/triggers"),
    ("DELETE", "/api/workspaces/acme/triggers/acme:dev:0"),
    ("PATCH", "/api/workspaces/acme/triggers/acme:dev:0"),
    ("POST", "/api/workspaces/acme/triggers/acme:dev:0/run"),
    ("GET", "/metrics"),
    ("GET", "/metrics?workspace_id=acme"),
    ("GET", "/metrics/api/acme"),
    ("GET", "/admin/queues"),
    ("GET", "/admin/queues/jobs/1"),
    ("POST", "/admin/queues/jobs/1/remove"),
    ("POST", "/admin/queues/pause"),
    ("POST", "/admin/queues/clean"),
    ("GET", "/admin/queues/schedules"),
    ("POST", "/admin/queues/schedules/acme:dev:0/run"),
    ("GET", "/internal/metrics"),
    ("GET", "/debug/jobs"),
    ("GET", "/nothing"),
]


@pytest.mark.parametrize(("method", "path"), _CLOSED, ids=[f"{method} {path}" for method, path in _CLOSED])
@pytest.mark.parametrize("credential", ["none", "wrong", "basic", "two", "empty"])
def test_nothing_is_open_without_a_key(api: RunningApi, method: str, path: str, credential: str) -> None:
    """SC-11, Original: triggers, dashboards, admin and debug routes were open to everybody."""
    headers = {
        "none": [],
        "wrong": [("Authorization", "Bearer wrong-key-of-somebody")],
        "basic": [("Authorization", f"Basic {key_of('ops')}")],
        "two": [("Authorization", f"Bearer {key_of('ops')}"), ("Authorization", f"Bearer {key_of('ops')}")],
        "empty": [("Authorization", "Bearer")],
    }[credential]
    answer = httpx.request(method, api.url + path, headers=headers, verify=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthorized")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_original_showed_its_dashboards_to_everybody(api: RunningApi) -> None:
    """Original: a handler that never asks who is there; here a browser is sent to the sign-in page."""

    def original(_request: dict[str, str]) -> int:
        return 200

    assert original({}) == 200
    for path in ("/metrics?workspace_id=acme", "/admin/queues"):
        answer = httpx.get(api.url + path, headers={"Accept": "text/html"}, verify=False)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/sign-in?next=/")


@pytest.mark.parametrize("workspace", ["globex", "a", "acm", "acme2", "Acme", "nowhere"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_key_opens_its_own_workspaces_only(api: RunningApi, workspace: str, method: str) -> None:
    """SC-02: refused the same whether the workspace exists or not; no part of a name counts."""
    with api.client("acme") as client:
        answer = client.request(method, f"/api/workspaces/{workspace}/triggers")
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "workspace_not_allowed")
        assert client.get(f"/metrics/api/{workspace}").status_code == 403
        assert client.get("/metrics", params={"workspace_id": workspace}).status_code == 403


@pytest.mark.parametrize("path", ["/admin/queues", "/admin/queues/schedules", "/internal/metrics"])
def test_admin_pages_are_for_admins(api: RunningApi, path: str) -> None:
    """SC-11: a member's key is refused, an admin's is not."""
    with api.client("acme") as member, api.client("ops") as admin:
        assert member.get(path).json()["error"]["code"] == "role_not_allowed"
        assert admin.get(path).status_code == 200


def test_keys_file_is_read_again_when_it_changes(redis: RunningRedis, tmp_path: Path) -> None:
    """SC-11: a key that is taken out ends at once, with its sessions; a broken file leaves the old one in force."""
    path = keys_file(tmp_path)
    with (
        running_api(redis, keys_file=path, session_secret=SECRET, prefix="changing") as api,
        api.client("acme") as client,
        api.person("acme") as person,
    ):
        assert client.get("/api/workspaces/acme/triggers").status_code == 200
        path.write_text("keys: [broken")
        time.sleep(1.3)
        assert client.get("/api/workspaces/acme/triggers").status_code == 200
        keys_file(tmp_path, KEYS[1:])
        deadline = time.monotonic() + 10
        while client.get("/api/workspaces/acme/triggers").status_code == 200:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert person.get("/metrics").status_code == 303


def test_person_signs_in_and_out(api: RunningApi) -> None:
    """SC-11: an API key becomes a cookie that scripts cannot read."""
    with httpx.Client(base_url=api.url, headers={"Accept": "text/html"}, verify=False) as client:
        answer = client.post("/sign-in", data={"key": key_of("acme"), "next": "/metrics?workspace_id=acme"})
        cookie = answer.headers["Set-Cookie"]
        assert answer.headers["Location"] == "/metrics?workspace_id=acme"
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert key_of("acme") not in cookie
        page = client.get("/metrics")
        assert page.status_code == 200
        # The session is for pages: a form of another site could make the browser send it to the API.
        assert client.get("/api/workspaces/acme/triggers").status_code == 401
        token = _token(page.text)
        assert client.post("/sign-out", data={"token": "wrong"}).status_code == 403
        assert client.post("/sign-out", data={"token": token}).status_code == 303
        assert client.get("/metrics").status_code == 303


def test_sign_in_is_refused_with_a_wrong_key(api: RunningApi) -> None:
    """SC-11: on the page, and told in the audit."""
    answer = httpx.post(f"{api.url}/sign-in", data={"key": "wrong"}, verify=False)
    assert answer.status_code == 401
    assert "This key is not known" in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/metrics\r\nX: y",
        "javascript:alert(1)",
        "/apiary",
        "",
    ],
)
def test_sign_in_leads_to_our_own_pages_only(api: RunningApi, back: str) -> None:
    """SC-11: no open redirect."""
    answer = httpx.post(f"{api.url}/sign-in", data={"key": key_of("acme"), "next": back}, verify=False)
    assert answer.headers["Location"] == "/metrics"


def test_session_is_refused_when_it_was_changed_or_is_over() -> None:
    """SC-11: another name, a longer time, another secret, another key of the same name."""
    keys = parse_keys(_keys_text("a" * 64))
    configured = Settings(session_secret=SecretStr(SECRET))
    known = _StaticKeys(keys)
    sessions = Sessions(configured, known)
    cookie = sessions.cookie(keys["main"]).partition(";")[0]
    assert sessions.principal(cookie) is not None
    name, _, value = cookie.partition("=")
    session_id, expires, rest = value.split(".", 2)
    for changed in (
        f"{name}={session_id}.{int(expires) + 9}.{rest}",
        f"{name}={session_id}.{expires}.other.{rest.rpartition('.')[2]}",
        f"{name}={value[:-1]}{'0' if value[-1] != '0' else '1'}",
        f"{name}=é",
        f"{name}=",
        "",
    ):
        assert sessions.principal(changed) is None
    assert Sessions(Settings(session_secret=SecretStr("other" * 10)), known).principal(cookie) is None
    assert Sessions(configured, _StaticKeys(parse_keys(_keys_text("b" * 64)))).principal(cookie) is None
    over = Sessions(Settings(session_secret=SecretStr(SECRET), session_hours=0.00001), known)
    old = over.cookie(keys["main"]).partition(";")[0]
    time.sleep(1.1)
    assert over.principal(old) is None


def test_cookie_in_production_is_bound_to_tls_and_host(tmp_path: Path) -> None:
    """SC-11: __Host- and Secure."""
    configured = Settings(environment="production", keys_file=keys_file(tmp_path), session_secret=SecretStr(SECRET))
    keys = Keys(configured)
    known = keys.by_name("acme")
    assert known is not None
    cookie = Sessions(configured, keys).cookie(known)
    assert cookie.startswith("__Host-scheduler=")
    assert cookie.endswith("; Secure")


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"environment": "production"}, "SCHEDULER_KEYS_FILE: in production"),
        ({"host": "0.0.0.0"}, "listens on this machine alone"),
        ({"keys_file": "/does/not/exist"}, "cannot be read"),
        ({"session_secret": "short"}, "SCHEDULER_SESSION_SECRET"),
        ({"redis_url": "http://127.0.0.1"}, "SCHEDULER_REDIS_URL"),
    ],
    ids=["no-keys-in-production", "open-to-a-network", "no-such-file", "short-secret", "no-redis-address"],
)
def test_api_refuses_to_start(environment: dict[str, object], told: str) -> None:
    """SC-11: rather than to let everybody in."""
    with kept_logging(), pytest.raises(ConfigurationError, match=re.escape(told)):
        create_app(Settings.model_validate(environment))


def test_api_refuses_to_start_in_production_without_a_session_secret(tmp_path: Path) -> None:
    """SC-11: replicas would not know each other's sessions."""
    with kept_logging(), pytest.raises(ConfigurationError, match="SCHEDULER_SESSION_SECRET"):
        create_app(Settings(environment="production", keys_file=keys_file(tmp_path)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("keys: []", "keys"),
        ("[", "not YAML"),
        ("keys: [{name: 2026-13-45}]", "not YAML"),
        ("[" * 3000, "not YAML"),
        ("keys: [{name: a, sha256: abc, workspaces: [a]}]", "sha256"),
        (f"keys: [{{name: a, sha256: {'a' * 64}}}]", "workspaces"),
        (f"keys: [{{name: a, sha256: {'a' * 64}, workspaces: [a, '*']}}]", "workspaces"),
        (f"keys: [{{name: a, sha256: {'a' * 64}, workspaces: [a], role: admin}}]", "admin"),
        (f"keys: [{{name: a, sha256: {'a' * 64}, workspaces: [a], key: x}}]", "not known"),
        (
            "keys:" + "".join(f"\n- {{name: {name}, sha256: {'a' * 64}, workspaces: [a]}}" for name in "ab"),
            "twice",
        ),
    ],
    ids=[
        "empty",
        "no-yaml",
        "no-date",
        "deep",
        "digest",
        "no-workspaces",
        "star-and-more",
        "admin-of-one",
        "unknown-field",
        "twice",
    ],
)
def test_keys_file_is_refused(text: str, told: str) -> None:
    """SC-11: every mistake in words, without values."""
    with pytest.raises(ConfigurationError) as refused:
        parse_keys(text)
    assert told in str(refused.value)
    assert "a" * 64 not in str(refused.value)


def test_without_keys_whoever_is_on_this_machine_may_do_everything(open_api: RunningApi) -> None:
    """SC-11: for trying it out in development."""
    with open_api.client("") as client:
        assert client.post("/api/workspaces/acme/triggers", json={"triggers": [_TRIGGER]}).status_code == 200
        page = client.get("/admin/queues")
        assert page.status_code == 200
        assert "Sign out" not in page.text
        # Our own pages' forms work.
        form = {"token": _token(client.get("/admin/queues/pause").text)}
        assert client.post("/admin/queues/pause", data=form, headers={"Origin": open_api.url}).status_code == 303
        assert client.post("/admin/queues/resume", data=form, headers={"Origin": open_api.url}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "localhost.evil.example:80"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[x"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
    ],
    ids=[
        "rebinding",
        "rebinding-prefix",
        "no-host",
        "other-origin",
        "sandboxed",
        "no-url",
        "cross-site",
        "proxy",
        "proxy-rfc",
    ],
)
@pytest.mark.parametrize("path", ["/health", "/api/workspaces/acme/triggers", "/admin/queues"])
def test_without_keys_nobody_else_is_served(open_api: RunningApi, headers: dict[str, str], path: str) -> None:
    """SC-11: neither a page that a browser here shows, nor a name that was made to lead here, nor through a proxy."""
    answer = httpx.get(open_api.url + path, headers=headers, verify=False)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "local_only")


def test_changes_and_refusals_are_audited_without_values(api: RunningApi) -> None:
    """SC-11: who, what, where, with which outcome."""
    with api.client("acme") as client:
        trigger = {**_TRIGGER, "headers": {"X-Token": "never-in-a-log-4242"}}
        client.post("/api/workspaces/acme/triggers", json={"triggers": [trigger]})
        client.patch("/api/workspaces/acme/triggers/acme:dev:0", json={"enabled": False})
    httpx.get(f"{api.url}/metrics/api/acme", headers={"Authorization": "Bearer never-in-a-log-4242"}, verify=False)
    deadline = time.monotonic() + 10
    while not any(line["action"] == "authenticate" for line in api.log.of("scheduler.audit")[-3:]):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    done = [
        line for line in api.log.of("scheduler.audit") if line.get("subject") == "acme" and line["outcome"] == "allowed"
    ]
    replaced = next(line for line in done if "post /api" in str(line["action"]))
    assert replaced["workspace"] == "acme"
    patched = next(line for line in done if "patch /api" in str(line["action"]))
    assert patched["target"] == "acme:dev:0"
    assert "never-in-a-log-4242" not in str([vars(record) for record in api.log.records])


class _StaticKeys(Keys):
    def __init__(self, by_name: object) -> None:
        super().__init__(Settings())
        self._by_name = by_name  # type: ignore[assignment]


def _keys_text(digest: str) -> str:
    return f"keys: [{{name: main, sha256: {digest}, workspaces: [acme]}}]"


def _token(page: str) -> str:
    found = re.search(r'name="token" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]
