"""Entry point of prepare: rows come in, cleaned lines go out to train, valid and test.

The main process reads, numbers and writes; processes beside it clean, batch by batch, in order.
Memory holds a few batches whatever the size of the data.
"""

from __future__ import annotations

import gc
import io
import json
import os
import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any

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
from fastcli.prepare.labels import LabelNames
from fastcli.prepare.reader_process import read_beside
from fastcli.prepare.recipe import Recipe
from fastcli.prepare.segment import check_segmentation
from fastcli.prepare.split import PARTS, Splitter, fixed_hashes
from fastcli.prepare.spools import spool
from fastcli.prepare.workers import CONTEXT, begin, starting
from fastcli.prepare.writers import FileWriter, ShuffledWriter, StreamWriter
from fastcli.printable import listed_files
from fastcli.reporting import Reporter
from fastcli.tables.delimited import OPEN_QUOTE, TEXT_AFTER_QUOTE, BadRow, Location
from fastcli.tables.labels import LabelsAreText
from fastcli.tables.rows import Batch
from fastcli.tables.sources import Source
from fastcli.threads import uninterrupted

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHUFFLED = "train"
BESIDE = 8_000_000  # bytes of input that are worth a process which reads them
INLINE = 4  # batches that are cleaned before other processes are started,
COSTLY = 0.6  # which pays where cleaning takes more than this share of the time
SHOWN = 80  # characters of an offending text
_QUOTES = "or, if quotes are text, --quotes no"
HINTS = {
    TEXT_AFTER_QUOTE: "Fix it (a quote inside a cell is doubled), skip such rows with --skip-bad, "
    f"{_QUOTES}; if backslashes stand before such quotes, --escape backslash.",
    OPEN_QUOTE: f"Fix it, skip such rows with --skip-bad, {_QUOTES}.",
}


