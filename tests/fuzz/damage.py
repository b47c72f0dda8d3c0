"""Damage that fits any format: bytes, fields and sections of binary files, values of JSON."""

from __future__ import annotations

import copy
import json
import math
import struct
from dataclasses import dataclass, field

INTEGERS = (0, 1, -1, 2, 3, 127, 128, 255, 256, 2**15, 2**16, 2**31 - 1, 2**31, -(2**31))
INTEGERS += (2**32 - 1, 2**32, 10**18, 2**62, -(2**62), 2**63 - 1, -(2**63), -(2**63) + 1)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, 3e38, -3e38, math.inf, -math.inf, math.nan)
BYTES = (b"\0", b"\xff", b"\n", b" ", b"\x1b[31m", b"\xc3", b"\xed\xa0\x80", b"\x7f", b"{", b'"')


@dataclass(frozen=True)
class Damaged:
    """The bytes of a file, and what was done to them."""

    data: bytes
    what: str


@dataclass(frozen=True)
class Field:
    """A number in a binary file: its name, where it is, and its ``struct`` format."""

    name: str
    at: int
    kind: str


@dataclass(frozen=True)
class Section:
    """A part of a binary file that is an array of items of ``width`` bytes."""

    name: str
    start: int
    end: int
    width: int = 1


@dataclass
class Layout:
    """Where the fields and the sections of a binary file are."""

    fields: list[Field] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)


def damage_bytes(random, data):
    """Change a few bytes, wherever they are; or cut the file, or lengthen it."""
    out = bytearray(data)
    at = random.randrange(len(out) + 1)
    how = random.choice(["flip", "flip", "insert", "delete", "cut", "append", "repeat"])
    if how == "flip":
        n = random.choice([1, 2, 8, 40])
        for _ in range(n):
            if out:
                out[random.randrange(len(out))] = random.choice([0, 255, random.randrange(256)])
        return Damaged(bytes(out), f"{n} bytes are others")
    if how == "insert":
        word = random.choice(BYTES)
        out[at:at] = word
        return Damaged(bytes(out), f"{word!r} inserted at {at}")
    if how == "delete":
        n = random.choice([1, 2, 4, 8, 100])
        del out[at : at + n]
        return Damaged(bytes(out), f"{n} bytes left out at {at}")
    if how == "cut":
        return Damaged(bytes(out[:at]), f"cut at {at}")
    if how == "append":
        n = random.choice([1, 4, 8, 1000])
        return Damaged(bytes(out) + random.randbytes(n), f"{n} bytes at the end")
    n = random.choice([1, 8, 100, 1000])
    out[at:at] = out[at : at + n]
    return Damaged(bytes(out), f"{n} bytes at {at} are there twice")


def damage_layout(random, data, layout):
    """Set fields of a binary file, or move, cut, repeat or fill its sections."""
    how = random.choice(["fields"] * 5 + ["section"] * 4 + ["items"] * 2 + ["swap", "bytes"])
    if how == "fields" and layout.fields:
        return set_fields(random, data, layout.fields)
    if how == "items":
        return damage_items(random, data, layout.sections)
    if how == "section":
        return damage_section(random, data, random.choice(layout.sections))
    if how == "swap":
        a, b = sorted(random.sample(layout.sections, 2), key=lambda section: section.start)
        parts = [data[: a.start], data[b.start : b.end], data[a.end : b.start]]
        parts += [data[a.start : a.end], data[b.end :]]
        return Damaged(b"".join(parts), f"{a.name} and {b.name} changed places")
    return damage_bytes(random, data)


def set_fields(random, data, fields):
    """Set one to three fields to values that are likely to be odd."""
    out, done = bytearray(data), []
    for one in random.sample(fields, min(random.choice([1, 1, 2, 3]), len(fields))):
        done.append(f"{one.name} = {set_field(random, out, one)}")
    return Damaged(bytes(out), ", ".join(done))


def set_field(random, out, one):
    """Set a field in place; return the new value."""
    layout = struct.Struct("<" + one.kind)
    (former,) = layout.unpack_from(out, one.at)
    if one.kind in "fd":
        value = random.choice([*FLOATS, -former])
        layout.pack_into(out, one.at, value)
        return value
    value = random.choice([*INTEGERS, former - 1, former + 1, 2 * former, -former])
    bits = 8 * layout.size
    value &= 2**bits - 1
    if one.kind.islower() and value >= 2 ** (bits - 1):
        value -= 2**bits
    layout.pack_into(out, one.at, value)
    return value


