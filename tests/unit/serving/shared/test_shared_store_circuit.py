"""A store that is away is found out by two back ends, and believed by all; one of them asks whether it is back."""

from __future__ import annotations

from pathlib import Path

import pytest

from finrag_ml_tg1.errors import StoreUnavailableError
from finrag_ml_tg1.loaders.local_store import LocalFolderStore
from serving.backend.outage_guard import GuardedStore
from serving.backend.shared.store_circuit import StoreCircuit
from tests.local_processes import wait_until
from tests.unit.serving.conftest import FaultyStore
from tests.unit.serving.shared.conftest import OpenShared

PAUSE_S = 0.4


class BackEnds:
    """Three that read one store, each on its own way."""

    def __init__(self, folder: Path, open_shared: OpenShared) -> None:
        self.ways = [FaultyStore(LocalFolderStore(folder)) for _ in range(3)]
        self.ways[0].put("a", b"one")
        self.guards = [
            GuardedStore(way, PAUSE_S, "a", circuit=StoreCircuit(open_shared(), PAUSE_S)) for way in self.ways
        ]

    def read(self, number: int) -> bool:
        try:
            return self.guards[number].get("a").data == b"one"
        except StoreUnavailableError:
            return False

    def all_read(self) -> bool:
        """Whether all can read; each tries, whatever came of the others' tries."""
        return sum(self.read(number) for number in range(3)) == 3


@pytest.fixture
def back_ends(tmp_path: Path, open_shared: OpenShared) -> BackEnds:
    return BackEnds(tmp_path / "store", open_shared)


def test_what_two_found_away_the_third_does_not_wait_for_and_one_asks_whether_it_is_back(back_ends: BackEnds) -> None:
    """SU-06: the circuit of the store is one over all replicas."""
    for way in back_ends.ways:
        way.be_away()
    assert not back_ends.read(0)
    assert not back_ends.read(1)
    wait_until(lambda: bool(back_ends.guards[2].outage), "the third has heard of it")
    assert not back_ends.read(2)
    assert "other back ends" in back_ends.guards[2].outage

    for way in back_ends.ways:
        way.be_back()

    wait_until(back_ends.all_read, "all read again")


def test_one_whose_own_way_is_broken_stops_no_other(back_ends: BackEnds) -> None:
    back_ends.ways[0].be_away()
    for _ in range(3):
        assert not back_ends.read(0)
        assert back_ends.read(1)
        assert back_ends.read(2)
    assert back_ends.guards[0].outage
    assert not back_ends.guards[1].outage
