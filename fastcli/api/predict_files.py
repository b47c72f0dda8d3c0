"""Labelling many files from a program: ``predict_files``, as predict --output-dir does it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from fastcli.api.parts import PartOptions, named
from fastcli.api.spelling import speaks_of_arguments
from fastcli.api.tables import Best
from fastcli.distribution import installing
from fastcli.errors import ArgumentError, FastcliError
from fastcli.labelling.options import Filters, Labelling
from fastcli.options import option, rows_of
from fastcli.printable import counted
from fastcli.tables.options import TableOptions

if TYPE_CHECKING:
    from distributed import Client
    from typing_extensions import Unpack

    from fastcli.api.options import FilesOptions

PathLike = str | os.PathLike[str]
MOST_NAMED = 5  # failed parts in an error


@dataclass(frozen=True, kw_only=True)
class Deciding:
    """By what labels are decided."""

    thresholds: str = option("", "labels above their thresholds: a file of tune-threshold, or auto")
    calibrated: bool = option(False, "use calibrated probabilities")


KINDS = (Best, Labelling, TableOptions, Filters, PartOptions, Deciding)
WITHOUT = ("output", "output_dir", "dropped", "unsure")  # of these


class Parts(NamedTuple):
    """What ``predict_files`` did.

    ``made`` has the rows of each part that was made, by its path below the folder; ``kept`` are
    those that were there already; ``failed`` says why others could not be made, by input.
    """

    made: dict[str, int]
    kept: list[str]
    failed: dict[str, str]
    seconds: float


class PartsFailed(FastcliError):
    """Some parts could not be made; ``parts`` says which, and what was made."""

    def __init__(self, message: str, parts: Parts) -> None:
        super().__init__(message)
        self.parts = parts

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.parts)


@speaks_of_arguments(lambda: rows_of(KINDS, WITHOUT))
def predict_files(
    model: PathLike,
    inputs: PathLike | Sequence[PathLike],
    output_dir: PathLike,
    *,
    dask: str | Client | None = None,
    callback: Callable[[int, int], None] | None = None,
    **options: Unpack[FilesOptions],
) -> Parts:
    """Write a part with labels for each of many files to a folder, whole or not at all.

    ``model`` is the path of a model, ``inputs`` are files, patterns or folders, and ``output_dir``
    is the folder of the parts.  Parts of the same inputs that are there already are left, so the
    same call makes what is missing.
    ``dask`` is the address of a Dask scheduler, or a client: its workers make the parts.
    ``callback`` hears how many bytes have been read, and of how many.  ``options`` are those of
    predict --output-dir, with ``probabilities=True`` for predict-prob: ``k``, ``threshold``,
    ``text_column``, ``keep``, ``shard="1/8"``, ``thread``...

    Raises PartsFailed at the end where parts could not be made, the others stay; before anything is
    written ArgumentError and DataError, among others for a folder with parts of another model.
    """
    from fastcli.api import deciding
    from fastcli.api.inputs import Question
    from fastcli.api.loading import load_classifier
    from fastcli.api.named_options import read_options
    from fastcli.api.parts import Labelling as PartLabelling
    from fastcli.labelling.label_table import LabelArgs
    from fastcli.text.input_list import list_inputs

    if dask is not None:
        _check_dask(dask)
    found, given = read_options(options, KINDS, "predict_files", WITHOUT)
    best, labelling, table, filters, parts, decisions = found
    labelling.check_name()
    filters.check("", has_parts=True)
    words = [inputs] if isinstance(inputs, str | os.PathLike) else inputs
    if not words:
        raise ArgumentError("predict_files needs inputs: files, patterns or folders.")
    files = list_inputs([os.fspath(word) for word in words], (), opens_folders=True).paths
    path = os.fspath(model)
    asked = Question(path, tuple(files), best.k, best.threshold, best.thread)
    classifier = load_classifier(path, table, only_labels="predict_files")
    how = deciding.Asked(decisions.thresholds, decisions.calibrated, "k" in given)
    classifier, asked = deciding.decided(classifier, asked, how)
    args = LabelArgs(
        output="",
        k=asked.k,
        threshold=asked.threshold,
        with_probs=best.probabilities,
        wide=labelling.wide,
        name=labelling.as_name,
        thread=best.thread if dask is None or "thread" in given else 1,
        filters=filters,
    )
    job = PartLabelling(
        classifier=classifier, model=path, table=table, like=labelling.like, args=args
    )
    options_of_parts = PartOptions(
        output_dir=os.fspath(output_dir), overwrite=parts.overwrite, shard=parts.shard
    )
    run = job.planned(files, options_of_parts)
    n_read, n_bytes = 0, sum(part.n_bytes for part in run.parts)

    def advance(n: int) -> None:
        nonlocal n_read
        n_read += n
        if callback is not None:
            callback(n_read, n_bytes)

    run.advance = advance
    if dask is None or not run.parts:
        run.make(classifier)
    else:
        from fastcli.api.cluster import connected

        with connected(dask) as client:
            run.make_on_cluster(client)
    made = {name: one.labelled.rows for name, one in sorted(run.done.items())}
    result = Parts(made, [part.name for part in run.found.done], dict(run.failed), run.seconds)
    if run.failed:
        names = sorted(run.failed)
        reasons = "; ".join(named(name, run.failed[name]) for name in names[:MOST_NAMED])
        more = len(names) - MOST_NAMED
        rest = f"; and {more:,} more" if more > 0 else ""
        n = counted(len(names), "part")
        raise PartsFailed(
            f"{n} of {len(run.parts):,} could not be made: {reasons}{rest}. The same call tries "
            "again.",
            result,
        )
    return result


def _check_dask(dask: object) -> None:
    """Raise ArgumentError for what is neither an address nor a client, or without Dask."""
    try:
        from distributed import Client
    except ImportError:
        raise ArgumentError(f"dask= needs {installing('dask')}.") from None
    if not dask or not isinstance(dask, str | Client):
        raise ArgumentError(
            "dask should be the address of a scheduler, such as tcp://host:8786, or a "
            f"distributed.Client, not {dask!r}."
        )
