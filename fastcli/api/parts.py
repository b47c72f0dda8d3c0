"""Many files labelled, a part for each in one folder: which are made, and what was done.

The command line (``predict --output-dir``) draws what happens here.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError, FastcliError, cannot_open
from fastcli.files import cannot_save
from fastcli.notices import say
from fastcli.options import option
from fastcli.overwriting import check_apart
from fastcli.printable import counted, listed_files
from fastcli.urls import is_shared, is_url, local_path, shown

if TYPE_CHECKING:
    from distributed import Client

    from fastcli.api.part_job import Made, PartJob
    from fastcli.attempts import Failure
    from fastcli.evaluation.classifier import Classifier
    from fastcli.evaluation.decided import Decisions
    from fastcli.labelling.label_table import LabelArgs
    from fastcli.labelling.part_records import Plan, Setting
    from fastcli.labelling.parts import Part
    from fastcli.labelling.predicted import Labelled
    from fastcli.prepare.recorded import Prepared
    from fastcli.tables.options import TableOptions

MOST_TOLD = 20  # sentences on tries that failed
APART = ("output", "thread", "format")  # of LabelArgs, which change nothing in a part
SHOWN = {"k": "-k", "name": "--as", "with_probs": "probabilities"}  # others as they are named


@dataclass(frozen=True, kw_only=True)
class PartOptions:
    """Where the parts of many inputs go, and which are made."""

    output_dir: str = option(
        "",
        "write each file with its labels to a part of its name in this folder: rows of a table, or "
        "what is printed for lines; started again it makes what is missing",
        group="tables",
        file="folder",
    )
    overwrite: bool = option(False, "make all parts again", group="tables")
    shard: str = option(
        "",
        "I/N: only every Nth input of the sorted list, starting with the Ith (I from 1)",
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


@dataclass(frozen=True, kw_only=True)
class Labelling:
    """What is asked of every part: the model and the rows' columns, and the other files read."""

    classifier: Classifier
    model: str
    table: TableOptions
    like: str
    args: LabelArgs
    read: Sequence[str] = ()  # which must not be written over

    def planned(self, inputs: Sequence[str], options: PartOptions) -> PartsRun:
        """Return which parts are made, of all that there is to say said, and make the folder.

        Raises what ``parts_of`` and ``plan`` do, before anything is written.
        """
        from fastcli.api.labelled_tables import prepared_of
        from fastcli.api.part_job import PartJob
        from fastcli.evaluation.classifier import best_count
        from fastcli.labelling.part_records import Plan, plan, unlike
        from fastcli.labelling.parts import parts_of, sharded

        classifier, folder = self.classifier, local_path(options.output_dir)
        classifier.check_predicts()
        best_count(self.args.k, classifier.nlabels)
        prepared = prepared_of(classifier, self.model, self.like)
        parts = parts_of(inputs, folder)
        read = [self.model, f"{self.model}.json", self.like, *self.read]
        check_apart(read, [part.target for part in parts])
        parts = sharded(parts, options.shard)
        setting, status = _setting(self.model, self.table, prepared, self.args)
        decisions: Decisions | None = getattr(classifier, "decisions", None)
        if decisions is not None:
            setting.options["thresholds or calibration"] = _digest(decisions)
        anew = Plan(missing=parts, done=[], changed=[])
        found = anew if options.overwrite else plan(parts, setting)
        _say_plan(found)
        if options.overwrite and (n_unlike := sum(1 for _ in unlike(parts, setting))):
            say(
                f"{counted(n_unlike, 'other part')} in {folder} of another model or "
                "other options: left as is."
            )
        _make_folder(folder, bool(found.missing or found.changed))
        job = PartJob(
            model=self.model,
            status=status,
            table=self.table,
            like=self.like,
            args=self.args,
            setting=setting,
            decisions=decisions,
            overwrites=options.overwrite,
        )
        return PartsRun(job=job, folder=folder, found=found)


def _make_folder(folder: str, has_work: bool) -> None:
    """Make a folder for parts, or see that they can be written behind its URL."""
    if is_url(folder):
        from fastcli.labelling.parts import RECORDS
        from fastcli.remote import check_can_write, check_writable

        check_writable(folder)
        try:
            if has_work:  # and not only after hours of it
                check_can_write(folder, f"{RECORDS}/{secrets.token_hex(8)}")
        except OSError as error:
            raise cannot_save(folder, error) from error
        return
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise cannot_save(folder, error) from None


