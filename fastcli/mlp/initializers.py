"""How weights start: small random numbers whose size keeps signals from dying or exploding.

n is the number of inputs of a unit, m the number of units.  The number of a Gaussian is its
standard deviation, also where texts call it a variance: 0.01 (``0.01 * randn``) and
sqrt(4 / (n + m)); what papers write as Var(W) is a variance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastcli.errors import ArgumentError
from fastcli.mlp.limits import LARGE
from fastcli.mlp.names import canonical
from fastcli.printable import shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = NDArray[np.float64]
    Draw = Callable[..., Weights]

BOUNDS = 2  # numbers that an initialisation with bounds has


def normal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Gaussian with a given standard deviation (0.01): for small networks only."""
    return rng.normal(0.0, std, (n, m))


def truncated_normal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Gaussian, where what is beyond two standard deviations is drawn again (TensorFlow)."""
    found = rng.normal(0.0, std, (n, m))
    while (is_far := np.abs(found) > 2 * std).any():
        found[is_far] = rng.normal(0.0, std, int(is_far.sum()))
    return found


def uniform(rng: np.random.Generator, n: int, m: int, low: float, high: float) -> Weights:
    """Uniform between two bounds."""
    return rng.uniform(low, high, (n, m))


def scaled_normal(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Gaussian of variance 1 / n, so that the variance of w x is that of x."""
    return rng.normal(0.0, 1 / np.sqrt(n), (n, m))


