"""Object files with nothing but what loading needs, so that the same code is the same bytes.

Numba numbers functions in the order in which a process compiles them, and their names, which
take more room than the code, have these numbers in them.  See ``elf.py`` for the layout.
"""

from __future__ import annotations

import struct

from fastcli.jit.elf import (
    ABSOLUTE,
    LITTLE_ENDIAN,
    MAGIC,
    NOBITS,
    RELA,
    RELOCATABLE,
    SYMTAB,
    WRITE,
    X86_64,
    CannotLoad,
    ObjectFile,
    Relocation,
    Section,
    Symbol,
    is_loaded,
)

STRTAB = 3  # a kind of section
CURRENT = 1  # the version of the format
SECTION, FUNCTION, GLOBAL = 3, 2, 1 << 4  # kinds of symbols
HEAD, SECTION_ROW, SYMBOL_ROW, RELOCATION_ROW = 64, 64, 24, 24  # sizes in bytes


def bare(code: bytes, function: str, name: str) -> bytes:
    """Return an object file in which ``function`` is called ``name``, and nothing else has a name.

    Symbols that are defined elsewhere keep theirs.  Raises ValueError for a damaged file, and
    CannotLoad for one that ``elf.py`` does not load.
    """
    file = ObjectFile(code)
    kept = [i for i, section in enumerate(file.sections) if is_loaded(file, section)]
    places = {old: new for new, old in enumerate(kept, 1)}
    out = _Writer()
    for old in kept:
        out.add_symbol("", Symbol(0, SECTION, 0, places[old], 0, 0))
    found = [one for one in file.symbols if one.section in places and file.name(one) == function]
    if len(found) != 1:
        raise ValueError(f"an object file without {function}")
    relocations = [
        (places[old], [_moved(file, one, places, out) for one in sorted(file.relocations(old))])
        for old in kept
    ]
    place = places[found[0].section]
    out.add_symbol(name, found[0]._replace(info=GLOBAL | FUNCTION, section=place))
    for old in kept:
        section = file.sections[old]
        if section.flags & WRITE or section.kind == NOBITS:
            raise CannotLoad("data that is written")
        data = code[section.start : section.start + section.size]
        out.add_section(file.section_name(section), section, data)
    symtab = len(kept) + 1 + sum(bool(rows) for _, rows in relocations)
    for place, rows in relocations:
        if rows:
            data = b"".join(struct.pack("<QQq", *row) for row in rows)
            row = Section(0, RELA, 0, 0, 0, 0, symtab, place, 8, RELOCATION_ROW)
            out.add_section("", row, data)
    return out.finished(n_local=1 + len(kept))


def _moved(file: ObjectFile, one: Relocation, places: dict[int, int], out: _Writer) -> Relocation:
    """Return a relocation that names a section or what is defined elsewhere."""
    symbol = file.symbols[one.info >> 32]
    if one.info & 0xFFFF_FFFF != ABSOLUTE:
        raise CannotLoad(f"a relocation of kind {one.info & 0xFFFF_FFFF}")
    if symbol.section == 0:
        number = out.add_symbol(file.name(symbol), Symbol(0, GLOBAL, 0, 0, 0, 0))
        return one._replace(info=number << 32 | ABSOLUTE)
    if symbol.section not in places:
        raise CannotLoad("an address in a section that is not in memory")
    return Relocation(one.where, places[symbol.section] << 32 | ABSOLUTE, one.addend + symbol.value)


class _Writer:
    """An object file that grows: sections first to last, symbols by number."""

    def __init__(self) -> None:
        self.sections = [Section(*[0] * 10)]
        self.contents = b""
        self.symbols = [Symbol(*[0] * 6)]
        self.strings = b"\0"
        self.numbers: dict[str, int] = {}

    def string(self, text: str) -> int:
        """Return where a text is among the strings."""
        data = text.encode() + b"\0"
        if data not in self.strings:
            self.strings += data
        return self.strings.index(data)

    def add_symbol(self, name: str, symbol: Symbol) -> int:
        """Add a symbol unless there is one of its name; return its number."""
        if name and name in self.numbers:
            return self.numbers[name]
        self.numbers[name] = len(self.symbols)
        self.symbols.append(symbol._replace(name=self.string(name)))
        return self.numbers[name]

    def add_section(self, name: str, section: Section, data: bytes) -> None:
        """Add a section with its data at the next place that is aligned for it."""
        end = HEAD + len(self.contents)
        self.contents += bytes(-end % max(section.alignment, 1))
        start = HEAD + len(self.contents)
        self.contents += data
        self.sections.append(section._replace(name=self.string(name), start=start, size=len(data)))

    def finished(self, n_local: int) -> bytes:
        """Return the whole file, whose first symbols are local ones."""
        strings = len(self.sections) + 1
        data = b"".join(struct.pack("<IBBHQQ", *symbol) for symbol in self.symbols)
        table = Section(0, SYMTAB, 0, 0, 0, 0, strings, n_local, 8, SYMBOL_ROW)
        self.add_section("", table, data)
        self.add_section("", Section(0, STRTAB, 0, 0, 0, 0, 0, 0, 1, 0), self.strings)
        self.contents += bytes(-len(self.contents) % 8)
        rows = b"".join(struct.pack("<IIQQQQIIQQ", *section) for section in self.sections)
        head = MAGIC + bytes((LITTLE_ENDIAN, CURRENT)) + bytes(9)
        head += struct.pack("<HHI", RELOCATABLE, X86_64, CURRENT)
        head += struct.pack("<QQQ", 0, 0, HEAD + len(self.contents))
        head += struct.pack("<IHHHHHH", 0, HEAD, 0, 0, SECTION_ROW, len(self.sections), strings)
        return head + self.contents + rows
