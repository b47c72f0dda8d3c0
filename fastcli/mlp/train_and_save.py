"""Entry point of mlp-train: read, train, and write the model, logs and plots."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fastcli.errors import FastcliError, TrainingDiverged
from fastcli.evaluation.early_stopping import Evaluation
from fastcli.evaluation.intervals import parse_interval
from fastcli.evaluation.label_names import LabelNames
from fastcli.evaluation.lessons import Learned, binary_guess, one_of, one_of_all_guess
from fastcli.evaluation.retrying import kept_instead, retried
from fastcli.evaluation.run_log import EvaluationRows, RunLog
from fastcli.evaluation.weights import weights_file
from fastcli.files import Outputs, Replacement, check_writable
from fastcli.jit.build import compile_beside
from fastcli.kernels.base.losses import ONE_OF_ALL, OVA
from fastcli.kernels.mlp import layers, updates
from fastcli.kernels.mlp import steps as kernels
from fastcli.memory import check_file_size
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.batches import largest_batch
from fastcli.mlp.checkpoint import (
    CHECKPOINT_FORMAT,
    checkpoint_path,
    load_checkpoint,
    save_checkpoint,
)
from fastcli.mlp.data_reader import read_data
from fastcli.mlp.diagnostics import guess_of_numbers, trouble_with_numbers, troubles
from fastcli.mlp.layer_sizes import gradient_sizes, sentence_on_zeros
from fastcli.mlp.model import MlpModel
from fastcli.mlp.model_file import write_mlp
from fastcli.mlp.needs import checkpoint_size, needs_of
from fastcli.mlp.network import Network, check_labels, loss_code
from fastcli.mlp.perceptron_rule import verdict
from fastcli.mlp.regions import check_regions
from fastcli.mlp.tensor_reader import load_arrays
from fastcli.mlp.trained import MlpTrained, Setup
from fastcli.mlp.trainer import Trainer
from fastcli.mlp.training_data import TrainingData
from fastcli.optimizers import largest_lr
from fastcli.overwriting import check_apart, check_ours
from fastcli.printable import readable
from fastcli.reporting import Reporter, Status, StopTraining
from fastcli.rescue import place_or_rescue
from fastcli.text.spooled import named_pipes, spooled
from fastcli.text.vector_files import VectorSource
from fastcli.threads import left_behind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fastcli.mlp.continuing import FormerNetwork
    from fastcli.mlp.given_tables import GivenTables

DEFAULTS = MlpArgs()
RUNNING = (
    "output",
    "log",
    "plot",
    "plot_regions",
    "check_gradients",
    "trace",
    "save_every",
    "resume",
    "thread",
    "verbose",
    "show_gradients",
    "retry_nan",
    "folds",
    "folds_output",
)
NO_EMBEDDING = np.zeros(1, np.float32)


def train_and_save_mlp(
    args: MlpArgs,
    reporter: Reporter,
    source: VectorSource | None = None,
    fsync: bool = False,
    prepared: dict[str, Any] | None = None,
    former: FormerNetwork | None = None,
    before: Callable[[RunLog], None] | None = None,
    given: GivenTables | None = None,
) -> MlpTrained:
    """Train a neural network and write ``<output>.mlp``.  Raises FastcliError or a child of it.

    Without an output the model stays in memory.

    With ``fsync`` files are forced to the disk before they take their places.  Of a run that
    diverges, or is interrupted, the best model that an evaluation found is written first.
    ``source`` opens what ``pretrained_vectors`` names, if that is a linear model; ``prepared`` is
    what the model records of how its texts were prepared, ``former`` the network that training
    goes on with, whose file may be the one that is written.  ``before`` is called when the input
    can be read and before it is.  ``given`` are rows of numbers that take the place of files.
    """
    args.check(in_memory=True)
    args = args.named()
    path = f"{args.output}.mlp" if args.output else ""
    check_whose(args)
    with Outputs(fsync) as files:
        if path:
            files.add(path)
        for other in (
            args.plot,
            args.plot_regions,
            checkpoint_path(args) if args.save_every else "",
        ):
            if other:
                check_writable(other)
        with contextlib.ExitStack() as stack:
            settings = asdict(args)
            log = stack.enter_context(RunLog(args.log, reporter.warn, "mlp-train", settings))
            weights = weights_file(args.class_weight)
            inputs = args.input if given is None else ()
            stack.enter_context(spooled([*inputs, weights], reporter))
            about: dict[str, Any] = {}
            if former is not None:
                about["continues"] = former.about()
                prepared = prepared or former.model.about.get("prepared")
            if prepared:
                about["prepared"] = prepared
            if before is not None:
                before(log)
            compile_beside(updates.learn)
            compile_beside(kernels.train_steps, layers.forward, layers.backward)
            data = _read(args, reporter, source, former, given)
            args = data.args
            log.decide(asdict(args))

            def attempt(lr: float) -> _Run:
                tried = data.args
                if lr != args.lr:
                    tried = replace(args, lr=lr, resume=False)
                    log.restart(asdict(tried))
                return _train(tried, data, former, reporter, log, fsync)

            run = retried(attempt, args.lr, args.retry_nan, reporter)
            if args.l1_proximal:
                reporter.note(sentence_on_zeros(run.trainer))
            reporter.stage("saving")
            return _saved(run, files[path] if path else None, about)


@dataclass(kw_only=True)
class _Run:
    """A run that has ended: ``problem`` is what ended it after its best model."""

    args: MlpArgs
    data: TrainingData
    trainer: Trainer
    seconds: float
    interrupted: int  # in which epoch; 0: not
    is_stopped: bool
    problem: FastcliError | None


def _read(
    args: MlpArgs,
    reporter: Reporter,
    source: VectorSource | None,
    former: FormerNetwork | None,
    given: GivenTables | None,
) -> TrainingData:
    """Read the data, and say what training needs.  Raises FastcliError or a child of it."""
    data = read_data(args, reporter, source, former, given=given)
    if args.plot_regions:
        check_regions(data.columns, args.input[0])
    args = data.args
    if data.defaults:
        reporter.note(data.defaults)
    if said := parse_interval(args.eval_every).never(args.epoch):
        reporter.note(said)
    network = network_of(args, data)
    for said in former.sentences_on_loss(network.loss, data.examples.has_several) if former else ():
        reporter.note(said)
    needs = needs_of(args, data, network, former.mapped_bytes if former is not None else 0)
    if sentence := needs.sentence(always=bool(args.pretrained_vectors)):
        reporter.note(sentence)
    needs.check(f"{args.output}.mlp" if args.output else "", reporter.warn)
    if args.save_every:
        check_file_size(checkpoint_path(args), checkpoint_size(args, data, network), needs.smaller)
    return data


def _train(
    args: MlpArgs,
    data: TrainingData,
    former: FormerNetwork | None,
    reporter: Reporter,
    log: RunLog,
    fsync: bool,
) -> _Run:
    """Train, and write evaluations to ``log``; with ``fsync`` checkpoints are forced to the disk.

    Raises TrainingDiverged and KeyboardInterrupt only where there is no best model from before.
    """
    trainer = begin(args, data, network_of(args, data), former)
    names = LabelNames.of(model_of(args, data, trainer.network, trainer.rows))
    trainer.metric_label = trainer.metric.find_label(names)
    if data.valid:
        trainer.metric.check_occurs(trainer.metric_label, data.valid.labels, "--monitor")
    if args.resume:
        if load_checkpoint(trainer):
            reporter.note(f"Resuming after step {trainer.progress.step:,}.")
        else:
            reporter.note("There is no checkpoint yet: starting from the beginning.")
    at = trainer.progress
    done = at.step / max(trainer.total_steps, 1)
    reporter.row(Setup(trainer.network, data.examples.n, trainer.n_threads, done))
    reporter.stage("training")
    for kernel in (kernels.forward_rows, kernels.score_losses, kernels.train_steps):
        kernel.load()  # so that compiling does not count as training
    rows = EvaluationRows(log, reporter.row, n_shown=len(at.history))
    started, interrupted, is_stopped = time.monotonic(), 0, False
    problem: FastcliError | None = None
    try:
        for found in trainer.run(lambda trainer: save_checkpoint(trainer, fsync)):
            if isinstance(found, Evaluation):
                rows.show(at.history)
            else:
                reporter.status(Status(progress=found[0], loss=found[1]))
    except StopTraining:
        interrupted, is_stopped = at.step // trainer.steps_per_epoch + 1, True
        trainer.restore()
    except FastcliError as error:  # the loss diverged, or a checkpoint found no room
        if isinstance(error, TrainingDiverged) and trainer.best is None:
            raise
        problem = error
        trainer.restore()
    except KeyboardInterrupt:
        if trainer.best is None:
            raise
        interrupted = at.step // trainer.steps_per_epoch + 1
        trainer.restore()
        rows.show(at.history)
    return _Run(
        args=args,
        data=data,
        trainer=trainer,
        seconds=time.monotonic() - started,
        interrupted=interrupted,
        is_stopped=is_stopped,
        problem=problem,
    )


def _saved(run: _Run, out: Replacement | None, about: dict[str, Any]) -> MlpTrained:
    """Write the model of a run, with ``about`` in it.  Raises the problem that ended the run."""
    args, data, trainer = run.args, run.data, run.trainer
    at, network = trainer.progress, trainer.network
    judged = learned(args, data, trainer) if data.targets is None else None
    trained = MlpTrained(
        model=model_of(args, data, network, trainer.rows),
        history=at.history,
        best_step=at.stopping.step if trainer.best is not None else at.step,
        steps=at.step,
        seconds=run.seconds,
        interrupted=run.interrupted,
        is_stopped=run.is_stopped,
        examples=data.examples if args.plot_regions else None,
        # The perceptron rule has a verdict of its own: its figures are no log losses.
        learned=None if args.is_perceptron else judged,
    )
    if at.step and run.problem is None and not left_behind() and len(data.names) > 1 and judged:
        trained.troubles = list(troubles(trainer, judged.is_at_chance))
    if at.step and run.problem is None and not left_behind() and data.targets is not None:
        trained.guess = guess_of_numbers(trainer)
        said = trouble_with_numbers(trainer, trained.guess)
        trained.troubles = [*filter(None, [said]), *troubles(trainer, bool(said))]
    if args.is_perceptron:
        trained.verdict = verdict(trainer, [readable(name) for name in data.names])
    if trained.troubles:
        trained.gradients = gradient_sizes(trainer)
    trained.model.about = {
        "steps": trained.steps,
        "best_step": trained.best_step,
        "parameters": network.n_weights,
        **({"interrupted": trained.interrupted} if trained.interrupted else {}),
        **about,
    }
    if out is not None:
        place_or_rescue(out, lambda file: write_mlp(file, trained.model))
    if isinstance(run.problem, TrainingDiverged):
        raise kept_instead(run.problem, args.retry_nan)
    if run.problem is not None:
        raise run.problem
    return trained


def network_of(args: MlpArgs, data: TrainingData) -> Network:
    """Return the network for some data, before its parameters are set.

    Raises ArgumentError for labels that the loss is not for, FastcliError where the network does
    not fit into memory.
    """
    loss = loss_code(args.loss, data.examples.has_several)
    check_labels(loss, len(data.names))
    batch = largest_batch(data.examples.n, args.batch_size, args.norm == "batch") + 1
    embeds = data.columns is None
    try:
        return Network(args, data.n_in, len(data.names), embeds, loss, batch, args.thread)
    except FastcliError:
        raise
    except MemoryError:
        raise FastcliError(
            "Training needs more memory than this machine can give. Use a smaller --hidden, "
            "--batch-size or -dim."
        ) from None


def begin(
    args: MlpArgs, data: TrainingData, network: Network, former: FormerNetwork | None = None
) -> Trainer:
    """Return a run that has not taken a step, with the parameters that it starts from."""
    network.start(args.seed)
    if args.output_bias == "prior" and network.loss in (*ONE_OF_ALL, OVA):
        network.start_at_prior(data.examples.label_counts(len(data.names)), data.examples.n)
    if former is not None:
        former.set_layers(network)
    embedding = NO_EMBEDDING
    if data.embedding is not None:
        embedding = data.embedding(network.input_width, network.row_floats)
    return Trainer(
        args,
        network,
        data.examples,
        data.valid,
        embedding,
        data.n_rows,
        data.augment,
        data.targets,
    )


def learned(args: MlpArgs, data: TrainingData, trainer: Trainer) -> Learned:
    """Return the facts of a training by which ``Learned`` judges it."""
    history, examples = trainer.progress.history, data.examples
    counts = examples.label_counts(len(data.names))
    is_one = trainer.network.loss in ONE_OF_ALL
    guess = one_of_all_guess(counts) if is_one else binary_guess(counts, examples.n)
    label_weights = None
    if (weights := examples.weights) is not None:
        label_weights = weights.label_sums(examples.labels, examples.label_offsets)
        guess_by = weights.one_of_all_guess if is_one else weights.binary_guess
        guess = guess_by(examples.labels, examples.label_offsets)
    # A batch may be small, or taken before training was resumed: even scores are the least start.
    even = math.log(len(data.names)) if is_one else len(data.names) * math.log(2)
    start = max(even, trainer.start_loss) if trainer.start_loss == trainer.start_loss else even
    if args.input_model:  # it starts from what the former network knows
        guess, start = even, trainer.start_loss
    has_dropout = any(float(share) for share in args.dropout.split(","))
    less = ["a larger --dropout" if has_dropout else "--dropout 0.3"]
    less += ["--weight-decay 0.01"] * (not args.weight_decay)
    less += ["a smaller --hidden"] * (not args.input_model)
    less += ["--patience 3"] * (not args.patience)
    prefix = os.fsencode(args.label) if data.dictionary is not None else b""
    return Learned(
        labels=[readable(name.removeprefix(prefix)) for name in data.names],
        label_counts=counts,
        of_numbers=data.columns is not None,
        label_weights=label_weights,
        loss=trainer.epoch_loss,
        guess=float("nan") if args.label_smoothing else guess,
        start=start,
        lr=args.lr,
        largest_lr=largest_lr(args.optimizer),
        goes_on=bool(args.input_model),
        history=history,
        kept=trainer.progress.stopping.kept(history),
        best=trainer.best_meter,
        monitor=trainer.metric.text,
        overfit=one_of(less),
        slow="a larger -lr, more -epoch or another --optimizer",
    )


def outputs(args: MlpArgs) -> list[str]:
    """Return the files that training writes, the model first."""
    checkpoint = checkpoint_path(args) if args.save_every else ""
    predictions = args.folds_output if args.folds else ""
    others = (predictions, args.log, args.plot, args.plot_regions, checkpoint)
    model = f"{args.output}.mlp" if args.output else ""
    return [path for path in (model, *others) if path]


def check_whose(args: MlpArgs) -> None:
    """Raise FastcliError if training would overwrite an input or a file of something else."""
    weights = weights_file(args.class_weight)
    check_apart([*args.input, args.valid, args.pretrained_vectors, weights], outputs(args))
    check_apart([args.input_model], outputs(args)[bool(args.output) :])
    if args.save_every:
        check_ours(checkpoint_path(args), "an mlp-train checkpoint", _is_checkpoint)


def model_of(
    args: MlpArgs, data: TrainingData, network: Network, rows: NDArray[np.float32]
) -> MlpModel:
    """Return the model of a network as it is now; ``rows`` are those of its embedding.

    How it was run (threads, checkpoints, names of files) is not part of it, so that the same
    training makes the same file.
    """
    return MlpModel(
        args=replace(
            args,
            **{name: getattr(DEFAULTS, name) for name in RUNNING},
            **named_pipes(args),
        ),
        names=data.names,
        loss=network.loss,
        tensors=network.tensors(),
        dictionary=data.dictionary,
        embedding=rows if data.n_rows else None,
        bucket_rows=data.bucket_rows,
        columns=data.columns,
        targets=data.targets,
    )


def _is_checkpoint(path: str) -> bool:
    try:
        load_arrays(path, CHECKPOINT_FORMAT)
    except FastcliError:
        return False
    return True
