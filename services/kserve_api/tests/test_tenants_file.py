"""What a tenants file and a JWKS file may say."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kserve_api.api.access import Access
from kserve_api.api.caller import client_address
from kserve_api.api.tenants import parse_tenants
from kserve_api.api.tokens import parse_jwks
from kserve_api.settings import Settings
from kserve_api.settings_reading import ConfigurationError, read_settings

_DIGEST = hashlib.sha256(b"a key").hexdigest()
_GOOD = {
    "tenants": [
        {
            "name": "acme",
            "namespaces": ["team-a", "team-b"],
            "keys": [{"name": "old", "sha256": _DIGEST}, {"name": "new", "sha256": "0" * 64, "role": "reader"}],
            "quotas": {"max_apps": 3, "max_cpu": 2, "max_memory": "4Gi"},
            "custom_domains": ["acme.example"],
            "image_prefixes": ["registry.example/acme/"],
        }
    ]
}


def _lines(text: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        parse_tenants(text, Settings())
    return "\n".join(refused.value.lines)


def test_a_tenant_has_what_the_file_says() -> None:
    """KS-08: keys, roles, namespaces, quotas, domains and prefixes."""
    tenant = parse_tenants(yaml.safe_dump(_GOOD), Settings()).by_name["acme"]
    assert [(key.name, key.role) for key in tenant.keys] == [("old", "deployer"), ("new", "reader")]
    assert (tenant.quotas.max_apps, tenant.quotas.max_cpu, tenant.quotas.max_pods) == (3, "2", None)
    assert tenant.default_namespace(Settings()) == "team-a"
    assert tenant.default_namespace(Settings(default_namespace="team-b")) == "team-b"
    assert tenant.image_prefixes == ("registry.example/acme/",)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("name", "Acme!", "tenants.0.name"),
        ("namespaces", [], "tenants.0.namespaces"),
        ("namespaces", ["kube-system"], "tenants.0.namespaces"),
        ("namespaces", ["knative-serving"], "namespace of the platform"),
        ("keys", [{"name": "a", "sha256": "the key itself"}], "tenants.0.keys.0.sha256"),
        ("keys", [{"name": "a", "sha256": _DIGEST}, {"name": "b", "sha256": _DIGEST}], "is there twice"),
        ("keys", [{"name": "a", "sha256": _DIGEST, "role": "platform-admin"}], "may do more"),
        ("quotas", {"max_app": 1}, "tenants.0.quotas.max_app"),
        ("quotas", {"max_cpu": "lots"}, "tenants.0.quotas.max_cpu"),
        ("custom_domains", ["*.acme.example"], "tenants.0.custom_domains"),
        ("image_prefixes", [""], "tenants.0.image_prefixes"),
        ("role", "root", "tenants.0.role"),
        ("surprise", 1, "tenants.0.surprise"),
    ],
)
def test_a_mistake_is_named_and_its_value_is_not_told(path: str, value: object, told: str) -> None:
    tenant = {**_GOOD["tenants"][0], path: value}
    lines = _lines(yaml.safe_dump({"tenants": [tenant]}))
    assert told in lines
    assert "the key itself" not in lines


def test_a_field_that_is_there_twice_is_refused() -> None:
    """KS-08: YAML's own answer, the last one counts, could widen what a tenant may do without a word."""
    text = yaml.safe_dump(_GOOD) + "tenants: []\n"
    assert "twice" in _lines(text)


@pytest.mark.parametrize("text", ["", "[]", "tenants: [", "\tx", "tenants: !!python/object:os.system {}", "a: &a [*a]"])
def test_what_is_no_tenants_file_is_refused_in_a_line(text: str) -> None:
    assert _lines(text)


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=200))
def test_any_text_is_a_file_or_a_named_mistake(text: str) -> None:
    with pytest.raises(ConfigurationError):
        parse_tenants(text, Settings())


@pytest.mark.parametrize(
    "text",
    ["tenants: [{name: 2024-13-45}]", "tenants: !!int x", "tenants: !!timestamp x", "? [a]\n: b", "[" * 5000],
    ids=["no such day", "no number", "no time", "a list as a key", "nested too deep"],
)
def test_what_yaml_cannot_make_a_value_of_is_a_mistake_in_the_file(text: str) -> None:
    """KS-08: the YAML library raises errors of many kinds; none may end the watch for the next, mended file."""
    assert "tenants file: " in _lines(text)


def test_production_does_not_start_without_tenants_nor_anything_open_to_a_network() -> None:
    """KS-08: nobody gets in by accident."""
    for wrong in (Settings(environment="production"), Settings(host="0.0.0.0")):
        with pytest.raises(ConfigurationError, match="KSERVE_API_TENANTS_FILE"):
            Access(wrong)
    assert Access(Settings(host="::1")).tenants.is_open
    assert Access(Settings()).tenants.by_name["local"].may_use_domain("www.example.com")


def test_keys_that_cannot_be_trusted_are_refused(tmp_path: Path) -> None:
    """KS-08: only public keys for RS256, ES256 and EdDSA."""
    secret = {"kty": "oct", "k": "c2VjcmV0c2VjcmV0", "kid": "a"}
    odd = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    entries = [secret, {"kty": "RSA"}, {"kty": "RSA", "alg": ["a"]}, {**odd, "kid": ["a"]}]
    for keys in ("not json", "{}", '{"keys": []}', "[" * 100_000, *(json.dumps({"keys": [one]}) for one in entries)):
        with pytest.raises(ConfigurationError, match="JWKS"):
            parse_jwks(keys, "issuer", "audience")
    with pytest.raises(ConfigurationError, match="JWT_KEYS_FILE"):
        Access(Settings(jwt_issuer="https://login.example"))


def test_wrong_settings_are_one_line_each_without_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSERVE_API_PORT", "a-secret-by-mistake")
    monkeypatch.setenv("KSERVE_API_TRUSTED_PROXIES", "10.0.0.0/8, nonsense")
    with pytest.raises(ConfigurationError) as refused:
        read_settings()
    assert [line.partition(":")[0] for line in refused.value.lines] == [
        "KSERVE_API_PORT",
        "KSERVE_API_TRUSTED_PROXIES",
    ]
    assert "a-secret-by-mistake" not in str(refused.value)


def test_lists_in_settings_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KSERVE_API_IMAGE_PREFIXES", "a.example/, b.example/")
    assert read_settings().image_prefixes == ("a.example/", "b.example/")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("192.0.2.1", "198.51.100.9", "192.0.2.1"),
        ("10.0.0.5", "198.51.100.9", "198.51.100.9"),
        ("10.0.0.5", "1.1.1.1, 198.51.100.9, 10.0.0.7", "198.51.100.9"),
        ("10.0.0.5", "198.51.100.9, nonsense", "10.0.0.5"),
        ("10.0.0.5", "", "10.0.0.5"),
    ],
)
def test_forwarded_addresses_are_believed_from_trusted_proxies_only(peer: str, forwarded: str, client: str) -> None:
    """KS-08: the audit tells the address that no client can choose."""
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"type": "http", "client": (peer, 1), "headers": headers}
    assert client_address(scope, ("10.0.0.0/8",)) == client
