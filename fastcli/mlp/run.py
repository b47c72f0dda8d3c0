"""The whole of mlp-train: read, train, and write the model and what goes with it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.appended import AppendedFile
from fastcli.errors import ArgumentError, DataError, FastcliError, TrainingDiverged
from fastcli.files import Outputs, Replacement, check_writable
from fastcli.jit.build import compile_beside
from fastcli.kernels.mlp import layers
from fastcli.kernels.mlp import steps as kernels
from fastcli.kernels.mlp import updates as learning
from fastcli.kernels.mlp.network import INPUT_WIDE, LOSS, RECORD
from fastcli.memory import Needs, check_file_size
from fastcli.mlp import numbers
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.checkpoint import FORMAT as CHECKPOINT
from fastcli.mlp.checkpoint import checkpoint_path, load_checkpoint, save_checkpoint
from fastcli.mlp.data import Examples, of_numbers
from fastcli.mlp.diagnostics import troubles
from fastcli.mlp.model import MlpModel
from fastcli.mlp.model_file import write_mlp
from fastcli.mlp.network import Network, loss_code, stride
from fastcli.mlp.tensor_reader import load_arrays
from fastcli.mlp.texts import (
    augmented,
    bucket_of,
    read_known_text,
    read_text,
    start_embedding,
    start_from,
)
from fastcli.mlp.train import Evaluation, Trainer, is_slow
from fastcli.outputs import check_apart, check_ours, first_object
from fastcli.printable import listed, shortened
from fastcli.rescue import place_or_rescue
from fastcli.text.lines import Reader
from fastcli.text.pretrained import Pretrained
from fastcli.text.vector_files import VectorFile, VectorSource
from fastcli.threads import left_behind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.text.dictionary import Dictionary

DEFAULTS = MlpArgs()
RUNNING = ("output", "log", "plot", "save_every", "resume", "thread", "verbose")
NO_EMBEDDING = np.zeros(1, np.float32)


class MlpReporter:
    """What a caller is told on the way; this one says nothing."""

    def read(self, n_bytes: int) -> None:
        """Hear that bytes of text have been read; called from several threads."""

    def note(self, sentence: str) -> None:
        """Hear something that the user should know."""

    def warn(self, sentence: str) -> None:
        """Hear what was not done; unlike notes, to be shown whatever the verbosity."""

    def network(self, network: Network, n_examples: int, n_threads: int) -> None:
        """Hear what is going to be trained."""

    def step(self, progress: float, loss: float) -> None:
        """Hear how far training is, several times a second."""

    def evaluation(self, evaluation: Evaluation) -> None:
        """Hear what was measured."""


@dataclass
class Data:
    """All that was read: training and validation examples, and how to read more like them."""

    examples: Examples
    valid: Examples | None
    n_in: int
    names: list[bytes]
    n_rows: int = 0
    embedding: Callable[[int, int], NDArray[np.float32]] | None = None
    dictionary: Dictionary | None = None
    row_of: NDArray[np.int32] | None = None
    columns: numbers.Columns | None = None
    augment: Callable[[int], Examples] | None = None


@dataclass
class MlpTrained:
    """A model with the history of its training."""

    model: MlpModel
    history: list[Evaluation] = field(default_factory=list)
    best_step: int = 0
    steps: int = 0
    seconds: float = 0.0
    interrupted: bool = False


def train_and_save_mlp(
    args: MlpArgs,
    reporter: MlpReporter,
    source: VectorSource | None = None,
    fsync: bool = False,
) -> MlpTrained:
    """Train a perceptron and write ``<output>.mlp``.  Raises FastcliError or a child of it.

    With ``fsync`` files are forced to the disk before they take their places.  Of a run that
    diverges the best model that an evaluation found is written before the error.
    ``source`` opens what ``pretrained_vectors`` names, if that is a linear model.
    """
    args.check()
    if unused := args.without_effect():
        reporter.note(unused)
    args = args.resolved()
    path = f"{args.output}.mlp"
    check_whose(args)
    with Outputs(fsync) as files:
        files.add(path)
        for other in (args.plot, checkpoint_path(args) if args.save_every else ""):
            if other:
                check_writable(other)
        with contextlib.ExitStack() as stack:
            log = None
            if args.log:
                log = stack.enter_context(AppendedFile(args.log, reporter.warn))
            return _train(args, reporter, source, files[path], log, fsync)


def _train(
    args: MlpArgs,
    reporter: MlpReporter,
    source: VectorSource | None,
    out: Replacement,
    log: AppendedFile | None,
    fsync: bool,
) -> MlpTrained:
    """Train, write evaluations to ``log``, and write the model."""
    compile_beside(learning.learn)
    compile_beside(kernels.train_steps, layers.forward, layers.backward)
    data = read_data(args, reporter, source)
    loss = loss_code(args.loss, data.examples.has_several)
    batch = args.batch_size or data.examples.n
    batch = max(min(batch, data.examples.n), 1) + 1
    embeds = data.columns is None
    try:
        network = Network(args, data.n_in, len(data.names), embeds, loss, batch, args.thread)
    except MemoryError:
        raise FastcliError(
            "Training needs more memory than this machine can give. Use a smaller --hidden, "
            "--batch-size or -dim."
        ) from None
    needs = needs_of(args, data, network)
    if sentence := needs.sentence(always=bool(args.pretrained_vectors)):
        reporter.note(sentence)
    needs.check(f"{args.output}.mlp", reporter.warn)
    if args.save_every:
        check_file_size(checkpoint_path(args), checkpoint_size(args, data, network), needs.smaller)
    network.start(args.seed)
    embedding = NO_EMBEDDING
    if data.embedding is not None:
        embedding = data.embedding(*row_floats(network))
    trainer = Trainer(
        args, network, data.examples, data.valid, embedding, data.n_rows, data.augment
    )
    if args.resume:
        if load_checkpoint(trainer):
            reporter.note(f"Going on after step {trainer.progress.step:,}.")
        else:
            reporter.note("There is no checkpoint yet: starting from the beginning.")
    reporter.network(network, data.examples.n, trainer.n_threads)
    for kernel in (kernels.forward_rows, kernels.score_losses, kernels.train_steps):
        kernel.load()  # so that compiling does not count as training
    trained = MlpTrained(model_of(args, data, network, trainer.rows))
    started, logged = time.monotonic(), 0

    def write_log() -> None:
        nonlocal logged
        history = trainer.progress.history
        if log is not None and len(history) > logged:
            log.append(log_lines(history[logged:]))
        logged = len(history)

    problem: FastcliError | None = None
    try:
        for found in trainer.run(lambda trainer: save_checkpoint(trainer, fsync)):
            if isinstance(found, Evaluation):
                reporter.evaluation(found)
                write_log()
            else:
                reporter.step(*found)
    except FastcliError as error:  # the loss diverged, or a checkpoint found no room
        if trainer.best is None and isinstance(error, TrainingDiverged):
            raise
        problem = error
        trainer.restore()
    except KeyboardInterrupt:
        if trainer.progress.step == 0:
            raise
        trained.interrupted = True
        trainer.restore()
        write_log()
    at = trainer.progress
    trained.seconds = time.monotonic() - started
    if at.step and problem is None and not left_behind():
        for sentence in troubles(trainer):
            reporter.note(sentence)
    trained.history, trained.steps = at.history, at.step
    trained.best_step = at.stopping.step if trainer.best is not None else at.step
    trained.model = model_of(args, data, network, trainer.rows)
    trained.model.about = {
        "steps": trained.steps,
        "best_step": trained.best_step,
        "parameters": network.n_weights,
    }
    place_or_rescue(out, lambda file: write_mlp(file, trained.model))
    if problem is not None:
        raise problem
    return trained


def outputs(args: MlpArgs) -> list[str]:
    """Return the files that training writes, the model first."""
    checkpoint = checkpoint_path(args) if args.save_every else ""
    return [f"{args.output}.mlp", *filter(None, (args.log, args.plot, checkpoint))]


def check_whose(args: MlpArgs) -> None:
    """Raise FastcliError where training would write over what it reads or what is not ours."""
    check_apart([*args.input, args.valid, args.pretrained_vectors], outputs(args))
    if args.log:
        check_ours(args.log, "a log of mlp-train", _is_log)
    if args.save_every:
        check_ours(checkpoint_path(args), "a checkpoint of mlp-train", _is_checkpoint)


def row_floats(network: Network) -> tuple[int, int]:
    """Return the floats of an embedding row, without and with the optimiser's states."""
    return int(network.integers[INPUT_WIDE]), int(network.integers[RECORD])


