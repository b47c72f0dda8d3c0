"""The machine code that a wheel carries: who runs it, and that it is what is compiled anew."""

import ast
import platform
import shutil
import sys
from pathlib import Path

import pytest

from fastcli.jit import build, elf, installed, link, processor
from fastcli.jit.bare import bare
from fastcli.jit.cache import Cache, user_cache
from fastcli.jit.installed import installed_code
from fastcli.jit.processor import host
from fastcli.jit.ship import ship, shipped_code
from fastcli.jit.targets import levels_of, named_target
from fastcli.jit.warm import all_kernels, warm
from fastcli.kernels.linear.quantize import row_norms
from fastcli.kernels.text.dictionary import rehash
from tests.command import ROOT

SOME = [rehash, row_norms]
pytestmark = pytest.mark.skipif(
    sys.platform != "linux"
    or platform.machine() != "x86_64"
    or build.PYTHON_MODE
    or "x86-64-v3" not in levels_of(host().has()),
    reason="there is none for this system or processor",
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return a folder with some kernels as a wheel carries them."""
    folder = tmp_path_factory.mktemp("made")
    for level in installed.SHIPPED:
        ship(SOME, named_target(level), user_cache(), folder / named_target(level).folder)
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """Have it installed, and no cache."""
    shutil.copytree(made, tmp_path / "shipped")
    monkeypatch.setattr(installed, "FOLDER", str(tmp_path / "shipped"))
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "cache"))
    forget()
    yield tmp_path / "shipped"
    forget()


def forget():
    for one in (installed.is_possible, installed.source_digest, processor.features):
        one.cache_clear()


def best():
    """Return the best level of this processor that a wheel has code for."""
    return next(name for name in levels_of(host().has()) if name in installed.SHIPPED)


def test_code_for_the_best_level_comes_first(here):
    found = list(installed_code(rehash))
    files = [here / named_target(level).folder for level in levels_of(host().has())]
    kept = [next(folder.glob("*.rehash-*")).read_bytes() for folder in files if folder.exists()]
    assert [file[-len(code) :] for file, code in zip(kept, found, strict=True)] == found
    assert build.find_code(rehash) == found[0]


def test_nothing_is_compiled_and_nothing_asked(here, monkeypatch, tmp_path):
    monkeypatch.setattr(processor, "_ask", None)
    monkeypatch.setattr(build.Kernel, "_compiled", None)
    monkeypatch.setattr(build.Kernel, "key", None)
    for again in map(build.Kernel, (rehash.function, row_norms.function)):
        assert again.load()
    assert not (tmp_path / "cache").exists()


def test_the_users_cache_comes_first(here):
    level = named_target("x86-64-v3")
    assert user_cache().write(level, rehash.entry, b"own code")
    assert build.find_code(rehash) == b"own code"
    assert build.find_code(row_norms) == next(installed_code(row_norms))


@pytest.mark.parametrize(
    ("name", "value"),
    [("NUMBA_CPU_NAME", "x86-64-v3"), ("NUMBA_CPU_FEATURES", ""), ("NUMBA_OPT", "1")],
)
def test_settings_of_numba_that_change_code_leave_it_alone(here, monkeypatch, name, value):
    monkeypatch.setenv(name, value)
    assert list(installed_code(rehash)) == []


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [
        (sys, "platform", "darwin"),
        (platform, "machine", lambda: "aarch64"),
        (sys, "maxsize", 2**31 - 1),
        (installed, "features", set),
    ],
)
def test_other_systems_and_processors_leave_it_alone(here, monkeypatch, module, name, value):
    monkeypatch.setattr(module, name, value)
    assert list(installed_code(rehash)) == []


def test_another_source_has_no_code(here, monkeypatch, tmp_path):
    """Whatever file changes, in whatever way."""
    digests = {installed.source_digest()}
    shutil.copytree(installed.KERNELS, tmp_path / "kernels")
    monkeypatch.setattr(installed, "KERNELS", str(tmp_path / "kernels"))
    forget()
    assert installed.source_digest() in digests
    assert list(installed_code(rehash))
    for name in ("linear/order.py", "__init__.py", "new.py"):
        with open(tmp_path / "kernels" / name, "a") as file:
            file.write("\n")
        forget()
        assert list(installed_code(rehash)) == []
        digests.add(installed.source_digest())
    assert len(digests) == 4


def test_what_decides_about_code_is_part_of_its_name():
    """Whatever compiling a kernel imports of this package, and whatever kernels import."""
    seen, pending = set(), {"fastcli.jit.numba_compiler"}
    for path in installed.source_files():
        if Path(path).is_relative_to(installed.KERNELS):
            pending |= imports_of(path)
    pending -= {"fastcli.jit.addresses"}  # it calls kernels
    while pending:
        seen.add(name := pending.pop())
        if name.startswith("fastcli.jit.") and name != "fastcli.jit.build":
            pending |= imports_of(file_of(name)) - seen
    hashed = {Path(path).relative_to(ROOT) for path in installed.source_files()}
    needed = {name for name in seen if not name.startswith("fastcli.kernels")}
    assert needed == {f"fastcli.jit.{name.removesuffix('.py')}" for name in installed.BESIDE}
    assert {path for path in hashed if path.parts[1] == "kernels"} == {
        path.relative_to(ROOT) for path in (ROOT / "fastcli" / "kernels").rglob("*.py")
    }


def file_of(module):
    return ROOT / (module.replace(".", "/") + ".py")


def imports_of(path):
    """Return the modules of this package that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(Path(path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("fastcli."):
            paths = {f"{node.module}.{one.name}" for one in node.names}
            found |= {path for path in paths if file_of(path).exists()} or {node.module}
    return found


def test_damaged_files_and_those_of_others_are_not_run(here):
    for level in installed.SHIPPED:
        folder = here / named_target(level).folder
        (one,) = folder.glob("*.rehash-*")
        (other,) = folder.glob("*.row_norms-*")
        damaged = bytearray(one.read_bytes())
        damaged[-1] ^= 1
        one.write_bytes(damaged)
        other.write_bytes(one.read_bytes()[:40])
    assert list(installed_code(rehash)) == list(installed_code(row_norms)) == []


def test_code_for_another_level_is_not_run_under_its_name(here):
    v3, v4 = (here / named_target(level).folder for level in ("x86-64-v3", "x86-64-v4"))
    for file in v4.iterdir():
        shutil.copy(file, v3)
    shutil.rmtree(v4)
    assert list(installed_code(rehash)) == []


def test_another_signature_has_no_code(here):
    other = build.Kernel(rehash.function)
    other.result = "f64"
    assert list(installed_code(other)) == []


def test_kernels_of_others_have_none(here):
    other = build.Kernel(rehash.function)
    other.module = "elsewhere"
    assert list(installed_code(other)) == []


def test_the_same_code_is_the_same_bytes_in_whatever_order(made, tmp_path):
    """Numba numbers functions as a process meets them."""
    level = named_target(best())
    fresh = Cache(str(tmp_path / "cache"))
    ship(SOME[::-1], level, fresh, tmp_path / "again")
    for file in (tmp_path / "again").iterdir():
        assert file.read_bytes() == (made / level.folder / file.name).read_bytes()
    assert len(list((tmp_path / "again").iterdir())) == len(SOME)


@pytest.mark.slow
def test_all_kernels_of_a_wheel_are_those_that_are_compiled_anew(tmp_path):
    """Also what another version of this package, or another order, would have numbered."""
    level = named_target(best())
    first = {
        kernel.entry: user_cache().read(level, kernel.entry)
        for kernel, _ in warm(all_kernels(), level, user_cache())
    }
    fresh = Cache(str(tmp_path / "cache"))
    for kernel, is_new in warm(all_kernels()[::-1], level, fresh):
        code = fresh.read(level, kernel.entry)
        assert is_new
        assert shipped_code(kernel, code) == shipped_code(kernel, first[kernel.entry])


def test_only_what_loading_needs_is_left(made):
    for file in (made / named_target(best()).folder).iterdir():
        symbol, _, code = file.read_bytes()[48:].partition(b"\0")
        held = elf.ObjectFile(code)
        names = {held.name(one) for one in held.symbols} - {""}
        assert symbol.decode() in ("rehash", "row_norms")
        assert names - held.undefined() == {symbol.decode()}
        assert b"fastcli" not in code
        assert str(ROOT).encode() not in code


def test_llvm_loads_it_too(made, monkeypatch):
    def refuse(*_):
        raise elf.CannotLoad("no")

    (file,) = (made / named_target(best()).folder).glob("*.rehash-*")
    monkeypatch.setattr(elf, "load", refuse)
    assert link.link("rehash", file.read_bytes()[48:])


def test_object_files_of_another_kind_are_refused():
    with pytest.raises(ValueError, match="damaged object file"):
        bare(b"\x7fELF\x02" + bytes(40), "answer", "answer")
    code = next(code for kernel in SOME if (code := build.find_code(kernel)))
    with pytest.raises(ValueError, match="without question"):
        bare(code.partition(b"\0")[2], "question", "answer")


def test_the_system_and_llvm_agree_about_the_levels():
    processor.features.cache_clear()
    assert levels_of(processor.features()) == levels_of(host().has())


def test_llvm_is_asked_where_the_system_says_no_features(monkeypatch, tmp_path):
    (tmp_path / "info").write_text("processor\t: 0\nFeatures\t: asimd\n")
    monkeypatch.setattr(processor, "CPUINFO", str(tmp_path / "info"))
    processor.features.cache_clear()
    assert processor.features() == host().has()
    processor.features.cache_clear()
