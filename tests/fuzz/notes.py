"""JSON that stands beside other files, JSON lines, arrays of objects, Parquet and TOML."""

from __future__ import annotations

import json
import sys

from tests.fuzz.damage import VALUES, Damaged, damage_bytes, damage_json, damage_value, json_text
from tests.fuzz.samples import parquet_bytes
from tests.fuzz.texts import damage as damage_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def damage(random, data):
    """Damage a JSON file."""
    return damage_json(random, json.loads(data), indent=random.choice([None, 2]))


def damage_sidecar(random, data):
    """Damage the JSON file beside a model, or what it says of the weights of lines."""
    if random.random() < 0.8:
        return damage(random, data)
    about = json.loads(data)
    prefix = random.choice([*VALUES, "\n", "the", "\0", "a b", about.get("label"), "_", "\x1b[31m"])
    about["arguments"] = {**about.get("arguments", {}), "weight_prefix": prefix}
    return Damaged(json_text(about).encode(), f"weight_prefix = {ascii(prefix)[:40]}")


def damage_lines(random, data):
    """Damage some lines of a file of JSON lines, or its text."""
    if random.random() < 0.3:
        return damage_text(random, data, rb'[ \n,"{}:\[]')
    lines, done = data.splitlines(), []
    for i in random.sample(range(len(lines)), min(len(lines), random.choice([1, 1, 3]))):
        found = damage_json(random, json.loads(lines[i]))
        lines[i] = found.data
        done.append(f"line {i + 1}: {found.what}")
    return Damaged(b"\n".join([*lines, b""]), ", ".join(done))


def damage_rows(random, data):
    """Damage an array of objects."""
    if random.random() < 0.3:
        return damage_text(random, data, rb'[ \n,"{}:\[]')
    return damage_json(random, json.loads(data))


def damage_parquet(random, data):
    """Damage the bytes of a Parquet file, or write a sound one of other types."""
    if random.random() < 0.6:
        return damage_bytes(random, data)
    whole = (None, True, -1, 2.5, 2**62, "x", "\x1b[31mred", "", [1, None], {"a": 1}, b"\xff", [])
    kinds = {name: random.choice(whole) for name in ("text", "label", "group", "x", "\x1b[2J")}
    rows = [{**kinds, **{random.choice([*kinds]): None}} for _ in range(random.choice([0, 1, 9]))]
    found = parquet_bytes(rows)
    return Damaged(found, f"{len(rows)} rows of {kinds}")


def damage_config(random, data):
    """Damage the values of a TOML file, or its text."""
    if random.random() < 0.3:
        return damage_text(random, data, rb"[ \n,=\"]")
    values = tomllib.loads(data.decode())
    damaged, what = damage_value(random, values)
    if random.random() < 0.5:
        extra = ["valid", "output", "log", "plot", "label", "init", "monitor", "loss", "seed"]
        name = random.choice([*extra, "format", "delimiter", "label_column", "resume", "input"])
        damaged[name] = random.choice(VALUES)
        what += f", {name} = {ascii(damaged[name])[:40]}"
    lines = [f"{json_text(key)} = {_toml(value)}" for key, value in damaged.items()]
    return Damaged("\n".join([*lines, ""]).encode(), what)


def _toml(value):
    """Write a value as TOML: as JSON, but for tables, None and what is not a number."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json_text(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    text = json_text("none" if value is None else value)
    return {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}.get(text, text)