def needs_of(args: MlpArgs, data: Data, network: Network) -> Needs:
    """Return what training will need; ``network`` has taken its memory but not touched it."""
    wide, record = row_floats(network)
    params, rows = 4 * len(network.params), 4 * wide * data.n_rows
    # Parameters, gradients and states; the values of a batch in training and in evaluation.
    matrices = (2 + max(network.slots, 1)) * params + 2 * 4 * len(network.values)
    matrices += 4 * record * data.n_rows
    if args.valid:  # the best model so far, and evaluation on all threads
        matrices += params + rows + (args.thread - 1) * 4 * len(network.values)
    elif is_slow(network, args.thread):  # the model before a step, for an interrupt
        matrices += params + rows
    file = rows + params
    # The rows are copied where states stand between them.
    saving = params + (rows if record != wide else 0)
    smaller = "-dim or -bucket" if data.n_rows else "--hidden or --batch-size"
    return Needs(matrices, file, file, saving, smaller)


def checkpoint_size(args: MlpArgs, data: Data, network: Network) -> int:
    """Return the bytes that a checkpoint has at least: parameters, states, and the best model."""
    wide, record = row_floats(network)
    params, rows = 4 * len(network.params), 4 * record * data.n_rows
    best = params + 4 * wide * data.n_rows if args.valid else 0
    return params * (1 + network.slots) + rows + best


