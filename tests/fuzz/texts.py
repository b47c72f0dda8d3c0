"""Files of lines: training and prediction text, vectors, tables, libsvm, TOML, JSON lines."""

from __future__ import annotations

import re

from tests.fuzz.damage import Damaged, damage_bytes

NUMBERS = [b"0", b"-1", b"1", b"-0", b"nan", b"NaN", b"inf", b"-Infinity", b"1e999", b"1e-999"]
NUMBERS += [b"1_0", b"0x10", b"9" * 30, b"2147483648", b"-9223372036854775809", b".", b"-", b"+"]
NUMBERS += [b"1.", b"1,5", "١".encode(), b"1e", b"1:1", b"50%", b"true"]
WORDS = [b"", b" ", b"\t", b"</s>", b"__label__", b"__label__a", b"__label__\xff", b"\0", b"a\0b"]
WORDS += [
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xef\xbb\xbf",
    "日本語".encode(),
    b"\x1b]0;x\x07",
]
WORDS += [b'"', b"'", b'""', b"\\", b",", b";", b"|", b":", b"=", b"#", b"[", b"]", b"{", b"}"]
WORDS += ["\u2028".encode(), "\x85".encode(), "\u3000".encode(), b"\r", b"\r\n", b"\v", b"\f"]
LONG = [b"x" * 70_000, b"a." * 10_000, b"__label__" + b"y" * 5000, b"9" * 5000, b"w " * 5000]


def damage(random, data, separators=rb"[ \t\n,:=]"):
    """Replace, repeat, drop or join words and lines of a text; now and then any bytes."""
    done = []
    for _ in range(random.choice([1, 1, 2, 4])):
        one = random.choice([_words, _words, _words, _lines, _lines, _whole, _bytes])
        found = one(random, data, separators)
        data = found.data
        done.append(found.what)
    return Damaged(data, ", ".join(done))


def _words(random, data, separators):
    """Replace, drop, repeat or insert a word or what separates words."""
    spans = [m.span() for m in re.finditer(rb"[^%s]+|%s" % (separators[1:-1], separators), data)]
    if not spans:
        return Damaged(random.choice(WORDS), "all replaced")
    start, end = random.choice(spans)
    new = random.choice([random.choice(NUMBERS), random.choice(WORDS), random.choice(WORDS)])
    if random.random() < 0.05:
        new = random.choice(LONG)
    elif random.random() < 0.2:
        new = data[start:end] * random.choice([0, 2, 100])
    elif random.random() < 0.2:
        a, b = random.choice(spans)
        new = data[a:b]
    what = f"{new[:20]!r} for {data[start:end][:20]!r} at {start}"
    return Damaged(data[:start] + new + data[end:], what)


def _lines(random, data, separators):
    """Drop, repeat, move, cut or empty a line."""
    lines = data.split(b"\n")
    i, j = random.randrange(len(lines)), random.randrange(len(lines))
    how = random.choice(["gone", "many times", "moved", "cut", "empty", "joined"])
    if how == "gone":
        del lines[i]
    elif how == "many times":
        lines[i:i] = [lines[i]] * random.choice([1, 10, 300])
    elif how == "moved":
        lines[i], lines[j] = lines[j], lines[i]
    elif how == "cut":
        lines[i] = lines[i][: random.randrange(len(lines[i]) + 1)]
    elif how == "empty":
        lines[i] = random.choice([b"", b" ", b"\r", b"\t"])
    elif i + 1 < len(lines):
        lines[i : i + 2] = [lines[i] + lines[i + 1]]
    return Damaged(b"\n".join(lines), f"line {i + 1} {how}")


def _whole(random, data, separators):
    """Change all of a file."""
    how = random.choice(["empty", "crlf", "cr", "utf-16", "bom", "no end", "one line", "nuls"])
    new = {
        "empty": random.choice([b"", b"\n", b"\n\n\n", b" ", b"\0"]),
        "crlf": data.replace(b"\n", b"\r\n"),
        "cr": data.replace(b"\n", b"\r"),
        "utf-16": data.decode("utf-8", "replace").encode("utf-16"),
        "bom": b"\xef\xbb\xbf" + data,
        "no end": data.rstrip(b"\n"),
        "one line": data.replace(b"\n", b" "),
        "nuls": data.replace(b" ", b"\0"),
    }[how]
    return Damaged(new, how)


def _bytes(random, data, separators):
    return damage_bytes(random, data)
