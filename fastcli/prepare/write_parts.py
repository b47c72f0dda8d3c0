"""Entry point of prepare: rows come in, cleaned lines go out to train, valid and test.

The main process reads, numbers and writes; processes beside it clean, batch by batch, in order.
Memory holds a few batches whatever the size of the data.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli import __version__
from fastcli.errors import ArgumentError, DataError, FastcliError
from fastcli.overwriting import STREAM, check_apart
from fastcli.prepare.args import PrepareArgs
from fastcli.prepare.belongings import (
    LABELS,
    NOTES,
    REJECTS,
    check_folder,
    made,
    part_name,
    recorded,
    to_remove,
)
from fastcli.prepare.clean_batches import (
    BatchCleaner,
    Cleaned,
    clean_in_process,
    cleaning_processes,
    is_done,
    result_of,
)
from fastcli.prepare.labels import LabelNames
from fastcli.prepare.lines import Heads, gathered
from fastcli.prepare.prepared import Prepared
from fastcli.prepare.reader_process import read_beside
from fastcli.prepare.recipe import Recipe
from fastcli.prepare.relabel import Relabelling, only
from fastcli.prepare.row_file import LabelLimit, RowFile, choose
from fastcli.prepare.row_places import RowPlaces
from fastcli.prepare.row_weights import bad_weights, take_weights, weight_tokens
from fastcli.prepare.segment import check_segmentation
from fastcli.prepare.split import PARTS, OrderSplitter, Splitter
from fastcli.prepare.workers import starting
from fastcli.prepare.writers import FileWriter, ShuffledWriter, StreamWriter
from fastcli.printable import listed_files
from fastcli.reporting import Reporter
from fastcli.tables.bad_rows import bad_row
from fastcli.tables.delimited import BadRow, Location
from fastcli.tables.labels import LabelsAreText
from fastcli.tables.rows import Batch
from fastcli.tables.sources import Source
from fastcli.tables.values import is_missing
from fastcli.text.likely_weights import likely_weight, likely_weight_sentence
from fastcli.text.line_weights import NOT_A_WEIGHT, unweighted
from fastcli.text.spooled import is_file
from fastcli.threads import uninterrupted

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHUFFLED = "train"
BESIDE = 8_000_000  # bytes of input that are worth a process which reads them
INLINE = 4  # batches that are cleaned before other processes are started,
COSTLY = 0.6  # which pays where cleaning takes more than this share of the time
SPACE = ord(" ")
KEPT_WEIGHTS = "--weight-prefix {prefix} keeps them; without it they are cleaned as words."


def prepare(args: PrepareArgs, reporter: Reporter, places: RowPlaces | None = None) -> Prepared:
    """Read all inputs and write the files of ``args.output``.

    ``places`` are told where the rows are that are written, unless ``args.needs_all_rows``.
    Raises ArgumentError, DataError (bad rows unless ``skip_bad``), or FastcliError where files
    cannot be written or are not as an earlier run left them.  Old files stay intact until all is
    done.
    """
    args.check()
    check_segmentation(args.recipe.segmentation)
    folder = Path(args.output)
    names, written = _part_names(args), _file_names(args)
    with made(folder):
        _check_input(args, folder, outputs(args))
        if not args.overwrite:
            check_folder(folder, written)
        with _without_collector():
            try:
                try:
                    run = _write(args, reporter, folder, names, places)
                except LabelsAreText:
                    if STREAM in args.input:
                        raise
                    labels = replace(args.reading.labels, labels_as="text")
                    args = replace(args, reading=replace(args.reading, labels=labels))
                    run = _write(args, reporter, folder, names, places)
            except FastcliError:
                raise
            except OSError as error:
                raise FastcliError(f"{folder} cannot be written to: {error.strerror}") from None
    return run.done


def outputs(args: PrepareArgs) -> list[str]:
    """Return the files that ``prepare`` writes."""
    return [str(Path(args.output) / name) for name in _file_names(args)]


def _part_names(args: PrepareArgs) -> list[str]:
    return [name for name, share in zip(PARTS, args.shares, strict=False) if share > 0]


def _file_names(args: PrepareArgs) -> list[str]:
    parts = map(part_name, _part_names(args))
    return [*parts, LABELS, *[REJECTS] * args.skip_bad, NOTES]


def _write(
    args: PrepareArgs,
    reporter: Reporter,
    folder: Path,
    names: Sequence[str],
    places: RowPlaces | None,
) -> _Run:
    """Write all files of a folder under other names, and put them in place at the end.

    prepare.json is written last: a kill in between leaves that of the old files.
    """
    with ExitStack() as last, ExitStack() as files:
        notes = last.enter_context(FileWriter(folder / NOTES))
        label_names = files.enter_context(FileWriter(folder / LABELS))
        writers = {name: files.enter_context(_writer(args, folder, name)) for name in names}
        rejects = None
        if args.skip_bad:
            rejects = files.enter_context(FileWriter(folder / REJECTS))
        run = _Run(args, reporter, writers, rejects or StreamWriter(lambda _: None), places)
        run.write_all(folder)
        digests = {part_name(name): writer.digest() for name, writer in writers.items()}
        if rejects is not None and run.done.bad:
            rejects.finish()
            digests[REJECTS] = rejects.digest()
        elif rejects is not None:
            rejects.discard()
        label_names.write_json(run.label_names())
        digests[LABELS] = label_names.digest()
        notes.write_json({**run.notes(), "files": digests})
        former = recorded(folder) or {}
        going, run.done.stayed = to_remove(folder, former, [*digests, NOTES])
        with uninterrupted():
            files.close()  # puts them in place
            for path in going:
                path.unlink(missing_ok=True)
            last.close()
    return run


def prepare_stream(args: PrepareArgs, reporter: Reporter, put: Callable[[bytes], None]) -> Prepared:
    """Read all inputs and hand the lines to ``put``, in the order of rows; nothing is split.

    ``put`` is taken to write to standard output.  Raises what ``prepare`` raises, and what ``put``
    does.
    """
    args = replace(args, shares=(1.0,), shuffle=False, split_by="hash")
    args.check()
    check_segmentation(args.recipe.segmentation)
    check_apart(args.input, [STREAM], reads_folders=True)
    with _without_collector():
        run = _Run(args, reporter, {"lines": StreamWriter(put)}, StreamWriter(lambda _: None))
        run.write_all(Path(gettempdir()))
    return run.done


def _writer(args: PrepareArgs, folder: Path, name: str) -> FileWriter:
    """Return what writes a part: only training lines are shuffled."""
    path = folder / part_name(name)
    is_shuffled = args.shuffle and name == SHUFFLED
    return ShuffledWriter(path, args.seed) if is_shuffled else FileWriter(path)


def _check_input(args: PrepareArgs, folder: Path, written: Sequence[str]) -> None:
    """Raise ArgumentError if an input would be written, or holds the folder."""
    for path in args.input:
        above = [folder.resolve(), *folder.resolve().parents]
        if os.path.isdir(path) and Path(path).resolve() in above:
            raise ArgumentError(
                f"{folder} is in {path}, which is an input: give another folder with -o."
            )
    check_apart(args.input, written, reads_folders=True)


class _Run:
    """One run of ``prepare``."""

    def __init__(
        self,
        args: PrepareArgs,
        reporter: Reporter,
        writers: Mapping[str, StreamWriter],
        rejects: StreamWriter,
        places: RowPlaces | None = None,
    ) -> None:
        self.args, self.reporter, self.places = args, reporter, places
        if places is not None:
            places.begin(args.seed if args.shuffle else None)
        self.n_read = 0  # bytes of the input that is being read
        self.writers = list(writers.values())
        self.rejects = rejects
        self.relabelling = Relabelling(args.labels)
        self.limit = LabelLimit(args.labels.maximum)
        self.names = LabelNames(args.recipe.label, args.reading.labels.are_targets)
        shares = [share for share in args.shares if share > 0]
        self.splitter: Splitter | OrderSplitter = Splitter(shares, args.keep_labels)
        n = len(writers)
        self.done = Prepared(
            parts=list(writers), lines=[0] * n, tokens=[0] * n, labels=[Counter() for _ in range(n)]
        )
        self.waiting: deque[tuple[Batch, Future[Cleaned] | Cleaned]] = deque()
        self.deferred_rejects: list[BadRow] = []  # bad rows after those that wait
        self.source = Source(
            args.columns,
            self.bad_later,
            args.reading,
            needs_labels=args.needs_labels,
            skips_bad=args.skip_bad,
            say=reporter.note,
            weight_prefix=args.recipe.weight_prefix,
        )

    def write_all(self, folder: Path) -> None:
        """Read everything and write all lines; ``folder`` is for temporary files."""
        with closing(self.cleaned()) as some:
            if self.args.needs_all_rows:
                self.write_chosen(folder, some)
            else:
                for batch, cleaned in some:
                    self.write_first(batch, cleaned)
        self.done.note_labels(self.relabelling, self.limit, self.names.tokens)
        if sum(self.done.lines) == 0:
            raise DataError(f"{listed_files(self.args.input)}: {self.done.nothing()}")
        if n := self.done.unweighted:
            self.reporter.note(unweighted(n, self.args.columns.weight))
        self.reporter.stage("saving")
        for writer in self.writers:
            writer.finish()

    # ---------------------------------------------------------------- reading

    def bad(self, place: Location, reason: str, text: str) -> None:
        """Write a row to the file of rejects, or raise DataError."""
        if not self.args.skip_bad:
            raise bad_row(place, reason, text)
        self.done.bad += 1
        self.done.reasons[reason] += 1
        entry = {**asdict(place), "reason": reason, "text": text}
        self.rejects.write(json.dumps(entry, ensure_ascii=True))

    def bad_later(self, place: Location, reason: str, text: str) -> None:
        """Do as ``bad`` does, but after what is bad about rows that still wait to be cleaned."""
        if self.waiting:
            self.deferred_rejects.append((place, reason, text))
        else:
            self.bad(place, reason, text)

    def batches(self) -> Iterator[Batch]:
        """Yield all rows of all inputs."""
        paths = self.args.input
        size = sum(os.path.getsize(path) for path in paths if is_file(path))
        if self.args.thread > 1 and size > BESIDE and "-" not in paths:
            found = read_beside(self.source, paths, self.started, self.read_to)
        else:
            found = self.read(paths)
        for batch in found:
            batch.bad, self.deferred_rejects = self.deferred_rejects, []
            if self.done.rows == 0 and not self.args.weight_prefix:
                self.say_likely_weight(batch.texts)
            self.done.rows += len(batch.lines)
            batch = take_weights(self.relabelling.apply(batch), self.args)
            if batch.lines or batch.bad:
                yield batch

    def read(self, paths: Sequence[str]) -> Iterator[Batch]:
        """Yield the rows of inputs, read in this process."""
        for path in paths:
            self.started(path)
            yield from self.source.read(path, self.read_to)
        self.source.finish()

    def started(self, path: str) -> None:
        """Tell that an input is being read."""
        self.n_read = 0
        size = os.path.getsize(path) if is_file(path) else 0
        self.reporter.stage(f"reading {os.path.basename(path) or path}", size)

    def read_to(self, n_bytes: int) -> None:
        """Tell how many bytes have been read of the input since the last time."""
        self.reporter.read(n_bytes - self.n_read)
        self.n_read = n_bytes

    def cleaned(self) -> Generator[tuple[Batch, Cleaned], None, None]:
        """Yield batches with their cleaned texts, in order."""
        waiting, most = self.waiting, 3 * self.args.thread
        cleaner = BatchCleaner(self.args.recipe, self.args.seed, self.args.dedup == "near")
        started, spent = time.perf_counter(), 0.0
        with ExitStack() as stack:
            pool: ProcessPoolExecutor | None = None
            for number, batch in enumerate(self.batches()):
                is_costly = spent > COSTLY * (time.perf_counter() - started)
                if pool is None and number >= INLINE and self.args.thread > 1 and is_costly:
                    pool = stack.enter_context(cleaning_processes(self.args.thread - 1, cleaner))
                busy = sum(isinstance(one, Future) and not one.done() for _, one in waiting)
                if pool is not None and busy <= self.args.thread:
                    with starting():  # submitting starts processes
                        waiting.append(
                            (batch, pool.submit(clean_in_process, batch.texts, batch.groups))
                        )
                else:
                    before = time.perf_counter()
                    waiting.append((batch, cleaner.clean(batch.texts, batch.groups)))
                    spent += time.perf_counter() - before
                while waiting and (len(waiting) > most or is_done(waiting[0][1])):
                    yield self.with_text(*result_of(waiting.popleft()))
            while waiting:
                yield self.with_text(*result_of(waiting.popleft()))
            for bad in self.deferred_rejects:
                self.bad(*bad)

    def with_text(self, batch: Batch, cleaned: Cleaned) -> tuple[Batch, Cleaned]:
        """Return the rows that have text left; the others are bad."""
        for bad in batch.bad:
            self.bad(*bad)
        empty = cleaned.empty()
        if not empty:
            return self.with_weight(batch, cleaned)
        for i in empty:
            self.bad(Location(batch.path, batch.lines[i]), "no text is left", batch.texts[i])
        kept = np.delete(np.arange(len(batch.lines)), empty).tolist()
        return self.with_weight(only(batch, kept), cleaned.only(kept))

    def with_weight(self, batch: Batch, cleaned: Cleaned) -> tuple[Batch, Cleaned]:
        """Return the rows, each with the token of its weight; those with bad weights are bad."""
        if not batch.weights:
            return batch, cleaned
        column = self.args.columns.weight
        if column:
            tokens, bad = weight_tokens(batch.weights, self.args.weight_prefix)
            self.done.unweighted += sum(map(is_missing, batch.weights))
        else:
            tokens = [weight.encode("utf-8", "surrogateescape") for weight in batch.weights]
            bad = bad_weights(tokens, self.args.weight_prefix)
        for i in bad:
            place = Location(batch.path, batch.lines[i], column)
            self.bad(place, NOT_A_WEIGHT, batch.weights[i])
        cleaned = replace(cleaned, weights=tuple(tokens))
        if not bad:
            return batch, cleaned
        kept = np.delete(np.arange(len(tokens)), bad).tolist()
        return only(batch, kept), cleaned.only(kept)

    def say_likely_weight(self, texts: Sequence[str]) -> None:
        """Say that tokens of lines look like weights, if they do."""
        lines = (text.encode("utf-8", "surrogateescape") for text in texts)
        if token := likely_weight(lines, self.args.recipe.label):
            self.reporter.note(likely_weight_sentence(token, KEPT_WEIGHTS))

    def named(self, batch: Batch) -> list[tuple[str, ...]]:
        """Return the label tokens of a batch's rows."""
        tokens = {labels: self.names.of(labels) for labels in dict.fromkeys(batch.labels)}
        return [tokens[labels] for labels in batch.labels]

    # ---------------------------------------------------------------- writing

    def write_first(self, batch: Batch, cleaned: Cleaned) -> None:
        """Write the lines that are among the first of their labels."""
        labels = self.named(batch)
        if self.args.labels.maximum:
            chosen = [i for i, some in enumerate(labels) if self.limit.takes(some)]
            labels, cleaned = [labels[i] for i in chosen], cleaned.only(chosen)
            batch = only(batch, chosen)
        if self.places is not None:
            self.places.add(batch.path, batch.lines)
        self.write(labels, cleaned)

    def write(self, labels: Sequence[tuple[str, ...]], cleaned: Cleaned) -> None:
        """Write lines, each to the part that it belongs to."""
        cleaned = cleaned.weighted()
        parts = self.splitter.parts(cleaned.keys, labels)
        different = list(dict.fromkeys(labels))
        number_of = {some: number for number, some in enumerate(different)}
        heads = Heads(
            [f"{' '.join(some)} ".encode() if some else b"" for some in different],
            np.array([number_of[some] for some in labels], np.int64),
        )
        for number, writer in enumerate(self.writers):
            chosen = np.flatnonzero(parts == number)
            if len(chosen) == 0:
                continue
            data = gathered(cleaned.data, cleaned.bounds, chosen, heads)
            writer.write_lines(data)
            counts = self.done.labels[number]
            before = counts.total()
            for i, n in _counted(heads.of[chosen]):
                counts.update(dict.fromkeys(different[i], n))
            self.done.lines[number] += len(chosen)
            n_spaces = int(np.count_nonzero(np.frombuffer(data, np.uint8) == SPACE))
            n_others = counts.total() - before
            if self.args.weight_prefix:
                n_weights = data.count(f" {self.args.weight_prefix}".encode())
                self.done.weighted += n_weights
                n_others += n_weights
            self.done.tokens[number] += n_spaces + len(chosen) - n_others

    def write_chosen(self, folder: Path, batches: Iterator[tuple[Batch, Cleaned]]) -> None:
        """Put all rows into files beside, choose among them, and write those that are kept."""
        args, done = self.args, self.done
        with RowFile(folder) as rows:
            keep = self.kept(folder, rows, batches)
            other = "".join(self.names.of((self.relabelling.other,))) if args.labels.other else ""
            choice = choose(rows, keep, args.labels.minimum, other, self.limit)
            done.rare, done.rare_rows = choice.rare, choice.rare_rows
            if args.split_by == "order":
                shares = [share for share in args.shares if share > 0]
                self.splitter = OrderSplitter(shares, choice.rows_of, args.keep_labels)
            for labels, cleaned in rows.rows(choice.keep):
                self.write([choice.relabelled(some) for some in labels], cleaned)

    def kept(
        self, folder: Path, rows: RowFile, batches: Iterator[tuple[Batch, Cleaned]]
    ) -> NDArray[np.bool_]:
        """Put all rows into a file; return which of them are no duplicates, if that is asked."""
        with ExitStack() as stack:
            finder = None
            if self.args.dedup != "none":
                from fastcli.prepare.duplicates import DuplicateFinder

                finder = stack.enter_context(DuplicateFinder(folder, self.args.dedup == "near"))
            for batch, cleaned in batches:
                labels = self.named(batch)
                rows.add(labels, cleaned.weighted())
                if finder is not None:
                    finder.add(labels, cleaned)
            if finder is None:
                return np.ones(rows.n, np.bool_)
            found, done = finder.find(), self.done
        done.exact, done.near = found.exact, found.near
        done.contradictions = found.contradictions
        return found.keep

    def label_names(self) -> dict[str, str]:
        """Return the tokens of labels that were written, and the labels they stand for."""
        written = set().union(*self.done.labels)
        return {token: name for token, name in self.names.mapping().items() if token in written}

    def notes(self) -> dict[str, Any]:
        """Return what ``prepare.json`` says, but for the files."""
        args, done, names = self.args, self.done, self.names.mapping()
        return {
            **args.recipe.as_json(),
            "fastcli": __version__,
            "input": list(args.input),
            "columns": {
                **{k: v for k, v in asdict(args.columns).items() if v or k != "weight"},
                "separator": args.reading.labels.separator,
                "none": args.reading.labels.none,
                "quotes": args.reading.quotes,
                "escape": args.reading.escape,
                **self.source.record,
            },
            "bad_bytes": args.reading.bad_bytes,
            "labels": {
                **asdict(args.labels),
                "merged": done.merged,
                "rows_left_out_by_map": dict(done.mapped_out),
                "rare": {names[token]: n for token, n in done.rare.most_common()},
                "rows_left_out_as_rare": done.rare_rows,
                "rows_beyond_maximum": done.beyond,
            },
            "split_by": args.split_by,
            "split": {
                "shares": dict(zip(PARTS, args.shares, strict=False)),
                "seed": args.seed,
                "every_label_in_train": args.keep_labels,
            },
            "shuffle": {SHUFFLED: args.shuffle, "seed": args.seed},
            "dedup": args.dedup,
            "rows": done.rows,
            "rejected": dict(sorted(done.reasons.items())),
            "duplicates": {"exact": done.exact, "near": done.near},
            "contradictions": done.contradictions,
            "parts": {
                name: {"lines": lines, "tokens": tokens, "labels": dict(labels.most_common())}
                for name, lines, tokens, labels in zip(
                    done.parts, done.lines, done.tokens, done.labels, strict=True
                )
            },
        }


def _counted(numbers: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield the different numbers, in order of appearance, and how often each is there."""
    found, first, n = np.unique(numbers, return_index=True, return_counts=True)
    order = np.argsort(first)
    yield from zip(found[order].tolist(), n[order].tolist(), strict=True)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep Python from looking for cycles among millions of rows, where there are none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def filter_lines(recipe: Recipe, blocks: Iterator[bytes], write: Callable[[bytes], None]) -> None:
    """Prepare lines of text as a recipe says, a line for a line, as they come.

    Bytes that are not UTF-8 stay as they are.
    """
    check_segmentation(recipe.segmentation)
    for number, block in enumerate(blocks):
        if number == 0:
            block = block.removeprefix(b"\xef\xbb\xbf")  # a byte-order mark is not text
        lines = block.decode("utf-8", "surrogateescape").split("\n")
        ended = lines[-1] == ""
        if ended:
            lines.pop()
        text = "\n".join(recipe.apply_to_lines(lines)) + ("\n" if ended else "")
        write(text.encode("utf-8", "surrogateescape"))