def xavier_uniform(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Uniform within sqrt(6 / (n + m)) (Glorot and Bengio 2010, equation 16)."""
    bound = np.sqrt(6 / (n + m))
    return rng.uniform(-bound, bound, (n, m))


def xavier_normal(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Gaussian of variance 2 / (n + m) (Glorot and Bengio 2010, equation 12)."""
    return rng.normal(0.0, np.sqrt(2 / (n + m)), (n, m))


def he_uniform(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Uniform within sqrt(6 / n): variance 2 / n (He et al. 2015)."""
    bound = np.sqrt(6 / n)
    return rng.uniform(-bound, bound, (n, m))


def he_normal(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Gaussian of variance 2 / n, since ReLU passes half (He et al. 2015, equation 10)."""
    return rng.normal(0.0, np.sqrt(2 / n), (n, m))


def msra_combined(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Gaussian of variance 4 / (n + m), between he-normal forward and backward.

    Equations 10 and 14 of He et al. (2015) ask for 2 / n and 2 / m: this is their harmonic mean.
    """
    return rng.normal(0.0, np.sqrt(4 / (n + m)), (n, m))


def lecun_uniform(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Uniform within sqrt(3 / n): variance 1 / n (LeCun et al. 1998)."""
    bound = np.sqrt(3 / n)
    return rng.uniform(-bound, bound, (n, m))


def lecun_normal(rng: np.random.Generator, n: int, m: int) -> Weights:
    """Gaussian of variance 1 / n (LeCun et al. 1998; Klambauer et al. 2017 for SELU)."""
    return scaled_normal(rng, n, m)


def orthogonal(rng: np.random.Generator, n: int, m: int) -> Weights:
    """A random matrix with orthonormal rows or columns (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.normal(0.0, 1.0, (max(n, m), min(n, m))))
    q = q * np.sign(np.diag(r))
    return q if n >= m else q.T


class Initializer(NamedTuple):
    """A row of the table: what draws float64[n, m], the formula, and its source, "" for none.

    ``takes`` are the numbers that ``draw`` has behind n and m: --init-std, or two bounds.
    """

    name: str
    draw: Draw
    formula: str
    source: str
    takes: str = ""  # "std" or "bounds"


INITIALIZERS = {
    one.name: one
    for one in (
        Initializer("normal", normal, "N(0, std)", "", "std"),
        Initializer(
            "truncated-normal",
            truncated_normal,
            "N(0, std), drawn again beyond 2 std",
            "TensorFlow",
            "std",
        ),
        Initializer("uniform", uniform, "U(a, b), given as uniform:a,b", "", "bounds"),
        Initializer("scaled-normal", scaled_normal, "N(0, sqrt(1 / n))", "LeCun et al. 1998"),
        Initializer(
            "xavier-uniform",
            xavier_uniform,
            "U(-r, r), r = sqrt(6 / (n + m))",
            "Glorot and Bengio 2010",
        ),
        Initializer(
            "xavier-normal", xavier_normal, "N(0, sqrt(2 / (n + m)))", "Glorot and Bengio 2010"
        ),
        Initializer("he-uniform", he_uniform, "U(-r, r), r = sqrt(6 / n)", "He et al. 2015"),
        Initializer("he-normal", he_normal, "N(0, sqrt(2 / n))", "He et al. 2015"),
        Initializer(
            "msra-combined", msra_combined, "N(0, sqrt(4 / (n + m)))", "after He et al. 2015"
        ),
        Initializer(
            "lecun-uniform", lecun_uniform, "U(-r, r), r = sqrt(3 / n)", "LeCun et al. 1998"
        ),
        Initializer("lecun-normal", lecun_normal, "N(0, sqrt(1 / n))", "LeCun et al. 1998"),
        Initializer("orthogonal", orthogonal, "orthonormal rows or columns", "Saxe et al. 2014"),
    )
}
ALIASES = {
    "gaussian": "normal",
    "small-normal": "normal",
    "glorot-uniform": "xavier-uniform",
    "glorot-normal": "xavier-normal",
    "xavier": "xavier-uniform",
    "glorot": "xavier-uniform",
    "truncnormal": "truncated-normal",
    "trunc-normal": "truncated-normal",
    "msra": "he-normal",
    "msra-uniform": "he-uniform",
    "msra-normal": "he-normal",
    "kaiming-uniform": "he-uniform",
    "kaiming-normal": "he-normal",
    "he": "he-normal",
    "lecun": "lecun-normal",
}
REFUSED = {"zero", "zeros"}
WHY_REFUSED = (
    "--init zero is refused: units that start alike get the same gradients and stay alike, so a "
    "layer of them is one unit."
)
AUTO = "auto"  # what suits the activation


class ChosenInit(NamedTuple):
    """An initialisation with its bounds, if it has any."""

    name: str
    bounds: tuple[float, ...] = ()

    def draw(self, rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
        """Return the weights of m units with n inputs, float64[n, m]."""
        row = INITIALIZERS[self.name]
        numbers = {"std": (std,), "bounds": self.bounds, "": ()}[row.takes]
        return row.draw(rng, n, m, *numbers)

    def __str__(self) -> str:
        return ":".join([self.name, *map(repr, self.bounds)])


def parse_inits(text: str) -> list[ChosenInit]:
    """Read initialisations, separated by commas: ``he-normal,uniform:-0.1:0.1``.

    The bounds of ``uniform`` may have a comma between them, too: ``uniform:-0.1,0.1``.  Raises
    ArgumentError for an unknown name (with the nearest known one) and for bounds that cannot be.
    """
    words: list[list[str]] = []
    for part in text.split(","):
        if words and len(words[-1]) == BOUNDS and _is_number(part):
            words[-1].append(part)
        else:
            words.append(part.strip().split(":"))
    return [_chosen(*word) for word in words]


def _chosen(name: str, *bounds: str) -> ChosenInit:
    plain = name.strip().lower().replace("_", "-")
    if plain in REFUSED:
        raise ArgumentError(f"{WHY_REFUSED} Leave --init out.")
    text = shortened(":".join([name, *bounds]))
    name = canonical("initialisation", name, [AUTO, *INITIALIZERS], ALIASES)
    if name == AUTO or INITIALIZERS[name].takes != "bounds":
        if bounds:
            raise ArgumentError(f"--init {text}: {name} takes no numbers, only uniform does.")
        return ChosenInit(name)
    if len(bounds) != BOUNDS:
        raise ArgumentError(f"--init {text}: give two bounds, such as uniform:-0.1,0.1.")
    for word in bounds:
        if not _is_number(word):
            raise ArgumentError(f"--init {text}: {shortened(word)!r} is not a number.")
    low, high = map(float, bounds)
    if not -LARGE <= low < high <= LARGE:
        raise ArgumentError(
            f"--init {text}: the first bound must be below the second, and neither beyond "
            f"{LARGE:g}."
        )
    return ChosenInit(name, (low, high))


def _is_number(word: str) -> bool:
    try:
        return abs(float(word)) < float("inf")
    except ValueError:
        return False
