"""What LLVM says of the processor is asked once, and kept."""

import subprocess
import sys

import pytest

pytest.importorskip("llvmlite")

from fastcli.jit import processor
from fastcli.jit.processor import Processor, host
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
    monkeypatch.setattr(processor, "ABOUT", str(tmp_path / "info"))
    monkeypatch.setenv("FASTCLI_CACHE_DIR", str(tmp_path / "cache"))
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


def test_another_processor_is_asked_for_anew(asked, tmp_path):
    answer()
    (tmp_path / "info").write_text(INFO.replace("avx2", "avx2 avx512f"))
    assert answer().features.endswith("+v1")


def test_a_system_that_does_not_say_is_asked_each_time(asked, monkeypatch, tmp_path):
    for text in ("", "processor\t: 0\nFeatures\t: asimd\n"):
        (tmp_path / "info").write_text(text)
        answer(), answer()
    monkeypatch.setattr(processor, "ABOUT", str(tmp_path / "none"))
    answer()
    assert len(asked) == 5
    assert not (tmp_path / "cache").exists()


def test_nothing_is_kept_where_nothing_can_be(asked, monkeypatch):
    monkeypatch.setenv("FASTCLI_CACHE_DIR", "relative")
    answer(), answer()
    assert len(asked) == 2


def test_a_damaged_answer_is_asked_for_anew(asked, tmp_path):
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
