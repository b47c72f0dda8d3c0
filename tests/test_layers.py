"""Imports go one way, and only some modules may import the large packages.

cli -> api -> fasttext, mlp, prepare, inspect -> evaluation, text -> kernels -> jit -> numpy
"""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fastcli"
BASE = {
    "appended",
    "attempts",
    "contents",
    "distribution",
    "errors",
    "files",
    "interrupts",
    "memory",
    "notices",
    "options",
    "overwriting",
    "private",
    "printable",
    "reporting",
    "rescue",
    "sample_files",
    "schema",
    "signals",
    "temporary",
    "threads",
    "unforeseen",
    "urls",
    "remote",
}
KERNELS = {"kernels/base", "jit"}
LAYERS = {
    "jit": {"jit", "private", "threads", "signals", "errors", "notices", ""},
    "kernels": set(),
    "kernels/base": KERNELS,
    "kernels/text": {"kernels/text", *KERNELS},
    "kernels/linear": {"kernels/linear", "kernels/text", *KERNELS},
    "kernels/mlp": {"kernels/mlp", *KERNELS},
    "optimizers": KERNELS,
    "text": {"text", "kernels/text", *KERNELS, *BASE},
    "tables": {"tables", "text", "kernels/text", *KERNELS, *BASE},
    "evaluation": {"evaluation", "text", "kernels/text", "", *KERNELS, *BASE},
}
MODEL = {"optimizers", "tables", *LAYERS["evaluation"], ""}
LAYERS |= {
    "fasttext": {"fasttext", "kernels/linear", *MODEL},
    "mlp": {"mlp", "kernels/mlp", *MODEL},
    "prepare": {"prepare", "", *LAYERS["tables"]},
    "labelling": {"labelling", "prepare", "tables", "", *LAYERS["evaluation"]},
    "inspect": {"inspect", "mlp", "fasttext", *MODEL},
    "api": {"api", "labelling", "prepare", "inspect", "mlp", "fasttext", *MODEL},
    "cli": {
        "cli",
        "api",
        "labelling",
        "prepare",
        "inspect",
        "mlp",
        "fasttext",
        "interrupts",
        *MODEL,
    },
    "attempts": set(),
    "distribution": set(),
    "errors": {"urls"},
    "threads": {"errors", "signals", ""},
    "files": {"errors", "overwriting", "temporary"},
    "temporary": {"errors", "signals", ""},
    "unforeseen": {"printable", ""},
    "urls": set(),
    "remote": {"attempts", "distribution", "errors", "notices", "urls", ""},
    "appended": {"errors", "files", "temporary"},
    "rescue": {"errors", "files", "private"},
    "memory": {"errors", "files"},
    "sample_files": {"errors", "files"},
    "notices": {"urls", "errors"},
    "schema": set(),
    "contents": {"errors", "memory", "text"},
    "printable": set(),
    "reporting": set(),
    "signals": set(),
    "private": {"temporary"},
    "options": {"errors", "printable"},
    "overwriting": {"errors", "urls"},
    "interrupts": {"signals", ""},
    "__init__": {"api", "errors", "fasttext_shim", "reporting"},
    "__main__": {"cli", "signals", ""},
    "fasttext_shim": {"api", "errors", "notices"},
}
ONLY_IN_CLI = {"click", "rich", "tqdm"}
COMPILERS = {"numba", "llvmlite"}
COMPILING = {
    f"jit/{name}.py"
    for name in ("intrinsics", "keys", "link", "numba_compiler", "processor", "targets")
}
HOMES = {
    "fsspec": ("remote.py",),
    "tomli": ("api/configuration.py",),
    "matplotlib": ("api/curves.py", "api/regions.py"),
    "jieba": ("prepare/segment.py",),
    "orjson": ("tables/objects.py", "labelling/writers.py"),
    "pyarrow": (
        "api/arrow.py",
        "tables/objects.py",
        "labelling/batches.py",
        "labelling/json_types.py",
        "labelling/parquet_writers.py",
    ),
    "dask": ("api/cluster.py",),
    "distributed": (
        "api/cluster.py",
        "api/cluster_worker.py",
        "api/parts.py",
        "api/predict_files.py",
        "api/score_job.py",
        "cli/_cluster.py",
    ),
    "chardet": ("text/encodings.py",),
    # For type checkers only:
    "typing_extensions": tuple(
        f"api/{name}.py"
        for name in (
            "training",
            "linear",
            "mlp",
            "model",
            "judging",
            "decided_model",
            "comparing",
            "predict_files",
        )
    ),
}
LAYERS["cli"] = {"cli", "interrupts", *LAYERS["api"]}
KERNEL_STDLIB = {"__future__", "time", "typing"}
STDLIB = {*sys.stdlib_module_names, "compression", "tomllib"}


