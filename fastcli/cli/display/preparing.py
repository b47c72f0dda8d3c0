"""Display of prepare: how much of each input has been read, and what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastcli.cli.display.messages import lines, say
from fastcli.cli.display.tables import aligned
from fastcli.cli.display.terminal import is_terminal, width
from fastcli.cli.display.training import Display

if TYPE_CHECKING:
    from fastcli.prepare.args import PrepareArgs
    from fastcli.prepare.write_parts import Prepared


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
    left_out = [
        (done.exact, "repeated"),
        (done.near, "nearly repeated"),
        (done.bad, f"bad, in {args.output}/rejects.jsonl"),
    ]
    which = ", ".join(f"{n:,} {what}" for n, what in left_out if n)
    sentences.append(f"Left out: {which}." if which else "Nothing was left out.")
    if done.bad:
        sentences += [f"  {n:,} x {reason}" for reason, n in done.reasons.most_common(5)]
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


def _order(done: Prepared, args: PrepareArgs) -> str:
    """Return in which order lines were written."""
    from fastcli.prepare.write_parts import SHUFFLED

    if args.output == "-":
        return "Lines are in the order of rows; no prepare.json or labels.json was written."
    if not args.shuffle:
        return "All lines are in the order of rows (--no-shuffle)."
    others = " and ".join(f"{name}.txt" for name in done.parts if name != SHUFFLED)
    rest = f"; {others} in the order of rows" if others else ""
    return f"{SHUFFLED}.txt is in a random order (-seed {args.seed}){rest}."
