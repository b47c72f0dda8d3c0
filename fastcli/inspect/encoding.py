"""Problems of encoding: whole blocks are checked, single lines only if a block fails."""

from __future__ import annotations

import re

from fastcli.inspect.findings import Findings

BOM = b"\xef\xbb\xbf"
CONTROL = bytes(b for b in range(32) if b not in (9, 10, 13)) + b"\x7f"
CONTROLS = re.compile(b"[" + re.escape(CONTROL) + b"]|\r(?!\n|\\Z)")
REPLACEMENT = "\ufffd".encode()
# Ã or Â with what was a byte of UTF-8, or â€ of quotation marks.
MOJIBAKE = re.compile(rb"\xc3[\x82\x83]\xc2[\x80-\xbf]|\xc3\xa2\xe2\x82\xac")
C1 = re.compile(rb"(?<!\xc3[\x82\x83])\xc2[\x80-\x9f]")
SPACES = [c.encode() for c in "\xa0\u2007\u2009\u200b\u2028\u2029\u202f\u3000\ufeff"]
ODD_SPACE = re.compile(b"|".join(SPACES))


def check_encoding(block: bytes, lines: list[bytes], first: int, findings: Findings) -> None:
    """Add the problems of a block of lines; ``first`` is the number of its first line."""
    if first == 1:
        if block.startswith((b"\xff\xfe", b"\xfe\xff")):
            findings.add("utf16", 1)
        if block.startswith(BOM):
            findings.add("byte_order_mark", 1)
    if b"\r" in block:
        for number, line in enumerate(lines, first):
            if line.endswith(b"\r"):
                findings.add("carriage_returns", number)
    n_returns = block.count(b"\r")
    has_control = len(block.translate(None, CONTROL)) != len(block)
    if has_control or n_returns != block.count(b"\r\n"):
        _search(CONTROLS, "control_characters", lines, first, findings)
    if block.isascii():
        return
    try:
        block.decode()
    except UnicodeDecodeError:
        _find_invalid(lines, first, findings)
    if REPLACEMENT in block:
        _search(re.compile(REPLACEMENT), "replacement_character", lines, first, findings)
    if MOJIBAKE.search(block):
        _search(MOJIBAKE, "mojibake", lines, first, findings)
    if C1.search(block):
        _search(C1, "c1_controls", lines, first, findings)
    if any(space in block for space in SPACES):
        _search(ODD_SPACE, "odd_spaces", lines, first, findings)


def _find_invalid(lines: list[bytes], first: int, findings: Findings) -> None:
    for number, line in enumerate(lines, first):
        try:
            line.decode()
        except UnicodeDecodeError as error:
            byte = f"0x{line[error.start]:02x}"
            findings.add("invalid_utf8", number, column=error.start + 1, byte=byte)


def _search(
    pattern: re.Pattern[bytes], kind: str, lines: list[bytes], first: int, findings: Findings
) -> None:
    for number, line in enumerate(lines, first):
        found = pattern.search(line, len(BOM) if number == 1 and line.startswith(BOM) else 0)
        if found:
            text = found[0].decode("utf-8", "replace")
            codes = " ".join(f"U+{ord(c):04X}" for c in text)
            findings.add(kind, number, column=found.start() + 1, character=codes)
