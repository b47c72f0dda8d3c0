"""Entry point of quantize: check, prune, retrain, quantize, test, and write the ``.ftz``."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from fastcli.errors import ArgumentError, DataError, unopened, unreadable
from fastcli.evaluation.options import WEIGHTING
from fastcli.evaluation.predictor import Predictor
from fastcli.fasttext.args import RATES, TrainArgs
from fastcli.fasttext.fit_size import fit_to_size, rows_kept
from fastcli.fasttext.model_args import ModelArgs
from fastcli.fasttext.model_bytes import file_size
from fastcli.fasttext.model_file import load_model, open_model
from fastcli.fasttext.model_outputs import ModelOutputs
from fastcli.fasttext.quantize import (
    QuantizedModel,
    Sizes,
    by_norm,
    check_cutoff,
    prune,
    quantize_model,
    usable,
)
from fastcli.fasttext.retrain import check_retrains, retrain
from fastcli.fasttext.save import quantized_model_bytes
from fastcli.fasttext.sidecar import CALIBRATION, OF_A_RUN, about_path
from fastcli.files import write_all
from fastcli.overwriting import check_apart
from fastcli.text.inputs import text_blocks
from fastcli.text.spooled import check_stdin, is_stream, spooled
from fastcli.threads import usable_cpus

if TYPE_CHECKING:
    from fastcli.fasttext.model import Model
    from fastcli.reporting import Reporter


@dataclass(frozen=True, kw_only=True)
class QuantizeArgs:
    """The arguments of quantize; None stands for the value the model was trained with.

    As ``thread`` None stands for the processors that may be used.  ``sizes.dsub`` is a default
    that a target size may change unless ``dsub_is_fixed``.
    """

    output: str
    input: tuple[str, ...] = field(default=())
    sizes: Sizes = field(default_factory=Sizes)
    dsub_is_fixed: bool = False
    cutoff: int = 0
    target_size: int = 0
    retrain: bool = False
    test: str = ""
    lr: float | None = None
    epoch: int | None = None
    optimizer: str | None = None
    label: str | None = None
    seed: int = 0
    thread: int | None = None
    no_shuffle: bool = False
    reading: tuple[str, ...] = ()  # words by which a command reads tables

    def train_args(self, model: Model) -> TrainArgs:
        """Return the arguments of retraining: the model's own, except for those given."""
        known = model.about.get("arguments")
        known = known if isinstance(known, dict) else {}
        lr, optimizer = known.get("lr"), known.get("optimizer")
        if not isinstance(optimizer, str) or optimizer not in RATES:
            optimizer = TrainArgs.optimizer
        if self.optimizer is not None and self.optimizer != optimizer:
            # A learning rate is for one optimizer; check_values says what is unknown.
            optimizer, lr = self.optimizer, RATES.get(self.optimizer)
        of_model = model.args if self.retrain else ModelArgs()
        args = TrainArgs(
            **{name: getattr(of_model, name) for name in ModelArgs.__dataclass_fields__},
            input=self.input,
            output=self.output,
            lr=self.lr if self.lr is not None else lr if isinstance(lr, float) else TrainArgs.lr,
            optimizer=optimizer,
            label=model.label,
            seed=self.seed,
            thread=self.thread if self.thread is not None else usable_cpus(),
            no_shuffle=self.no_shuffle or known.get("no_shuffle") is True,
        )
        return args if self.epoch is None else replace(args, epoch=self.epoch)

    def with_retraining_of(self, args: TrainArgs) -> QuantizeArgs:
        """Return these arguments with those of retraining from the JSON file of a model.

        Without them a command would do something else where that file is lost.
        """
        if not self.retrain:
            return self
        return replace(
            self,
            lr=args.lr,
            optimizer=args.optimizer if args.optimizer != TrainArgs.optimizer else self.optimizer,
            label=args.label if args.label != TrainArgs.label else self.label,
            no_shuffle=args.no_shuffle,
        )

    def command(self) -> str:
        """Return the command that does this, without paths, threads and verbosity."""
        words = ["fastcli", "quantize"]
        words += ["-dsub", str(self.sizes.dsub)] if self.dsub_is_fixed else []
        words += ["-qnorm"] * self.sizes.qnorm + ["-qout"] * self.sizes.qout
        words += ["-cutoff", str(self.cutoff)] if self.cutoff else []
        words += ["--target-size", str(self.target_size)] if self.target_size else []
        if self.retrain:
            words += ["-retrain", *(word for path in self.input for word in ("-input", path))]
            words += self.reading
            given = {"-lr": self.lr, "-epoch": self.epoch, "-optimizer": self.optimizer}
            given["-seed"] = self.seed or None
            words += [w for name, v in given.items() if v is not None for w in (name, str(v))]
            words += ["--no-shuffle"] * self.no_shuffle
        words += ["-label", self.label] if self.label is not None else []
        return shlex.join(words)


