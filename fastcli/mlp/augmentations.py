"""What ``--image`` and ``--augment`` say: the size of images, and how they are changed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.printable import nearest
from fastcli.schema import shown

MOST_CHANNELS = 4
MOST_PIXELS = 1 << 24
CHANCE = 0.5  # of a mirrored image
ROTATION = 10.0  # degrees
ZOOM = 0.1
NOISE = 0.05  # of the range of pixels
PIXELS_PER_SHIFT = 14  # a shift of one pixel for each so many of the smaller side


@dataclass(frozen=True)
class ImageSize:
    """Height, width and channels of images; ``planes``: all of one channel before the next."""

    height: int
    width: int
    channels: int = 1
    planes: bool = False

    @property
    def n_columns(self) -> int:
        """How many numbers an image has."""
        return self.height * self.width * self.channels

    @property
    def steps(self) -> tuple[int, int, int]:
        """The columns from one row, one pixel and one channel to the next."""
        if self.planes:
            return self.width, 1, self.height * self.width
        return self.width * self.channels, self.channels, 1


@dataclass(frozen=True)
class Augmentation:
    """The largest amount of each change, 0: none.

    Rotation is in degrees, shifts are in pixels, mirroring is a chance; ``zoom`` is how far the
    size may be from 1, ``noise`` a standard deviation as a share of the range of pixels.
    """

    rotate: float = 0.0
    flip: float = 0.0
    flip_vertical: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    noise: float = 0.0


# Name of a change: from which amount on it may be, up to which, and in words.
RANGES = {
    "rotate": (180.0, "degrees up to 180"),
    "flip": (1.0, "a chance up to 1"),
    "flip-vertical": (1.0, "a chance up to 1"),
    "zoom": (0.9, "a share up to 0.9"),
    "shift": (math.inf, "a whole number of pixels below the smaller side, {side}"),
    "noise": (10.0, "a share of the range of pixels up to 10"),
}


def parse_image(text: str) -> ImageSize:
    """Return the size that is written ``28x28``, ``32x32x3`` or, one plane a channel, ``3x32x32``.

    Raises ArgumentError.

    >>> parse_image("3x32x32")
    ImageSize(height=32, width=32, channels=3, planes=True)
    """
    words = text.strip().lower().replace("*", "x").split("x")
    is_size = len(words) in (2, 3) and all(word.strip().isdecimal() for word in words)
    sizes = [int(word) for word in words if len(word) < 9] if is_size else []
    if len(sizes) != len(words) or not all(sizes) or math.prod(sizes) > MOST_PIXELS:
        raise ArgumentError(
            "--image must be height x width, or these and the channels, such as 28x28 or 32x32x3, "
            f"not {shown(text)}."
        )
    if len(sizes) == 2:
        return ImageSize(sizes[0], sizes[1])
    if sizes[2] <= MOST_CHANNELS:
        return ImageSize(sizes[0], sizes[1], sizes[2])
    if sizes[0] <= MOST_CHANNELS:
        return ImageSize(sizes[1], sizes[2], sizes[0], planes=True)
    raise ArgumentError(
        f"--image {text.strip()} has no side of up to {MOST_CHANNELS} channels: give height x "
        "width x channels."
    )


def parse_augment(text: str, image: ImageSize) -> Augmentation:
    """Return the changes that are written ``rotate:15,flip``, those without amount by defaults.

    Raises ArgumentError.
    """
    side = min(image.height, image.width)
    usual = {
        "rotate": ROTATION,
        "flip": CHANCE,
        "flip-vertical": CHANCE,
        "zoom": ZOOM,
        "shift": float(max(1, round(side / PIXELS_PER_SHIFT))),
        "noise": NOISE,
    }
    found: dict[str, float] = {}
    for word in text.split(",") if text.strip() else []:
        name, colon, amount = word.partition(":")
        name = name.strip().lower().replace("_", "-")
        if name not in RANGES:
            hint = nearest(name, list(RANGES))
            raise ArgumentError(
                f"--augment: unknown {shown(name)}{hint}. Known: {', '.join(RANGES)}."
            )
        if name in found:
            raise ArgumentError(f"--augment has {name} twice: give it once.")
        if name == "shift" and side < 2:
            raise ArgumentError(
                "--augment shift needs images of two rows and columns or more: leave it out."
            )
        found[name] = _amount(name, amount, side) if colon else usual[name]
    return Augmentation(**{name.replace("-", "_"): value for name, value in found.items()})


def _amount(name: str, text: str, side: int) -> float:
    """Return an amount that is given, of images whose smaller side has so many pixels."""
    limit, what = RANGES[name]
    if name == "shift":
        limit = side - 1
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    is_whole = name != "shift" or value.is_integer()
    if not (math.isfinite(value) and 0 < value <= limit and is_whole):
        raise ArgumentError(
            f"--augment {name}:{text.strip()}: the amount must be "
            f"{what.format(side=side)}, above 0."
        )
    return value


def likely_size(n: int) -> str:
    """Return the size of a square image of n numbers as ``--image`` takes it, "" if there is none.

    >>> likely_size(784), likely_size(3072), likely_size(785)
    ('28x28', '32x32x3', '')
    """
    for channels in (1, 3):
        side = math.isqrt(n // channels)
        if side > 1 and side * side * channels == n:
            return f"{side}x{side}" + "x3" * (channels == 3)
    return ""
