"""A linear model in a program: fastText's classifiers and word vectors, with its interface."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, SupportsFloat, SupportsIndex, overload

import numpy as np

from fastcli.api.arguments import line_bytes, line_of, path_of, plain_lines, real, utf8, whole
from fastcli.api.engine import Engine
from fastcli.api.linear_model import texts_of
from fastcli.api.linear_words import WordModel
from fastcli.api.meter import Curves, LabelMeter
from fastcli.errors import ArgumentError
from fastcli.options import MOST
from fastcli.urls import is_url

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from fastcli.api.labelled_data import Data
    from fastcli.api.options import ReportOptions
    from fastcli.api.reports import Report
    from fastcli.evaluation.meter import Meter
    from fastcli.fasttext.one_line import LinePredictor

    Floats = NDArray[np.float32]
    Path = str | bytes | os.PathLike[str]


TEXTS = 1 << 14  # that are put together at a time


class FastText(WordModel):
    """A linear model: a classifier or word vectors, as ``load_model`` and training return it.

    It has all methods of fastText's Python module, with the same arguments, results and order;
    errors are children of the exceptions there.  A trained model has its arguments as attributes
    in fastText's spelling (``lr``, ``wordNgrams``, ...); ``f`` is the object beneath, for programs
    that call fastText's C++ functions.  ``path`` is "" where it was never saved.
    """

    _ends = True
    _on_unicode_error = "strict"

    @property
    def f(self) -> Engine:
        """The object beneath, with the names of fastText's C++ class: ``f.predict`` and others."""
        return Engine(self)  # not kept: a model in a cycle is not freed before the next collection

    if TYPE_CHECKING:

        def report(
            self, data: Data, k: int = 1, threshold: float = 0.0, **options: Unpack[ReportOptions]
        ) -> Report:
            """Return a report of labels: only networks have another."""

    # -------------------------------------------------------------------------- predicting

    @overload
    def predict(
        self,
        text: str,
        k: SupportsIndex = ...,
        threshold: SupportsFloat = ...,
        on_unicode_error: str = ...,
    ) -> tuple[tuple[str, ...], NDArray[np.float64]]: ...

    @overload
    def predict(
        self,
        text: list[str],
        k: SupportsIndex = ...,
        threshold: SupportsFloat = ...,
        on_unicode_error: str = ...,
    ) -> tuple[list[list[str]], list[Floats]]: ...

    def predict(
        self,
        text: str | list[str],
        k: SupportsIndex = 1,
        threshold: SupportsFloat = 0.0,
        on_unicode_error: str = "strict",
    ) -> Any:
        """Return the ``k`` best labels of ``text`` and their probabilities, the best first.

        ``k=-1`` gives all labels; those less probable than ``threshold`` are left out.  As in
        fastText 0.00001 is added to probabilities but those of ``hs``, which may reach 1.00001.
        ``on_unicode_error`` is for labels that are not valid UTF-8, as in ``bytes.decode``.

        A text gives a tuple of labels and float64[labels]; a list of texts a list of lists of
        labels and a list of float32[labels].  Raises ArgumentError, a ValueError, for a text with
        a line end, for a model of word vectors and for k=0; TypeError for what is not text.
        """
        if type(k) is not int or k > MOST:  # 0.1 us a call: look before calling what checks
            k = whole(k, "k")
        if type(threshold) is not float:
            threshold = real(threshold, "threshold")
        if isinstance(text, list):
            return self._predict_lines(line_blocks(text), k, threshold, on_unicode_error)
        predictor = self._one_line
        if predictor is None or predictor.model is not self._model:
            predictor = self._line_predictor()
        return predictor.predict(line_bytes(text, "predict"), k, threshold, on_unicode_error)

    def _line_predictor(self) -> LinePredictor:
        """Return what predicts a line at a time with the model that is there now."""
        from fastcli.fasttext.one_line import LinePredictor

        found = self._one_line
        if found is None or found.model is not self._model:
            found = self._one_line = LinePredictor(self._linear, self._name)
        return found

    def _predict_lines(
        self, blocks: Iterable[bytes], k: int, threshold: float, on_unicode_error: str
    ) -> tuple[list[list[str]], list[Floats]]:
        """Return the best labels of the lines of some blocks, and their probabilities."""
        from fastcli.api.batches import Batch, found_in

        with self._predictor(k, threshold) as predictor:
            some = (np.frombuffer(block, np.uint8) for block in blocks)
            found = Batch(predictor.names(on_unicode_error), *found_in(predictor, some))
        return found.label_lists(), found.prob_lists()

    @overload
    def get_line(self, text: str, on_unicode_error: str = ...) -> tuple[list[str], list[str]]: ...

    @overload
    def get_line(
        self, text: list[str], on_unicode_error: str = ...
    ) -> tuple[list[list[str]], list[list[str]]]: ...

    def get_line(self, text: str | list[str], on_unicode_error: str = "strict") -> Any:
        """Return the words of a line of ``text``, its end ``</s>`` included, and its known labels.

        A list of texts gives a list of words and one of labels for each.  Raises ArgumentError for
        a text with a line end.
        """
        from fastcli.api.tokens import words_and_labels

        texts = text if isinstance(text, list) else [text]
        lines = [utf8(line_of(one, "get_line"), "a text") for one in texts]
        words, labels = (
            [texts_of(some, on_unicode_error) for some in found]
            for found in words_and_labels(self._linear, lines)
        )
        return (words, labels) if isinstance(text, list) else (words[0], labels[0])

    # ------------------------------------------------------------------------------ testing

    def test(
        self, path: Path, k: SupportsIndex = 1, threshold: SupportsFloat = 0.0
    ) -> tuple[int, float, float]:
        """Test on a file of labelled lines: the number of lines, precision and recall at ``k``.

        ``path`` is that of the file, or a URL, and predictions below ``threshold`` are left out.
        Lines without a known label or word do not count, as in fastText.  Precision is NaN where
        nothing was predicted.  Raises DataError if the file cannot be read, ArgumentError as
        ``predict`` does.
        """
        meter = self._tested(path, k, threshold).as_written()
        return meter.n, meter.precision, meter.recall

    def test_label(
        self, path: Path, k: SupportsIndex = 1, threshold: SupportsFloat = 0.0
    ) -> dict[str, dict[str, float]]:
        """Test on a file: ``precision``, ``recall`` and ``f1score`` of every label, by its name.

        ``path``, ``k`` and ``threshold`` are those of ``test``.  NaN where there is nothing to
        divide by.  fastText's Python module counts no gold labels here, so that its recall is NaN
        and its F1 wrong; these are those of its command line. Raises as ``test`` does.
        """
        meter = self._tested(path, k, threshold).as_written()
        names = ("precision", "recall", "f1score")
        labels = enumerate(texts_of(self._linear.labels()))
        return {label: dict(zip(names, meter.label_scores(i), strict=True)) for i, label in labels}

    def get_meter(self, path: Path, k: SupportsIndex = -1) -> LabelMeter:
        """Test on the file ``path``: what gives precision and recall at every threshold.

        ``k`` labels of each line are predicted, by default all.  Raises as ``test`` does.
        """
        return LabelMeter(self.get_label_id, self._curves(path, k))

    def _curves(self, path: Path, k: SupportsIndex) -> Curves:
        meter = self._tested(path, k, 0.0, with_scores=True)
        return Curves(meter, self._linear.printed_offset)

    def _tested(
        self, path: Path, k: SupportsIndex, threshold: SupportsFloat, with_scores: bool = False
    ) -> Meter:
        from fastcli.api.blocks import open_blocks
        from fastcli.evaluation.predictor import Predictor
        from fastcli.text.spooled import fetched
        from fastcli.threads import usable_cpus

        k, threshold = whole(k, "k"), real(threshold, "threshold")
        name = path_of(path)
        with fetched(name):
            blocks = open_blocks(name, "Test file cannot be opened!")
            predictor = Predictor(self._linear, k, threshold, usable_cpus(), self._name)
            return predictor.test(blocks, with_scores)

    # ------------------------------------------------------------------ quantizing and saving

    def quantize(
        self,
        input: Path | None = None,
        qout: bool = False,
        cutoff: SupportsIndex = 0,
        retrain: bool = False,
        epoch: SupportsIndex | None = None,
        lr: SupportsFloat | None = None,
        thread: SupportsIndex | None = None,
        verbose: SupportsIndex | None = None,
        dsub: SupportsIndex = 2,
        qnorm: bool = False,
    ) -> None:
        """Quantize a classifier in place: codes instead of floats, with ``cutoff`` fewer rows.

        ``qout`` quantizes the output matrix too, ``qnorm`` the norms separately; ``dsub`` is the
        size of each sub-vector.  ``retrain`` trains the rows that a cutoff keeps again, on
        ``input``, with ``epoch``, ``lr`` and ``thread``: None and 0 stand for those of the model,
        and an ``lr`` of 0.05 where its file says nothing of it, as in fastText.  ``verbose=0``
        keeps notes silent.  Raises ArgumentError for word vectors, a quantized model, or one that
        is too small; DataError for an input that cannot be used (Joulin et al. 2016,
        FastText.zip).
        """
        if retrain and not input:
            raise ArgumentError("Need input file path if retraining")
        from fastcli.api.quantizing import quantized

        args = self._args
        given = {
            "epoch": whole(epoch, "epoch") if epoch else None,
            "lr": real(lr, "lr") if lr else args.lr if retrain else None,
            "thread": whole(thread, "thread") if thread else None,
        }
        sizes = whole(dsub, "dsub"), bool(qnorm), bool(qout)
        told = args.verbose if verbose is None else whole(verbose, "verbose")
        source = path_of(input) if input else ""
        self._use(
            quantized(
                self._linear, source, whole(cutoff, "cutoff"), bool(retrain), sizes, given, told
            )
        )

    def save_model(self, path: Path) -> None:
        """Save the model (``.bin``, or ``.ftz`` if it is quantized); ``path`` is its whole name.

        The JSON file beside it (``<path>.json``) keeps the label prefix and the arguments, as on
        the command line.  Raises FastcliError if it cannot be written, ArgumentError for a URL.
        """
        name = path_of(path)
        if is_url(name):
            raise ArgumentError(f"{name}: models are saved to local files; copy it from there.")
        self._write(name)
        self._was_saved(name)


def line_blocks(texts: list[str]) -> Iterator[bytes]:
    """Yield texts as blocks of lines.  Raises what ``line_bytes`` raises."""
    for first in range(0, len(texts), TEXTS):
        some = texts[first : first + TEXTS]
        block = plain_lines(some)
        yield b"".join([line_bytes(one, "predict") for one in some]) if block is None else block
