"""Loading x86-64 object files without LLVM: the same answers, and refusals of all else."""

import contextlib
import ctypes
import platform
import struct
import sys

import numpy as np
import pytest

pytest.importorskip("llvmlite")
import llvmlite.binding as llvm

from fastcli.jit import elf, link
from fastcli.jit.build import find_code, kernels
from fastcli.kernels.text.dictionary import rehash

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() != "x86_64",
    reason="code for x86-64 on Linux",
)

# Constants, a table of them, a pointer into it, a call within and one to elsewhere.
IR = """
declare i64 @elsewhere(i64)
@table = internal constant [4 x i64] [i64 3, i64 5, i64 7, i64 11]
@where = internal constant i64* getelementptr ([4 x i64], [4 x i64]* @table, i64 0, i64 2)
define internal i64 @inner(i64 %x) noinline {
  %place = getelementptr [4 x i64], [4 x i64]* @table, i64 0, i64 %x
  %value = load i64, i64* %place
  ret i64 %value
}
define i64 @answer(i64 %x) {
  %a = call i64 @inner(i64 %x)
  %b = call i64 @elsewhere(i64 %a)
  %at = load volatile i64*, i64** @where
  %seven = load i64, i64* %at
  %c = add i64 %b, %seven
  ret i64 %c
}
"""
DOUBLE = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(lambda x: 2 * x)
ELSEWHERE = {"elsewhere": ctypes.cast(DOUBLE, ctypes.c_void_p).value or 0}


def emitted(text=IR, model="large", triple="x86_64-unknown-linux-gnu"):
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    module = llvm.parse_assembly(f'target triple = "{triple}"\n{text}')
    machine = llvm.Target.from_triple(triple).create_target_machine(codemodel=model, reloc="static")
    return machine.emit_object(module)


COUNTING = """
@count = internal global i64 0
define i64 @answer(i64 %x) {
  %before = load i64, i64* @count
  %after = add i64 %before, %x
  store i64 %after, i64* @count
  ret i64 %after
}
"""


def called(code, x):
    return ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(elf.load(code, "answer", ELSEWHERE))(x)


def test_code_with_constants_and_calls_runs():
    assert [called(emitted(), x) for x in range(4)] == [13, 17, 21, 29]


def test_other_code_is_left_to_llvm():
    for code in (
        b"",
        b"\x7fELF",
        b"nothing of the kind, and long enough",
        emitted(triple="aarch64-unknown-linux-gnu"),
        emitted(model="small"),  # addresses of 32 bits
        emitted(COUNTING),  # data that is written
    ):
        with pytest.raises(elf.CannotLoad):
            elf.load(code, "answer", ELSEWHERE)


def test_what_llvm_must_load_is_loaded_by_it(monkeypatch):
    def refuse(*_):
        raise elf.CannotLoad("no")

    monkeypatch.setattr(elf, "load", refuse)
    code = find_code(rehash)
    if code is None:
        rehash.load()
        code = find_code(rehash)
    address = link.link("rehash", code)
    call = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p, ctypes.c_int64] * 2)(address)
    old, new = np.array([0, 1 << 32 | 5, 0, 2 << 32 | 13]), np.zeros(8, np.int64)
    call(old.ctypes.data, 4, new.ctypes.data, 7)
    assert new.tolist() == [0, 0, 0, 0, 0, 1 << 32 | 5, 2 << 32 | 13, 0]


def test_a_missing_function_or_symbol_is_an_error():
    with pytest.raises(ValueError, match="without question"):
        elf.load(emitted(), "question", ELSEWHERE)
    with pytest.raises(ValueError, match="needs elsewhere"):
        elf.load(emitted(), "answer", {})


def test_files_that_are_cut_short_or_damaged_load_or_are_refused():
    """No damage may write outside the memory, or end the process; what it computes is not run."""
    code = emitted()
    for end in range(0, len(code), 31):
        with contextlib.suppress(ValueError, elf.CannotLoad):
            elf.load(code[:end], "answer", ELSEWHERE)
    generator = np.random.default_rng(0)
    for _ in range(2000):
        damaged = bytearray(code)
        at = int(generator.integers(0, len(code) - 8))
        value = int(generator.choice([0, 1, 0xFF, 0xFFFF, 1 << 31, 1 << 40, (1 << 62) - 1]))
        struct.pack_into("<Q", damaged, at, value)
        with contextlib.suppress(ValueError, elf.CannotLoad):
            address = elf.load(bytes(damaged), "answer", ELSEWHERE)
            memory = elf._loaded[-1]
            assert memory.address <= address < memory.address + len(memory.map)


def test_all_kernels_here_are_loaded_without_llvm():
    loaded = [code for kernel in kernels if (code := find_code(kernel)) is not None]
    assert loaded
    for code in loaded:
        symbol, _, machine_code = code.partition(b"\0")
        assert elf.load(machine_code, symbol.decode(), link.open_symbols())
