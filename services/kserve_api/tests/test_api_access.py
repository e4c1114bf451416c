"""Who gets in, and where (KS-08)."""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from kserve_api.tests.running_api import IMAGE, TENANTS, RunningApi, key_of, running_api, tenants_file

_ISSUER = "https://login.example"
_KEYS: dict[str, tuple[str, Any]] = {
    "rsa": ("RS256", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
    "ec": ("ES256", ec.generate_private_key(ec.SECP256R1())),
    "ed": ("EdDSA", ed25519.Ed25519PrivateKey.generate()),
}
_STRANGER = ed25519.Ed25519PrivateKey.generate()


def _jwks() -> dict[str, Any]:
    writers: dict[str, Any] = {"rsa": RSAAlgorithm, "ec": ECAlgorithm, "ed": OKPAlgorithm}
    keys = [
        {**json.loads(writers[name].to_jwk(key.public_key())), "kid": name, "use": "sig"}
        for name, (_, key) in _KEYS.items()
    ]
    return {"keys": keys}


def _token(
    kid: str = "ed",
    *,
    key: Any = None,  # noqa: ANN401 a private key of any kind
    algorithm: str | None = None,
    without: str = "",
    **changed: object,
) -> str:
    now = int(time.time())
    claims = {"iss": _ISSUER, "aud": "kserve-api", "exp": now + 300, "nbf": now - 5, "tenant": "acme", "sub": "ci"}
    claims = {name: value for name, value in {**claims, **changed}.items() if name != without}
    usual, own = _KEYS[kid]
    return jwt.encode(claims, key or own, algorithm=algorithm or usual, headers={"kid": kid})


def _hmac_token(key: bytes) -> str:
    now = int(time.time())
    claims = {"iss": _ISSUER, "aud": "kserve-api", "exp": now + 60, "nbf": now, "tenant": "acme"}
    parts = ({"alg": "HS256", "typ": "JWT", "kid": "rsa"}, claims)
    signed = b".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts)
    signature = base64.urlsafe_b64encode(hmac.digest(key, signed, "sha256")).rstrip(b"=")
    return (signed + b"." + signature).decode()


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    keys_file = tmp_path_factory.mktemp("keys") / "jwks.json"
    keys_file.write_text(json.dumps(_jwks()))
    settings = {"jwt_issuer": _ISSUER, "jwt_keys_file": keys_file, "trusted_proxies": ("127.0.0.1",)}
    with running_api(settings=settings) as running:
        yield running


def _status(api: RunningApi, **headers: str) -> int:
    with api.anonymous(**headers) as client:
        return client.get("/models").status_code


def test_a_key_opens_in_either_header(api: RunningApi) -> None:
    """KS-08: X-API-Key or Authorization: Bearer."""
    assert _status(api, x_api_key=key_of("acme")) == 200
    assert _status(api, authorization=f"Bearer {key_of('acme')}") == 200
    assert _status(api, authorization=f"bearer {key_of('acme', 'read')}") == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x_api_key": ""},
        {"x_api_key": "wrong"},
        {"x_api_key": key_of("acme")[:-1]},
        {"x_api_key": key_of("acme"), "authorization": f"Bearer {key_of('acme')}"},
        {"authorization": key_of("acme")},
        {"authorization": f"Basic {key_of('acme')}"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer a.b.c"},
        {"authorization": f"Bearer {key_of('nobody')}"},
    ],
    ids=["none", "empty", "wrong", "short", "both", "no-scheme", "basic", "no-token", "no-jwt", "other"],
)
def test_without_a_valid_credential_the_answer_is_always_the_same(api: RunningApi, headers: dict[str, str]) -> None:
    """KS-08: 401, and never which part was wrong."""
    told = []
    for given in (headers, {"x_api_key": "something else"}):
        with api.anonymous(**given) as client:
            answer = client.get("/models")
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            told.append((answer.json()["error"]["code"], answer.json()["error"]["message"]))
    assert told[0] == told[1]


