"""Object files for x86-64 on Linux and its like: read, and loaded into this process without LLVM.

LLVM takes longer to load than many a command to run.  What it compiles for use in memory (the
large code model) has one kind of relocation, so loading it is little work.  Layouts: the System V
ABI, chapter "Object files"; relocations: its supplement for AMD64, section 4.4.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

MAGIC = b"\x7fELF\x02"  # 64 bits
LITTLE_ENDIAN, RELOCATABLE, X86_64 = 1, 1, 62
SYMTAB, RELA, NOBITS = 2, 4, 8  # kinds of sections
ALLOC = 2  # the flag of sections that are in memory
ABSOLUTE = 1  # R_X86_64_64: the symbol's address and the addend, in eight bytes
UNWINDING = ".eh_frame"  # for exceptions, of which kernels raise none, and debuggers
RESERVED = 0xFF00  # numbers of sections from here on have other meanings


class CannotLoad(Exception):
    """An object file, or a system, that only LLVM may know how to load from."""


class Section(NamedTuple):
    """An entry of the table of sections."""

    name: int
    kind: int
    flags: int
    address: int
    start: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


class Symbol(NamedTuple):
    """An entry of the table of symbols; ``section`` 0 means that it is defined elsewhere."""

    name: str
    section: int
    value: int


class ObjectFile:
    """An ELF object file of 64 bits.  Reading raises ValueError where it is cut short."""

    def __init__(self, code: bytes) -> None:
        self.code = code
        (table,) = self._unpacked("<Q", 0x28)
        size, count, names = self._unpacked("<HHH", 0x3A)
        self.sections = [
            Section(*self._unpacked("<IIQQQQIIQQ", table + i * size)) for i in range(count)
        ]
        self._names = self._section(names).start

    def _unpacked(self, layout: str, at: int) -> tuple[Any, ...]:
        try:
            return struct.unpack_from(layout, self.code, at)
        except (struct.error, OverflowError) as error:
            raise ValueError(f"a truncated object file: {error}") from None

    def _section(self, i: int) -> Section:
        if i >= len(self.sections):
            raise ValueError(f"an object file without the section {i} that it names")
        return self.sections[i]

    def _text(self, at: int) -> str:
        return self.code[at : self.code.index(b"\0", at)].decode("utf-8", "replace")

    def name_of(self, section: Section) -> str:
        """Return the name of a section."""
        return self._text(self._names + section.name)

    @cached_property
    def symbols(self) -> list[Symbol]:
        """Its symbols, with the empty one that comes first."""
        found = []
        for table in self.sections:
            if table.kind == SYMTAB:
                names = self._section(table.link).start
                for at in range(table.start, table.start + table.size, max(table.entry_size, 1)):
                    name, _, _, section, value = self._unpacked("<IBBHQ", at)
                    found.append(Symbol(self._text(names + name), section, value))
        return found

    def undefined(self) -> set[str]:
        """Return the names that it leaves open."""
        names = {symbol.name for symbol in self.symbols if symbol.section == 0}
        return names - {"", "_GLOBAL_OFFSET_TABLE_"}

    def relocations(self, target: int) -> Iterator[tuple[int, int, int, int]]:
        """Yield where a section lacks an address, of which kind and symbol, and the addend."""
        for table in self.sections:
            if table.kind == RELA and table.info == target:
                for at in range(table.start, table.start + table.size, 24):
                    where, info, addend = self._unpacked("<QQq", at)
                    yield where, info & 0xFFFFFFFF, info >> 32, addend


def load(code: bytes, name: str, elsewhere: Mapping[str, int]) -> int:
    """Load an object file for good; return the address of the function ``name``.

    ``elsewhere`` has the addresses of what it leaves open.  Raises ValueError for a damaged file
    and one without that function, CannotLoad for what LLVM may be able to load.
    """
    if code[:5] != MAGIC or struct.unpack_from("<BxxxxxxxxxxHH", code.ljust(20), 5) != (
        LITTLE_ENDIAN,
        RELOCATABLE,
        X86_64,
    ):
        raise CannotLoad("not an object file for x86-64")
    file = ObjectFile(code)
    places, size = _laid_out(file)
    memory = _Memory(size)
    for i, place in places.items():
        section = file.sections[i]
        if section.kind != NOBITS:
            data = code[section.start : section.start + section.size]
            if len(data) != section.size:
                raise ValueError("a truncated object file")
            memory.map[place : place + section.size] = data
        for where, kind, number, addend in file.relocations(i):
            if kind != ABSOLUTE:
                raise CannotLoad(f"a relocation of kind {kind}")
            if where + 8 > section.size or number >= len(file.symbols):
                raise ValueError("an object file with an address outside it")
            value = _address(file.symbols[number], places, memory.address, elsewhere) + addend
            struct.pack_into("<Q", memory.map, place + where, value & 0xFFFF_FFFF_FFFF_FFFF)
    for symbol in file.symbols:
        if symbol.name == name and symbol.section in places:
            memory.make_executable()
            return places[symbol.section] + symbol.value + memory.address
    raise ValueError(f"an object file without {name}")


def _laid_out(file: ObjectFile) -> tuple[dict[int, int], int]:
    """Return where in memory each section comes that is needed there, and how much that is."""
    places: dict[int, int] = {}
    end = 0
    for i, section in enumerate(file.sections):
        if section.flags & ALLOC and section.size and file.name_of(section) != UNWINDING:
            alignment = max(section.alignment, 1)
            if alignment > mmap.PAGESIZE or section.size > len(file.code):
                raise ValueError("an object file whose sections cannot be in memory")
            places[i] = -(-end // alignment) * alignment
            end = places[i] + section.size
    return places, end


def _address(
    symbol: Symbol, places: Mapping[int, int], base: int, elsewhere: Mapping[str, int]
) -> int:
    if symbol.section == 0:
        if symbol.name not in elsewhere:
            raise ValueError(f"an object file that needs {symbol.name or 'an empty name'}")
        return elsewhere[symbol.name]
    if symbol.section >= RESERVED or symbol.section not in places:
        raise CannotLoad("an address in a section that is not in memory")
    return base + places[symbol.section] + symbol.value


_loaded: list[_Memory] = []  # what may be running, so it stays


class _Memory:
    """Memory to write machine code in and then to run it.  Raises CannotLoad where that fails."""

    def __init__(self, size: int) -> None:
        try:
            self.map = mmap.mmap(-1, max(size, 1), mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except (AttributeError, OSError) as error:  # on Windows there is no such map
            raise CannotLoad(f"no memory for code: {error}") from None
        self._first = ctypes.c_char.from_buffer(self.map)
        self.address = ctypes.addressof(self._first)

    def make_executable(self) -> None:
        """Let it be run, and no longer written."""
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        if protect(self.address, len(self.map), mmap.PROT_READ | mmap.PROT_EXEC):
            raise CannotLoad("memory cannot be made executable")
        _loaded.append(self)
