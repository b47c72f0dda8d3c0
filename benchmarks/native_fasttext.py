"""Build fastText 0.9.2 natively, as its own Makefile does: the peer of ``--native``.

    python benchmarks/native_fasttext.py FOLDER

Writes FOLDER/fasttext, and FOLDER/fasttext.json with what it was built from and how.  Needs pip,
a C++ compiler (``CXX``, else c++) and the network.  The sources are those of the sdist of
fasttext-wheel 0.9.2; its ``src`` is, file by file, that of the sdist of fasttext 0.9.2, and the
digest is pinned below.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SOURCE = "fasttext-wheel==0.9.2"
DIGEST = "sha256:056e088318ef0e0cc690c4cb18637320eaa3cdb986b62d67bb50d6a7a82e4051"
# The flags of `make opt` in fastText's Makefile, but C++17 for C++11.
FLAGS = ("-pthread", "-std=c++17", "-march=native", "-O3", "-funroll-loops", "-DNDEBUG")
# GCC 13 and later no longer bring it in by themselves (facebookresearch/fastText issue 1281).
NEEDED = ("-include", "cstdint")


def download(folder: Path) -> Path:
    """Fetch the sdist with pip, which checks its digest, and unpack it; return its ``src``."""
    wanted = folder / "requirements.txt"
    wanted.write_text(f"{SOURCE} --hash={DIGEST}\n", encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command = [*pip, "--no-binary", ":all:", "-r", str(wanted), "-d", str(folder)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as sdist:
        sdist.extractall(folder, filter="data")
    (main,) = folder.glob("*/src/main.cc")
    return main.parent


def build(sources: Path, target: Path) -> dict[str, str]:
    """Compile all sources into ``target``; return what is to be remembered of it."""
    compiler = os.environ.get("CXX", "c++")
    files = sorted(str(path) for path in sources.glob("*.cc"))
    command = [compiler, *FLAGS, *NEEDED, *files, "-o", str(target)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    version = subprocess.check_output([compiler, "--version"], text=True).splitlines()[0]
    return {"source": SOURCE, "digest": DIGEST, "compiler": version, "flags": " ".join(FLAGS)}


def main() -> None:
    """Build into the folder that is named."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    folder: Path = options.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / "fasttext"
    with tempfile.TemporaryDirectory() as scratch:
        facts = build(download(Path(scratch)), target)
    target.with_suffix(".json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(target)


if __name__ == "__main__":
    main()