def damage_section(random, data, section):
    """Cut, repeat, empty, turn round or fill one section."""
    part = data[section.start : section.end]
    how = random.choice(["gone", "twice", "half", "turned", "zeros", "ones", "nan", "inf", "noise"])
    n = len(part) // section.width
    items = [part[i * section.width : (i + 1) * section.width] for i in range(n)]
    new = {
        "gone": b"",
        "twice": part + part,
        "half": part[: random.randrange(len(part) + 1)],
        "turned": b"".join(reversed(items)),
        "zeros": bytes(len(part)),
        "ones": b"\xff" * len(part),
        "nan": struct.pack("<f", math.nan) * (len(part) // 4) + part[len(part) // 4 * 4 :],
        "inf": struct.pack("<f", math.inf) * (len(part) // 4) + part[len(part) // 4 * 4 :],
        "noise": random.randbytes(len(part)),
    }[how]
    return Damaged(data[: section.start] + new + data[section.end :], f"{section.name}: {how}")


def damage_items(random, data, sections):
    """Set items of an array, or copy one over others."""
    sections = [s for s in sections if s.end - s.start >= s.width]
    if not sections:
        return damage_bytes(random, data)
    section = random.choice(sections)
    n = (section.end - section.start) // section.width
    out, done = bytearray(data), []
    for _ in range(random.choice([1, 1, 3, n])):
        i = random.randrange(n)
        at = section.start + i * section.width
        if random.random() < 0.3:
            j = section.start + random.randrange(n) * section.width
            out[at : at + section.width] = out[j : j + section.width]
            done.append(f"[{i}] copied from another")
            continue
        kind = {1: "B", 4: random.choice("if"), 8: "q"}.get(section.width, "B")
        done.append(f"[{i}] = {set_field(random, out, Field('', at, kind))}")
    shown = ", ".join(done[:3]) + (f" and {len(done) - 3} more" if len(done) > 3 else "")
    return Damaged(bytes(out), f"{section.name}: {shown}")


# ------------------------------------------------------------------------ JSON

DEEP = "@deep@"
VALUES = (None, True, False, 0, -1, 1, 2, 2.5, 1e300, -1e300, math.inf, math.nan, 10**30, 2**31)
VALUES += (2**63, -(2**63), 2**64, "", "x", "0", "1", "\ud800", "\x1b[31mred", "a\nb", "\0")
VALUES += (
    "\udc80",
    [],
    [1],
    {},
    {"a": 1},
    [[]],
    [None],
    "none",
    DEEP,
    "x" * 5000,
    "é日本",
    "maxout:1e15",
    "apl:3",
    "softmax",
    "bce",
    "uniform:2,1",
)


def damage_value(random, value):
    """Return a JSON value with some of its parts replaced, and what was done."""
    whole = json.loads(json.dumps(value))
    done = []
    for _ in range(random.choice([1, 1, 1, 2, 3])):
        whole, what = _damage_one(random, whole)
        done.append(what)
    return whole, ", ".join(done)


def _any(random):
    """Return one of ``VALUES``, which may be damaged itself: lists and objects are copies."""
    return copy.deepcopy(random.choice(VALUES))


def _damage_one(random, whole):
    places = list(_places(whole))
    if not places:
        value = _any(random)
        return value, f"all = {_shown(value)}"
    parent, key, path = random.choice(places)
    how = random.choice(["set"] * 6 + ["gone", "other", "add", "twice", "number"])
    if how == "gone":
        del parent[key]
        return whole, f"without {path}"
    if how == "other":
        a_parent, a_key, a_path = random.choice(places)
        parent[key] = json.loads(json.dumps(a_parent[a_key]))
        return whole, f"{path} = that of {a_path}"
    if how == "add":
        if isinstance(parent, dict):
            parent["unknown"] = _any(random)
        else:
            parent.append(_any(random))
        return whole, f"one more beside {path}"
    if how == "twice" and isinstance(parent, list):
        parent.insert(0, parent[key])
        return whole, f"{path} twice"
    value = random.choice([*INTEGERS, *FLOATS]) if how == "number" else _any(random)
    parent[key] = value
    return whole, f"{path} = {_shown(value)}"


def _places(value, path=""):
    """Yield each (container, key, path) in a JSON value."""
    if not isinstance(value, dict | list):
        return
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(pairs):
        yield value, key, f"{path}.{key}".lstrip(".")
        yield from _places(part, f"{path}.{key}")


def _shown(value):
    shown = ascii(value)
    return shown if len(shown) < 40 else shown[:40] + "..."


def json_text(value, **how):
    """Write a JSON value as ASCII: surrogates as they are, ``DEEP`` as thousands of brackets."""
    text = json.dumps(value, **how)
    return text.replace(f'"{DEEP}"', "[" * 20_000 + "]" * 20_000)


def damage_json(random, value, **how):
    """Return the text of a damaged JSON value."""
    if random.random() < 0.15:
        return damage_bytes(random, json_text(value, **how).encode())
    damaged, what = damage_value(random, value)
    return Damaged(json_text(damaged, **how).encode(), what)
