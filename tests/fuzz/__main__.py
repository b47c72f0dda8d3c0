"""The command line of the fuzzer; see the package's docstring."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.formats import FORMATS, known_formats, make_case
from tests.fuzz.runner import in_turn, run_cases
from tests.fuzz.samples import sound_files


def main():
    """Run cases by number, or one case again; exit with 1 if any failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("-n", type=int, default=1000, help="number of cases")
    parser.add_argument("--format", action="append", choices=FORMATS, help="repeatable")
    parser.add_argument("--seed", type=int, help="run this one case, and keep its files")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first cases")
    parser.add_argument("--python-mode", action="store_true", help="check every index of kernels")
    parser.add_argument("--keep", default="fuzz-kept", help="folder for the files of one case")
    args = parser.parse_args()
    if args.seed is not None:
        if not args.format:
            parser.error("--seed needs --format")
        sound = Path(args.keep)
        sound.mkdir(parents=True, exist_ok=True)
        sys.exit(_run_one(args, sound))
    with tempfile.TemporaryDirectory() as folder:
        sound_files(folder)
        names = args.format or known_formats(Path(folder))
        cases = in_turn(names, args.n, args.first_seed)
        sys.exit(_run(cases, Path(folder), args))


def _run_one(args, sound):
    sound_files(sound)
    for name in args.format:
        folder = Path(f"{name}-{args.seed}")
        (sound / folder).mkdir(exist_ok=True)
        case = make_case(name, args.seed, sound, sound / folder)
        shown = " ".join(case.argv).replace(str(sound / folder), str(folder))
        print(f"cd {sound} && fastcli {shown}\n")
    return _run([(name, args.seed) for name in args.format], sound, args)


def _run(cases, sound, args):
    started, seen = time.monotonic(), Counter()

    def on_result(n, result):
        outcome = result.outcome
        if outcome.is_failure:
            seen[outcome.kind, outcome.where] += 1
        if args.seed is not None or (outcome.is_failure and seen[outcome.kind, outcome.where] <= 3):
            print(f"{result}\n", flush=True)
        if n % 10_000 == 0:
            print(f"{n:,} of {len(cases):,} cases, {seen.total():,} failures\n", flush=True)

    failures, kinds = run_cases(cases, sound, args.python_mode, on_result)
    seconds = time.monotonic() - started
    print(f"{len(cases):,} cases in {seconds:.0f} s: {dict(kinds.most_common())}")
    for (kind, where), n in seen.most_common():
        print(f"{n:6} {kind} {where}")
    return 1 if failures else 0


if __name__ == "__main__":
    main()
