"""Named arrays in one file, memory-mapped when read.

The format is safetensors (an 8-byte little-endian header length, a JSON header, the arrays). Its own reader copies each
array; here they are views of the mapped file, so that opening a large file costs no memory.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from finrag_ml_tg1.errors import IndexCorruptError

__all__ = ["Arrays", "narrowed", "open_arrays", "pack_arrays"]

Arrays = Mapping[str, npt.NDArray[Any]]

_DTYPES = {
    "U8": np.uint8,
    "I8": np.int8,
    "U16": np.uint16,
    "U32": np.uint32,
    "I32": np.int32,
    "F32": np.float32,
    "U64": np.uint64,
    "I64": np.int64,
}


def narrowed(numbers: npt.NDArray[np.integer]) -> npt.NDArray[np.uint16 | np.uint32]:
    """Return numbers from 0 on in two bytes each where they fit, else in four."""
    return numbers.astype(np.uint16 if numbers.max(initial=0) <= np.iinfo(np.uint16).max else np.uint32)


def pack_arrays(arrays: Arrays) -> bytes:
    """Return the arrays as one file's bytes; the same arrays always give the same bytes."""
    return save({name: np.asarray(array, order="C") for name, array in arrays.items()})


def open_arrays(path: Path, *, randomly_read: Collection[str] = ()) -> dict[str, npt.NDArray[Any]]:
    """Return read-only views of the arrays in a file; raises IndexCorruptError when it is no such file.

    What stands beside a place that is read of the `randomly_read` is not read from disk with it.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        header_bytes = int.from_bytes(mapped[:8], "little")
        header = json.loads(mapped[8 : 8 + header_bytes])
        data_start = 8 + header_bytes
        for name in randomly_read:
            start, end = (data_start + offset for offset in header[name]["data_offsets"])
            first_page = start - start % mmap.PAGESIZE
            mapped.madvise(mmap.MADV_RANDOM, first_page, end - first_page)
        return {
            name: np.frombuffer(
                mapped,
                dtype=_DTYPES[entry["dtype"]],
                count=int(np.prod(entry["shape"], dtype=np.int64)),
                offset=data_start + entry["data_offsets"][0],
            ).reshape(entry["shape"])
            for name, entry in header.items()
            if name != "__metadata__"
        }
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise IndexCorruptError(f"{path.name} is no index file: rebuild the index with `finrag index`") from error
