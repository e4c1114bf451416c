"""Names of jobs, and workspace ids that they can be made of."""

from __future__ import annotations

import pytest

from scheduler.triggers.trigger import WORKSPACE_ID, job_id, job_name, parse_key


def test_job_id_and_name_are_those_of_the_notes() -> None:
    assert job_id("acme", "dev", 3) == "acme:dev:3"
    assert job_name("acme", "dev", 3) == "acme-dev-trigger-3"


@pytest.mark.parametrize("workspace", ["a", "acme", "acme-2_x", "A" * 64])
def test_workspace_id_is_taken_when_it_is_plain(workspace: str) -> None:
    assert WORKSPACE_ID.match(workspace)


@pytest.mark.parametrize("workspace", ["", "a:b", "a/b", "-a", "a-", "a b", "ä", "a\n", "A" * 65, "../x"])
def test_workspace_id_is_refused_when_a_key_could_not_be_made_of_it(workspace: str) -> None:
    assert not WORKSPACE_ID.match(workspace)


def test_key_is_taken_apart_when_it_is_spelled_as_it_is_made() -> None:
    assert parse_key("acme-2_x:prod:12") == ("acme-2_x", "prod", 12)


@pytest.mark.parametrize("key", ["", "acme", "acme:dev:", "acme:qa:1", "acme:dev:01", "acme:dev:-1", "a:dev:1:2"])
def test_key_is_none_of_a_trigger_when_it_is_spelled_otherwise(key: str) -> None:
    assert parse_key(key) is None
