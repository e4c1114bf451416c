from __future__ import annotations

import json
import shutil
import string
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from finrag_ml_tg1.errors import EncoderMismatchError, IndexCorruptError
from finrag_ml_tg1.index.encoder import ENCODER_FILES, EncoderIdentity, OnnxEncoder, read_identity

TEXTS = [
    "What was the capital expenditure in fiscal 2022?",
    "capex",
    "Net sales fell because a large customer ended its contract in the third quarter.",
    "",
    "Cash and cash equivalents | 12,204 | 9,322 | 11,002",
    "The board approved a quarterly dividend of $0.31 per share. " * 12,
]
OFFICIAL_WEIGHTS = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


@pytest.fixture
def copied_folder(encoder_folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(encoder_folder, tmp_path / "encoder"))


def test_identity_names_the_official_weights(encoder: OnnxEncoder) -> None:
    assert encoder.identity.name == "all-MiniLM-L6-v2-int8"
    assert encoder.identity.source_sha256 == OFFICIAL_WEIGHTS
    assert (encoder.identity.dimension, encoder.identity.max_tokens) == (384, 256)


def test_identity_survives_json(encoder: OnnxEncoder) -> None:
    assert EncoderIdentity.from_dict(json.loads(json.dumps(encoder.identity.to_dict()))) == encoder.identity


@pytest.mark.parametrize(
    "change",
    [{"dimension": "384"}, {"dimension": True}, {"name": None}, {"colour": "red"}],
    ids=["text for a number", "truth value for a number", "nothing for a text", "unknown field"],
)
def test_identity_is_refused_when_a_field_is_wrong(encoder: OnnxEncoder, change: dict[str, object]) -> None:
    with pytest.raises(IndexCorruptError, match="identity"):
        EncoderIdentity.from_dict({**encoder.identity.to_dict(), **change})


def test_identity_is_refused_when_a_field_is_missing() -> None:
    with pytest.raises(IndexCorruptError, match="source_sha256"):
        EncoderIdentity.from_dict({"name": "all-MiniLM-L6-v2-int8"})


def test_require_refuses_an_encoder_when_its_files_differ(encoder: OnnxEncoder) -> None:
    encoder.identity.require(EncoderIdentity.from_dict(encoder.identity.to_dict()))
    with pytest.raises(EncoderMismatchError, match=encoder.identity.name):
        encoder.identity.require(replace(encoder.identity, sha256="0" * 64))


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_load_refuses_a_file_when_one_byte_was_changed(copied_folder: Path, name: str) -> None:
    path = copied_folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexCorruptError, match=r"does not match encoder\.json"):
        OnnxEncoder.load(copied_folder)


@pytest.mark.parametrize("name", ENCODER_FILES)
def test_load_names_the_file_when_it_is_missing(copied_folder: Path, name: str) -> None:
    (copied_folder / name).unlink()
    with pytest.raises(IndexCorruptError, match=name):
        OnnxEncoder.load(copied_folder)


@pytest.mark.parametrize("content", ["{", "[]", "\xff"])
def test_identity_is_refused_when_it_is_no_json_object(copied_folder: Path, content: str) -> None:
    (copied_folder / "encoder.json").write_text(content, encoding="latin-1")
    with pytest.raises(IndexCorruptError, match=r"encoder\.json"):
        read_identity(copied_folder)


def test_encode_returns_unit_rows(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode(TEXTS)
    assert vectors.shape == (len(TEXTS), 384)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_encode_returns_no_rows_when_there_are_no_texts(encoder: OnnxEncoder) -> None:
    vectors = encoder.encode([])
    assert vectors.shape == (0, 384)
    assert vectors.dtype == np.float32


@pytest.fixture(scope="module", params=[1, 40, 100_000])
def batching_encoder(encoder_folder: Path, request: pytest.FixtureRequest) -> OnnxEncoder:
    return OnnxEncoder.load(encoder_folder, batch_tokens=request.param)


@settings(max_examples=10, deadline=None)
@given(order=st.permutations(range(len(TEXTS))))
def test_a_text_has_the_same_vector_whatever_is_encoded_with_it(
    encoder: OnnxEncoder, batching_encoder: OnnxEncoder, order: list[int]
) -> None:
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    together = batching_encoder.encode([TEXTS[row] for row in order])
    # An activation may round the other way on some processor; one scale for a whole batch differs ten times more.
    np.testing.assert_allclose(together, alone[order], atol=2e-3)


def test_encode_keeps_the_order_when_there_are_thousands_of_texts(encoder: OnnxEncoder) -> None:
    words = ["revenue", "net income per share", "debt"]
    alone = encoder.encode(words)
    vectors = encoder.encode([words[row % 3] for row in range(2050)])
    assert ((vectors @ alone.T).argmax(axis=1) == np.arange(2050) % 3).all()


def test_encode_cuts_a_text_after_254_word_pieces(encoder: OnnxEncoder) -> None:
    long_text = "debt " * 254
    np.testing.assert_allclose(encoder.encode([long_text + "picnic " * 100]), encoder.encode([long_text]), atol=1e-6)
    assert not np.allclose(encoder.encode(["debt " * 253 + "picnic"]), encoder.encode([long_text]), atol=1e-3)


def test_encode_gives_the_same_vectors_when_called_from_several_threads(encoder: OnnxEncoder) -> None:
    expected = encoder.encode(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: encoder.encode(TEXTS), range(8)))
    for result in results:
        np.testing.assert_allclose(result, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("question", "paraphrase", "unrelated"),
    [
        (
            "How much did the company spend on new plants?",
            "Capital expenditures for factories",
            "Our board has ten members",
        ),
        ("Is the firm being sued?", "Legal proceedings and litigation", "Inventory is stated at cost"),
        ("payments to shareholders", "The quarterly dividend was raised", "Cyber attacks on our systems"),
        ("profit after tax", "net income", "number of employees"),
    ],
)
def test_a_paraphrase_is_closer_than_an_unrelated_text(
    encoder: OnnxEncoder, question: str, paraphrase: str, unrelated: str
) -> None:
    asked, close, far = encoder.encode([question, paraphrase, unrelated])
    assert asked @ close > asked @ far + 0.1


# "unaffable" is the example of the published WordPiece tokenizer: un, ##aff, ##able.
@pytest.mark.parametrize(
    ("text", "pieces"), [("", 0), ("capital expenditure", 2), ("unaffable", 3), ("$1.2", 4), ("the " * 400, 400)]
)
def test_count_tokens_counts_every_word_piece(encoder: OnnxEncoder, text: str, pieces: int) -> None:
    assert encoder.count_tokens(text) == pieces
    assert len(encoder.token_offsets(text)) == pieces


def test_token_offsets_count_characters_when_some_take_several_bytes(encoder: OnnxEncoder) -> None:
    text = "Café 😀 Zürich’s €3"
    assert [text[start:end] for start, end in encoder.token_offsets(text)] == [
        "Café",
        "😀",
        "Zürich",
        "’",
        "s",
        "€",
        "3",
    ]


@settings(deadline=None)
@given(text=st.text(alphabet=string.printable[:95] + "éü€’—\n\t", max_size=300))
def test_token_offsets_cover_every_visible_character_once(encoder: OnnxEncoder, text: str) -> None:
    pieces = "".join(text[start:end] for start, end in encoder.token_offsets(text))
    assert pieces == "".join(text.split())


def test_module_loads_neither_onnx_nor_torch() -> None:
    program = (
        "import sys, finrag_ml_tg1.index.encoder; "
        "print(*{'onnx', 'torch', 'safetensors', 'onnxruntime'} & sys.modules.keys())"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["onnxruntime"]
