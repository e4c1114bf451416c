from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load

from finrag_ml_tg1.errors import IndexCorruptError, StoreError
from finrag_ml_tg1.index.container import open_arrays, pack_arrays

DTYPES = [np.uint8, np.int8, np.uint16, np.uint32, np.int32, np.float32, np.uint64, np.int64]


@st.composite
def named_arrays(draw: st.DrawFn) -> dict[str, npt.NDArray[Any]]:
    names = draw(st.lists(st.text(min_size=1, max_size=8).filter(lambda name: name != "__metadata__"), unique=True))
    arrays = {}
    for name in names:
        shape = draw(st.lists(st.integers(0, 4), max_size=3))
        data = draw(st.binary(min_size=8 * int(np.prod(shape)), max_size=8 * int(np.prod(shape))))
        dtype = np.dtype(draw(st.sampled_from(DTYPES)))
        arrays[name] = np.frombuffer(data, dtype=dtype)[: int(np.prod(shape))].reshape(shape)
    return arrays


def write(content: bytes, folder: str | Path) -> Path:
    path = Path(folder) / "arrays"
    path.write_bytes(content)
    return path


@settings(max_examples=60, deadline=None)
@given(arrays=named_arrays())
def test_arrays_come_back_equal(arrays: dict[str, npt.NDArray[Any]]) -> None:
    packed = pack_arrays(arrays)
    with tempfile.TemporaryDirectory() as folder:
        opened = open_arrays(write(packed, folder))
        assert opened.keys() == arrays.keys() == load(packed).keys()
        for name, array in arrays.items():
            assert (opened[name].dtype, opened[name].shape) == (array.dtype, array.shape)
            assert opened[name].tobytes() == array.tobytes()
        del opened


def test_arrays_that_do_not_lie_in_order_come_back_equal(tmp_path: Path) -> None:
    array = np.arange(12, dtype=np.int32).reshape(3, 4).T
    np.testing.assert_array_equal(open_arrays(write(pack_arrays({"a": array}), tmp_path))["a"], array)


def test_opened_arrays_cannot_be_changed(tmp_path: Path) -> None:
    opened = open_arrays(write(pack_arrays({"a": np.zeros(3, np.uint8)}), tmp_path))
    with pytest.raises(ValueError, match="read-only"):
        opened["a"][0] = 1


def header(text: str) -> bytes:
    return len(text).to_bytes(8, "little") + text.encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\xff" * 64,
        header("[]"),
        header("{"),
        header('{"a": 5}'),
        header('{"a": {"dtype": "U8", "shape": [9], "data_offsets": [0, 9]}}'),
        header('{"a": {"dtype": "F8", "shape": [0], "data_offsets": [0, 0]}}'),
        header('{"a": {"dtype": "U8", "shape": ["x"], "data_offsets": [0, 0]}}'),
        header('{"a": {"dtype": "U8", "shape": [1], "data_offsets": [-99999, 0]}}'),
        pack_arrays({"a": np.arange(50)})[:-1],
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(IndexCorruptError, match="finrag index"):
        open_arrays(write(content, tmp_path))


def test_file_that_has_just_gone_is_a_failure_to_read_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="try again, or check FINRAG_CACHE_DIR"):
        open_arrays(tmp_path / "gone")