def test_every_route_but_the_public_ones_needs_a_credential(api: RunningApi) -> None:
    """KS-08: also what is no route: a new one cannot be forgotten."""
    with api.anonymous() as client:
        document = httpx.get(f"{api.url}/openapi.json").json()
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                address = path.replace("{namespace}", "team-a").replace("{name}", "shop")
                status = client.request(method.upper(), address).status_code
                assert (status == 401) == ("security" in operation), (method, path, status)
        assert client.get("/no/such/route").status_code == 401


@pytest.mark.parametrize("kid", sorted(_KEYS))
def test_a_jwt_opens(api: RunningApi, kid: str) -> None:
    """KS-08: RS256, ES256 and EdDSA, for the tenant of its claim."""
    assert _status(api, authorization=f"Bearer {_token(kid)}") == 200


def test_a_jwt_that_is_wrong_in_any_way_does_not_open(api: RunningApi) -> None:
    """KS-08: issuer, audience, times, tenant, key and algorithm are all checked, and all required."""
    now = int(time.time())
    wrong = {
        "issuer": _token(iss="https://other.example"),
        "audience": _token(aud="other"),
        "expired": _token(exp=now - 60),
        "not yet": _token(nbf=now + 60),
        "no such tenant": _token(tenant="nobody"),
        "tenant no text": _token(tenant=["acme"]),
        "stranger": _token(key=_STRANGER),
        "unknown key": jwt.encode({"tenant": "acme"}, _STRANGER, algorithm="EdDSA", headers={"kid": "x"}),
        "other key's id": _token("ed", key=_KEYS["rsa"][1], algorithm="RS256"),
        "none": jwt.encode({"tenant": "acme", "iss": _ISSUER, "aud": "kserve-api"}, "", algorithm="none"),
        "too long": _token(more="x" * 9000),
    }
    for name in ("iss", "aud", "exp", "nbf", "tenant"):
        wrong[f"without {name}"] = _token(without=name)
    wrong["hmac with the public key"] = _hmac_token(json.dumps(_jwks()["keys"][0]).encode())
    for what, token in wrong.items():
        assert _status(api, authorization=f"Bearer {token}") == 401, what


def test_a_tenant_sees_and_touches_its_own_apps_only(api: RunningApi) -> None:
    """KS-08: another tenant's namespace is as one that does not exist."""
    with api.client("acme") as acme, api.client("globex") as globex:
        assert acme.post("/deploy", json={"name": "own", "image": IMAGE}).status_code == 201
        real = (
            globex.get("/models/team-a/own"),
            globex.delete("/models/team-a/own"),
            globex.get("/models?namespace=team-a"),
        )
        none = (
            globex.get("/models/nowhere/own"),
            globex.delete("/models/nowhere/own"),
            globex.get("/models?namespace=nowhere"),
        )
        for one, other in zip(real, none, strict=True):
            assert one.status_code == other.status_code
            assert {**one.json()["error"], "request_id": ""} == {**other.json()["error"], "request_id": ""}
        assert [answer.status_code for answer in real] == [404, 404, 403]
        for method, path in (("GET", "revisions"), ("PUT", "traffic"), ("POST", "rollback"), ("POST", "restart")):
            assert globex.request(method, f"/models/team-a/own/{path}", json={}).status_code == 404
        assert globex.get("/logs/own?namespace=team-a").status_code == 403
        assert globex.get("/logs/own/stream?namespace=team-a").status_code == 403
        answer = globex.post("/deploy", json={"name": "own", "image": IMAGE, "namespace": "team-a"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "namespace_not_allowed")
        assert globex.get("/models").json()["models"] == []
        assert acme.get("/models/team-a/own").status_code == 200


def test_a_reader_changes_nothing(api: RunningApi) -> None:
    """KS-08: role reader."""
    with api.client("acme", "read") as client:
        assert client.get("/models").status_code == 200
        for method, path in (
            ("POST", "/deploy"),
            ("DELETE", "/models/team-a/own"),
            ("PUT", "/models/team-a/own/traffic"),
            ("POST", "/models/team-a/own/rollback"),
            ("POST", "/models/team-a/own/restart"),
        ):
            answer = client.request(method, path, json={})
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "role_not_allowed"), path