def model_of(args: MlpArgs, data: Data, network: Network, rows: NDArray[np.float32]) -> MlpModel:
    """Return the model of a network as it is now; ``rows`` are those of its embedding.

    How it was run (threads, checkpoints, names of files) is no part of it, so that the same
    training makes the same file.
    """
    return MlpModel(
        replace(args, **{name: getattr(DEFAULTS, name) for name in RUNNING}),
        data.names,
        int(network.integers[LOSS]),
        network.tensors(),
        data.dictionary,
        rows if data.n_rows else None,
        data.row_of,
        data.columns,
    )


def read_data(args: MlpArgs, reporter: MlpReporter, source: VectorSource | None) -> Data:
    """Read training and validation files, as text or as numbers."""
    if "-" in args.input:
        raise ArgumentError("Cannot use stdin for training! Write it to a file first.")
    purposes = dict.fromkeys(args.input, "training")
    if args.valid:
        purposes.setdefault(args.valid, "validation")
    for path, purpose in purposes.items():
        if not Path(path).exists():
            raise DataError(f"{path} cannot be opened for {purpose}! (No such file or directory)")
    kind = args.format
    if kind == "auto":
        kind = numbers.guess_format(args.input[0], args.label)
    if kind == "text":
        return _read_text(args, reporter, source)
    if args.pretrained_vectors:
        raise ArgumentError("-pretrainedVectors is for text, and the input is numbers.")
    return _read_numbers(args, kind, reporter)


def _read_text(args: MlpArgs, reporter: MlpReporter, source: VectorSource | None) -> Data:
    pretrained = None
    if args.pretrained_vectors:
        source = source or VectorFile(args.pretrained_vectors)
        source.check_dim(args.dim)
        pretrained = Pretrained(source, args.vectors_words, args.label, args.thread)
    text = read_text(args, reporter.read, lambda dictionary: None, pretrained)
    dictionary, bucket = text.dictionary, bucket_of(args)
    row_of = text.row_of if bucket else None
    valid = None
    if args.valid:
        reader = Reader(
            dictionary, args.label, args.word_ngrams, args.minn, args.maxn, bucket, row_of
        )
        valid, left_out = read_known_text(args.valid, reader)
        if left_out:
            reporter.note(f"{args.valid}: {left_out:,} lines without a known label or word.")

    def start(wide: int, record: int) -> NDArray[np.float32]:
        embedding = start_embedding(args, text, wide, record)
        if pretrained is not None:
            for sentence in start_from(pretrained, text, embedding.reshape(-1, record)):
                reporter.note(sentence)
        return embedding

    return Data(
        text.examples,
        valid,
        args.dim,
        dictionary.labels(),
        text.n_rows,
        start,
        dictionary,
        row_of,
        augment=(lambda epoch: augmented(args, text, epoch)) if text.streams else None,
    )


