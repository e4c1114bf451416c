"""What is taken as a trigger: every mistake of every trigger is found, and told without its value."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.calls.addresses import is_public
from scheduler.errors import InvalidTriggersError, TooManyTriggersError
from scheduler.settings import Settings
from scheduler.triggers.target import check_target
from scheduler.triggers.trigger import METHODS, Trigger
from scheduler.triggers.validation import MAX_BODY_BYTES, MAX_HEADERS, read_triggers

_SETTINGS = Settings()
_PRODUCTION = Settings(environment="production", allow_private_targets=True)
_GOOD = {"cron": "0 3 * * *", "url": "https://shop.example/nightly"}
_SECRET = "s3cret-value-never-shown"  # pragma: allowlist secret


def _read(**changes: object) -> Trigger:
    return read_triggers([{**_GOOD, **changes}], _SETTINGS)[0]


def _problems(*triggers: object, configured: Settings = _SETTINGS) -> tuple[tuple[int, str, str], ...]:
    with pytest.raises(InvalidTriggersError) as refused:
        read_triggers(triggers, configured)
    return refused.value.problems


def test_every_bad_trigger_is_listed_with_all_its_mistakes() -> None:
    """SC-01: index, field and words of each."""
    found = _problems(
        {"cron": "61 * * * *", "url": "ftp://shop.example/", "tz": "Mars/Olympus", "colour": "red"},
        _GOOD,
        {"url": "https://shop.example/", "timeout_s": 0},
        "not an object",
    )
    assert {(index, field) for index, field, _ in found} == {
        (0, "cron"),
        (0, "url"),
        (0, "tz"),
        (0, "colour"),
        (2, "cron"),
        (2, "timeout_s"),
        (3, "body"),
    }


def test_trigger_has_the_defaults_of_the_notes() -> None:
    """SC-01: GET, UTC, 30 s, enabled."""
    assert _read() == Trigger("0 3 * * *", "https://shop.example/nightly", "GET", {}, None, "UTC", 30.0, True, None)


@pytest.mark.parametrize("name", ["body", "payload"])
@pytest.mark.parametrize("value", [{"a": [1, None]}, [], 0, False, "text", None], ids=repr)
def test_body_is_kept_when_it_is_given_by_either_name(name: str, value: object) -> None:
    """SC-01: any JSON value; the documented field is `body`, the original's code read `payload`."""
    assert _read(**{name: value}).body == value


def test_documented_body_was_dropped_without_a_word() -> None:
    """Original: docs say `body`, the code reads `payload`; both are taken here, and two that differ are refused."""

    def original(trigger: Mapping[str, object]) -> object:
        return trigger.get("payload")

    documented = {**_GOOD, "body": {"since": "yesterday"}}
    assert original(documented) is None
    assert read_triggers([documented], _SETTINGS)[0].body == {"since": "yesterday"}
    assert _read(body=1, payload=1).body == 1
    assert "differ" in _problems({**_GOOD, "body": 1, "payload": 2})[0][2]


@pytest.mark.parametrize("method", METHODS)
def test_method_is_taken(method: str) -> None:
    """SC-03: GET, POST, PUT, PATCH, DELETE."""
    assert _read(method=method).method == method


@pytest.mark.parametrize("method", ["get", "HEAD", "OPTIONS", "TRACE", "CONNECT", "", 1, None], ids=repr)
def test_method_is_refused(method: object) -> None:
    """SC-03: and nothing else."""
    assert _problems({**_GOOD, "method": method})[0][1] == "method"


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example",
        "https://shop.example:8443/a?b=c%20d&e",
        "http://shop.example/plain-in-development",
        "https://xn--bcher-kva.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://a.localhost.example/",
        "https://my_app.example/",
    ],
)
def test_address_is_taken(url: str) -> None:
    """SC-05: public names and addresses."""
    assert _read(url=url).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "shop.example",
        "//shop.example/",
        "https://",
        "https:///path",
        "file:///etc/passwd",
        "gopher://shop.example/",
        "javascript:alert(1)",
        "https://user:pass@shop.example/",  # pragma: allowlist secret
        "https://user@shop.example/",
        "https://@shop.example/",
        "https://shop.example/#fragment",
        "https://shop.example/#",
        "https://shop.example:0/",
        "https://shop.example:99999/",
        "https://shop.example:abc/",
        "https://shop.example/a b",
        "https://shop.example/\n",
        "https://shop.example\\@evil.example/",
        "https://bücher.example/",
        "https://-shop.example/",
        "https://shop..example/",
        "https://" + "a" * 64 + ".example/",
        "https://shop.example/" + "a" * 2048,
        "https://localhost/",
        "https://a.LOCALHOST./",
        "https://127.0.0.1/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://10.0.0.1/",
        "https://192.168.0.1/",
        "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[fe80::1]/",
        "https://[fd00::1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[::1/",
    ],
)
def test_address_is_refused_at_once(url: str) -> None:
    """SC-05: no other scheme, no user, no fragment, nothing that leads to this machine or a private network."""
    assert {field for _, field, _ in _problems({**_GOOD, "url": url})} == {"url"}


