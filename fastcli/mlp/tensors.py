"""Writing safetensors: eight bytes of length, a JSON header, and the arrays one after the other.

The library writes to paths only, or needs the whole file in memory; here a file that is open
already is written, whatever it is, array by array.  The bytes are those that the library writes.
Format: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.files import write_all

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.files import Replacement

# In the order of the file: the library writes the widest first.
NAMES = {"<i8": "I64", "<f8": "F64", "<f4": "F32", "<i4": "I32", "|u1": "U8"}
AT_ONCE = 1 << 24  # bytes of an array that is not contiguous that are copied at a time


def write_tensors(
    out: Replacement, arrays: dict[str, NDArray[Any]], config: dict[str, Any]
) -> None:
    """Write arrays by name, and a JSON object as metadata.

    The same arrays and the same object make the same bytes.  Raises OSError if the file cannot
    be written, and FastcliError where it cannot be opened.
    """
    fd = out.begin()
    kinds = list(NAMES)
    order = sorted(arrays, key=lambda name: (kinds.index(arrays[name].dtype.str), name))
    # One entry only: of several, the library would mix the order.
    header: dict[str, Any] = {"__metadata__": {"fastcli": json.dumps(config)}}
    position = 0
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": NAMES[array.dtype.str],
            "shape": list(array.shape),
            "data_offsets": [position, position + array.nbytes],
        }
        position += array.nbytes
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    write_all(fd, len(text).to_bytes(8, "little") + text)
    for name in order:
        _write_array(fd, arrays[name])


def _write_array(fd: int, array: NDArray[Any]) -> None:
    """Write an array in C order; non-contiguous arrays are copied part by part."""
    if array.flags.c_contiguous:
        write_all(fd, array.reshape(-1).view(np.uint8))
        return
    rows = max(1, AT_ONCE * len(array) // max(array.nbytes, 1))
    for first in range(0, len(array), rows):
        write_all(fd, np.ascontiguousarray(array[first : first + rows]).reshape(-1).view(np.uint8))
