"""The tables of numbers: logic gates, spirals, columns of noise, and digits drawn with a pen."""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

Point = tuple[float, float]
Row = Sequence[object]

SPIRALS = 300  # rows; the two arms take turns
TURNS, JITTER = 1.25, 0.04

NOISY_TRAIN, NOISY_VALID = 120, 400
TELLING, NOISE = 2, 18  # columns that tell the label, columns that are noise
WRONG = 0.1  # share of the training rows with the other label

DIGITS_TRAIN, DIGITS_VALID = 200, 300
SIDE, LEVELS = 8, 9  # pixels a side; what the darkest pixel has
PEN = 0.05  # half the width of a stroke, as a share of the side
TILT, STRETCH, SHIFT = 0.25, 0.15, 0.07  # radians, share, share of the side: the most
SPECKS, SPECK = 0.1, 3  # share of pixels with a speck, and the most that it adds


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points of an ellipse from one angle to another, in turns; 0 is right, a quarter is down."""
    steps = max(2, round(abs(end - start) * 16))
    angles = [2 * math.pi * (start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]


# The strokes of each digit in a square of side 1, y down.
STROKES: Sequence[Sequence[Sequence[Point]]] = (
    [arc(0.5, 0.5, 0.24, 0.36, 0, 1)],
    [[(0.36, 0.28), (0.52, 0.14), (0.52, 0.86)]],
    [[*arc(0.5, 0.34, 0.22, 0.2, 0.5, 1.08), (0.26, 0.86), (0.76, 0.86)]],
    [arc(0.47, 0.32, 0.21, 0.18, 0.55, 1.25), arc(0.47, 0.68, 0.23, 0.18, 0.75, 1.45)],
    [[(0.6, 0.86), (0.6, 0.14), (0.22, 0.62), (0.8, 0.62)]],
    [[(0.72, 0.14), (0.32, 0.14), (0.3, 0.47), *arc(0.48, 0.64, 0.24, 0.22, 0.7, 1.42)]],
    [[(0.62, 0.12), (0.34, 0.45), (0.28, 0.64)], arc(0.5, 0.66, 0.22, 0.2, 0, 1)],
    [[(0.24, 0.14), (0.76, 0.14), (0.42, 0.86)]],
    [arc(0.5, 0.31, 0.18, 0.17, 0, 1), arc(0.5, 0.68, 0.22, 0.19, 0, 1)],
    [arc(0.5, 0.34, 0.22, 0.2, 0, 1), [(0.72, 0.34), (0.66, 0.6), (0.5, 0.88)]],
)


def gates() -> list[Row]:
    """Two bits, and what three gates make of them."""
    rows: list[Row] = [("a", "b", "and", "or", "xor")]
    return rows + [(a, b, a & b, a | b, a ^ b) for a in (0, 1) for b in (0, 1)]


def spirals(rng: Random) -> list[Row]:
    """Points of two arms that wind around each other."""
    rows: list[Row] = [("x", "y", "arm")]
    for i in range(SPIRALS):
        share = rng.uniform(0.12, 1.0)
        angle = 2 * math.pi * TURNS * share + math.pi * (i % 2)
        x = share * math.cos(angle) + rng.gauss(0, JITTER)
        y = share * math.sin(angle) + rng.gauss(0, JITTER)
        rows.append((f"{x:.3f}", f"{y:.3f}", "red" if i % 2 else "blue"))
    return rows


def noisy(rng: Random, count: int, wrong: float) -> list[Row]:
    """Two overlapping clouds in the first columns, and noise in the others."""
    names = [f"c{i + 1}" for i in range(TELLING)] + [f"noise{i + 1}" for i in range(NOISE)]
    rows: list[Row] = [(*names, "label")]
    for i in range(count):
        side = i % 2
        told = [rng.gauss(0.9 if side else -0.9, 1) for _ in range(TELLING)]
        values = told + [rng.gauss(0, 1) for _ in range(NOISE)]
        side ^= rng.random() < wrong
        rows.append((*(f"{value:.2f}" for value in values), "yes" if side else "no"))
    return rows


def to_segment(x: float, y: float, start: Point, end: Point) -> float:
    """The distance from a point to a line segment."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = dx * dx + dy * dy
    along = ((x - start[0]) * dx + (y - start[1]) * dy) / length if length else 0.0
    along = min(max(along, 0.0), 1.0)
    return math.hypot(x - start[0] - along * dx, y - start[1] - along * dy)


def drawn(rng: Random, digit: int) -> list[int]:
    """The pixels of a digit, row by row: each time a little different."""
    tilt, slant = rng.uniform(-TILT, TILT), rng.uniform(-TILT, TILT)
    wide, high = (1 + rng.uniform(-STRETCH, STRETCH) for _ in range(2))
    right, down = (rng.uniform(-SHIFT, SHIFT) for _ in range(2))
    pen = PEN * rng.uniform(0.7, 1.3)
    sine, cosine = math.sin(tilt), math.cos(tilt)

    def moved(point: Point) -> Point:
        x, y = wide * (point[0] - 0.5), high * (point[1] - 0.5)
        x -= slant * y
        return 0.5 + right + cosine * x - sine * y, 0.5 + down + sine * x + cosine * y

    strokes = [[moved(point) for point in stroke] for stroke in STROKES[digit]]
    pixels = []
    for i in range(SIDE * SIDE):
        x, y = (i % SIDE + 0.5) / SIDE, (i // SIDE + 0.5) / SIDE
        distance = min(
            to_segment(x, y, start, end) for stroke in strokes for start, end in pairwise(stroke)
        )
        ink = min(max(1 - (distance - pen) * SIDE, 0.0), 1.0)  # the edge is one pixel wide
        speck = rng.randint(1, SPECK) if rng.random() < SPECKS else 0
        pixels.append(min(LEVELS, round(LEVELS * ink) + speck))
    return pixels


def digits(rng: Random, count: int) -> list[Row]:
    """Pictures of all ten digits, equally often."""
    rows: list[Row] = [(*(f"p{i}" for i in range(SIDE * SIDE)), "digit")]
    for i in range(count):
        rows.append((*drawn(rng, i % 10), i % 10))
    return rows


def build(seed: int) -> dict[str, list[Row]]:
    """Every table by the name of its file, with its header."""
    return {
        "gates.csv": gates(),
        "spirals.csv": spirals(Random(seed)),
        "noisy.train.csv": noisy(Random(seed + 1), NOISY_TRAIN, WRONG),
        "noisy.valid.csv": noisy(Random(seed + 2), NOISY_VALID, 0.0),
        "digits.train.csv": digits(Random(seed + 3), DIGITS_TRAIN),
        "digits.valid.csv": digits(Random(seed + 4), DIGITS_VALID),
    }