@dataclass(kw_only=True)
class Prepared:
    """The result of a run."""

    rows: int = 0
    bad: int = 0
    exact: int = 0
    near: int = 0
    contradictions: int = 0
    parts: list[str] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    labels: list[Counter[str]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    stayed: list[str] = field(default_factory=list)  # files of an earlier run, changed since


@dataclass(frozen=True)
class Cleaned:
    """A batch as a cleaning process gives it back; ``signatures`` are for near duplicates."""

    texts: list[str]
    keys: list[int]
    signatures: NDArray[Any] | None


def clean_batch(
    recipe: Recipe, seed: int, near: bool, texts: list[str], groups: list[str]
) -> Cleaned:
    """Clean texts, and hash each, or its group, for the split."""
    cleaned = recipe.apply(texts) if texts else []
    pairs = zip(cleaned, groups, strict=True)
    hashed = [group.replace("\n", "\x1f") or text for text, group in pairs]
    keys = fixed_hashes(hashed if any(groups) else cleaned, seed)
    signatures = None
    if near:
        from fastcli.prepare.duplicates import signatures as of

        signatures = of(cleaned)
    return Cleaned(cleaned, keys, signatures)


def prepare(args: PrepareArgs, reporter: Reporter) -> Prepared:
    """Read all inputs and write the files of ``args.output``.

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
                    run = _write(args, reporter, folder, names)
                except LabelsAreText:
                    if STREAM in args.input:
                        raise
                    labels = replace(args.labels, labels_as="text")
                    run = _write(replace(args, labels=labels), reporter, folder, names)
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


def _write(args: PrepareArgs, reporter: Reporter, folder: Path, names: Sequence[str]) -> _Run:
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
        run = _Run(args, reporter, writers, rejects or StreamWriter(lambda _: None))
        run.write_all(folder)
        digests = {part_name(name): writer.digest() for name, writer in writers.items()}
        if rejects is not None and run.done.bad:
            rejects.finish()
            digests[REJECTS] = rejects.digest()
        elif rejects is not None:
            rejects.discard()
        label_names.write_json(run.names.mapping())
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
    args = replace(args, shares=(1.0,), shuffle=False)
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
    ) -> None:
        self.args, self.reporter = args, reporter
        self.n_read = 0  # bytes of the input that is being read
        self.writers = list(writers.values())
        self.rejects = rejects
        self.names = LabelNames(args.recipe.label)
        shares = [share for share in args.shares if share > 0]
        self.splitter = Splitter(shares, args.keep_labels)
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
            args.labels,
            skips_bad=args.skip_bad,
            say=reporter.note,
        )

    def write_all(self, folder: Path) -> None:
        """Read everything and write all lines; ``folder`` is for temporary files."""
        with closing(self.cleaned()) as some:
            if self.args.dedup == "none":
                for batch, cleaned in some:
                    self.write(self.named(batch), cleaned.texts, cleaned.keys)
            else:
                self.without_duplicates(folder, some)
        if sum(self.done.lines) == 0:
            raise DataError(f"{listed_files(self.args.input)}: there is no row to write.")
        self.reporter.stage("saving")
        for writer in self.writers:
            writer.finish()

    # ---------------------------------------------------------------- reading

    def bad(self, place: Location, reason: str, text: str) -> None:
        """Write a row to the file of rejects, or raise DataError."""
        shown = " ".join(text.encode("utf-8", "replace").decode("utf-8").split())
        shown = shown if len(shown) <= SHOWN else shown[:SHOWN] + "..."
        if not self.args.skip_bad:
            what = f": {shown!r}" if shown else ""
            fix = HINTS.get(reason, "Fix it, or skip such rows with --skip-bad.")
            raise DataError(f"{place}: {reason}{what}. {fix}")
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
        size = sum(os.path.getsize(path) for path in paths if os.path.isfile(path))
        if self.args.thread > 1 and size > BESIDE and "-" not in paths:
            found = read_beside(self.source, paths, self.started, self.read_to)
        else:
            found = self.read(paths)
        for batch in found:
            batch.bad, self.deferred_rejects = self.deferred_rejects, []
            if batch.lines or batch.bad:
                self.done.rows += len(batch.lines)
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
        size = os.path.getsize(path) if os.path.isfile(path) else 0
        self.reporter.stage(f"reading {os.path.basename(path) or path}", size)

    def read_to(self, n_bytes: int) -> None:
        """Tell how many bytes have been read of the input since the last time."""
        self.reporter.read(n_bytes - self.n_read)
        self.n_read = n_bytes

    def cleaned(self) -> Generator[tuple[Batch, Cleaned], None, None]:
        """Yield batches with their cleaned texts, in order."""
        waiting, near, most = self.waiting, self.args.dedup == "near", 3 * self.args.thread
        started, spent = time.perf_counter(), 0.0
        with ExitStack() as stack:
            pool: ProcessPoolExecutor | None = None
            for number, batch in enumerate(self.batches()):
                is_costly = spent > COSTLY * (time.perf_counter() - started)
                if pool is None and number >= INLINE and self.args.thread > 1 and is_costly:
                    pool = stack.enter_context(_pool(self.args.thread - 1))
                args = (self.args.recipe, self.args.seed, near, batch.texts, batch.groups)
                busy = sum(isinstance(one, Future) and not one.done() for _, one in waiting)
                if pool is not None and busy <= self.args.thread:
                    with starting():  # submitting starts processes
                        waiting.append((batch, pool.submit(clean_batch, *args)))
                else:
                    before = time.perf_counter()
                    waiting.append((batch, clean_batch(*args)))
                    spent += time.perf_counter() - before
                while waiting and (len(waiting) > most or _is_done(waiting[0][1])):
                    yield self.with_text(*_result(waiting.popleft()))
            while waiting:
                yield self.with_text(*_result(waiting.popleft()))
            for bad in self.deferred_rejects:
                self.bad(*bad)

    def with_text(self, batch: Batch, cleaned: Cleaned) -> tuple[Batch, Cleaned]:
        """Return the rows that have text left; the others are bad."""
        for bad in batch.bad:
            self.bad(*bad)
        if all(cleaned.texts):
            return batch, cleaned
        kept = []
        for i, text in enumerate(cleaned.texts):
            if text:
                kept.append(i)
            else:
                self.bad(Location(batch.path, batch.lines[i]), "no text is left", batch.texts[i])
        signatures = cleaned.signatures[kept] if cleaned.signatures is not None else None
        return (
            Batch(
                batch.path,
                [batch.lines[i] for i in kept],
                [batch.texts[i] for i in kept],
                [batch.labels[i] for i in kept],
                [batch.groups[i] for i in kept],
            ),
            Cleaned([cleaned.texts[i] for i in kept], [cleaned.keys[i] for i in kept], signatures),
        )

    def named(self, batch: Batch) -> list[tuple[str, ...]]:
        """Return the label tokens of a batch's rows."""
        return [self.names.of(labels) for labels in batch.labels]

    # ---------------------------------------------------------------- writing

    def write(
        self, labels: Sequence[tuple[str, ...]], texts: Sequence[str], keys: Sequence[int]
    ) -> None:
        """Write lines, each to the part that it belongs to."""
        parts = self.splitter.parts(keys, labels)
        for number, writer in enumerate(self.writers):
            chosen = [i for i, part in enumerate(parts) if part == number]
            if not chosen:
                continue
            lines = [" ".join((*labels[i], texts[i])) for i in chosen]
            text = "\n".join(lines)
            writer.write(text)
            counts = self.done.labels[number]
            before = counts.total()
            counts.update(chain.from_iterable([labels[i] for i in chosen]))
            self.done.lines[number] += len(lines)
            self.done.tokens[number] += text.count(" ") + len(lines) - (counts.total() - before)

    def without_duplicates(self, folder: Path, batches: Iterator[tuple[Batch, Cleaned]]) -> None:
        """Write all lines and their keys to files beside, compare keys, and write what is kept."""
        from fastcli.prepare.duplicates import find_exact, find_near, write_keys

        near = self.args.dedup == "near"
        n = 0
        with spool(folder) as rows_file, spool(folder) as keys, spool(folder) as signatures:
            lines = io.TextIOWrapper(rows_file, encoding="utf-8", newline="\n")
            for batch, cleaned in batches:
                if cleaned.signatures is not None:
                    signatures.write(cleaned.signatures.tobytes())
                labels = self.named(batch)
                of_labels = fixed_hashes([" ".join(sorted(some)) for some in labels], 1)
                pairs = zip(fixed_hashes(cleaned.texts, 1), of_labels, strict=True)
                write_keys(keys, list(chain.from_iterable(pairs)))
                for some, text, key in zip(labels, cleaned.texts, cleaned.keys, strict=True):
                    lines.write(f"{key:x}\t{' '.join(some)}\t{text}\n")
                n += len(labels)
            for file in (lines, keys, signatures):
                file.flush()
            found = find_exact(keys, n)
            if near:
                find_near(signatures, keys, found)
            lines.seek(0)
            kept = (line for line, keep in zip(lines, found.keep, strict=True) if keep)
            while rows := [line[:-1].split("\t") for line in islice(kept, 10_000)]:
                self.write(
                    [tuple(row[1].split()) for row in rows],
                    [row[2] for row in rows],
                    [int(row[0], 16) for row in rows],
                )
        self.done.exact, self.done.near = found.exact, found.near
        self.done.contradictions = found.contradictions

    def notes(self) -> dict[str, Any]:
        """Return what ``prepare.json`` says, but for the files."""
        args, done = self.args, self.done
        return {
            **args.recipe.as_json(),
            "fastcli": __version__,
            "input": list(args.input),
            "columns": {**asdict(args.columns), **self.source.record},
            "bad_bytes": args.reading.bad_bytes,
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


@contextmanager
def _pool(n: int) -> Iterator[ProcessPoolExecutor]:
    """Start processes that clean; they are ended, not waited for, where something goes wrong."""
    pool = ProcessPoolExecutor(n, mp_context=CONTEXT, initializer=begin)
    try:
        yield pool
    except BaseException:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()
        raise
    pool.shutdown()


def _is_done(one: Future[Cleaned] | Cleaned) -> bool:
    return one.done() if isinstance(one, Future) else True


def _result(pending: tuple[Batch, Future[Cleaned] | Cleaned]) -> tuple[Batch, Cleaned]:
    batch, one = pending
    try:
        return batch, one.result() if isinstance(one, Future) else one
    except BrokenProcessPool:
        raise FastcliError(
            "A cleaning process ended early, perhaps out of memory: try -thread 1."
        ) from None


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
