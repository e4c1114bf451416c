"""The sentence encoder an index carries: text to unit vectors, on the CPU, from three files and without a model hub.

The index stores the identity of the encoder it was built with, so this module only ever loads files whose hash it has
checked. It must not import onnx or torch: those build the files (`indexing.minilm`), never serve them.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime
from tokenizers import Tokenizer

from finrag_ml_tg1.errors import EncoderMismatchError, IndexCorruptError

__all__ = [
    "ENCODER_FILES",
    "Encoder",
    "EncoderIdentity",
    "OnnxEncoder",
    "hash_encoder",
    "load_token_offsets",
    "read_identity",
    "token_offsets_of",
]

MODEL_FILE, TOKENIZER_FILE, IDENTITY_FILE = ENCODER_FILES = ("model.onnx", "tokenizer.json", "encoder.json")

# Texts are sorted by length among this many, which bounds memory however many there are.
WINDOW_TEXTS = 2048


@dataclass(frozen=True, slots=True)
class EncoderIdentity:
    """Which encoder made a vector; two encoders are interchangeable only when these are equal.

    `source_sha256` is the hash of the published weights, `sha256` that of model.onnx followed by tokenizer.json.
    `max_tokens` counts the two special tokens; longer texts are cut.
    """

    name: str
    source_sha256: str
    sha256: str
    dimension: int
    max_tokens: int

    def to_dict(self) -> dict[str, str | int]:
        """Return the fields as JSON values."""
        return asdict(self)

    def require(self, expected: EncoderIdentity) -> None:
        """Raise EncoderMismatchError unless this is the expected encoder: vectors of two are not comparable."""
        if self != expected:
            raise EncoderMismatchError(
                f"the index was built with encoder {expected.name} ({expected.sha256[:12]}), not with {self.name} "
                f"({self.sha256[:12]}): rebuild it with `finrag index`"
            )

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> EncoderIdentity:
        """Read what `to_dict` wrote; raises IndexCorruptError when a field is missing, unknown or of another type."""
        expected = {field.name: int if field.type == "int" else str for field in fields(cls)}
        if values.keys() != expected.keys():
            raise IndexCorruptError(f"The encoder's identity must have exactly the fields {', '.join(expected)}.")
        for name, kind in expected.items():
            if type(values[name]) is not kind:
                raise IndexCorruptError(f"The encoder's identity has a wrong value for {name}: rebuild the index.")
        checked: dict[str, Any] = dict(values)
        return cls(**checked)


class Encoder(Protocol):
    """Texts to vectors, with the tokenizer that decides how much text fits in one."""

    @property
    def identity(self) -> EncoderIdentity:
        """Which encoder this is; an index built with another one cannot be searched with it."""
        ...

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one unit-length row a text, in the order given: shape (len(texts), identity.dimension)."""
        ...

    def count_tokens(self, text: str) -> int:
        """Return the number of word-pieces in the whole text, without special tokens."""
        ...

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return [start, end) in characters of every word-piece of the whole text, without special tokens."""
        ...


class OnnxEncoder:
    """An encoder run by onnxruntime. Calls may come from several threads at once.

    A text's vector does not depend on the texts encoded with it, because the graph quantises every token by itself.
    """

    def __init__(self, identity: EncoderIdentity, folder: Path, *, threads: int, batch_tokens: int) -> None:
        self._identity = identity
        self._batch_tokens = batch_tokens
        self._threads = threads
        tokenizer = _read(folder / TOKENIZER_FILE)
        self._counting = _open_tokenizer(tokenizer)
        self._truncating = _open_tokenizer(tokenizer)
        self._truncating.enable_truncation(identity.max_tokens)
        self._session = _open_session(folder / MODEL_FILE)

    @classmethod
    def load(cls, folder: Path, *, threads: int = 1, batch_tokens: int = 512) -> OnnxEncoder:
        """Load ENCODER_FILES from a folder; raises IndexCorruptError when one is missing or was changed.

        `threads` is how many batches run at once, `batch_tokens` how many tokens, padding included, one may hold:
        more is not faster (measured from 400 on) and takes memory in proportion.
        """
        return cls(read_identity(folder), folder, threads=threads, batch_tokens=batch_tokens)

    @property
    def identity(self) -> EncoderIdentity:
        """Which encoder this is, as verified when it was loaded."""
        return self._identity

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one unit-length row a text, in the order given: shape (len(texts), identity.dimension).

        Texts longer than `identity.max_tokens` are cut. No texts give shape (0, dimension).
        """
        vectors = np.empty((len(texts), self._identity.dimension), dtype=np.float32)
        batches = self._batches(texts)
        if self._threads == 1:
            for rows, token_ids in batches:
                vectors[rows] = self._run(token_ids)
            return vectors
        # Batches side by side: the threads of one run wait for each other (15 % slower on two cores).
        with ThreadPoolExecutor(self._threads) as pool:
            running: deque[tuple[list[int], Future[npt.NDArray[np.float32]]]] = deque()
            for rows, token_ids in batches:
                running.append((rows, pool.submit(self._run, token_ids)))
                if len(running) > 2 * self._threads:
                    done, result = running.popleft()
                    vectors[done] = result.result()
            for done, result in running:
                vectors[done] = result.result()
        return vectors

    def count_tokens(self, text: str) -> int:
        """Return the number of word-pieces in the whole text, without special tokens."""
        return len(self._counting.encode(text, add_special_tokens=False).ids)

    def token_offsets(self, text: str) -> list[tuple[int, int]]:
        """Return [start, end) in characters of every word-piece of the whole text, without special tokens."""
        return list(self._counting.encode(text, add_special_tokens=False).offsets)

    def _batches(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[list[int]]]]:
        """Yield (rows, their token ids) of like length, so that little is padded."""
        for window_start in range(0, len(texts), WINDOW_TEXTS):
            window = range(window_start, min(window_start + WINDOW_TEXTS, len(texts)))
            token_ids = {row: self._truncating.encode(texts[row]).ids for row in window}
            rows: list[int] = []
            for row in sorted(window, key=lambda row: len(token_ids[row])):
                if rows and (len(rows) + 1) * len(token_ids[row]) > self._batch_tokens:
                    yield rows, [token_ids[row] for row in rows]
                    rows = []
                rows.append(row)
            yield rows, [token_ids[row] for row in rows]

    def _run(self, token_ids: list[list[int]]) -> npt.NDArray[np.float32]:
        shape = (len(token_ids), max(len(ids) for ids in token_ids))
        input_ids = np.zeros(shape, dtype=np.int64)
        attention_mask = np.zeros(shape, dtype=np.int64)
        for row, ids in enumerate(token_ids):
            input_ids[row, : len(ids)] = ids
            attention_mask[row, : len(ids)] = 1
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        return np.asarray(self._session.run(["embedding"], inputs)[0], dtype=np.float32)


