"""Model files and checkpoints of mlp-train that are changed on purpose, byte by byte."""

import json

import numpy as np
from hypothesis import strategies as st

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


def put(**changes):
    """Return an edit that sets fields of the JSON object; ``a__b`` is field b of a."""

    def edit(arrays, config):
        for name, value in changes.items():
            *path, last = name.split("__")
            at = config
            for step in path:
                at = at[step]
            at[last] = value

    return edit


def array(name, change):
    """Return an edit that changes or replaces an array."""

    def edit(arrays, config):
        arrays[name] = change(arrays[name])

    return edit


def without(name):
    return lambda arrays, config: arrays.pop(name)


ODD = (
    st.none()
    | st.booleans()
    | st.integers(-3, 9)
    | st.sampled_from([2**31 - 1, 2**31, 2**63, 10**30, -(2**40), 1e300, 0.5])
    | st.floats()
    | st.sampled_from(
        [
            *(
                "",
                "x",
                "0",
                "none",
                "batch",
                "maxout:3",
                "1,1",
                "\ud800",
                "\udc80",
                "\0",
                "\n",
                "csv",
            ),
            *("apl:2", "softmax", "bce", "uniform:-1:1"),
        ]
    )
    | st.text(max_size=4)
    | st.lists(st.integers(0, 9) | st.text(max_size=2), max_size=3)
    | st.just({})
)


def spoil(data, value):
    """Replace, drop or double something in a value of JSON."""
    if isinstance(value, dict) and value and data.draw(st.integers(0, 5)):
        name = data.draw(st.sampled_from(sorted(value)))
        if data.draw(st.integers(0, 9)) == 0:
            value = {k: v for k, v in value.items() if k != name}
            return (
                {**value, data.draw(st.text(max_size=3)): 1} if data.draw(st.booleans()) else value
            )
        return {**value, name: spoil(data, value[name])}
    if isinstance(value, list) and value and data.draw(st.booleans()):
        at = data.draw(st.integers(0, len(value) - 1))
        return [*value[:at], spoil(data, value[at]), *value[at + 1 :]]
    return data.draw(ODD)
