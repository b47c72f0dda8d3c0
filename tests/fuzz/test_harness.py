"""The fuzzer itself: it damages what it says, and sees what it is to see."""

import copy
import random
import subprocess
import sys
import warnings

import numpy as np
import pytest

from fastcli.errors import DataError
from tests.command import environment
from tests.fuzz import bin_files, runner, safetensors_files
from tests.fuzz import judge as judge_module
from tests.fuzz.bounds import Checked, OutOfBounds
from tests.fuzz.damage import VALUES, Damaged, damage_value
from tests.fuzz.formats import FORMATS, known_formats, make_case, write_case
from tests.fuzz.judge import judge

# Commands that refuse a sound file of their format, which says that they do so.
REFUSED = {
    ("bin", "quantize"),  # a model of hs or few words
    ("words-bin", "predict"),
    ("words-bin", "supervised"),  # to go on with
    ("words-bin", "quantize"),
    ("ftz", "supervised"),
    ("mlp", "print-word-vectors"),
    ("mlp", "print-sentence-vectors"),
    ("compressed", "quantize"),
    ("word2vec", "inspect"),  # which says what it is
    ("text", "quantize"),  # on lines of which the model knows no label
    ("text", "supervised"),  # where words begin as weights do
    ("compressed", "supervised"),  # likewise
    ("former-trials", "supervised"),
    ("trials", "supervised"),  # where a second is too short
}


@pytest.mark.parametrize("name", FORMATS)
def test_sound_files_are_read_by_every_command(name, sound, tmp_path, monkeypatch):
    if name not in known_formats(sound):
        pytest.skip("pyarrow is not installed")
    monkeypatch.chdir(sound)
    one = FORMATS[name]
    pairs = [(one.files[i % len(one.files)], command) for i, command in enumerate(one.commands)]
    for i, (source, command) in enumerate(pairs):
        folder = tmp_path / str(i)
        folder.mkdir()
        data = Damaged((sound / source).read_bytes(), "nothing")
        case = write_case(name, source, command, data, sound, folder)
        outcome = judge(case.argv, case.stdin)
        if outcome.kind != "ok":
            assert outcome.kind == "refused", (case, outcome)
            assert (name, case.argv[0]) in REFUSED, (case, outcome)


def test_values_stay_what_they_are():
    before = copy.deepcopy(VALUES)
    for seed in range(1000):
        chance = random.Random(seed)
        value = {"a": [1, {}], "b": {}}
        for _ in range(3):
            value = damage_value(chance, value)[0]
            value = value if isinstance(value, dict) else {"a": value}
    assert repr(VALUES) == repr(before)


def test_a_seed_says_all(sound, tmp_path):
    for name in known_formats(sound):
        one, other = [tmp_path / f"{name}{i}" for i in range(2)]
        one.mkdir()
        other.mkdir()
        cases = [make_case(name, 5, sound, folder) for folder in (one, other)]
        assert cases[0].what == cases[1].what
        for path in one.iterdir():
            assert path.read_bytes() == (other / path.name).read_bytes()


@pytest.mark.parametrize("name", ["hs.bin", "cbow.bin", "plain.ftz", "pruned.ftz", "qout.ftz"])
def test_layout_covers_all_of_a_model(name, sound):
    data = (sound / name).read_bytes()
    layout = bin_files.layout_of(data)
    covered = np.zeros(len(data), int)
    for one in layout.fields:
        covered[one.at : one.at + {"i": 4, "q": 8, "d": 8, "b": 1, "B": 1}[one.kind]] += 1
    for section in layout.sections:
        covered[section.start : section.end] += 1
    entries = next(section for section in layout.sections if section.name == "entries")
    covered[entries.start : entries.end] += 1  # the NUL after each word is in no field
    assert covered.min() == 1


def test_tensors_go_into_a_file_as_they_came_out(sound, tmp_path):
    from safetensors.numpy import load_file

    data = (sound / "text.mlp").read_bytes()
    ours, tensors = safetensors_files.parts_of(data)
    assert ours["format"] == "mlp model"
    path = tmp_path / "same.mlp"
    path.write_bytes(safetensors_files.file_of(safetensors_files.json_text(ours), tensors))
    for name, array in load_file(sound / "text.mlp").items():
        assert np.array_equal(load_file(path)[name], array)


def says(monkeypatch, action, seconds):
    """Have the command ``dump`` do something else, and judge that."""
    from fastcli.cli import dump

    monkeypatch.setattr(dump.dump, "callback", lambda *_, **__: action())
    monkeypatch.setattr(judge_module, "MEMORY", 50_000_000)
    return judge(["dump", "x", "args"], seconds=seconds)


def raises(error):
    raise error