def test_only_administrators_of_the_platform_act_for_others(api: RunningApi) -> None:
    """KS-08: role platform-admin, with ?tenant=; and metrics are theirs."""
    with (
        api.client("acme") as acme,
        api.client("ops") as ops,
        api.client("ops", "read") as scraper,
        api.client("ops", "ci") as deployer,
    ):
        assert acme.post("/deploy", json={"name": "helped", "image": IMAGE}).status_code == 201
        assert acme.get("/models?tenant=globex").status_code == 403
        assert ops.get("/models?tenant=nobody").status_code == 404
        assert ops.get("/models/team-a/helped").status_code == 404
        assert ops.get("/models/team-a/helped?tenant=acme").status_code == 200
        assert ops.post("/models/team-a/helped/restart?tenant=acme").status_code == 200
        # A key of their tenant that is given a lower role has that role only.
        assert deployer.get("/models").status_code == 200
        assert deployer.delete("/models/team-a/helped?tenant=acme").status_code == 403
        assert scraper.get("/logs/helped?tenant=acme").status_code == 403
        assert acme.get("/metrics").status_code == 403
        assert "kserve_api_requests_total" in scraper.get("/metrics").text
    audit = api.records("kserve_api.audit", lambda found: any(record.get("for_tenant") for record in found))
    record = next(record for record in audit if record.get("for_tenant"))
    assert record["action"] == "restart"
    assert (record["tenant"], record["for_tenant"]) == ("ops", "acme")


def test_a_custom_domain_is_under_one_of_the_tenants(api: RunningApi) -> None:
    """KS-08: the suffix allow-list; a name that merely ends alike is not under it."""
    with api.client() as client:
        for domain, status in (("notacme.example", 422), ("acme.example.evil.example", 422), ("a.acme.example", 201)):
            body = {"name": "domain", "image": IMAGE, "custom_domain": domain}
            assert client.post("/deploy", json=body).status_code == status, domain


def test_a_changed_file_is_used_and_a_broken_one_is_not(tmp_path: Path) -> None:
    """KS-08: keys are rotated without a restart; a mistake in the file locks nobody out and is shown."""
    with running_api() as api:
        path = api.settings.tenants_file
        assert path is not None

        def until(key: str, status: int) -> None:
            deadline = time.monotonic() + 20
            while _status(api, x_api_key=key) != status:
                assert time.monotonic() < deadline
                time.sleep(0.1)

        path.write_text("tenants: [nonsense")
        with api.client("ops") as client:
            deadline = time.monotonic() + 20
            while client.get("/ready").json()["checks"]["files"] != "old":
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert client.get("/ready").status_code == 200
            assert any("tenants file" in told for told in client.get("/ready").json()["warnings"])
        assert _status(api, x_api_key=key_of("acme")) == 200
        tenants_file(path.parent, [tenant for tenant in TENANTS if tenant["name"] != "acme"])
        until(key_of("acme"), 401)
        assert _status(api, x_api_key=key_of("globex")) == 200


def test_on_a_development_machine_without_tenants_only_the_machine_itself_is_served() -> None:
    """KS-08: neither a proxy here, nor a page of another site, is the machine itself."""
    with running_api(settings={"tenants_file": None, "environment": "development"}) as api:
        assert _status(api) == 200
        assert _status(api, x_forwarded_for="192.0.2.1") == 403
        assert _status(api, host="rebound.example") == 403
        # A page may send a POST without a body, though it cannot read the answer.
        assert _status(api, origin="https://elsewhere.example") == 403