@dataclass(frozen=True, kw_only=True)
class Quantized:
    """The result of quantizing a model."""

    path: str
    size_before: int
    size: int
    rows_before: int
    rows: int
    dsub: int
    model: Model  # which it was made of
    n_tested: int = 0
    p1_before: float = 0.0
    p1: float = 0.0


def quantize_and_save(args: QuantizeArgs, reporter: Reporter, fsync: bool = False) -> Quantized:
    """Quantize ``<output>.bin`` to ``<output>.ftz``; the JSON file beside it tells how.

    Everything that can be wrong is looked at before anything is done, and the file is made under a
    temporary name before the model is read.  With ``fsync`` the file is
    forced to the disk.  Raises FastcliError or a child of it.
    """
    if not args.output:
        raise ArgumentError("Empty input or output path.")
    source, path = f"{args.output}.bin", f"{args.output}.ftz"
    check_apart([source, *args.input * args.retrain, args.test], [path, str(about_path(path))])
    contents = open_model(source)  # so that a missing model is the error reported
    check_cutoff(args.cutoff, args.target_size)
    check_inputs(args)
    with (
        ModelOutputs([path], [], reporter.warn, fsync) as outputs,
        spooled(args.input * args.retrain, reporter),
    ):
        reporter.stage("reading")
        model = load_model(contents)
        if model.warning:
            reporter.warn(model.warning)
        if args.label is not None:
            model = replace(model, label=args.label)
        train_args = checked_train_args(args, model, source)
        return _quantize(args, train_args, model, outputs, reporter)


def checked_train_args(args: QuantizeArgs, model: Model, name: str) -> TrainArgs:
    """Return the arguments of retraining, once it is sure that a model can be quantized so.

    Raises ArgumentError, and ModelFormatError for a model that cannot be retrained, whose file is
    ``name``.
    """
    args.sizes.check(model)
    if args.retrain:
        check_retrains(model, name)
    train_args = args.train_args(model)
    train_args.check_values()
    return train_args


def _quantize(
    args: QuantizeArgs,
    train_args: TrainArgs,
    model: Model,
    outputs: ModelOutputs,
    reporter: Reporter,
) -> Quantized:
    """Prune, retrain, quantize and test a model, and write it."""
    path = f"{args.output}.ftz"
    size_before = file_size(model.args, model.dictionary)
    n_threads = train_args.thread
    reporter.stage("testing") if args.test else None
    before = _test(model, args.test, n_threads) if args.test else (0, 0.0)
    rows_before = model.wi.n_rows
    quantized, notes = quantized_model(args, train_args, model, reporter)
    reporter.stage("testing") if args.test else None
    after = _test(usable(quantized), args.test, n_threads) if args.test else (0, 0.0)
    reporter.stage("saving")
    data = quantized_model_bytes(quantized)
    outputs.save(path, lambda out: write_all(out.begin(), data), {}, notes)
    return Quantized(
        path=path,
        size_before=size_before,
        size=len(data),
        rows_before=rows_before,
        rows=quantized.wi.n_rows,
        dsub=quantized.wi.quantizer.dsub,
        model=quantized.model,
        n_tested=before[0],
        p1_before=before[1],
        p1=after[1],
    )


