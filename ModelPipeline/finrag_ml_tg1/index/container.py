"""Named arrays in one file, memory-mapped when read.

The format is safetensors (an 8-byte little-endian header length, a JSON header, the arrays). Its own reader copies each
array; here they are views of the mapped file, so that opening a large file costs no memory.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from finrag_ml_tg1.errors import IndexCorruptError, StoreError

__all__ = ["Arrays", "MappedArrays", "narrowed", "open_arrays", "pack_arrays"]

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


class MappedArrays(dict[str, npt.NDArray[Any]]):
    """Read-only views of the arrays in a mapped file, by name."""

    def __init__(self, mapped: mmap.mmap) -> None:
        header_bytes = int.from_bytes(mapped[:8], "little")
        header = json.loads(mapped[8 : 8 + header_bytes])
        header.pop("__metadata__", None)
        self._mapped = mapped
        self._spans = {
            name: tuple(8 + header_bytes + offset for offset in entry["data_offsets"]) for name, entry in header.items()
        }
        super().__init__(
            (
                name,
                np.frombuffer(
                    mapped,
                    dtype=_DTYPES[entry["dtype"]],
                    count=int(np.prod(entry["shape"], dtype=np.int64)),
                    offset=self._spans[name][0],
                ).reshape(entry["shape"]),
            )
            for name, entry in header.items()
        )

    def read_ahead(self) -> None:
        """Have all arrays read from disk at once, as they are about to be asked for."""
        self._mapped.madvise(mmap.MADV_WILLNEED)

    def read_randomly(self, *names: str) -> None:
        """Have of these arrays no pages read from disk but those that are asked for."""
        for name in names:
            start, end = self._spans[name]
            first_page = start - start % mmap.PAGESIZE
            if end > first_page:
                self._mapped.madvise(mmap.MADV_RANDOM, first_page, end - first_page)


def open_arrays(path: Path, *, is_read_randomly: bool = False) -> MappedArrays:
    """Return views of the arrays in a file; raises IndexCorruptError when it is no such file, StoreError without one.

    Of one that `is_read_randomly` no pages are read from disk but those that are asked for.
    """
    try:
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if is_read_randomly:  # said before the header is read, which brings 128 KiB otherwise
            mapped.madvise(mmap.MADV_RANDOM)
        return MappedArrays(mapped)
    except OSError as error:  # it was there a moment ago: the folder has been emptied, or a limit is reached
        raise StoreError(f"{path} cannot be opened ({error.strerror}): try again, or check FINRAG_CACHE_DIR") from error
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise IndexCorruptError(f"{path.name} is no index file: rebuild the index with `finrag index`") from error
