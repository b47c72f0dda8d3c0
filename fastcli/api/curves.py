"""Learning curves: pictures with matplotlib."""

from __future__ import annotations

import importlib.util
import io
import math
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastcli.distribution import installing
from fastcli.errors import ArgumentError
from fastcli.files import write_file
from fastcli.notices import say
from fastcli.printable import printable, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastcli.evaluation.early_stopping import Evaluation
    from fastcli.evaluation.run_log import Run
    from fastcli.evaluation.thresholds import Points

COLOURS = 10  # of matplotlib's cycle
GLYPH = re.compile(r"Glyph (\d+) .*missing from")  # a warning of matplotlib
MOST_LACKING = 20  # characters that are named
PICTURES = (".png", ".svg", ".pdf")


def check_plot(path: str, option: str = "--plot") -> None:
    """Raise ArgumentError, before any work, if no plot can be drawn."""
    if Path(path).suffix.lower() not in PICTURES:
        raise ArgumentError(f"{option} {path}: the name must end in {', '.join(PICTURES)}.")
    if importlib.util.find_spec("matplotlib") is None:
        raise ArgumentError(f"{option} needs matplotlib: {installing('plot')}.")


def plot(path: str, history: Sequence[Evaluation], kept: int) -> None:
    """Draw loss and accuracy over the steps, the step that was kept marked.

    Raises FastcliError if the picture cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.5), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    steps = [e.step for e in history]
    losses.plot(steps, [e.loss for e in history], label="training")
    has_valid = all(e.has_valid for e in history)
    has_train = all(math.isfinite(e.train_error) for e in history)
    if has_train:
        scores.plot(steps, [1 - e.train_error for e in history], color="C0", label="training")
    if has_valid:
        losses.plot(steps, [e.valid_loss for e in history], label="validation")
        scores.plot(steps, [e.score for e in history], color="C1", label="validation")
        for axes in (losses, scores):
            axes.axvline(kept, color="0.6", linestyle=":", label="kept")
    if not has_valid and not has_train:
        scores.set_axis_off()
    losses.set(xlabel="step", ylabel="loss")
    scores.set(xlabel="step", ylabel=history[-1].score_name if history else "accuracy")
    for axes in (losses, scores) if has_valid or has_train else (losses,):
        axes.grid(alpha=0.3)
        axes.legend()
    save_figure(path, figure)


def save_figure(path: str, figure: Any) -> None:
    """Write a picture, put in place when it is whole.

    Raises FastcliError if it cannot be written.
    """
    write_file(path, picture_bytes(path, figure))


def picture_bytes(path: str, figure: Any) -> bytes:
    """Return a figure as the picture that the path's name says, the same bytes every time.

    Characters that the font lacks are taken from another font; where none has them, that is said.
    """
    picture, lacking = _drawn(path, figure)
    if not lacking:
        return picture
    from matplotlib.text import Text

    if other := font_with(lacking):
        for text in figure.findobj(Text):
            text.set_fontfamily([*text.get_fontfamily(), other])
        picture, lacking = _drawn(path, figure)
    if lacking:
        say(
            f"{printable(path)}: no font of matplotlib's has {shortened(lacking, MOST_LACKING)}, "
            "so boxes are drawn: install one, such as Noto Sans CJK for Chinese."
        )
    return picture


def font_with(characters: str) -> str:
    """Return the first font by name that has all of some characters, "" for none."""
    from matplotlib.font_manager import fontManager
    from matplotlib.ft2font import FT2Font

    for found in sorted(fontManager.ttflist, key=lambda one: (one.name, one.fname)):
        if found.name.startswith("Last Resort"):  # boxes for all characters
            continue
        try:
            known = FT2Font(found.fname).get_charmap()
        except (OSError, RuntimeError):  # a font that is gone, or of another kind
            continue
        if all(ord(one) in known for one in characters):
            return str(found.name)
    return ""


def _drawn(path: str, figure: Any) -> tuple[bytes, str]:
    """Return a figure as a picture, and the characters that its fonts lack."""
    from matplotlib import rc_context, rcParams

    kind, picture = Path(path).suffix[1:].lower(), io.BytesIO()
    # No date, and no random names, which SVG has of what it uses again.
    date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
    salt = rcParams["svg.hashsalt"] or "fastcli"
    with warnings.catch_warnings(record=True) as caught, rc_context({"svg.hashsalt": salt}):
        warnings.simplefilter("always")
        figure.savefig(picture, format=kind, dpi=120, metadata=date)
    numbers = [GLYPH.match(str(one.message)) for one in caught]
    return picture.getvalue(), "".join(sorted({chr(int(one[1])) for one in numbers if one}))


def precision_recall_picture(path: str, curves: Mapping[str, Points]) -> bytes:
    """Return a picture of precision against recall, a line for each name."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, points in curves.items():
        axes.plot(points.recall, points.precision, label=name.replace("$", r"\$"))
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.02))
    axes.grid(alpha=0.3)
    axes.legend()
    return picture_bytes(path, figure)


def plot_runs(path: str, runs: Sequence[Run], names: Sequence[str]) -> None:
    """Draw the losses and accuracies of runs over each other, by epoch.

    Raises FastcliError if the picture cannot be written.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    has_valid = any(run.has_valid for run in runs)
    axes = figure.subplots(1, 2) if has_valid else [figure.subplots()]
    for i, (run, name) in enumerate(zip(runs, names, strict=True)):
        epochs = [e.progress * _epochs(run) for e in run.history]
        colour = f"C{i % COLOURS}"
        losses = [e.loss for e in run.history]
        axes[0].plot(epochs, losses, color=colour, label=name.replace("$", r"\$"))
        if run.has_valid:
            valid = [e.valid_loss for e in run.history]
            axes[0].plot(epochs, valid, color=colour, linestyle="--")
            axes[1].plot(epochs, [e.score for e in run.history], color=colour)
            axes[1].plot(run.kept.progress * _epochs(run), run.kept.score, "o", color=colour)
    axes[0].set(xlabel="epoch", ylabel="loss (dashed: validation)" if has_valid else "loss")
    if has_valid:
        name = next(run.kept.score_name for run in runs if run.has_valid)
        axes[1].set(xlabel="epoch", ylabel=f"validation {name}")
    for one in axes:
        one.grid(alpha=0.3)
    axes[0].legend()
    save_figure(path, figure)


def _epochs(run: Run) -> float:
    """Return how many epochs the whole run has."""
    found = run.arguments.get("epoch")
    if isinstance(found, int | float) and found > 0:
        return float(found)
    last = run.history[-1]
    return last.epoch / last.progress if last.progress else 1.0
