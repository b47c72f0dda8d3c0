"""``.mlp`` files and checkpoints: their JSON, their tensors, and the header that names them."""

from __future__ import annotations

import json
import struct

from tests.fuzz.damage import (
    Damaged,
    Section,
    damage_bytes,
    damage_items,
    damage_json,
    damage_section,
    damage_value,
    json_text,
)

WIDTHS = {"F32": 4, "F64": 8, "I32": 4, "I64": 8, "U8": 1}


def parts_of(data):
    """Return the JSON object of ours, and the tensors: name, dtype, shape, bytes."""
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    ours = json.loads(header.pop("__metadata__")["fastcli"])
    tensors = []
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        part = data[8 + size + first : 8 + size + last]
        tensors.append([name, entry["dtype"], entry["shape"], part])
    return ours, tensors


def file_of(ours, tensors):
    """Return a file that safetensors takes, of JSON text and tensors."""
    header, at = {"__metadata__": {"fastcli": ours}}, 0
    for name, dtype, shape, part in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(part)]}
        at += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(part for *_, part in tensors)


def damage(random, data):
    """Damage a file of ours: its JSON, its tensors, its header, or any bytes."""
    ours, tensors = parts_of(data)
    how = random.choice(
        ["json"] * 4 + ["tensor"] * 4 + ["together"] * 2 + ["both", "header", "bytes"]
    )
    if how == "header":
        return damage_header(random, data)
    if how == "bytes":
        return damage_bytes(random, data)
    done = [damage_together(random, ours, tensors)] if how == "together" else []
    text = json_text(ours)
    if how in ("json", "both"):
        found = damage_json(random, ours)
        text = found.data.decode("utf-8", "replace")
        done.append(found.what)
    if how in ("tensor", "both"):
        done.append(damage_tensors(random, tensors))
    return Damaged(file_of(text, tensors), "; ".join(done))


def damage_tensors(random, tensors):
    """Damage one tensor, in place; return what was done.  The file stays a sound one."""
    i = random.randrange(len(tensors))
    name, dtype, shape, part = tensors[i]
    width = WIDTHS[dtype]
    how = random.choice(["items"] * 5 + ["fill"] * 2 + ["gone", "name", "dtype", "shape", "size"])
    if how == "items":
        found = damage_items(random, part, [Section(name, 0, len(part), width)])
        tensors[i][3] = (found.data + bytes(len(part)))[: len(part)]
        return found.what
    if how == "fill":
        found = damage_section(random, part, Section(name, 0, len(part), width))
        tensors[i][3] = (found.data + part)[: len(part)]
        return found.what
    if how == "gone":
        del tensors[i]
        return f"without {name}"
    if how == "name":
        other = random.choice([t[0] for t in tensors] + ["x", "layers.9.weight", "best.params"])
        if any(t[0] == other for t in tensors):
            j = [t[0] for t in tensors].index(other)
            tensors[i][0], tensors[j][0] = other, name
            return f"{name} and {other} changed names"
        tensors[i][0] = other
        return f"{name} is called {other}"
    if how == "dtype":
        other = random.choice(["F32", "I32", "U32", "F16", "BF16", "BOOL", "I8", "U8", "F64"])
        wide = {"F16": 2, "BF16": 2, "BOOL": 1, "I8": 1, "U32": 4, **WIDTHS}[other]
        if len(part) % wide:
            other, wide = "U8", 1
        tensors[i][1:3] = [other, [len(part) // wide]]
        return f"{name} is {other}"
    if how == "shape":
        n = len(part) // width
        shapes = [[n], [1, n], [n, 1], [n] + [1] * 64, [n] + [1] * 32, [1] * 5 + [n]]
        tensors[i][2] = random.choice([*shapes, list(reversed(shape))])
        return f"{name} has shape {str(tensors[i][2])[:40]}"
    n = random.choice([0, 1, 2, len(part) // width + 1, 2 * (len(part) // width)])
    tensors[i][2], tensors[i][3] = [n], (part + bytes(n * width))[: n * width]
    if n == 0:
        tensors[i][2] = random.choice([[0], [0, 2**62], [0, 2**64 - 1], [2**31, 0]])
    return f"{name} has {n} elements, shape {tensors[i][2]}"


def damage_together(random, ours, tensors):
    """Damage several parts in place so that they still fit each other; return what was done."""
    at = {name: i for i, (name, *_) in enumerate(tensors)}
    if "dictionary.starts" not in at:
        return damage_tensors(random, tensors)
    how = random.choice(["wrap", "wrap", "buckets", "no buckets", "moved", "large", "embedding"])
    starts, buckets = at["dictionary.starts"], at.get("buckets", at["embedding"])
    if how == "wrap":  # differences that are positive only because they wrap around
        n = tensors[starts][2][0]
        first, last = sorted(random.sample(range(1, n - 1), 2))
        values = list(struct.unpack(f"<{n}q", tensors[starts][3]))
        odd = [2**62, 2**63 - 1, -(2**63) + 1, -(2**62), -1]
        values[first:last] = (odd * n)[: last - first]
        tensors[starts][3] = struct.pack(f"<{n}q", *values)
        return f"starts[{first}:{last}] = {odd} ..."
    words = ours["text"]["nwords"]
    if how == "buckets":  # the same ones again and again, with as many rows as there are
        n = tensors[buckets][2][0]
        kept = random.randrange(1, n)
        tensors[buckets][3] = (tensors[buckets][3][: 4 * kept] * n)[: 4 * n]
        _resize(tensors[at["embedding"]], words + kept)
        return f"buckets repeat after {kept}"
    if how == "no buckets":
        _resize(tensors[at["embedding"]], words)
        del tensors[buckets]
        ours["args"]["maxn"] = random.choice([0, 3])
        return "no buckets, no rows of them"
    if how == "moved":
        n = random.choice([1, 2, words])
        ours["text"] |= {"nwords": words - n, "nlabels": ours["text"]["nlabels"] + n}
        return f"{n} words are labels"
    if how == "large":
        ours["text"]["bucket"] = random.choice([1, 2**31 - 1, 2**31, 2**62, 2**63])
        return f"bucket = {ours['text']['bucket']}"
    ours["args"]["dim"] = random.choice([0, 1, 16, 17, 2**31, -1])
    return f"dim = {ours['args']['dim']}"


def _resize(tensor, rows):
    """Give a matrix fewer or more rows."""
    width = WIDTHS[tensor[1]] * tensor[2][1]
    tensor[2] = [rows, tensor[2][1]]
    tensor[3] = (tensor[3] + bytes(rows * width))[: rows * width]


def damage_header(random, data):
    """Damage the header's JSON, whose length is then right again; or the length."""
    if random.random() < 0.2:
        size = random.choice([0, 1, 8, 2**31, 2**63, 2**64 - 1, len(data), len(data) - 8])
        return Damaged(struct.pack("<Q", size) + data[8:], f"header of {size} bytes")
    size = int.from_bytes(data[:8], "little")
    header, what = damage_value(random, json.loads(data[8 : 8 + size]))
    text = json_text(header).encode()
    return Damaged(struct.pack("<Q", len(text)) + text + data[8 + size :], f"header: {what}")
