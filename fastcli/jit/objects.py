"""The symbols that an object file needs from elsewhere: ELF, Mach-O and COFF, 64 bits.

Layouts: ``elf.py``, Apple's ``mach-o/nlist.h`` and Microsoft's "PE format".
"""

from __future__ import annotations

import struct

from fastcli.jit import elf


def undefined_symbols(code: bytes) -> set[str]:
    """Return the names that an object file leaves open.

    Raises ValueError for anything but a complete object file of a known kind.
    """
    try:
        if code[:5] == elf.MAGIC:
            return elf.ObjectFile(code).undefined()
        if code[:4] == b"\xcf\xfa\xed\xfe":
            return _mach_o(code)
        if code[:2] in (b"\x64\x86", b"\x64\xaa"):  # x86-64, arm64
            return _coff(code)
    except (struct.error, IndexError) as error:
        raise ValueError(f"a truncated object file: {error}") from None
    raise ValueError("not an object file of a known kind")


def _text(code: bytes, at: int) -> str:
    return code[at : code.index(b"\0", at)].decode("utf-8", "replace")


def _mach_o(code: bytes) -> set[str]:
    (count,) = struct.unpack_from("<I", code, 16)
    at = 32
    found = set()
    for _ in range(count):
        command, size = struct.unpack_from("<II", code, at)
        if command == 2:  # LC_SYMTAB
            symbols, n, names, _ = struct.unpack_from("<IIII", code, at + 8)
            for i in range(n):
                name, kind = struct.unpack_from("<IB", code, symbols + i * 16)
                if kind & 0xEE == 0 and kind & 1:  # external and of no section
                    found.add(_text(code, names + name).removeprefix("_"))
        at += size
    return found


def _coff(code: bytes) -> set[str]:
    symbols, n = struct.unpack_from("<II", code, 8)
    names = symbols + n * 18
    found = set()
    i = 0
    while i < n:
        at = symbols + i * 18
        value, section, _, storage, more = struct.unpack_from("<IhHBB", code, at + 8)
        if section == 0 and storage == 2 and value == 0:  # external and of no section
            zeros, offset = struct.unpack_from("<II", code, at)
            short = code[at : at + 8].rstrip(b"\0").decode("utf-8", "replace")
            found.add(short if zeros else _text(code, names + offset))
        i += 1 + more
    return found
