"""Images that are rows of pixels, moved: rotated, mirrored, zoomed and shifted in one, with noise.

A pixel of the new image is taken from where it comes from in the old one, between the four pixels
around that place (bilinear interpolation); outside of the image there is a background.  Oracle:
``tests/naive_images.py``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fastcli.jit.build import device, kernel
from fastcli.jit.group import Group
from fastcli.kernels.base.views import at
from fastcli.kernels.mlp.noise import add_gaussian

if TYPE_CHECKING:
    from fastcli.jit.signature import F32, F64, f32, f64, i64


class Images(Group):
    """How images lie in the rows of a matrix, and how their columns are scaled.

    Pixel (r, c) of channel k is column j = ``r * row_step + c * column_step + k * channel_step``.
    It is ``mean[j] + spread[j] x`` where the column has x; of a new image, x is
    (pixel - ``new_mean[j]``) ``new_scale[j]``.
    """

    height: i64
    width: i64
    channels: i64
    row_step: i64
    column_step: i64
    channel_step: i64
    row: i64  # floats from one image to the next
    mean: F32
    spread: F32
    new_mean: F32
    new_scale: F32
    background: F32  # of each channel


class Moves(Group):
    """What happens to each image.

    Six numbers m for each: pixel (r, c) comes from row m0 r + m1 c + m2, column m3 r + m4 c + m5.
    """

    places: F64
    noise: f32  # standard deviation of what is added to pixels
    key: i64  # of its random numbers


@device
def pixel(x: F32, images: Images, r: i64, c: i64, channel: i64) -> f32:
    """Return a pixel, outside of the image the background."""
    if r < 0 or r >= images.height or c < 0 or c >= images.width:
        return images.background[channel]
    return x[r * images.row_step + c * images.column_step + channel * images.channel_step]


@device
def floor(x: f64) -> i64:
    """Return the largest whole number that is not above x."""
    found = int(x)
    return found - 1 if x < found else found


@device
def move_image(x: F32, out: F32, images: Images, places: F64) -> None:
    """Set ``out`` to the image x moved; both are pixels, not scaled."""
    one = np.float32(1.0)
    for r in range(images.height):
        for c in range(images.width):
            y = places[0] * r + places[1] * c + places[2]
            z = places[3] * r + places[4] * c + places[5]
            top, left = floor(y), floor(z)
            down, right = np.float32(y - top), np.float32(z - left)
            for channel in range(images.channels):
                upper = (one - right) * pixel(x, images, top, left, channel)
                upper += right * pixel(x, images, top, left + 1, channel)
                lower = (one - right) * pixel(x, images, top + 1, left, channel)
                lower += right * pixel(x, images, top + 1, left + 1, channel)
                column = r * images.row_step + c * images.column_step
                column += channel * images.channel_step
                out[column] = (one - down) * upper + down * lower


@kernel
def move_images(
    first: i64, last: i64, source: F32, images: Images, moves: Moves, scratch: F32, out: F32
) -> None:
    """Set rows ``first`` to ``last`` of ``out`` to the images of ``source`` moved, both scaled.

    ``scratch`` has room for 3 images and 32 floats.
    """
    n = images.height * images.width * images.channels
    for i in range(first, last):
        x, to = at(source, i * images.row), at(out, i * images.row)
        for j in range(n):
            scratch[j] = images.mean[j] + x[j] * images.spread[j]
        move_image(scratch, to, images, at(moves.places, 6 * i))
        if moves.noise > np.float32(0.0):
            add_gaussian(to, n, moves.noise, at(scratch, n), moves.key, i)
        for j in range(n):
            to[j] = (to[j] - images.new_mean[j]) * images.new_scale[j]