def load_token_offsets(folder: Path) -> Callable[[str], list[tuple[int, int]]]:
    """Return `token_offsets` of the encoder in a folder, without loading its model.

    Raises IndexCorruptError when a file is missing or was changed.
    """
    read_identity(folder)
    return token_offsets_of(_read(folder / TOKENIZER_FILE))


def token_offsets_of(tokenizer_file: bytes) -> Callable[[str], list[tuple[int, int]]]:
    """Return `token_offsets` of the encoder whose tokenizer.json this is; its bytes are not checked."""
    tokenizer = _open_tokenizer(tokenizer_file)
    return lambda text: list(tokenizer.encode(text, add_special_tokens=False).offsets)


def hash_encoder(folder: Path) -> str:
    """Return the hex SHA-256 that `EncoderIdentity.sha256` states; raises IndexCorruptError for a missing file."""
    path = folder / MODEL_FILE
    try:
        with path.open("rb") as model:
            digest = hashlib.file_digest(model, "sha256")
    except OSError as error:
        raise _unreadable(path, error) from error
    digest.update(_read(folder / TOKENIZER_FILE))
    return digest.hexdigest()


def read_identity(folder: Path) -> EncoderIdentity:
    """Return the identity of the encoder in a folder; raises IndexCorruptError when a file is missing or changed."""
    path = folder / IDENTITY_FILE
    try:
        values = json.loads(_read(path))
    except ValueError as error:
        raise IndexCorruptError(f"{path} is not JSON: fetch or build the encoder again.") from error
    if not isinstance(values, dict):
        raise IndexCorruptError(f"{path} holds no JSON object: fetch or build the encoder again.")
    identity = EncoderIdentity.from_dict(values)
    if hash_encoder(folder) != identity.sha256:
        raise IndexCorruptError(
            f"{MODEL_FILE} or {TOKENIZER_FILE} in {folder} does not match {IDENTITY_FILE}: "
            "fetch or build the encoder again."
        )
    return identity


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> IndexCorruptError:
    return IndexCorruptError(f"The encoder's file {path} cannot be read: {error.strerror}.")


def _open_tokenizer(tokenizer: bytes) -> Tokenizer:
    # The published file pads to and cuts at 128 tokens: padding would cost 3.5 times the work for a short question.
    opened = Tokenizer.from_buffer(tokenizer)
    opened.no_padding()
    opened.no_truncation()
    return opened


def _open_session(model: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Texts differ in length: an arena and remembered patterns would keep the largest run's memory for good.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    # By path: given bytes, the session keeps a copy of them (22 MB).
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