def _read_numbers(args: MlpArgs, kind: str, reporter: MlpReporter) -> Data:
    columns = numbers.inspect_columns(
        args.input, kind, args.label_column, args.delimiter, reporter.note
    )
    table = numbers.read_tables(args.input, columns)
    labelled = [i for i, names in enumerate(table.labels) if names]
    if not labelled:
        raise DataError(
            f"{args.input[0]}: no line has a label in column {columns.label}. Say --label-column."
        )
    if len(labelled) < len(table.labels):
        reporter.note(f"Lines without a label: {len(table.labels) - len(labelled):,} left out.")
    is_whole = len(labelled) == len(table.labels)
    x = table.x if is_whole else table.x[labelled]
    labels = [table.labels[i] for i in labelled]
    names = sorted({name for some in labels for name in some}, key=_natural)
    if columns.kind == "csv" and len(names) > max(100, len(labels) // 2):
        reporter.note(
            f"{len(names):,} different labels in {len(labels):,} lines: is column "
            f"{columns.label} the label? --label-column says which one is."
        )
    columns.fit(x, args.standardize)
    if constant := columns.constant():
        reporter.note(_constant_sentence(constant, columns.n_features))
    row = stride(columns.n_features)
    examples = of_numbers(columns.standardize(x), row, *numbers.label_ids(labels, names))
    valid = None
    if args.valid:
        found = numbers.read_tables([args.valid], columns, "validation")
        known = set(names)
        kept = [i for i, some in enumerate(found.labels) if known.intersection(some)]
        if not kept:
            raise DataError(f"{args.valid} has no line with a label of the training file.")
        if len(kept) < len(found.labels):
            n = len(found.labels) - len(kept)
            reporter.note(f"{args.valid}: {n:,} lines without a known label.")
        ids = numbers.label_ids([found.labels[i] for i in kept], names)
        valid = of_numbers(columns.standardize(found.x[kept]), row, *ids)
    return Data(
        examples,
        valid,
        columns.n_features,
        [name.encode("utf-8", "surrogateescape") for name in names],
        columns=columns,
    )


def _constant_sentence(columns: list[str], n_features: int) -> str:
    """Say which columns will have no influence."""
    n = len(columns)
    which = (
        f"{n:,} of {n_features:,} columns are" if n > 1 else f"Column {shortened(columns[0])} is"
    )
    named = f" ({listed(columns)})" if 1 < n <= 5 else ""
    later = "they have no influence, whatever they are later." if n > 1 else "it has no influence."
    return f"{which} the same in every training line{named}: {later}"


def _natural(name: str) -> tuple[int, float, str]:
    """Sort numbers as numbers, before words."""
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name


def _is_log(path: str) -> bool:
    """Tell whether a file begins with an evaluation, as ``write_log`` writes it."""
    found, _ = first_object(path)
    known = {f.name for f in fields(Evaluation)}
    may_lack = {"loss", "valid_loss", "valid_error"}  # which can be NaN
    return known - may_lack <= set(found) <= known


def _is_checkpoint(path: str) -> bool:
    try:
        load_arrays(path, CHECKPOINT)
    except FastcliError:
        return False
    return True


def log_lines(history: list[Evaluation]) -> bytes:
    """Return evaluations as JSON objects, one a line."""
    lines = []
    for evaluation in history:
        values: dict[str, Any] = vars(evaluation)
        lines.append(json.dumps({k: v for k, v in values.items() if v == v}) + "\n")
    return "".join(lines).encode()
