"""The command lines of fastText's own program, as the benchmarks run it."""

import importlib.util
import json

import pytest

from tests.command import ROOT

SPEC = importlib.util.spec_from_file_location("native", ROOT / "benchmarks" / "native.py")
native = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(native)


def test_options_are_those_of_the_program():
    ref = "fasttext supervised -input a.txt -lr 0.5 -wordNgrams 2 -output models/m"
    options = {"input": "a.txt", "lr": 0.5, "wordNgrams": 2, "output": "models/m.bin"}
    assert native.command("fasttext", "train", **options) == ref.split()
    ref = "fasttext skipgram -input a.txt -output m"
    comp = native.command("fasttext", "embed", model="skipgram", input="a.txt", output="m.bin")
    assert comp == ref.split()
    ref = "fasttext supervised -input a -output m -autotune-validation v -autotune-duration 9"
    options = {"input": "a", "output": "m.bin", "validation": "v", "duration": 9}
    assert native.command("fasttext", "autotune", **options) == ref.split()
    ref = "fasttext predict m.bin a.txt"
    assert native.command("fasttext", "predict", model="m.bin", data="a.txt") == ref.split()


def test_quantize_takes_flags_without_values_and_one_name_only():
    ref = "fasttext quantize -qnorm -retrain -input a.txt -output m -cutoff 9"
    options = {"qnorm": 1, "retrain": 1, "input": "a.txt", "output": "m.ftz", "cutoff": 9}
    assert native.command("fasttext", "quantize", model="m.bin", **options) == ref.split()
    with pytest.raises(SystemExit, match=r"into m\.ftz only"):
        native.command("fasttext", "quantize", **{**options, "output": "n.ftz"}, model="m.bin")


def test_what_it_cannot_do_ends_the_run():
    with pytest.raises(SystemExit, match="nothing for label"):
        native.command("fasttext", "label", model="m.bin", data="a", output="b")


def test_figures_and_the_build_are_read(tmp_path):
    assert native.tested("N\t3000\nP@1\t0.581\nR@1\t0.251\n") == {
        "n": 3000,
        "p1": 0.581,
        "r1": 0.251,
    }
    program = tmp_path / "fasttext"
    assert native.described(str(program)) == "built elsewhere"
    facts = {"source": "fasttext-wheel==0.9.2", "compiler": "c++ 12", "flags": "-O3"}
    program.with_suffix(".json").write_text(json.dumps(facts))
    assert native.described(str(program)) == "sources of fasttext-wheel 0.9.2, c++ 12, -O3"
