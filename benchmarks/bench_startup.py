"""How long fastcli takes to start: help, version, usage error, one line, first use ever."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace

from measure import (
    SAMPLES,
    Options,
    Session,
    Tool,
    in_turn,
    median,
    number,
    parser,
    run,
    table,
    values,
)

SMALL: Options = {
    "input": str(SAMPLES / "topics.train.txt"),
    "lr": 0.5,
    "epoch": 25,
    "wordNgrams": 2,
    "dim": 20,
    "bucket": 20_000,
}


def main() -> None:
    """Read the options and measure."""
    given = parser(__doc__, data=False).parse_args()
    with Session("startup", given) as session:
        bench(session, given)


def bench(session: Session, given: Namespace) -> None:
    """Time warm starts, then first starts with an empty cache of compiled kernels."""
    line, answer = session.scratch / "line.txt", session.scratch / "answer.txt"
    line.write_text("how long do i boil an egg ?\n", encoding="utf-8")
    training = session.training("fastcli", SMALL)
    run(training)
    kept = (session.scratch / "fastcli.bin").rename(session.scratch / "kept.bin")

    predict = Tool("predict one line", [*session.fastcli, "predict", str(kept), "-"])
    predict = replace(predict, stdin=line, stdout=answer)
    warm = [
        Tool("--help", [*session.fastcli, "--help"]),
        Tool("--version", [*session.fastcli, "--version"]),
        Tool("usage error", [*session.fastcli, "supervised", "-imput", "x"], exit_codes=(1, 2)),
        predict,
        replace(training, name="supervised on data/samples"),
    ]
    cache = session.scratch / "cache"
    first = [
        replace(
            tool,
            name=f"{tool.name}, first ever",
            outputs=[*tool.outputs, cache],
            env={"FASTCLI_CACHE_DIR": str(cache)},
            after_each=lambda stderr: {"says_so": "ompil" in stderr},
        )
        for tool in (warm[-1], predict)
    ]
    session.rows = in_turn("warm", warm, given.pairs, max(given.warmup, 1))
    session.rows += in_turn("first", first, given.pairs, warmup=0)
    session.example(warm)
    session.write("First ever: FASTCLI_CACHE_DIR is a folder that does not exist before each run.")
    lines = []
    for tool in [*warm, *first]:
        said = values(session.rows, tool.name, "says_so")
        lines.append(
            [
                tool.name,
                number(median(session.rows, tool.name, "seconds"), 3),
                number(median(session.rows, tool.name, "cpu_seconds"), 3),
                number(median(session.rows, tool.name, "peak_mb"), 0),
                ("yes" if all(said) else "NO") if said else "",
            ]
        )
    session.write(table(["command", "seconds", "CPU s", "peak MB", "says it compiles"], lines))


if __name__ == "__main__":
    main()
