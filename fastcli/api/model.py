"""What models of every kind have in common in a program: their labels, path, and predictors."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

import numpy as np

from fastcli.api.arguments import line_of, utf8
from fastcli.api.identity import ModelIdentity
from fastcli.api.judging import Judged
from fastcli.contents import identity_of_bytes
from fastcli.evaluation.predictor import Predictor

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from typing_extensions import Unpack

    from fastcli.api import options as typed
    from fastcli.api.batches import Batch
    from fastcli.api.pickled import ModelFile
    from fastcli.contents import Contents
    from fastcli.evaluation.classifier import Block, Classifier
    from fastcli.evaluation.early_stopping import Evaluation
    from fastcli.labelling.predicted import Labelled

Own = TypeVar("Own", bound="TrainedModel")
STREAMS = ("/dev/", "/proc/")  # where what is redirected has names that say nothing
MOST_IDLE = 8  # predictors that are kept for later calls


class TrainedModel(Judged):
    """A model of any kind; ``path`` is that of its file, "" where it was never saved.

    ``history`` has the evaluations of its training in this program, and ``interrupted`` the epoch
    in which a callback ended that, 0 if it did not.
    """

    history: Sequence[Evaluation] = ()
    interrupted = 0

    _ends = False  # whether a text ends at a written </s>
    _on_unicode_error = "surrogateescape"  # in labels of a batch

    def __init__(self, model: Classifier | None, path: str = "") -> None:
        self._model: Any = model
        self.path = path
        self._file: ModelFile | None = None  # where a file has all of the model
        self._identity = ModelIdentity()
        self._idle: list[tuple[tuple[int, float, int], Predictor]] = []

    @property
    def labels(self) -> list[str]:
        """All labels, in the order of their ids."""
        return [name.decode("utf-8", "surrogateescape") for name in self._model.labels()]

    @overload
    def get_labels(
        self, include_freq: Literal[False] = ..., on_unicode_error: str = ...
    ) -> list[str]: ...

    @overload
    def get_labels(
        self, include_freq: Literal[True], on_unicode_error: str = ...
    ) -> tuple[list[str], NDArray[np.int64]]: ...

    @overload
    def get_labels(self, include_freq: bool, on_unicode_error: str = ...) -> Any: ...

    def get_labels(self, include_freq: bool = False, on_unicode_error: str = "strict") -> Any:
        """Return all labels, with ``include_freq`` and how often each occurred in training.

        ``on_unicode_error``: see ``bytes.decode``.
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        where = f" of {self.path!r}" if self.path else ""
        return f"<{type(self).__name__}{where}>"

    def label_table(
        self, source: str | os.PathLike[str], **options: Unpack[typed.TableOptions]
    ) -> Labelled:
        """Write the rows of a table with the labels that they get, as ``predict --output`` does.

        ``source`` is a table (CSV, TSV, JSON, Parquet, compressed or not) that is read as training
        read one, unless ``options`` say otherwise (``text_column``, ``delimiter``, ...).  They are
        those of the command: ``output`` (required), ``k``, ``threshold``, ``wide``, ``keep``,
        ``dropped``, ``unsure``, ``min_prob``, ``default``, ``as_name``, ``like``; with
        ``probabilities`` there are columns for these, as of ``predict-prob``.  Files are complete
        or are not there.

        Returns what was done: ``rows``, how many were ``kept``, ``labels`` with their rows, rows
        ``without_text`` and ``without_label``, the columns that were ``added``.  Raises OptionError
        for an unknown option, and ArgumentError, DataError or FastcliError for invalid values,
        tables that cannot be read, and files that cannot be written.
        """
        from fastcli.api.tables import label_table

        return label_table(self, source, {**options})

    def _k(self, k: int | None) -> int:
        return 1 if k is None else k

    # ------------------------------------------------------------------ copies and pickles

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the path of the model's file, or the model where no file has it."""
        from fastcli.api.pickled import reduced

        return reduced(self)

    def __copy__(self: Own) -> Own:
        """Return a model of its own that shares the arrays: they are replaced, never changed."""
        found = type(self).__new__(type(self))
        vars(found).update(vars(self))
        found._idle = []
        found._identity = replace(self._identity)  # what is saved later is that of one of them
        return found

    def __deepcopy__(self: Own, memo: dict[int, Any]) -> Own:
        """Return a copy with attributes of its own; the model itself never changes."""
        from fastcli.api.pickled import is_given

        found = memo[id(self)] = self.__copy__()
        for name, value in vars(self).items():
            if is_given(name):
                setattr(found, name, deepcopy(value, memo))
        return found

    def _was_read(self, contents: Contents, path: str, mmap: bool | None) -> None:
        """Note the file from which the model was read, as it was then."""
        self._came_from(path, contents.status, mmap)
        self._identity.path, self._identity.file = path, identity_of_bytes(contents.data)

    def _was_saved(self, path: str) -> None:
        """Note the file to which all of the model was written."""
        from fastcli.fasttext.sidecar import identity_of_file

        self.path = path
        self._came_from(path, os.stat(path))
        if self._file is not None:
            self._identity.path, self._identity.file = path, identity_of_file(path)

    def _came_from(self, path: str, status: os.stat_result, mmap: bool | None = None) -> None:
        """Note the file that has all of the model, unless it is a pipe or has no name."""
        from fastcli.api.pickled import ModelFile

        is_named = stat.S_ISREG(status.st_mode) and not os.path.abspath(path).startswith(STREAMS)
        self._file = ModelFile.of(path, status, mmap) if is_named else None

    def _restore(self, contents: Contents, path: str, kept: dict[str, Any]) -> None:
        """Become the model of a file or of bytes; ``kept`` is of ``_pickled_attributes``."""
        raise NotImplementedError

    def _pickled_attributes(self) -> dict[str, Any]:
        """Return what the file does not have."""
        return {}

    def _write(self, path: str) -> None:
        """Write the model to a file; ``path`` and ``_file`` stay as they are."""
        raise NotImplementedError

    def _lines(self, data: Any, caller: str) -> tuple[list[bytes], bool]:
        """Return a text or texts as the lines that the model reads, and whether there is one text.

        Raises ArgumentError for a text with a line end, TypeError for what is not text.
        """
        if isinstance(data, bytes) or not isinstance(data, Iterable):
            kind = type(data).__name__
            raise TypeError(f"{self._name} reads texts: a str, or a list of str, not {kind}")
        given = [data] if isinstance(data, str) else data
        lines = [utf8(line_of(one, caller, self._ends), "a text") for one in given]
        return lines, isinstance(data, str)

    def _input_blocks(self, data: Any, caller: str) -> tuple[Iterable[Block], bool]:
        """Return what is given as the model reads it, and whether that is one line or row."""
        lines, is_one = self._lines(data, caller)
        return [np.frombuffer(b"".join(lines), np.uint8)] if lines else [], is_one

    def _explained_input(self, data: Any) -> tuple[Sequence[Any], bool]:
        """Return lines, or blocks of rows, and whether there is one line or row only."""
        return self._lines(data, "explain")

    @property
    def _name(self) -> str:
        """What errors call the model."""
        return self.path or "The model"

    def predict_batch(
        self, texts: Any, k: int = 1, threshold: float = 0.0, thread: int = 1
    ) -> Batch:
        """Return the ``k`` best labels (-1: all) of many texts, none below ``threshold``.

        ``texts`` are a list of str, or any iterable of str; or an Arrow array of strings, whole or
        in chunks, from any library, which is read without a Python object for each text.  A line
        end within a text counts as a space; a text that is None or null gets no label.  ``thread``
        threads predict, at most as many as processors may be used.  A ``Batch`` has arrays, and
        what ``predict`` returns for each text, bit for bit.

        Raises ArgumentError as ``predict`` does, and for an array of other things than strings;
        TypeError for what is not text, and for a dict, whose keys would be the texts.
        """
        from fastcli.api.batches import predict_texts

        return predict_texts(self, texts, k, threshold, thread, self._ends)

    @contextmanager
    def _predictor(self, k: int, threshold: float, n_threads: int = 1) -> Iterator[Predictor]:
        """Give a predictor that no other thread uses meanwhile: it has scratch, and is kept.

        Where another thread replaces the model meanwhile, it is kept in the list of the former one.
        """
        asked = k, threshold, n_threads
        idle, found = self._idle, None
        model = self._classifier  # read after its list, which is replaced last
        for one in tuple(idle):
            if one[0] == asked:
                try:
                    idle.remove(one)
                except ValueError:  # another thread has just taken it
                    continue
                found = one[1]
                found.start_again()
                break
        if found is None:
            found = Predictor(model, k, threshold, n_threads, self._name)
        yield found
        idle.append((asked, found))
        if len(idle) > MOST_IDLE:
            with suppress(IndexError):  # other threads may have taken them
                idle.pop(0)
