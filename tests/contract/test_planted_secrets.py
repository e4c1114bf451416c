"""Secrets of the environment, of requests and of filings are in no log, error, metric, trace or query log."""

from __future__ import annotations

from pathlib import Path

from finrag_ml_tg1.loaders.ml_config import described_settings
from tests.canaries import CANARIES, sightings
from tests.planted_secrets import Watched, planted_settings, send_secrets, store_with_secrets, watched_backend

SENT = ("AWS secret access key", "JSON web token")


def test_planted_secrets_are_seen_nowhere(encoder_folder: Path, tmp_path: Path, moto_endpoint: str) -> None:
    store, watched = tmp_path / "store", Watched()
    store_with_secrets(store, encoder_folder)
    with watched_backend(store, tmp_path / "backend", moto_endpoint, watched) as client:
        assert send_secrets(client, [CANARIES[kind] for kind in SENT], watched) > 70
    assert watched.looked_at > 140
    assert not watched.found, watched.found[:5]


def test_search_finds_a_secret_as_it_is_and_encoded() -> None:
    assert len(CANARIES) >= 20
    assert len({canary.core for canary in CANARIES.values()}) == len(CANARIES)
    for canary in CANARIES.values():
        written = (canary.text, canary.text.encode(), repr({"token": canary.text}))
        for content in written:
            assert [seen.kind for seen in sightings("here", content, CANARIES.values())] == [canary.kind]
    assert sightings("here", "an ordinary line", CANARIES.values()) == []


def test_planted_settings_cover_every_secret_setting() -> None:
    secret = {setting.names[0] for setting, is_secret in described_settings().values() if is_secret}
    assert secret <= planted_settings().keys()
