"""The error of row norms after quantizing with -qnorm, and the P@1 that remains.

One model a case, trained by fastcli, is quantized by all tools without a cutoff, so that every
row of a .ftz can be compared with the same row of the .bin.
"""

from __future__ import annotations

import math
import struct
from argparse import Namespace
from array import array
from pathlib import Path

from measure import Options, Session, Tool, parser, run, table

THREADS = 2
CASES: dict[str, Options] = {
    "cooking": {"lr": 1.0, "epoch": 25, "wordNgrams": 2, "dim": 50, "bucket": 50_000},
    "ag_news": {"lr": 0.25, "epoch": 5, "wordNgrams": 2, "dim": 20, "bucket": 200_000},
    "imdb": {"lr": 0.25, "epoch": 5, "wordNgrams": 2, "dim": 20, "bucket": 200_000},
}
HEADER = ["case", "tool", "rows", "mean squared error of norms", "x fastcli", "N", "P@1", "of .bin"]
CENTROIDS = 256


def main() -> None:
    """Read the options and measure."""
    options = parser(__doc__, pairs=1)
    options.add_argument("--cases", nargs="+", default=list(CASES), choices=list(CASES))
    options.add_argument("--dsub", type=int, default=2, help="size of each sub-vector  [2]")
    given = options.parse_args()
    with Session("norms", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Train one model a case, quantize it with all, compare norms and P@1."""
    lines = []
    for case in given.cases:
        folder = given.data / case
        training = {"input": str(folder / "train.txt"), **CASES[case], "thread": THREADS}
        train = session.training("fastcli", training)
        run(train)
        source = session.scratch / "fastcli.bin"
        before = session.tested("fastcli", source, folder / "test.txt")["p1"]
        norms = dense_norms(source)
        used = [i for i, norm in enumerate(norms) if norm > 0]
        tools = {
            name: quantize(session, name, source, given.dsub)
            for name in ("fastcli", *(name for name in session.peers if name != "scikit-learn"))
        }
        errors: dict[str, float] = {}
        for name, tool in tools.items():
            run(tool)
            found = quantized_norms(Path(tool.outputs[0]))
            errors[name] = math.fsum((found[i] - norms[i]) ** 2 for i in used) / len(used)
            tested = session.tested(name, tool.outputs[0], folder / "test.txt")
            row = {"case": case, "tool": name, "rows": len(used), "error": errors[name], **tested}
            session.rows.append(row)
            lines.append(
                [
                    case,
                    name,
                    f"{len(used):,}",
                    f"{errors[name]:.3g}",
                    f"{errors[name] / errors['fastcli']:.1f}",
                    f"{tested['n']}",
                    f"{tested['p1']:.4f}",
                    f"{before:.4f}",
                ]
            )
        session.example([train, *tools.values()])
    session.write(table(HEADER, lines))


def quantize(session: Session, name: str, source: Path, dsub: int) -> Tool:
    """Return a tool that quantizes with norms apart."""
    if name == "fastcli":
        options = ["-output", str(source.with_suffix("")), "-qnorm", "-dsub", str(dsub)]
        command = [*session.fastcli, "quantize", *options]
        return Tool(name, command, outputs=[source.with_suffix(".ftz")])
    path = session.scratch / f"{name}.ftz"
    command = session.peer("quantize", name, model=source, output=path, qnorm=1, dsub=dsub)
    return Tool(name, command, outputs=[path])


# Rows of a file


def input_matrix(data: bytes) -> int:
    """Return where the flag of the input matrix is, in a file that was not pruned."""
    n_entries, _, _, _, pruned = struct.unpack_from("<iiiqq", data, 64)
    assert pruned < 0
    at = 92
    for _ in range(n_entries):
        at = data.index(b"\0", at) + 10
    return at


def dense_norms(path: Path) -> list[float]:
    """Return the lengths of the input rows of a ``.bin``."""
    data = path.read_bytes()
    at = input_matrix(data) + 1
    rows, dim = struct.unpack_from("<qq", data, at)
    values = array("f", data[at + 16 : at + 16 + 4 * rows * dim])
    return [math.hypot(*values[i : i + dim]) for i in range(0, rows * dim, dim)]


def quantized_norms(path: Path) -> list[float]:
    """Return the norms that the input rows of a ``.ftz`` have."""
    data = path.read_bytes()
    at = input_matrix(data)
    quantized, has_norms, rows, dim, n_codes = struct.unpack_from("<bbqqi", data, at)
    assert quantized
    assert has_norms
    at += 22 + n_codes + 16 + 4 * CENTROIDS * dim
    levels = array("f", data[at + rows + 16 : at + rows + 16 + 4 * CENTROIDS])
    return [levels[code] for code in data[at : at + rows]]


if __name__ == "__main__":
    main()