def quantized_model(
    args: QuantizeArgs, train_args: TrainArgs, model: Model, reporter: Reporter
) -> tuple[QuantizedModel, dict[str, Any]]:
    """Prune, retrain and quantize a model; return what the JSON file beside it will hold, too.

    Raises FastcliError or a child of it: ModelFormatError where a mapped file was written to.
    """
    n_threads = train_args.thread
    n_rows, mapped = model.wi.n_rows, (model.wi, model.wo)
    reporter.stage("pruning")
    model, sizes, lost_nothing = _smaller(model, args, n_threads, reporter)
    if args.retrain and model.bucket_rows is None:
        reporter.note(
            f"-retrain has no effect: all {n_rows:,} rows are kept. Give a smaller -cutoff."
            if args.cutoff or args.target_size
            else "-retrain has no effect without -cutoff (or --target-size): all rows are kept."
        )
    elif args.retrain:
        known = model.about.get("arguments", {})
        if any(known.get(name) for name in WEIGHTING):
            reporter.note(
                "The model was trained with weights; -retrain weighs all lines and labels alike."
            )
        retrain(model, train_args, reporter)
        model = replace(model, args=replace(model.args, epoch=train_args.epoch))
    reporter.stage("quantizing")
    quantized = quantize_model(model, sizes, n_threads, lost_nothing and not args.retrain)
    how: dict[str, Any] = {
        "command": args.with_retraining_of(train_args).command(),
        "rows": quantized.wi.n_rows,
        "dsub": quantized.wi.quantizer.dsub,
        "qnorm": sizes.qnorm,
        "qout": sizes.qout,
    }
    notes = {k: v for k, v in model.about.items() if k not in (*OF_A_RUN, CALIBRATION)}
    notes |= {"label": model.label, "quantized": how}
    for matrix in mapped:
        matrix.check_unchanged()
    return quantized, notes


def _smaller(
    model: Model, args: QuantizeArgs, n_threads: int, reporter: Reporter
) -> tuple[Model, Sizes, bool]:
    """Drop the rows beyond a cutoff or size, and zero rows.

    Return the model, its sizes, and whether only zero rows were left out.
    """
    n_rows, sizes = model.wi.n_rows, args.sizes
    if not args.cutoff and not args.target_size:
        return model, sizes, False
    order = by_norm(model, n_threads)
    n_used = len(order)
    may_keep_all = args.cutoff == 0 or args.cutoff >= n_rows
    if not may_keep_all:
        order = order[: args.cutoff]
    if args.target_size and not args.dsub_is_fixed:
        sizes = fit_to_size(model, order, sizes, args.target_size, may_keep_all, n_threads)
    n = rows_kept(model.args, model.dictionary, order, sizes, args.target_size, may_keep_all)
    if n == n_rows:
        return model, sizes, False
    if n == n_used:
        reporter.note(
            f"{n_rows - n:,} of {n_rows:,} rows are zero (no line of the training text had their "
            "n-grams) and are left out."
        )
    return prune(model, order[:n]), sizes, n == n_used


def check_inputs(args: QuantizeArgs) -> None:
    """Raise an error if a file that will be needed is missing."""
    if args.retrain and not args.input:
        raise ArgumentError("-retrain needs the training text: give it with -input.")
    check_stdin(args.input * args.retrain)
    for path in args.input if args.retrain else ():
        if not is_stream(path) and (reason := _why_unreadable(path)):
            raise unreadable(path, reason, "training")
    if args.test and (reason := _why_unreadable(args.test)):
        raise unopened(args.test, reason, "Test file cannot be opened!")


def _why_unreadable(path: str) -> OSError | None:
    """Return why a file cannot be opened, if it cannot."""
    try:
        with open(path, "rb"):
            return None
    except OSError as error:
        return error


def _test(model: Model, path: str, n_threads: int) -> tuple[int, float]:
    """Return the number of lines tested and P@1."""
    try:
        meter = Predictor(model, 1, 0.0, n_threads).test(text_blocks(path))
    except OSError as error:
        raise DataError(
            f"Test file cannot be opened! ({path}: {error.strerror or error})"
        ) from None
    return meter.n, meter.precision
