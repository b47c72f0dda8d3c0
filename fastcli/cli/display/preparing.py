"""Display of prepare: how much of each input has been read, and what was written."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastcli.cli.display.messages import lines, say
from fastcli.cli.display.tables import aligned
from fastcli.cli.display.terminal import is_terminal, width
from fastcli.cli.display.training import Display
from fastcli.printable import shortened

if TYPE_CHECKING:
    from fastcli.prepare.args import PrepareArgs
    from fastcli.prepare.prepared import Prepared

MOST_SHOWN = 3  # labels of a sentence
MOST_ALIKE = 4  # labels that are alike


class PrepareDisplay(Display):
    """Shows a bar of bytes for each input on a terminal, nothing in a log."""

    def read(self, n_bytes: int) -> None:
        """Move the bar."""
        if self.is_live:
            self.screen.advance(n_bytes)

    def summary(self, done: Prepared, args: PrepareArgs) -> None:
        """Write what was written: a row for each part, the order, and what was left out."""
        self.screen.close()
        if self.verbose > 0:
            lines(*_table(done))
            say(*_sentences(done, args))


def _table(done: Prepared) -> list[str]:
    """Return a row for each part, as many columns as a terminal has room for."""
    rows = [("part", "lines", "tokens", "labels", "smallest label")]
    for name, n_lines, n_tokens, labels in zip(
        done.parts, done.lines, done.tokens, done.labels, strict=True
    ):
        least = min(labels.items(), key=lambda item: item[1], default=("", 0))
        smallest = f"{least[0]} {least[1]:,}"
        rows.append((name, f"{n_lines:,}", f"{n_tokens:,}", f"{len(labels):,}", smallest))
    return aligned(rows, room=width() if is_terminal() else None)


def _sentences(done: Prepared, args: PrepareArgs) -> list[str]:
    sentences = [_order(done, args)]
    left_out = [*done.left_out(), (done.bad, f"bad, in {args.output}/rejects.jsonl")]
    which = ", ".join(f"{n:,} {what}" for n, what in left_out if n)
    sentences.append(f"Left out: {which}." if which else "Nothing was left out.")
    if done.bad:
        sentences += [f"  {n:,} x {reason}" for reason, n in done.reasons.most_common(5)]
    sentences += _labels(done, args)
    if args.weight_prefix and done.weighted:
        sentences.append(
            f"Lines with a weight: {done.weighted:,}. Train with --weight-prefix "
            f"{shlex.quote(args.weight_prefix)}."
        )
    elif args.weight_prefix:
        sentences.append(f"--weight-prefix {args.weight_prefix}: no line has such a token.")
    if done.stayed:
        sentences.append(
            f"Left in place, since they were changed after a run: {', '.join(done.stayed)}."
        )
    if done.contradictions:
        sentences.append(f"{done.contradictions:,} texts have several labels, on different lines.")
    everywhere = set().union(*done.labels)
    for name, labels in zip(done.parts, done.labels, strict=True):
        if missing := len(everywhere) - len(labels):
            sentences.append(f"{missing:,} of {len(everywhere):,} labels are not in {name}.txt.")
    return sentences


def _labels(done: Prepared, args: PrepareArgs) -> list[str]:
    """Return what was done to labels, and what could be."""
    sentences = []
    if done.merged:
        pairs = [f"{shortened(old)!r} is {shortened(new)!r}" for old, new in done.merged.items()]
        n = len(done.merged)
        what = "1 label spelling was merged" if n == 1 else f"{n:,} label spellings were merged"
        sentences.append(f"{what} (--label-case {args.labels.case}): {some_of(pairs)}.")
    if done.rare:
        n, rows = len(done.rare), done.rare.total()
        became = f"became {args.labels.other}" if args.labels.other else "were left out"
        sentences.append(
            f"{n:,} label{'s' * (n > 1)} of fewer than {args.labels.minimum:,} rows {became} "
            f"({rows:,} in all)."
        )
    if done.unused:
        names = [shortened(name) for name in done.unused]
        sentences.append(f"--label-map: no row has the label {some_of(names, 'or')}.")
    if done.alike:
        groups = ["/".join(repr(shortened(x)) for x in some[:MOST_ALIKE]) for some in done.alike]
        sentences.append(
            "Labels that differ only by case, spaces or a final comma: "
            f"{some_of(groups)}. --label-case first makes one label of them."
        )
    return sentences


def some_of(names: Sequence[str], last: str = "and") -> str:
    """Return the first of some names, and how many more there are.

    >>> some_of(["a", "b"], "or"), some_of(["a", "b", "c", "d", "e"])
    ('a or b', 'a, b, c and 2 more')
    """
    shown, more = names[:MOST_SHOWN], len(names) - MOST_SHOWN
    if more > 0:
        return f"{', '.join(shown)} and {more:,} more"
    return f" {last} ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)


def _order(done: Prepared, args: PrepareArgs) -> str:
    """Return in which order lines were written."""
    from fastcli.prepare.write_parts import SHUFFLED

    if args.output == "-":
        return "Lines are in the order of rows; no prepare.json or labels.json was written."
    first = ""
    if args.split_by == "order" and len(done.parts) > 1:
        first = f"Of each label the first rows are in {done.parts[0]}.txt (--split-by order). "
    if not args.shuffle:
        return f"{first}All lines are in the order of rows (--no-shuffle)."
    others = " and ".join(f"{name}.txt" for name in done.parts if name != SHUFFLED)
    rest = f"; {others} in the order of rows" if others else ""
    return f"{first}{SHUFFLED}.txt is in a random order (-seed {args.seed}){rest}."
