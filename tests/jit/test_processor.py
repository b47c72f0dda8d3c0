"""What LLVM says of the processor is asked once, and kept."""

import stat
import subprocess
import sys

import pytest

pytest.importorskip("llvmlite")

from fastcli.jit import processor
from fastcli.jit.processor import Processor, host
from fastcli.jit.sweep import clear
from fastcli.private import Folder
from tests.command import process

INFO = "processor\t: 0\nmodel name\t: Some\ncpu MHz\t\t: 2100.0\nflags\t\t: fpu avx2\n\n"


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """Have a processor of our own; return how often it was asked for."""
    answers = []

    def ask():
        answers.append(Processor("some-cpu", f"+avx2,-sha,+v{len(answers)}"))
        return answers[-1]

    (tmp_path / "info").write_text(INFO)
    monkeypatch.setattr(processor, "_ask", ask)
    monkeypatch.setattr(processor, "CPUINFO", str(tmp_path / "info"))
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir(mode=0o700)
    yield answers
    host.cache_clear()


def answer():
    host.cache_clear()
    return host()


def test_it_is_asked_once(asked, tmp_path):
    assert answer() == answer() == Processor("some-cpu", "+avx2,-sha,+v0")
    (tmp_path / "info").write_text(INFO.replace("2100.0", "3200.0"))  # a speed is no other kind
    assert answer().has() == {"avx2", "v0"}
    assert len(asked) == 1


def test_another_processor_is_asked_for_again(asked, tmp_path):
    answer()
    (tmp_path / "info").write_text(INFO.replace("avx2", "avx2 avx512f"))
    assert answer().features.endswith("+v1")


def test_a_system_that_does_not_say_is_asked_each_time(asked, monkeypatch, tmp_path):
    for text in ("", "processor\t: 0\nFeatures\t: asimd\n"):
        (tmp_path / "info").write_text(text)
        answer(), answer()
    monkeypatch.setattr(processor, "CPUINFO", str(tmp_path / "none"))
    answer()
    assert len(asked) == 5
    assert list((tmp_path / "cache").iterdir()) == []


def test_no_cache_is_made_for_it(asked, tmp_path):
    (tmp_path / "cache").rmdir()
    answer(), answer()
    assert len(asked) == 2
    assert not (tmp_path / "cache").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes of files")
@pytest.mark.parametrize(("mode", "of_file"), [(0o700, 0o600), (0o755, 0o644)])
def test_who_may_read_the_cache_may_read_it(asked, tmp_path, mode, of_file):
    (tmp_path / "cache").chmod(mode)
    answer()
    (kept,) = (tmp_path / "cache").glob("processor-*/*.json")
    assert stat.S_IMODE(kept.parent.stat().st_mode) == mode
    assert stat.S_IMODE(kept.stat().st_mode) == of_file


def test_clearing_the_cache_forgets_it(asked, tmp_path):
    answer()
    with Folder(str(tmp_path / "cache")) as root:
        assert clear(root) == (0, 0)  # it is no kernel
    assert list((tmp_path / "cache").iterdir()) == []


def test_nothing_is_kept_where_nothing_can_be(asked, monkeypatch):
    monkeypatch.setenv("FASTCLI_CACHE_DIR", "relative")
    answer(), answer()
    assert len(asked) == 2


def test_a_damaged_answer_is_asked_for_again(asked, tmp_path):
    answer()
    (kept,) = (tmp_path / "cache").glob("processor-*/*.json")
    kept.write_bytes(kept.read_bytes()[:-3])
    assert answer().features.endswith("+v1")
    assert answer().features.endswith("+v1")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the loader is for Linux")
def test_a_warm_process_does_not_import_llvm(tmp_path):
    model = tmp_path / "m"
    (tmp_path / "t.txt").write_text("__label__a one two\n__label__b three four\n" * 10)
    process("supervised", "-input", tmp_path / "t.txt", "-output", model, "-verbose", "0")
    code = (
        "import sys\n"
        f"sys.argv = ['fastcli', 'predict', {str(model) + '.bin'!r}, {str(tmp_path / 't.txt')!r}]\n"
        "from fastcli.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('llvmlite.binding' in sys.modules, file=sys.stderr)\n"
    )
    said = []
    for _ in range(2):  # the first may compile
        ran = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True
        )
        said.append(ran.stderr.split()[-1])
    assert said[1] == "False"
