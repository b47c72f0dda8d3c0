"""What more cores would do for training on short lines: calculated from what two cores measure.

Run it with the Python that has fastcli.  For a number of threads it measures

- the work of a thread between two meetings: one thread of so many runs alone, and never waits;
- what a meeting of two threads costs, and a cache line that one writes and another reads.

The time of a batch is then its work, its meetings, and the lines that a thread reads of others.
A meeting of more threads has more counters to read, a line each.  What is left out: that cores
share the memory's bandwidth, and that some wait for the slowest.  For two threads the calculated
time is compared with the measured one.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
from measure import table

from fastcli.fasttext import schemes, train
from fastcli.fasttext.args import TrainArgs
from fastcli.jit.build import kernel
from fastcli.kernels.base.threads import arrive, wait_for_all
from fastcli.kernels.base.vector import row_add
from fastcli.kernels.base.views import at
from fastcli.kernels.linear.train_batches import Visits
from fastcli.reporting import Reporter
from fastcli.threads import run_on

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, I64, i64
    from fastcli.kernels.linear.lines import Rule

CASES = {"ag_news": (100, 10), "sst2": (100, 10)}
CORES = (2, 4, 8, 16, 64)
PASSED = 1 << 40  # the phase that a thread which is not there has reached


@kernel
def exchange(n: i64, lines: i64, thread: i64, sync: I64, shared: F32, own: F32) -> None:
    """Meet n times; before every second one write lines, and after it read the other thread's."""
    for phase in range(1, n + 1):
        mine, others = at(shared, thread * lines * 16), at(shared, (1 - thread) * lines * 16)
        if phase % 2 == 1:
            for k in range(lines):
                row_add(at(mine, k * 16), own, 16)
        arrive(sync, thread, phase)
        wait_for_all(sync, 2, phase)
        if phase % 2 == 1:
            for k in range(lines):
                row_add(own, at(others, k * 16), 16)


def exchange_seconds(lines: int, n: int = 100_000) -> float:
    """Return what two meetings of two threads take, with so many cache lines each exchanged."""
    exchange.load()
    best = np.inf
    for _ in range(5):
        sync, shared = np.zeros(32, np.int64), np.zeros(2 * 16 * lines + 32, np.float32)
        own = [np.zeros(16, np.float32) for _ in range(2)]
        started = time.perf_counter()
        run_on(2, lambda thread: exchange(n, lines, thread, sync, shared, own[thread]))  # noqa: B023
        best = min(best, time.perf_counter() - started)
    return float(best) / (n / 2)


class Alone:
    """Training as one thread of several that is alone, and does not wait for the others."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.scheme: schemes.InBatches | None = None

    def run(self, scheme: schemes.InBatches, visits: Visits, rule: Rule) -> None:
        """Stand for ``Scheme.run``."""
        self.scheme = scheme
        scheme.sync[:] = PASSED
        scheme.sync[0] = 0
        started = time.perf_counter()
        scheme._train(0, visits, rule)
        self.seconds += time.perf_counter() - started


def arguments(data: Path, name: str, dim: int, n_threads: int) -> TrainArgs:
    """Return the arguments of a case."""
    return TrainArgs(
        model="sup",
        input=(str(data / name / "train.txt"),),
        output="model",
        dim=dim,
        word_ngrams=2,
        thread=n_threads,
    )


def alone(args: TrainArgs, times: int = 1) -> tuple[float, schemes.InBatches]:
    """Return the seconds that one of ``args.thread`` threads works, and its scheme.

    The seconds are the least of several trainings.
    """
    found = []
    for _ in range(times):
        thread = Alone()
        with (
            patch.object(schemes.Scheme, "run", lambda *given: thread.run(*given)),  # noqa: B023
            patch.object(schemes, "usable_cpus", lambda: args.thread),
        ):
            train.train_supervised(args, Reporter())
        assert thread.scheme is not None
        found.append((thread.seconds, thread.scheme))
    return min(found, key=lambda pair: pair[0])


def lines_read(scheme: schemes.InBatches) -> float:
    """Return how many cache lines a thread reads of others for a batch.

    Of its own lines the sums that others have; of the others' lines those sums, joined (with few
    labels), or the hidden vectors, the factors and the gradients.
    """
    batch, threads = scheme.batch, scheme.n_threads
    shards = min(threads, scheme.lines.shards)
    row = scheme.model.stride / 16
    of_others = batch.size * (1 - 1 / threads) * (row if batch.copies else 2 * row + 1)
    return float(batch.size / threads * (shards - 1) * row + of_others)


def main() -> None:
    """Read the options and measure."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="folder of <name>/train.txt")
    options.add_argument("--times", type=int, default=7, help="measurements of each  [7]")
    given = options.parse_args()
    meeting = exchange_seconds(0) / 2
    line = (exchange_seconds(112) - exchange_seconds(0)) / 112
    print(f"A meeting of two threads takes {meeting * 1e9:.0f} ns, a line {line * 1e9:.0f} ns.\n")
    rows = []
    for name, dims in CASES.items():
        for dim in dims:
            rows.append(case(given, name, dim, meeting, line))
    header = ["data", "dim", "lines at once", "batch us", "2 measured", "2 calculated"]
    print(table([*header, *(f"{n} calculated" for n in CORES[1:])], rows))


def case(given: argparse.Namespace, name: str, dim: int, meeting: float, line: float) -> list[str]:
    """Return a row of the table: how many times faster so many threads are than one."""
    args = arguments(given.data, name, dim, 1)

    def trained(n_threads: int) -> float:
        return train.train_supervised(
            arguments(given.data, name, dim, n_threads), Reporter()
        ).seconds

    pairs = [(trained(1), trained(2)) for _ in range(given.times)]
    measured = statistics.median(one / two for one, two in pairs)
    single, scheme = alone(args, given.times)
    n_batches = args.epoch * -(-len(scheme.lines.tokens) // scheme.batch.size)
    cells = []
    for n in CORES:
        work, scheme = alone(arguments(given.data, name, dim, n), given.times)
        waits = 0.0
        if scheme.n_threads > 1:
            meetings = 1 if scheme.batch.copies and scheme.n_threads == 2 else 2
            waits = meetings * (meeting + (scheme.n_threads - 2) * line)
            waits += lines_read(scheme) * line
        cells.append(single / (work + n_batches * waits))
    return [
        name,
        str(dim),
        str(scheme.batch.size),
        f"{1e6 * single / n_batches:.1f}",
        f"{measured:.2f}",
        f"{cells[0]:.2f}",
        *(f"{cell:.1f}" for cell in cells[1:]),
    ]


if __name__ == "__main__":
    main()