def imports(tree):
    """Yield the full name of everything that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(name):
    """Return the part of fastcli that a name belongs to; "" for the package itself."""
    part, *rest = name.split(".")[1:] or [""]
    if part == "kernels" and rest and (PACKAGE / part / rest[0]).is_dir():
        return f"{part}/{rest[0]}"
    is_module = (PACKAGE / part).is_dir() or (PACKAGE / f"{part}.py").is_file()
    return part if is_module or part in LAYERS else ""


def violations(path, source):
    """Return what the file at ``path`` (below fastcli) imports or calls against the rules."""
    layer = layer_of(f"fastcli.{path.removesuffix('.py').replace('/', '.')}")
    tree = ast.parse(source)
    found = []
    for name in imports(tree):
        top = name.split(".")[0]
        if top == "fastcli":
            allowed = layer_of(name) in LAYERS[layer]
        elif top in ONLY_IN_CLI:
            allowed = layer == "cli"
        elif top in COMPILERS:
            allowed = path in COMPILING
        elif top in HOMES:
            allowed = path in HOMES[top]
        elif top in STDLIB:
            allowed = not layer.startswith("kernels") or top in KERNEL_STDLIB
        else:
            allowed = top == "numpy"
        if not allowed:
            found.append(f"{path} imports {name}")
    prints = [node for node in ast.walk(tree) if is_print(node)] if layer != "cli" else []
    return found + [f"{path} prints in line {node.lineno}" for node in prints]


def is_print(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", None) == "print"


FILES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES)
def test_imports(path):
    assert violations(path, (PACKAGE / path).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("kernels/text/tokens.py", "import numba"),
        ("kernels/text/tokens.py", "import os"),
        ("kernels/text/tokens.py", "from fastcli.errors import DataError"),
        ("jit/build.py", "from fastcli.text import inputs"),
        ("text/inputs.py", "from fastcli.fasttext import model"),
        ("text/inputs.py", "import click"),
        ("text/inputs.py", "def f():\n    from rich.table import Table"),
        ("text/inputs.py", "import scipy"),
        ("kernels/mlp/layers.py", "from fastcli.kernels.linear import tree"),
        ("kernels/linear/tree.py", "from fastcli.kernels.mlp.noise import dropout_mask"),
        ("kernels/base/heap.py", "from fastcli.kernels.text import tokens"),
        ("fasttext/model.py", "import fastcli.mlp.network"),
        ("fasttext/model.py", "from fastcli import mlp"),
        ("fasttext/model.py", "print()"),
        ("fasttext/model.py", "import pandas"),
        ("mlp/trainer.py", "from fastcli.fasttext.model import Model"),
        ("evaluation/meter.py", "from fastcli.fasttext.model import Model"),
        ("evaluation/meter.py", "from tqdm import tqdm"),
        ("cli/train.py", "import llvmlite.binding"),
        ("errors.py", "from fastcli.text.inputs import BLOCK"),
    ],
)
def test_violations_are_seen(path, source):
    assert len(violations(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("kernels/text/tokens.py", "import time, typing, numpy\nfrom numpy.typing import NDArray"),
        ("jit/numba_compiler.py", "import numba, ctypes"),
        ("text/inputs.py", "import io\nfrom fastcli.kernels.text import tokens"),
        ("mlp/trainer.py", "from fastcli import __version__\nfrom fastcli.threads import run_on"),
        ("cli/train.py", "import click, tqdm\nfrom fastcli.fasttext import train\nprint()"),
    ],
)
def test_allowed_imports(path, source):
    assert violations(path, source) == []


def test_help_needs_no_heavy_module():
    code = (
        "import sys\n"
        "from fastcli.cli import main\n"
        "for command in ([], ['supervised'], ['mlp-train']):\n"
        "    sys.argv = ['fastcli', *command, '--help']\n"
        "    try:\n"
        "        main()\n"
        "    except SystemExit as end:\n"
        "        assert not end.code\n"
        "heavy = {'numpy', 'numba', 'llvmlite', 'rich', 'tqdm'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent
    )
    assert result.returncode == 0, result.stderr
    assert "supervised" in result.stdout


@pytest.mark.parametrize("argv", [("supervised", "-epoch", "1"), ("mlp-train", "-epoch", "1")])
def test_a_log_needs_neither_rich_nor_tqdm(argv, tmp_path):
    """Nothing is drawn where stderr is a file, and it has fastText's lines, as ever."""
    train = PACKAGE.parent / "data" / "samples" / "topics.train.txt"
    small = ["-input", str(train), "-output", str(tmp_path / "m"), "-dim", "4", "-thread", "1"]
    code = (
        "import atexit, sys\n"
        "drawing = {'rich', 'tqdm'}\n"
        "atexit.register(lambda: print('drawn by', drawing & set(sys.modules)))\n"
        f"sys.argv = ['fastcli', *{[*argv, *small]!r}]\n"
        "from fastcli.cli import main\n"
        "main()\n"
    )
    with open(tmp_path / "log", "wb") as log:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=log, cwd=PACKAGE.parent
        )
    said = (tmp_path / "log").read_text(encoding="utf-8")
    assert (done.returncode, done.stdout.split(b"\n")[0].strip()) == (0, b"drawn by set()"), said
    assert "\x1b" not in said
    if argv[0] == "supervised":
        shape = r"Progress: 100\.0% words/sec/thread: +\d+ lr:  0\.000000 avg\.loss:  \d\.\d{6} "
        assert re.search(shape + r"ETA:   0h 0m 0s\n", said), said
