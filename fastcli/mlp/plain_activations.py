"""Activations in NumPy and float64, from their formulas: no kernel takes part.

``VALUES`` has them by name; each takes pre-activations [examples, units] and the parameters of
their units.  Maxout is that of one piece: what takes several numbers for a unit is not there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SELU_SCALE, SELU_ALPHA = 1.0507009873554805, 1.6732632423543772
FLAT = 1e-12  # a parameter of soft-exponential so small that its formulas divide by 0


def logistic(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + e^-x)."""
    return np.exp(-np.logaddexp(0.0, -x))


def erf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the error function."""
    found: NDArray[np.float64] = np.vectorize(math.erf, otypes=[np.float64])(x)
    return found


def leaky(x: NDArray[np.float64], alpha: Any) -> NDArray[np.float64]:
    """Return x above 0, alpha x below."""
    return np.where(x > 0, x, alpha * x)


def elu(x: NDArray[np.float64], alpha: Any) -> NDArray[np.float64]:
    """Return x above 0, alpha (e^x - 1) below."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def srelu(
    x: NDArray[np.float64], low: Any, left: Any, high: Any, right: Any
) -> NDArray[np.float64]:
    """Return x, continued with slope ``left`` up to ``low`` and ``right`` from ``high`` on."""
    above = np.where(x >= high, high + right * (x - high), x)
    return np.where(x <= low, low + left * (x - low), above)


def soft_exponential(x: NDArray[np.float64], alpha: Any) -> NDArray[np.float64]:
    """Return (e^(a x) - 1) / a + a for a > 0, -log(1 - a (x + a)) / a for a < 0, x for 0."""
    a = np.where(np.abs(alpha) > FLAT, alpha, 1.0)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        up, down = np.expm1(a * x) / a + a, -np.log1p(-a * (x + a)) / a
    curved = np.where(np.asarray(alpha) > 0, up, down)
    flat = x + alpha * (x * x / 2 + 1)
    return np.where(np.abs(alpha) <= FLAT, flat, curved)


def isrlu(x: NDArray[np.float64], alpha: Any) -> NDArray[np.float64]:
    """Return x above 0, x / sqrt(1 + alpha x^2) below."""
    return np.where(x > 0, x, x / np.sqrt(1 + alpha * x * x))


def apl(x: NDArray[np.float64], *parameters: Any) -> NDArray[np.float64]:
    """Return max(0, x) + the sum of a max(0, b - x); every a comes before every b."""
    n = len(parameters) // 2
    found = np.maximum(x, 0)
    for a, b in zip(parameters[:n], parameters[n:], strict=True):
        found = found + a * np.maximum(b - x, 0)
    return found


def softmax(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return e^x over its sum along the units."""
    found: NDArray[np.float64] = np.exp(x - np.logaddexp.reduce(x, axis=-1, keepdims=True))
    return found


def sqnl(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x - x |x| / 4 within -2 and 2, -1 and 1 beyond."""
    t = np.clip(x, -2, 2)
    return t - t * np.abs(t) / 4


def sq_rbf(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 - x^2 / 2 up to a size of 1, (2 - |x|)^2 / 2 up to 2, 0 beyond."""
    rest = np.maximum(2 - np.abs(x), 0)
    return np.where(np.abs(x) <= 1, 1 - x * x / 2, rest * rest / 2)


VALUES: dict[str, Callable[..., NDArray[np.float64]]] = {
    "identity": lambda x: x,
    "sigmoid": logistic,
    "hard-sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "tanh": np.tanh,
    "arctan": np.arctan,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "softplus": lambda x: np.logaddexp(0.0, x),
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky-relu": leaky,
    "prelu": leaky,
    "rrelu": leaky,
    "elu": elu,
    "selu": lambda x: SELU_SCALE * elu(x, SELU_ALPHA),
    "gelu": lambda x: x * (1 + erf(x / math.sqrt(2))) / 2,
    "silu": lambda x: x * logistic(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(0.0, x)),
    "binary-step": lambda x: np.where(x >= 0, 1.0, 0.0),
    "hard-tanh": lambda x: np.clip(x, -1, 1),
    "isru": lambda x, alpha: x / np.sqrt(1 + alpha * x * x),
    "isrlu": isrlu,
    "apl": apl,
    "softmax": softmax,
    "sqnl": sqnl,
    "arsinh": np.arcsinh,
    "sq-rbf": sq_rbf,
    "maxout": lambda x: x,
    "bent-identity": lambda x: (np.sqrt(x * x + 1) - 1) / 2 + x,
    "srelu": srelu,
    "soft-exponential": soft_exponential,
    "sine": np.sin,
    "sinc": lambda x: np.sinc(x / np.pi),
    "gaussian": lambda x: np.exp(-x * x),
}
