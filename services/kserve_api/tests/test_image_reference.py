"""Image references: the grammar of distribution/reference, and which lie under an allowed prefix."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kserve_api.apps.image_reference import ImageReference, is_allowed, parse_image

_DIGEST = "sha256:" + "0123456789abcdef" * 4
_PREFIX = "registry.digitalocean.com/calvin-apps/"


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("nginx", ImageReference("docker.io", ("library", "nginx"))),
        ("team/app:1.0", ImageReference("docker.io", ("team", "app"), "1.0")),
        ("HOST/app", ImageReference("host", ("app",))),
        ("localhost/app", ImageReference("localhost", ("app",))),
        ("localhost:5000/app:v1", ImageReference("localhost:5000", ("app",), "v1")),
        ("Registry.Example.com/a/b-c__d.e_f", ImageReference("registry.example.com", ("a", "b-c__d.e_f"))),
        (f"r.example.com/a@{_DIGEST}", ImageReference("r.example.com", ("a",), "", _DIGEST)),
        (f"r.example.com/a:t@{_DIGEST}", ImageReference("r.example.com", ("a",), "t", _DIGEST)),
        ("[2001:db8::1]:5000/a", ImageReference("[2001:db8::1]:5000", ("a",))),
        (f"{_PREFIX}app:{'t' * 128}", ImageReference("registry.digitalocean.com", ("calvin-apps", "app"), "t" * 128)),
    ],
)
def test_a_reference_has_its_parts(text: str, parsed: ImageReference) -> None:
    """KS-01: image reference grammar."""
    assert parse_image(text) == parsed


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":tag",
        "a:",
        "a@",
        "r.example.com/App",
        "r.example.com//a",
        "r.example.com/a/",
        "/a",
        "https://r.example.com/a",
        "r.example.com/a:-t",
        "r.example.com/a:" + "t" * 129,
        "r.example.com/a b",
        "r.example.com/a\n",
        "r.example.com/a@sha256:12",
        "r.example.com/a@sha256:" + "G" * 64,
        "r.example.com/a@md5:" + "0" * 32,
        "r.example.com/-a",
        "r.example.com/a___b",
        "r.example.com/..",
        "user@r.example.com/a",
        "r.example.com:port/a",
        "rägistry.example.com/a",
        "r.example.com/" + "a" * 256,
    ],
)
def test_what_is_no_reference_is_refused(text: str) -> None:
    """KS-01: image reference grammar."""
    with pytest.raises(ValueError, match=r"\S"):
        parse_image(text)


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        (f"{_PREFIX}app:1", True),
        (f"{_PREFIX}team/app@{_DIGEST}", True),
        ("registry.digitalocean.com/calvin-apps", False),
        ("registry.digitalocean.com/calvin-apps-evil/app", False),
        ("registry.digitalocean.com/calvin/app", False),
        ("registry.digitalocean.com:444/calvin-apps/app", False),
        ("registry.digitalocean.com.evil.example/calvin-apps/app", False),
        ("evil.example/registry.digitalocean.com/calvin-apps/app", False),
        ("calvin-apps/app", False),
    ],
)
def test_the_prefix_is_compared_with_the_parsed_parts(text: str, allowed: bool) -> None:
    """KS-01: allowed prefixes."""
    assert is_allowed(parse_image(text), (_PREFIX,)) is allowed


@pytest.mark.parametrize(
    "text",
    [
        "registry.digitalocean.com/calvin-apps/../x/app",
        "registry.digitalocean.com/calvin-apps/./app",
        "registry.digitalocean.com/calvin-apps/%2e%2e/app",
        "registry.digitalocean.com/calvin-apps/@evil.example/app",
        "registry.digitalocean.com@evil.example/calvin-apps/app",
        "registry.digitalocean.com/calvin-apps/app#x",
        "registry.digitalocean.com\\calvin-apps/app",
    ],
)
def test_tricks_with_the_prefix_are_no_references_at_all(text: str) -> None:
    """KS-01: allowed prefixes."""
    with pytest.raises(ValueError, match=r"\S"):
        parse_image(text)


@pytest.mark.parametrize(
    ("prefix", "allowed"),
    [("*", True), ("r.example.com/", True), ("r.example.com/a/b", True), ("r.example.com/a/b/", False), ("x/", False)],
)
def test_prefixes_name_registries_folders_or_repositories(prefix: str, allowed: bool) -> None:
    """KS-01: allowed prefixes."""
    assert is_allowed(parse_image("r.example.com/a/b:1"), (prefix,)) is allowed


_COMPONENT = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8})?", fullmatch=True)


@settings(deadline=None)
@given(
    host=st.from_regex(r"[a-z0-9]{1,8}\.[a-z]{2,5}(:[0-9]{1,5})?", fullmatch=True),
    path=st.lists(_COMPONENT, min_size=1, max_size=4),
    tag=st.none() | st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True),
    digest=st.none() | st.from_regex(r"sha256:[0-9a-f]{64}", fullmatch=True),
)
def test_a_reference_that_is_built_from_parts_is_parsed_into_them(
    host: str, path: list[str], tag: str | None, digest: str | None
) -> None:
    """KS-01: image reference grammar."""
    text = "/".join([host, *path]) + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    assert parse_image(text) == ImageReference(host, tuple(path), tag or "", digest or "")


@settings(deadline=None)
@given(st.text(st.sampled_from("a.:/@-_Z0 %\\"), max_size=20))
def test_nothing_escapes_the_prefix(rest: str) -> None:
    """KS-01: allowed prefixes."""
    try:
        parsed = parse_image(_PREFIX + rest)
    except ValueError:
        return
    assert parsed.registry == "registry.digitalocean.com"
    assert parsed.path[0] == "calvin-apps"
    assert ".." not in parsed.path
    assert is_allowed(parsed, (_PREFIX,))
