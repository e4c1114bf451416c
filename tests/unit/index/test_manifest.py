from __future__ import annotations

import hashlib
import json

import pytest

from finrag_ml_tg1.errors import IndexCorruptError
from finrag_ml_tg1.index.encoder import EncoderIdentity
from finrag_ml_tg1.index.manifest import Manifest, describe_file, is_version
from finrag_ml_tg1.loaders.expected_file import BLOCK_BYTES

MANIFEST = Manifest(
    encoder=EncoderIdentity("tiny", "a" * 64, "b" * 64, 4, 16),
    parameters={"max_passage_tokens": 254},
    filings=2,
    passages=9,
    files={
        "catalog/filings.parquet": describe_file(b"filings"),
        "encoder/model.onnx": describe_file(b"model"),
        "global/large": describe_file(bytes(BLOCK_BYTES + 1)),
    },
)


def test_a_manifest_survives_its_file() -> None:
    assert Manifest.from_json(MANIFEST.to_json(), MANIFEST.version) == MANIFEST
    assert is_version(MANIFEST.version)


def test_describe_file_gives_size_and_sha256() -> None:
    # The digest of "abc" is FIPS 180-2's example.
    entry = describe_file(b"abc")
    assert entry.size == 3
    assert entry.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_describe_file_gives_the_sha256_of_each_block_of_a_large_file() -> None:
    data = bytes(8 * 1024 * 1024) + b"abc"
    assert describe_file(data[:-3]).blocks == ()
    assert describe_file(data).blocks == (
        hashlib.sha256(data[:-3]).hexdigest(),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    )


def test_expected_files_are_those_the_manifest_names() -> None:
    (filings, model, large) = MANIFEST.expected_files()
    assert (filings.key, filings.size) == (f"index/{MANIFEST.version}/catalog/filings.parquet", 7)
    assert model.sha256 == hashlib.sha256(b"model").hexdigest()
    assert large.blocks == MANIFEST.files["global/large"].blocks


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["filings"], 3),
        (["passages"], 10),
        (["parameters", "max_passage_tokens"], 512),
        (["encoder", "sha256"], "c" * 64),
        (["files", "encoder/model.onnx", "sha256"], "d" * 64),
        (["files", "encoder/model.onnx", "size"], 6),
        (["files", "encoder/model.onnx", "blocks"], ["d" * 64]),
        (["files", "global/large", "blocks"], []),
        (["files", "global/large", "blocks"], None),
        (["format"], 1),
        (["format"], None),
        (["files"], []),
        (["files"], {"x": 5}),
        (["files"], {"x": {"size": 1}}),
        (["encoder"], []),
        (["encoder"], {}),
    ],
)
def test_a_manifest_that_was_changed_is_refused(path: list[str], value: object) -> None:
    values = json.loads(MANIFEST.to_json())
    target = values
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    with pytest.raises(IndexCorruptError):
        Manifest.from_json(json.dumps(values), MANIFEST.version)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '"text"'])
def test_a_file_that_is_no_manifest_is_refused(text: str) -> None:
    with pytest.raises(IndexCorruptError):
        Manifest.from_json(text, MANIFEST.version)


def test_the_manifest_of_another_version_is_refused() -> None:
    with pytest.raises(IndexCorruptError, match="0123456789abcdef"):
        Manifest.from_json(MANIFEST.to_json(), "0123456789abcdef")


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "0123456789ABCDEF", "0123456789abcdef\n", "0123"])
def test_other_texts_are_no_versions(text: str) -> None:
    assert not is_version(text)