def complains(sentence):
    print(sentence, file=sys.stderr)
    sys.exit(1)


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        ("ok", lambda: print("fine")),
        ("refused", lambda: raises(DataError("x is damaged: train it again."))),
        ("traceback", lambda: raises(ZeroDivisionError())),
        ("traceback", lambda: raises(RecursionError())),
        ("unclear", lambda: raises(DataError("x is damaged: 'NoneType' object is not iterable."))),
        ("unclear", lambda: raises(OSError("Not a gzipped file"))),
        ("control characters", lambda: complains("\x1b[31mred is no column.")),
        ("long message", lambda: complains("no column: " + "x, " * 3000)),
        ("silent", lambda: raises(SystemExit(1))),
        ("exit 3", lambda: raises(SystemExit(3))),
        ("warning", lambda: np.float32(1) / np.float32(0)),
        ("warning", lambda: warnings.warn("Slow.", stacklevel=1)),
        ("memory", lambda: raises(MemoryError())),
        ("memory", lambda: np.ones(40_000_000)),
        ("hang", lambda: [None for _ in iter(int, 1)]),
    ],
)
def test_what_a_command_does_is_judged(kind, action, monkeypatch):
    assert says(monkeypatch, action, 0.5 if kind == "hang" else 60).kind == kind


@pytest.mark.parametrize(
    ("command", "line", "kind"),
    [
        ("predict-prob", "__label__a 1.65164e+38", "nonsense"),
        ("predict-prob", "__label__a nan", "nonsense"),
        ("predict-prob", "__label__a 1.00001 __label__b 1e-05", "ok"),
        ("predict-prob", "", "ok"),
        ("print-sentence-vectors", "0.5 nan ", "nonsense"),
        ("print-sentence-vectors", "0.5 -12.5 ", "ok"),
    ],
)
def test_what_is_no_number_is_nonsense(command, line, kind, monkeypatch):
    from fastcli.cli import cli

    told = cli.get_command(None, command)
    monkeypatch.setattr(told, "callback", lambda *_, **__: print(line))
    words = [command, "x", "y"] if command == "predict-prob" else [command, "x"]
    assert judge(words).kind == kind


WORKER = """
import ctypes, os, sys, time
from tests.fuzz import worker
from tests.fuzz.judge import Outcome
def run_case(name, seed, warm):
    if seed == 1:
        ctypes.string_at(0)
    if seed == 3:
        worker.taken = b"x" * 500_000_000
        time.sleep(60)
    if seed == 2:
        while True:
            time.sleep(1)
    return Outcome("ok"), "", []
worker.run_case = run_case
worker.main(*sys.argv[1:])
"""


def test_crashes_and_deaf_hangs_are_reported_and_the_rest_goes_on(sound, tmp_path, monkeypatch):
    script = tmp_path / "worker.py"
    script.write_text(WORKER)
    monkeypatch.setattr(runner, "WORKER", [str(script)])
    monkeypatch.setattr(runner, "FIRST", 10)
    monkeypatch.setattr(runner, "MEMORY", 400_000_000)
    failures, kinds = runner.run_cases([("bin", seed) for seed in range(5)], sound)
    assert [failure.seed for failure in failures] == [1, 2, 3]
    assert kinds == {"ok": 2, "crash: SIGSEGV": 1, "deaf hang": 1, "memory": 1}


def test_every_index_is_checked():
    x = Checked(np.arange(5.0))
    assert (x[0], x[np.int32(4)], len(x)) == (0, 4, 5)
    assert x[1:3].tolist() == [1, 2]
    assert x[9:9].tolist() == []
    x[3] += 1
    assert x[3] == 4
    for key in (-1, 5, np.int64(-5), slice(-1, 2), slice(3, 6), slice(6, 7)):
        with pytest.raises(OutOfBounds):
            x[key]
        with pytest.raises(OutOfBounds):
            x[key] = 0


def test_integers_wrap_around_as_in_machine_code():
    x = Checked(np.zeros(1, np.int64))
    x[0] = 2**63
    assert x[0] == -(2**63)


KERNEL = """
import numpy as np
from fastcli.kernels.linear.means import mean_rows
from tests.fuzz.bounds import OutOfBounds, check_bounds
check_bounds()
for row, n in ((0, 1), (-1, 1), (2, 1), (0, 2)):
    try:
        mean_rows(np.array([row], np.int32), np.array([0, n]), 1, np.ones(6, np.float32), 3,
                  np.ones(3, np.float32))
        print("inside")
    except OutOfBounds as error:
        print(error)
"""


def test_kernels_that_read_outside_are_found_in_python_mode():
    done = subprocess.run(
        [sys.executable, "-c", KERNEL],
        env={**environment(), "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    said = done.stdout.splitlines()
    assert said[0] == "inside"
    assert all(line.endswith("elements") for line in said[1:])
    assert len(said) == 4
