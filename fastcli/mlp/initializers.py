"""How weights start: small random numbers whose size keeps signals from dying or exploding.

Seed document, section 5.1.  n is the number of inputs of a unit, m the number of units.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = NDArray[np.float64]
    Init = Callable[[np.random.Generator, int, int, float], Weights]


def normal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Gaussian with a given standard deviation (0.01): for small networks only."""
    return rng.normal(0.0, std, (n, m))


def scaled_normal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Gaussian of variance 1 / n, so that the variance of w x is that of x."""
    return rng.normal(0.0, 1 / np.sqrt(n), (n, m))


def xavier_uniform(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Uniform within sqrt(6 / (n + m)) (Glorot and Bengio 2010, equation 16)."""
    bound = np.sqrt(6 / (n + m))
    return rng.uniform(-bound, bound, (n, m))


def xavier_normal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Gaussian of variance 2 / (n + m) (Glorot and Bengio 2010, equation 12)."""
    return rng.normal(0.0, np.sqrt(2 / (n + m)), (n, m))


def he_uniform(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Uniform within sqrt(6 / n): variance 2 / n (He et al. 2015)."""
    bound = np.sqrt(6 / n)
    return rng.uniform(-bound, bound, (n, m))


def he_normal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Gaussian of variance 2 / n, since ReLU passes half (He et al. 2015, equation 10)."""
    return rng.normal(0.0, np.sqrt(2 / n), (n, m))


def lecun_uniform(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Uniform within sqrt(3 / n): variance 1 / n (LeCun et al. 1998)."""
    bound = np.sqrt(3 / n)
    return rng.uniform(-bound, bound, (n, m))


def lecun_normal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """Gaussian of variance 1 / n (LeCun et al. 1998; Klambauer et al. 2017 for SELU)."""
    return scaled_normal(rng, n, m, std)


def orthogonal(rng: np.random.Generator, n: int, m: int, std: float) -> Weights:
    """A random matrix with orthonormal rows or columns (Saxe et al. 2014)."""
    q, r = np.linalg.qr(rng.normal(0.0, 1.0, (max(n, m), min(n, m))))
    q = q * np.sign(np.diag(r))
    return q if n >= m else q.T


INITIALIZERS: dict[str, Init] = {
    "normal": normal,
    "scaled-normal": scaled_normal,
    "xavier-uniform": xavier_uniform,
    "xavier-normal": xavier_normal,
    "he-uniform": he_uniform,
    "he-normal": he_normal,
    "lecun-uniform": lecun_uniform,
    "lecun-normal": lecun_normal,
    "orthogonal": orthogonal,
}
ALIASES = {
    "gaussian": "normal",
    "small-normal": "normal",
    "glorot-uniform": "xavier-uniform",
    "glorot-normal": "xavier-normal",
    "xavier": "xavier-uniform",
    "glorot": "xavier-uniform",
    "msra": "he-normal",
    "msra-uniform": "he-uniform",
    "msra-normal": "he-normal",
    "kaiming-uniform": "he-uniform",
    "kaiming-normal": "he-normal",
    "he": "he-normal",
    "lecun": "lecun-normal",
}
REFUSED = {"zero", "zeros"}
