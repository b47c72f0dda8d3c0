"""Model files and checkpoints of mlp-train that are changed on purpose, byte by byte."""

import json

import numpy as np

DTYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "u1", "BOOL": "?"}
NAMES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}


def read(path):
    """Return the arrays of a safetensors file of ours, writable, and its JSON object."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    config = json.loads(header.pop("__metadata__")["fastcli"])
    arrays = {}
    for name, entry in header.items():
        start, end = (8 + size + at for at in entry["data_offsets"])
        flat = np.frombuffer(data[start:end], DTYPES[entry["dtype"]])
        arrays[name] = flat.reshape(entry["shape"]).copy()
    return arrays, config


def write(path, arrays, config, change=lambda header: None):
    """Write arrays and a JSON object; ``change`` may spoil the header of safetensors first."""
    header, parts, at = {}, [], 0
    # the widest numbers first, so that all are aligned
    for name in sorted(arrays, key=lambda name: (-arrays[name].itemsize, name)):
        data = np.ascontiguousarray(arrays[name]).tobytes()
        header[name] = {
            "dtype": NAMES[arrays[name].dtype],
            "shape": list(arrays[name].shape),
            "data_offsets": [at, at + len(data)],
        }
        parts.append(data)
        at += len(data)
    text = config if isinstance(config, str) else json.dumps(config)
    header["__metadata__"] = {"fastcli": text}
    head = change(header) or json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.write_bytes(len(head).to_bytes(8, "little") + head + b"".join(parts))
    return path