def _setting(
    model: str, table: TableOptions, prepared: Prepared, args: LabelArgs
) -> tuple[Setting, tuple[int, int]]:
    """Return what all parts have in common, and the size and the time of the model."""
    from fastcli.api.job import status_of
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
    if found.done:
        say(f"{counted(len(found.done), 'part')} of the same inputs there already, left as is.")
    if found.changed:
        sources = listed_files([part.source for part in found.changed])
        say(f"Changed since the part was made, which is made again: {sources}.")


@dataclass(kw_only=True)
class Heard:
    """What has been heard of parts: what came of them, and why others failed.

    ``advance`` hears of the bytes that have been read.
    """

    done: dict[str, Any] = field(default_factory=dict)  # by name
    failed: dict[str, str] = field(default_factory=dict)  # inputs, and why
    n_again: int = 0  # tries that failed and were followed by another
    seconds: float = 0.0
    advance: Callable[[int], None] = lambda n: None
    _told: set[str] = field(default_factory=set)
    _read: Counter[str] = field(default_factory=Counter)

    def hear(self, part: Part, kind: str, what: Any) -> None:
        """Note what was done, and say what is new."""
        if kind in ("say", "decided"):
            # What was decided about a table is said once where it is the same for others.
            of_all = kind == "decided"
            self._say_once(str(what), str(what).removeprefix(f"{part.source}: ") if of_all else "")
        elif kind == "read":
            self._advance(part, int(what))
        elif kind == "again":
            self.n_again += 1
            self._say_again(part, what)
            self._advance(part, 0)
        elif kind == "failed":
            self.failed[part.source] = what.reason
            self._advance(part, part.n_bytes)
        else:
            self.done[part.name] = what
            self._advance(part, part.n_bytes)

    def _say_once(self, sentence: str, what: str = "") -> None:
        what = what or sentence
        if what not in self._told:
            self._told.add(what)
            say(sentence)

    def _say_again(self, part: Part, failure: Failure) -> None:
        if self.n_again <= MOST_TOLD:
            say(f"{named(part.source, failure.reason)}. It is tried again.")
        elif self.n_again == MOST_TOLD + 1:
            say("More parts are tried again.")

    def _advance(self, part: Part, n_read: int) -> None:
        """Tell what more has been read of a part; nothing where it is read once more."""
        now = min(n_read, part.n_bytes)
        self.advance(max(now - self._read[part.name], 0))
        self._read[part.name] = max(now, self._read[part.name])


@dataclass(kw_only=True)
class PartsRun(Heard):
    """A run: the parts that are made, and what has been heard of them."""

    done: dict[str, Made] = field(default_factory=dict)
    job: PartJob
    folder: str
    found: Plan

    @property
    def parts(self) -> list[Part]:
        """The parts to be made."""
        return sorted([*self.found.missing, *self.found.changed], key=lambda part: part.name)

    @property
    def is_shared(self) -> bool:
        """Whether other processes see the inputs and the folder."""
        return is_shared(self.folder) and all(is_shared(part.source) for part in self.parts)

    def make(self, classifier: Classifier) -> None:
        """Make all parts: in this process, or in as many as the job has threads."""
        from fastcli.labelling.part_workers import make_here, make_parts

        parts, n = self.parts, self.job.args.thread
        n_processes = min(n, len(parts)) if self.is_shared else 1
        began = time.monotonic()
        if n_processes <= 1:
            make_here(parts, self.job.maker(classifier), self.hear)
        else:
            each = replace(self.job.args, thread=max(n // n_processes, 1))
            make_parts(parts, n_processes, replace(self.job, args=each).start, self.hear)
        self.seconds = time.monotonic() - began

    def make_on_cluster(self, client: Client) -> None:
        """Make all parts on the workers of a Dask cluster, one for each of their threads."""
        from fastcli.api import cluster

        if not self.is_shared:
            raise ArgumentError("memory:// is in the memory of one process: leave out --dask.")
        began = time.monotonic()
        cluster.make_parts(client, self.parts, self.job, self.hear, self.folder)
        self.seconds = time.monotonic() - began

    def total(self, of_lines: bool = False) -> tuple[int, Labelled]:
        """Return how many parts of tables were made (or ``of_lines``), and what was done there."""
        from fastcli.labelling.predicted import Labelled

        total = Labelled([])
        some = [one for _, one in sorted(self.done.items()) if one.are_lines == of_lines]
        for one in some:
            total.add(one.labelled)
        return len(some), total

    def bad(self) -> Counter[str]:
        """Return why rows of all parts were left out, and how many."""
        bad = Counter[str]()
        for name in sorted(self.done):
            bad.update(self.done[name].bad)
        return bad


def named(source: str, reason: str) -> str:
    """Return a reason with the input that it is about in front, without a full stop."""
    source, reason = shown(source), shown(reason)
    text = reason if reason.startswith(source) else f"{source}: {reason}"
    return text.removesuffix(".")
