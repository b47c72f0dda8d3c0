"""Training images that are changed anew in each epoch."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.kernels.base.threads import bounds
from fastcli.kernels.mlp import images as kernels
from fastcli.mlp.args import MlpArgs
from fastcli.mlp.augmentations import (
    Augmentation,
    ImageSize,
    likely_size,
    parse_augment,
    parse_image,
)
from fastcli.mlp.examples import Examples
from fastcli.mlp.features import ROUNDING, FeatureColumns
from fastcli.mlp.options import MINMAX, STANDARD, UNSCALED
from fastcli.printable import counted, shortened
from fastcli.threads import run_apart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SAMPLE = 4096  # images that are looked at for the background
AT_ONCE = 1024  # images whose pixels are looked at together
PURPOSE = 3  # of random numbers, beside the start and the order of examples


class AugmentedImages:
    """Makes the examples of an epoch: images moved at random, in memory that is used again.

    What happens to an image depends on ``--seed``, the epoch and the number of the image alone.
    ``background`` float64[channels] is what surrounds images: the median of the pixels at their
    borders.
    """

    def __init__(
        self, args: MlpArgs, columns: FeatureColumns, examples: Examples, is_fixed: bool = False
    ) -> None:
        """Look at the images; columns are scaled anew by ``_fit`` unless that ``is_fixed``.

        Raises ArgumentError where rows are not images of the size given.
        """
        self.size = parse_image(args.image)
        self.changes = parse_augment(args.augment, self.size)
        _check_columns(args, self.size, columns)
        self._seed, self._n_threads = args.seed, args.thread
        self._examples, self._n = examples, examples.n
        self._row = len(examples.dense) // max(examples.n, 1)
        self._set_scale(columns)
        self.background = self._median_of_borders()
        self.noise = self.changes.noise * self._range() if self.changes.noise else 0.0
        self._is_fitted = not is_fixed
        if self._is_fitted:
            self._fit(columns, args.scaling)

    @cached_property
    def _columns_of_channels(self) -> NDArray[np.int64]:
        """The columns of each channel, row by row: int64[channels, height * width]."""
        row_step, column_step, channel_step = self.size.steps
        r, c = np.mgrid[: self.size.height, : self.size.width]
        first = (r * row_step + c * column_step).reshape(-1)
        return np.asarray(first + np.arange(self.size.channels)[:, None] * channel_step)

    def _set_scale(self, columns: FeatureColumns) -> None:
        is_same = columns.scale == 0
        self._mean = np.where(is_same, columns.fill, columns.mean)
        self._spread = np.where(is_same, 0.0, 1 / np.where(is_same, 1.0, columns.scale))
        self._scale = columns.scale

    def _fit(self, columns: FeatureColumns, scaling: str) -> None:
        """Scale all pixels of a channel alike, by their mean and deviation, or their range.

        By its own deviation a pixel that is lit in hardly any image, and then by moved ones, would
        have huge values.
        """
        n, channels, of_channel = self.size.n_columns, self.size.channels, self._columns_of_channels
        total, squares = np.zeros(n), np.zeros(n)
        low, high = np.full(n, np.inf), np.full(n, -np.inf)
        for some in self._blocks():
            pixels = self._pixels(some)
            np.minimum(low, pixels.min(axis=0), out=low)
            np.maximum(high, pixels.max(axis=0), out=high)
            total += pixels.sum(axis=0)
        mean = total[of_channel].mean(axis=1) / self._n
        means = np.zeros(n)
        means[of_channel] = mean[:, None]
        for some in self._blocks():
            squares += np.square(self._pixels(some) - means).sum(axis=0)
        lows, highs = low[of_channel].min(axis=1), high[of_channel].max(axis=1)
        offsets = {STANDARD: mean, MINMAX: lows, UNSCALED: np.zeros(channels)}
        std = np.sqrt(squares[of_channel].mean(axis=1) / self._n)
        sizes = {STANDARD: std, MINMAX: highs - lows, UNSCALED: np.ones(channels)}
        is_same = highs - lows <= ROUNDING * np.maximum(np.abs(lows), np.abs(highs))
        scales = np.where(is_same, 0.0, 1 / np.where(is_same, 1.0, sizes[scaling]))
        dense = self._examples.dense.reshape(self._n, self._row)
        new_mean, new_scale = np.zeros(n), np.zeros(n)
        new_mean[of_channel], new_scale[of_channel] = offsets[scaling][:, None], scales[:, None]
        for some in self._blocks():
            dense[some, :n] = (self._pixels(some) - new_mean) * new_scale
        columns.mean, columns.scale = new_mean, new_scale
        self._set_scale(columns)

    def _blocks(self) -> Iterator[NDArray[np.int64]]:
        """Yield the numbers of all images, some at a time."""
        for first in range(0, self._n, AT_ONCE):
            yield np.arange(first, min(first + AT_ONCE, self._n))

    def _pixels(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the pixels of some images as they were read: float64[images, columns]."""
        n = self.size.n_columns
        dense = self._examples.dense.reshape(self._n, self._row)[rows, :n]
        return np.asarray(dense * self._spread + self._mean, np.float64)

    def _median_of_borders(self) -> NDArray[np.float64]:
        size = self.size
        r, c = (places.reshape(-1) for places in np.mgrid[: size.height, : size.width])
        is_border = (r % (size.height - 1 or 1) == 0) | (c % (size.width - 1 or 1) == 0)
        some = np.unique(np.linspace(0, self._n - 1, min(self._n, SAMPLE)).astype(np.int64))
        pixels = self._pixels(some)
        borders = self._columns_of_channels[:, is_border]
        found = np.array([np.median(pixels[:, columns]) for columns in borders])
        # Pixels come from scaled float32: digits that it does not hold are left out.
        unit = 10.0 ** (math.floor(math.log10(np.abs(pixels).max(initial=0.0) or 1.0)) - 5)
        return np.asarray(np.rint(found / unit) * unit + 0.0)

    def _range(self) -> float:
        """Return the difference of the largest and the smallest pixel."""
        found = [(block.min(), block.max()) for block in map(self._pixels, self._blocks())]
        return float(max(high for _, high in found) - min(low for low, _ in found))

    def sentence(self) -> str:
        """Return what is said to the user: what surrounds images is a guess."""
        size, values = self.size, " ".join(f"{value:g}" for value in self.background)
        channels = f"x{size.channels}" if size.channels > 1 else ""
        scaled = " and all pixels scaled alike" if self._is_fitted else ""
        return (
            f"Images of {size.height}x{size.width}{channels} are changed anew in each "
            f"epoch{scaled}; pixels from outside are {values}, the median of the borders."
        )

    @cached_property
    def _out(self) -> NDArray[np.float32]:
        return np.zeros_like(self._examples.dense)

    def _move(
        self, epoch: int, mean: NDArray[np.float64], scale: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        """Return the images of an epoch, scaled by ``mean`` and ``scale``, in rows of floats."""
        rng = np.random.default_rng([self._seed & 0xFFFFFFFF, PURPOSE, epoch])
        places = places_of(rng, self._n, self.size, self.changes)
        moves = kernels.Moves(
            places=places.reshape(-1),
            noise=np.float32(self.noise),
            key=int(rng.integers(0, 2**62)),
        )
        row_step, column_step, channel_step = self.size.steps
        images = kernels.Images(
            height=self.size.height,
            width=self.size.width,
            channels=self.size.channels,
            row_step=row_step,
            column_step=column_step,
            channel_step=channel_step,
            row=self._row,
            mean=self._mean.astype(np.float32),
            spread=self._spread.astype(np.float32),
            new_mean=mean.astype(np.float32),
            new_scale=scale.astype(np.float32),
            background=self.background.astype(np.float32),
        )
        out, source = self._out, self._examples.dense

        def work(thread: int) -> None:
            first, last = bounds(self._n, thread, self._n_threads)
            scratch = np.zeros(3 * self.size.n_columns + 32, np.float32)
            kernels.move_images(first, last, source, images, moves, scratch, out)

        run_apart(self._n_threads, work)
        return out

    def __call__(self, epoch: int) -> Examples:
        """Return the examples of an epoch, valid until the next ones are asked for."""
        return replace(self._examples, dense=self._move(epoch, self._mean, self._scale))


def images_of(
    args: MlpArgs, columns: FeatureColumns, examples: Examples, is_fixed: bool
) -> AugmentedImages | None:
    """Return what changes training images, None without ``--augment``; see ``AugmentedImages``."""
    return AugmentedImages(args, columns, examples, is_fixed) if args.augment else None


def places_of(
    rng: np.random.Generator, n: int, size: ImageSize, changes: Augmentation
) -> NDArray[np.float64]:
    """Draw where the pixels of n images come from: float64[n, 6], see ``kernels.Moves``.

    An image is mirrored, then zoomed, rotated counterclockwise about its middle, and shifted; this
    is the way back.  All numbers are drawn whether they are used or not, so that a change is the
    same beside any others.
    """
    turn = math.radians(changes.rotate) * rng.uniform(-1, 1, n)
    factor = 1 + changes.zoom * rng.uniform(-1, 1, n)
    down, right = np.floor(rng.random((2, n)) * (2 * changes.shift + 1)) - changes.shift
    across, upside = np.where(
        rng.random((2, n)) < [[changes.flip], [changes.flip_vertical]], -1.0, 1.0
    )
    cos, sin = np.cos(turn) / factor, np.sin(turn) / factor
    middle_r, middle_c = (size.height - 1) / 2, (size.width - 1) / 2
    from_r, from_c = middle_r + down, middle_c + right
    rows = [upside * cos, upside * sin, -upside * (cos * from_r + sin * from_c) + middle_r]
    columns = [-across * sin, across * cos, across * (sin * from_r - cos * from_c) + middle_c]
    return np.stack([*rows, *columns], axis=1)


def _check_columns(args: MlpArgs, size: ImageSize, columns: FeatureColumns) -> None:
    """Raise ArgumentError if the columns are not pixels, or not as many as an image has."""
    path, n = args.input[0], columns.n_features
    for name, column in zip(columns.input_names, columns.table, strict=False):
        if column.is_words or column.may_lack:
            has = "words" if column.is_words else "no value in some rows"
            raise ArgumentError(
                f"--image: column {shortened(name)} of {path} has {has}, where all columns but the "
                "label should be pixels: leave it out by --drop, or fill it."
            )
    if n == size.n_columns:
        return
    what = "columns of features" if columns.kind == "csv" else "features"
    hint = likely_size(n)
    raise ArgumentError(
        f"--image {args.image}: that is {counted(size.n_columns, 'pixel value')}, and {path} has "
        f"{n:,} {what}.{f' Is it {hint}?' if hint else ''}"
    )
