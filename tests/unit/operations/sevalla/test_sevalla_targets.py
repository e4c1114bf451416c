"""Which applications are acted on: those of the descriptor, each certain, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

from finrag_ml_tg1.operations.deployment.descriptor import read_descriptor
from finrag_ml_tg1.operations.sevalla.client import SevallaClient
from finrag_ml_tg1.operations.sevalla.refusals import PlatformError
from finrag_ml_tg1.operations.sevalla.targets import find_targets
from tests.sevalla_server import BACKEND_ID, FRONTEND_ID, SevallaServer

OTHER_ID = "99999999-2222-4333-8444-555555555555"


@pytest.mark.parametrize(
    ("wanted", "ids"),
    [
        ((), [BACKEND_ID, FRONTEND_ID]),
        (("finrag-frontend",), [FRONTEND_ID]),
        ((BACKEND_ID,), [BACKEND_ID]),
        (("finrag-frontend", BACKEND_ID), [BACKEND_ID, FRONTEND_ID]),
    ],
)
def test_applications_are_found_by_name_and_by_id(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, wanted: tuple[str, ...], ids: list[str]
) -> None:
    sevalla.add(OTHER_ID, "finrag-backend-of-somebody")

    assert [one.id for one in find_targets(client, read_descriptor(descriptor_path), wanted)] == ids


@pytest.mark.parametrize("asked", [OTHER_ID, "shop", "backend", "finrag-backend-k3j4h", ""])
def test_application_that_the_descriptor_does_not_name_is_left_alone(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path, asked: str
) -> None:
    sevalla.add(OTHER_ID, "shop")

    with pytest.raises(PlatformError, match="none of the descriptor's applications, finrag-backend and finrag-front"):
        find_targets(client, read_descriptor(descriptor_path), (asked,))


def test_two_of_one_name_are_refused_until_the_id_is_given(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path
) -> None:
    sevalla.add(OTHER_ID, "finrag-backend")
    descriptor = read_descriptor(descriptor_path)

    for wanted in ((), ("finrag-backend",)):
        with pytest.raises(PlatformError, match=f"more than one.*{OTHER_ID}.*{BACKEND_ID}.*--app ID"):
            find_targets(client, descriptor, wanted)

    assert [one.id for one in find_targets(client, descriptor, (OTHER_ID,))] == [OTHER_ID]


def test_application_that_is_not_there_is_named_with_those_that_are(
    client: SevallaClient, sevalla: SevallaServer, descriptor_path: Path
) -> None:
    del sevalla.applications[FRONTEND_ID]
    descriptor = read_descriptor(descriptor_path)

    with pytest.raises(PlatformError, match="finrag-frontend; the key sees: finrag-backend"):
        find_targets(client, descriptor)
    assert [one.id for one in find_targets(client, descriptor, may_lack=True)] == [BACKEND_ID]