def test_production_takes_https_only_and_no_private_address_whatever_is_set() -> None:
    """SC-05: allow_private_targets is for development."""
    assert "https://" in _problems({**_GOOD, "url": "http://shop.example/"}, configured=_PRODUCTION)[0][2]
    assert "private" in _problems({**_GOOD, "url": "https://10.0.0.1/"}, configured=_PRODUCTION)[0][2]
    inside = Settings(environment="production", target_networks=("10.1.0.0/16",))
    assert read_triggers([{**_GOOD, "url": "https://10.1.2.3/"}], inside)
    here = Settings(allow_private_targets=True)
    assert read_triggers([{**_GOOD, "url": "http://127.0.0.1:8080/"}, {**_GOOD, "url": "http://localhost/"}], here)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"Host": "x"}, "scheduler itself"),
        ({"content-length": "3"}, "scheduler itself"),
        ({"Idempotency-Key": "x"}, "scheduler itself"),
        ({"X-Workspace-Id": "other"}, "scheduler itself"),
        ({"X-Trigger-Attempt": "1"}, "scheduler itself"),
        ({"Connection": "close"}, "connection"),
        ({"Transfer-Encoding": "chunked"}, "connection"),
        ({"TE": "trailers"}, "connection"),
        ({"Upgrade": "h2c"}, "connection"),
        ({"bad name": "x"}, "name of a header"),
        ({"": "x"}, "name of a header"),
        ({"X\r\nY": "x"}, "name of a header"),
        ({"X-A": "a\r\nX-B: b"}, "no header can have"),
        ({"X-A": "a\0"}, "no header can have"),
        ({"X-A": "€"}, "no header can have"),
        ({"X-A": " a"}, "spaces around"),
        ({"X-A": "1", "x-a": "2"}, "twice"),
        ({"Authorization": "***"}, "mask"),
        ({f"X-{number}": "x" for number in range(MAX_HEADERS + 1)}, "are allowed"),
        ({"X-A": "x" * 9000}, "larger"),
        ({"X-A": 1}, "string"),
    ],
)
def test_headers_are_refused(headers: dict[str, object], told: str) -> None:
    """SC-01: what belongs to the connection or to us, what would smuggle another header, too many, the mask."""
    assert told in _problems({**_GOOD, "headers": headers})[0][2]


@pytest.mark.parametrize("timeout", [0, -1, 300.1, "30", True, None, float("inf"), float("nan")], ids=repr)
def test_timeout_is_refused_when_it_is_not_up_to_300_seconds(timeout: object) -> None:
    """SC-04: and no other kind of value is taken for a number."""
    assert _problems({**_GOOD, "timeout_s": timeout})[0][1] == "timeout_s"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cron", 5),
        ("url", None),
        ("tz", 1),
        ("enabled", "yes"),
        ("name", ""),
        ("name", "x" * 101),
        ("name", "a\u202eb"),
        ("headers", []),
        ("body", "x" * (MAX_BODY_BYTES + 1)),
        ("payload", {"a": "€" * MAX_BODY_BYTES}),
    ],
    ids=lambda value: str(value)[:12].encode("ascii", "replace").decode(),
)
def test_field_is_refused(field: str, value: object) -> None:
    """SC-01: wrong kinds, too long, too large."""
    assert field in {found for _, found, _ in _problems({**_GOOD, field: value})}


def test_interval_is_refused_when_it_is_shorter_than_the_settings_say() -> None:
    """SC-03: found from the pattern, not from the next two ticks."""
    found = _problems({**_GOOD, "cron": "0,55 0,1 3 * * *"})
    assert found == ((0, "cron", "has two ticks 5 s apart; at least 10 s must be between them"),)
    assert read_triggers([{**_GOOD, "cron": "0,55 0,1 3 * * *"}], Settings(min_interval_s=5))


def test_too_many_triggers_are_refused_before_any_is_looked_at() -> None:
    """SC-03: however many are sent."""
    with pytest.raises(TooManyTriggersError):
        read_triggers([{"cron": "broken"}] * 101, _SETTINGS)


def test_refusal_does_not_repeat_values() -> None:
    """SC-01: a secret may stand in the wrong place."""
    found = _problems(
        {"cron": _SECRET, "url": f"https://{_SECRET}@shop.example/", "tz": _SECRET, "method": _SECRET},
        {**_GOOD, "headers": {"X-A": f"{_SECRET}\n"}, "name": f"{_SECRET}\n", "timeout_s": _SECRET},
    )
    assert _SECRET not in " ".join(words for _, field, words in found if field != "cron")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = ("cron", "url", "method", "headers", "body", "payload", "tz", "timeout_s", "enabled", "name")


@settings(deadline=None, max_examples=200)
@given(changes=st.dictionaries(st.sampled_from(_FIELDS), _JSON, max_size=4))
def test_any_json_is_taken_or_refused_in_words(changes: dict[str, object]) -> None:
    """SC-01: nothing else comes of it, whatever is sent."""
    try:
        taken = read_triggers([{**_GOOD, **changes}], _SETTINGS)
    except InvalidTriggersError as error:
        told = [words for _, _, words in error.problems]
    else:
        told = [trigger.url for trigger in taken]
    assert told
    assert all(0 < len(words) < 400 for words in told)


_URLS = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["https://", "http://", "HTTPS://", "https:/", "https:"]),
        st.text("abc.-_@:[]0123456789xX/\\%#?~!$&'()*+,;=|^", min_size=1, max_size=24),
        st.sampled_from(["", "/", "/a?b", ":80/", ":443", "@shop.example/"]),
    ),
)


@settings(deadline=None, max_examples=400)
@given(url=_URLS)
def test_address_that_is_taken_leads_where_the_client_goes(url: str) -> None:
    """SC-05: two readings of one address are how a guard is passed; ours and the HTTP client's agree."""
    try:
        check_target(url, _SETTINGS)
    except ValueError:
        return
    read = httpx.URL(url)
    assert read.userinfo == b""
    assert read.fragment == ""
    assert read.scheme in {"http", "https"}
    assert read.host.lower() in url.lower()
    try:
        address = ip_address(read.host)
    except ValueError:
        return
    assert is_public(address)
