"""All planted secrets in all places of a back end: FINRAG_SOAK_ROUNDS times each, while the store fails and returns."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.canaries import CANARIES
from tests.planted_secrets import Watched, send_secrets, store_with_secrets, watched_backend
from tests.soak.results import number_setting, write_result

pytestmark = pytest.mark.soak


def test_no_planted_secret_is_seen_outside_answers(encoder_folder: Path, tmp_path: Path, moto_endpoint: str) -> None:
    rounds = number_setting("FINRAG_SOAK_ROUNDS", 10)
    started = time.monotonic()
    store, watched, sent = tmp_path / "store", Watched(), 0
    store_with_secrets(store, encoder_folder)
    with watched_backend(store, tmp_path / "backend", moto_endpoint, watched) as client:
        for _ in range(rounds):
            sent += send_secrets(client, CANARIES.values(), watched)
    by_place = Counter(sighting.place for sighting in watched.found)
    counts = {
        "kinds": len(CANARIES),
        "requests": sent,
        "outputs_searched": watched.looked_at,
        "seen": by_place.total(),
    }
    findings = [asdict(sighting) for sighting in watched.found[:20]]
    write_result("canaries", {"FINRAG_SOAK_ROUNDS": rounds}, time.monotonic() - started, counts, findings)
    assert not watched.found, by_place
