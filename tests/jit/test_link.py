"""Loading object code: what it needs from elsewhere is known before anything is loaded."""

import contextlib
import sys

import pytest

pytest.importorskip("llvmlite")
import llvmlite.binding as llvm

from fastcli.jit.link import UnknownSymbol, link, open_symbols
from fastcli.jit.objects import undefined_symbols

IR = """
declare void @memset(i8*, i32, i64)
declare i64 @such_as_nobody_has(i64)
@elsewhere_too = external global i64
define i64 @answer(i64 %x) {
  %y = call i64 @such_as_nobody_has(i64 %x)
  %z = load i64, i64* @elsewhere_too
  call void @memset(i8* null, i32 0, i64 %z)
  ret i64 %y
}
"""
HARMLESS = "define i64 @answer(i64 %x) {\n  ret i64 42\n}\n"


def emitted(triple, text):
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    try:
        target = llvm.Target.from_triple(triple)
    except RuntimeError:
        pytest.skip(f"this llvmlite does not compile for {triple}")
    module = llvm.parse_assembly(f'target triple = "{triple}"\n{text}')
    return target.create_target_machine().emit_object(module)


@pytest.mark.parametrize(
    "triple",
    [
        "x86_64-unknown-linux-gnu",
        "aarch64-unknown-linux-gnu",
        "x86_64-apple-darwin",
        "arm64-apple-darwin",
        "x86_64-pc-windows-msvc",
    ],
)
def test_undefined_symbols_of_all_kinds_of_object_files(triple):
    needed = {"memset", "such_as_nobody_has", "elsewhere_too"}
    assert undefined_symbols(emitted(triple, IR)) - {"_fltused"} == needed
    assert undefined_symbols(emitted(triple, HARMLESS)) - {"_fltused"} == set()


@pytest.mark.parametrize("code", [b"", b"\x7fELF", b"MZ what", b"\xcf\xfa\xed\xfe", b"\x64\x86"])
def test_what_is_no_object_file(code):
    with pytest.raises(ValueError, match="object file"):
        undefined_symbols(code)


def test_object_files_that_are_cut_short():
    code = emitted("x86_64-unknown-linux-gnu", IR)
    for end in range(0, len(code), 37):
        with contextlib.suppress(ValueError):
            undefined_symbols(code[:end])


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="LLVM knows more elsewhere")
def test_an_unknown_symbol_is_an_error_that_names_it():
    code = b"answer\0" + emitted(llvm.get_process_triple(), IR)
    with pytest.raises(UnknownSymbol, match="kernel some calls elsewhere_too, such_as_nobody_has"):
        link("some", code)


def test_damaged_code_has_no_address():
    assert link("some", b"answer\0nothing") == 0
    whole = emitted(llvm.get_process_triple(), HARMLESS)
    assert link("some", b"answer\0" + whole) != 0
    assert link("some", b"question\0" + whole) == 0


def test_every_open_symbol_has_an_address():
    assert all(open_symbols().values())
