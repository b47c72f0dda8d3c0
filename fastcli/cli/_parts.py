"""predict and predict-prob --output-dir: a labelled part for each of many tables."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli.cli.display.messages import error as say_error
from fastcli.cli.display.messages import say
from fastcli.errors import ArgumentError, FastcliError, cannot_open
from fastcli.files import cannot_save
from fastcli.options import option
from fastcli.overwriting import check_apart

if TYPE_CHECKING:
    from fastcli.cli._options import Question
    from fastcli.cli._part_labeller import Labeller, Made
    from fastcli.cli.display.screen import Screen
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.decided import Decisions
    from fastcli.labelling.label_table import LabelArgs
    from fastcli.labelling.part_records import Plan, Setting
    from fastcli.labelling.parts import Part
    from fastcli.tables.options import TableOptions

MOST_FAILED = 20  # that are named
APART = ("output", "thread", "format")  # of LabelArgs, which change nothing in a part
SHOWN = {"k": "-k", "name": "--as", "with_probs": "probabilities"}  # others as they are named


@dataclass(frozen=True, kw_only=True)
class PartOptions:
    """Where the parts of many inputs go, and which are made."""

    output_dir: str = option(
        "",
        "write each table with its labels to a part of its name in this folder; started again it "
        "makes what is missing",
        group="tables",
        file="folder",
    )
    overwrite: bool = option(False, "make all parts again", group="tables")
    shard: str = option(
        "",
        "I/N, I from 1: only the inputs whose place in the sorted list is I modulo N",
        group="tables",
    )


def check_part_options(options: PartOptions, output: str, n_inputs: int) -> None:
    """Raise ArgumentError where --output-dir is missing, or is given beside --output."""
    if options.output_dir and output:
        raise ArgumentError("--output is for one table, --output-dir for many: give one of them.")
    if not options.output_dir and (options.shard or options.overwrite):
        name = "--shard" if options.shard else "--overwrite"
        raise ArgumentError(f"{name} is for parts: give the folder for them, --output-dir DIR.")
    if output and n_inputs > 1:
        raise ArgumentError(
            "--output takes the rows of one table: give --output-dir DIR for a part for each of "
            "several."
        )


def label_parts(
    classifier: Classifier,
    asked: Question,
    table: TableOptions,
    like: str,
    options: PartOptions,
    args: LabelArgs,
    read: Sequence[str],
) -> None:
    """Make the parts that are missing, ``args.thread`` at a time, and say what was done.

    ``read`` are other files that are read, and must not be written over.

    Raises what ``parts_of`` and ``plan`` do, before anything is written; FastcliError at the end
    where parts failed.
    """
    from fastcli.api.labelled_tables import prepared_of
    from fastcli.cli._part_labeller import Labeller
    from fastcli.evaluation.classifier import best_count
    from fastcli.labelling.part_records import Plan, plan, unlike
    from fastcli.labelling.parts import parts_of, sharded

    classifier.check_predicts()
    best_count(args.k, classifier.nlabels)
    prepared = prepared_of(classifier, asked.model, like)
    parts = parts_of(asked.data, options.output_dir)
    read = [asked.model, f"{asked.model}.json", like, *read]
    check_apart(read, [part.target for part in parts])
    parts = sharded(parts, options.shard)
    setting, status = _setting(asked.model, table, prepared, args)
    decisions: Decisions | None = getattr(classifier, "decisions", None)
    if decisions is not None:
        setting.options["thresholds or calibration"] = _digest(decisions)
    anew = Plan(missing=parts, done=[], changed=[])
    found = anew if options.overwrite else plan(parts, setting)
    _say_plan(found)
    if options.overwrite and (n_unlike := sum(1 for _ in unlike(parts, setting))):
        say(
            f"{_counted(n_unlike, 'other part')} in {options.output_dir} of another model or other "
            "options: left as is."
        )
    try:
        os.makedirs(options.output_dir, exist_ok=True)
    except OSError as error:
        raise cannot_save(options.output_dir, error) from None
    labeller = Labeller(
        model=asked.model,
        status=status,
        table=table,
        like=like,
        args=args,
        setting=setting,
        decisions=decisions,
    )
    run = _Run(found, args)
    run.make(labeller, classifier)
    run.report(options.output_dir)


def _setting(
    model: str, table: TableOptions, prepared: Any, args: LabelArgs
) -> tuple[Setting, tuple[int, int]]:
    """Return what all parts have in common, and the size and the time of the model."""
    from fastcli.cli._part_labeller import status_of
    from fastcli.labelling.part_records import Setting, file_state

    if not os.path.isfile(model):
        raise ArgumentError(f"{model} is not a regular file, as --output-dir needs.")
    try:
        status, digest = status_of(model), file_state(model).sha256
    except OSError as error:
        raise FastcliError(cannot_open(model, error, "loading")) from None
    given: dict[str, Any] = {}
    for name, value in asdict(args).items():
        if name not in APART:
            given |= value if isinstance(value, dict) else {name: value}
    usual = asdict(type(table)())
    given |= {name: value for name, value in asdict(table).items() if value != usual[name]}
    found = {SHOWN.get(name) or f"--{name.replace('_', '-')}": one for name, one in given.items()}
    # Columns, cleaning and the names of labels: of --like, or recorded beside the model.
    text = json.dumps(asdict(prepared), sort_keys=True, default=sorted)  # sets
    found["columns, cleaning or names of labels"] = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Setting(model=digest, options=found), status


def _digest(decisions: Decisions) -> str:
    """Return what tells these thresholds and this calibration from others."""
    curves = vars(decisions.curves) if decisions.curves is not None else {}
    values = {**curves, "thresholds": decisions.thresholds, "only_best": decisions.only_best}
    text = json.dumps(values, sort_keys=True, default=lambda array: array.tolist())
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _say_plan(found: Plan) -> None:
    from fastcli.printable import listed_files

    if found.done:
        say(f"{_counted(len(found.done), 'part')} of the same inputs there already, left as is.")
    if found.changed:
        sources = listed_files([part.source for part in found.changed])
        say(f"Changed since the part was made, which is made again: {sources}.")


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"


@dataclass
class _Run:
    """A run: the parts that are made, and what has been heard of them."""

    found: Plan
    args: LabelArgs
    done: dict[str, Made] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _read: Counter[str] = field(default_factory=Counter)
    _screen: Screen | None = None

    @property
    def parts(self) -> list[Part]:
        """The parts to be made."""
        return sorted([*self.found.missing, *self.found.changed], key=lambda part: part.name)

    def make(self, labeller: Labeller, classifier: Classifier) -> None:
        """Make all parts: in this process, or in several."""
        from fastcli.cli.display.screen import Screen
        from fastcli.cli.display.terminal import is_live
        from fastcli.labelling.part_workers import make_parts

        parts, n = self.parts, self.args.thread
        with Screen(is_on=is_live()) as screen:
            self._screen = screen
            screen.stage(_counted(len(parts), "file"), sum(part.n_bytes for part in parts))
            try:
                if min(n, len(parts)) <= 1:
                    make = labeller.maker(classifier)
                    for part in parts:
                        self.hear(part, *make(part, self.hear))
                else:
                    n_processes = min(n, len(parts))
                    each = replace(labeller.args, thread=max(n // n_processes, 1))
                    make_parts(parts, n_processes, replace(labeller, args=each).start, self.hear)
            except (KeyboardInterrupt, SystemExit):
                screen.close()
                n_done = _counted(sum(os.path.exists(part.target) for part in parts), "part")
                say(f"{n_done} of {len(parts):,} are there: the same command makes the rest.")
                raise

    def hear(self, part: Part, kind: str, what: Any) -> None:
        """Note what was done, and say what is new."""
        if kind in ("say", "decided"):
            # What was decided about a table is said once where it is the same for others.
            of_all = kind == "decided"
            sentence = str(what).removeprefix(f"{part.source}: ") if of_all else str(what)
            if sentence not in self._told:
                self._told.add(sentence)
                say(str(what))
        elif kind == "read":
            self._advance(part, int(what))
        elif kind == "failed":
            self.failed[part.source] = what
            self._advance(part, part.n_bytes)
        else:
            self.done[part.name] = what
            self._advance(part, part.n_bytes)

    def _advance(self, part: Part, n_read: int) -> None:
        """Move the bar by what has been read of a part."""
        now = min(n_read, part.n_bytes)
        if self._screen is not None:
            self._screen.advance(max(now - self._read[part.name], 0))
        self._read[part.name] = now

    def report(self, folder: str) -> None:
        """Say what was done; raise FastcliError where parts failed."""
        from fastcli.api.inputs import say_unknown_words
        from fastcli.cli.display.labelling import say_summary
        from fastcli.labelling.predicted import Labelled
        from fastcli.tables.bad_rows import left_out

        total, bad = Labelled([]), Counter[str]()
        for name in sorted(self.done):
            total.add(self.done[name].labelled)
            bad.update(self.done[name].bad)
        if self.done:
            say_summary(total, self.args, f"{_counted(len(self.done), 'part')} in {folder}")
        say_unknown_words(total.unknown_words)
        if bad:
            say(left_out(bad))
        counts = (
            (len(self.done), "written"),
            (len(self.found.done), "there already"),
            (len(self.failed), "failed"),
        )
        n = sum(k for k, _ in counts)
        which = ", ".join(f"{k:,} {what}" for k, what in counts if k)
        n_empty = sum(not one.labelled.rows for one in self.done.values())
        empty = f" ({n_empty:,} of them empty, as the input is)" if n_empty else ""
        say(f"{_counted(n, 'part')}: {which or 'nothing to do'}{empty}.")
        if self.failed:
            self._report_failed()

    def _report_failed(self) -> None:
        names = sorted(self.failed)
        for name in names[:MOST_FAILED]:
            reason = self.failed[name]
            say_error(reason if reason.startswith(name) else f"{name}: {reason}")
        more = len(names) - MOST_FAILED
        rest = f" ({more:,} more failed, too)" if more > 0 else ""
        raise FastcliError(
            f"{_counted(len(names), 'part')} of {len(self.parts):,} could not be made{rest}: "
            "the same command tries again."
        )


__all__ = ["PartOptions", "check_part_options", "label_parts"]
