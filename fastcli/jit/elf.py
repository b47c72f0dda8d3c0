"""Object files for x86-64 on Linux and similar systems: read, and loaded without LLVM.

LLVM takes longer to load than many a command to run.  What it compiles for use in memory (the
large code model) has one kind of relocation, so loading it is little work.  Layouts: the System V
ABI, chapter "Object files"; relocations: its supplement for AMD64, section 4.4.
"""

from __future__ import annotations

import ctypes
import mmap
import struct
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

MAGIC = b"\x7fELF\x02"  # 64 bits
LITTLE_ENDIAN, RELOCATABLE, X86_64 = 1, 1, 62
SYMTAB, RELA, NOBITS = 2, 4, 8  # kinds of sections
WRITE, ALLOC = 1, 2  # flags of sections: written at run time, in memory
ABSOLUTE = 1  # R_X86_64_64: the symbol's address and the addend, in eight bytes
UNWINDING = ".eh_frame"  # for exceptions, of which kernels raise none, and debuggers


Row = TypeVar("Row", bound="tuple[int, ...]")


class CannotLoad(Exception):
    """An object file, or a system, that this loader does not support; LLVM's may."""


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

    name: int
    info: int
    other: int
    section: int
    value: int
    size: int


class Relocation(NamedTuple):
    """An address that a section lacks: where, which symbol's (32 bits) and kind, the addend."""

    where: int
    info: int
    addend: int


class ObjectFile:
    """An ELF object file of 64 bits.  Reading raises ValueError where it is damaged."""

    def __init__(self, code: bytes) -> None:
        self.code = code
        try:
            (table,) = struct.unpack_from("<Q", code, 0x28)
            _, count, names = struct.unpack_from("<HHH", code, 0x3A)
            self.sections = self._table(Section, "<IIQQQQIIQQ", table, 64 * count)
            self._section_names = self.sections[names].start
            self.symbols: list[Symbol] = []
            self._symbol_names = 0
            for one in self.sections:
                if one.kind == SYMTAB:
                    self.symbols = self._table(Symbol, "<IBBHQQ", one.start, one.size)
                    self._symbol_names = self.sections[one.link].start
        except (struct.error, IndexError, OverflowError) as error:
            raise ValueError(f"a damaged object file: {error}") from None

    def _table(self, row: type[Row], layout: str, start: int, size: int) -> list[Row]:
        data = self.code[start : start + size]
        if len(data) != size:
            raise ValueError("a damaged object file: it is cut short")
        return [row(*fields) for fields in struct.iter_unpack(layout, data)]

    def _text(self, at: int) -> str:
        return self.code[at : self.code.index(b"\0", at)].decode("utf-8", "replace")

    def section_name(self, section: Section) -> str:
        """Return the name of a section."""
        return self._text(self._section_names + section.name)

    def name(self, symbol: Symbol) -> str:
        """Return the name of a symbol."""
        return self._text(self._symbol_names + symbol.name)

    def undefined(self) -> set[str]:
        """Return the names of its undefined symbols."""
        names = {self.name(symbol) for symbol in self.symbols if symbol.section == 0}
        return names - {"", "_GLOBAL_OFFSET_TABLE_"}

    def relocations(self, target: int) -> list[Relocation]:
        """Return the addresses that a section lacks."""
        tables = [one for one in self.sections if one.kind == RELA and one.info == target]
        try:
            return [
                found
                for one in tables
                for found in self._table(Relocation, "<QQq", one.start, one.size)
            ]
        except struct.error as error:
            raise ValueError(f"a damaged object file: {error}") from None


def load(code: bytes, name: str, elsewhere: Mapping[str, int]) -> int:
    """Load an object file for good; return the address of the function ``name``.

    ``elsewhere`` has the addresses of its undefined symbols.  Raises ValueError for a damaged file
    and one without that function, CannotLoad for what LLVM may be able to load.
    """
    if code[:5] != MAGIC or struct.unpack_from("<BxxxxxxxxxxHH", code.ljust(20), 5) != (
        LITTLE_ENDIAN,
        RELOCATABLE,
        X86_64,
    ):
        raise CannotLoad("not an object file for x86-64")
    file = ObjectFile(code)
    offsets, size = _laid_out(file)
    memory = _Memory(size)
    for i, offset in offsets.items():
        section = file.sections[i]
        if section.kind != NOBITS:
            data = code[section.start : section.start + section.size]
            if len(data) != section.size:
                raise ValueError("a damaged object file: it is cut short")
            memory.map[offset : offset + section.size] = data
        for where, info, addend in file.relocations(i):
            number, kind = info >> 32, info & 0xFFFF_FFFF
            if kind != ABSOLUTE:
                raise CannotLoad(f"a relocation of kind {kind}")
            if where + 8 > section.size or number >= len(file.symbols):
                raise ValueError("a damaged object file: an address outside it")
            value = addend + memory.address_of(file, file.symbols[number], offsets, elsewhere)
            struct.pack_into("<Q", memory.map, offset + where, value & 0xFFFF_FFFF_FFFF_FFFF)
    for symbol in file.symbols:
        if symbol.section in offsets and file.name(symbol) == name:
            if symbol.value >= file.sections[symbol.section].size:
                raise ValueError(f"a damaged object file: {name} is outside it")
            memory.make_executable()
            return offsets[symbol.section] + symbol.value + memory.address
    raise ValueError(f"an object file without {name}")


def is_loaded(file: ObjectFile, section: Section) -> bool:
    """Tell whether a section comes into memory."""
    is_there = section.flags & ALLOC and section.size
    return bool(is_there) and file.section_name(section) != UNWINDING


def _laid_out(file: ObjectFile) -> tuple[dict[int, int], int]:
    """Return where in memory each section comes that is needed there, and how much that is."""
    offsets: dict[int, int] = {}
    end = 0
    for i, section in enumerate(file.sections):
        if is_loaded(file, section):
            alignment = max(section.alignment, 1)
            if section.flags & WRITE:
                raise CannotLoad("data that is written")
            if alignment > mmap.PAGESIZE or section.size > len(file.code):
                raise CannotLoad("a section that is large, or aligned to more than a page")
            offsets[i] = -(-end // alignment) * alignment
            end = offsets[i] + section.size
    return offsets, end


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

    def address_of(
        self,
        file: ObjectFile,
        symbol: Symbol,
        offsets: Mapping[int, int],
        elsewhere: Mapping[str, int],
    ) -> int:
        """Return the address of a symbol: here, or elsewhere."""
        if symbol.section == 0:
            name = file.name(symbol)
            if name not in elsewhere:
                raise ValueError(f"an object file that needs {name or 'an empty name'}")
            return elsewhere[name]
        if symbol.section not in offsets:  # numbers above all sections have other meanings
            raise CannotLoad("an address in a section that is not in memory")
        return self.address + offsets[symbol.section] + symbol.value

    def make_executable(self) -> None:
        """Let it be run, and no longer written."""
        protect = ctypes.CDLL(None, use_errno=True).mprotect
        protect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        if protect(self.address, len(self.map), mmap.PROT_READ | mmap.PROT_EXEC):
            raise CannotLoad("memory cannot be made executable")
        _loaded.append(self)
