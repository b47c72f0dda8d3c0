"""The activation functions by name: formula, source, parameters, and what suits them.

Their code is in ``kernels/mlp/activations.py``, each next to its derivative.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastcli.errors import ArgumentError
from fastcli.jit.build import AnyKernel
from fastcli.kernels.base.indirect import address_of
from fastcli.kernels.mlp import activations as kernels
from fastcli.mlp.limits import LARGE, MOST_PIECES
from fastcli.mlp.names import lookup
from fastcli.printable import shortened


@dataclass(frozen=True)
class Activation:
    """One row of the table of activations.

    ``parameters`` have the starting values given; ``learned`` says whether training moves them,
    with one value for each unit.  ``init`` is the initialisation that suits the function.
    """

    name: str
    formula: str
    source: str
    init: str = "xavier-uniform"
    parameters: tuple[tuple[str, float], ...] = ()
    learned: bool = False

    def _kernel(self, kind: str) -> int:
        name = {"prelu": "leaky-relu", "rrelu": "leaky-relu"}.get(self.name, self.name)
        if kind == "learned":
            name = self.name
        kernel: AnyKernel = getattr(kernels, f"{name.replace('-', '_')}_{kind}")
        return address_of(kernel)

    @property
    def forward(self) -> int:
        """The address of the kernel that computes it, 0 for maxout, which has its own way."""
        return 0 if self.name == "maxout" else self._kernel("forward")

    @property
    def backward(self) -> int:
        """The address of the kernel of its derivative."""
        return 0 if self.name == "maxout" else self._kernel("backward")

    @property
    def gradient(self) -> int:
        """The address of the kernel for the gradients of learned parameters, 0 without any."""
        return self._kernel("learned") if self.learned else 0


ACTIVATIONS = {
    a.name: a
    for a in (
        Activation("identity", "x", "linear units"),
        Activation("sigmoid", "1 / (1 + e^-x)", "logistic function"),
        Activation("hard-sigmoid", "min(max(x / 6 + 1/2, 0), 1)", "as in PyTorch"),
        Activation("tanh", "(e^x - e^-x) / (e^x + e^-x)", "LeCun et al. 1998"),
        Activation("arctan", "arctan(x)", "inverse tangent"),
        Activation("softsign", "x / (1 + |x|)", "Bergstra et al. 2009"),
        Activation("softplus", "log(1 + e^x)", "Dugas et al. 2001", "he-normal"),
        Activation("relu", "max(0, x)", "Nair and Hinton 2010", "he-normal"),
        Activation("relu6", "min(max(0, x), 6)", "Krizhevsky 2010", "he-normal"),
        Activation(
            "leaky-relu",
            "x above 0, alpha x below",
            "Maas et al. 2013",
            "he-normal",
            (("alpha", 0.01),),
        ),
        Activation(
            "prelu",
            "x above 0, alpha x below, alpha learned for each unit",
            "He et al. 2015",
            "he-normal",
            (("alpha", 0.25),),
            learned=True,
        ),
        Activation(
            "rrelu",
            "x above 0, a x below; a uniform in [low, high] in training, their mean after",
            "Xu et al. 2015",
            "he-normal",
            (("low", 1 / 8), ("high", 1 / 3)),
        ),
        Activation(
            "elu",
            "x above 0, alpha (e^x - 1) below",
            "Clevert et al. 2016",
            "he-normal",
            (("alpha", 1.0),),
        ),
        Activation(
            "selu",
            "1.0507 x above 0, 1.0507 * 1.67326 (e^x - 1) below",
            "Klambauer et al. 2017",
            "lecun-normal",
        ),
        Activation(
            "gelu",
            "x (1 + erf(x / sqrt 2)) / 2",
            "Hendrycks and Gimpel 2016",
            "he-normal",
        ),
        Activation("silu", "x / (1 + e^-x)", "Elfwing et al. 2018", "he-normal"),
        Activation("mish", "x tanh(log(1 + e^x))", "Misra 2019", "he-normal"),
        Activation(
            "maxout",
            "the largest of k linear functions of the layer's input",
            "Goodfellow et al. 2013",
            "he-normal",
            (("k", 2),),
        ),
        Activation(
            "binary-step",
            "1 from 0 on, 0 below; derivative 0, so what lies below keeps its random start",
            "Rosenblatt 1958",
        ),
        Activation("hard-tanh", "min(max(x, -1), 1)", "Collobert 2004"),
        Activation(
            "isru",
            "x / sqrt(1 + alpha x^2)",
            "Carlile et al. 2017",
            parameters=(("alpha", 1.0),),
        ),
        Activation("bent-identity", "(sqrt(x^2 + 1) - 1) / 2 + x", "table"),
        Activation(
            "srelu",
            "x; slope left up to low, slope right from high on; all learned for each unit",
            "Jin et al. 2016",
            "he-normal",
            (("low", 0.0), ("left", 0.1), ("high", 1.0), ("right", 1.0)),
            learned=True,
        ),
        Activation(
            "soft-exponential",
            "-log(1 - a (x + a)) / a for a < 0, x for 0, (e^(a x) - 1) / a + a above; a learned",
            "Godfrey and Gashler 2015",
            parameters=(("alpha", 0.0),),
            learned=True,
        ),
        Activation("sine", "sin(x)", "Parascandolo et al. 2017"),
        Activation("sinc", "sin(x) / x, 1 at 0", "table"),
        Activation("gaussian", "e^(-x^2)", "radial units"),
    )
}
ALIASES = {
    "linear": "identity",
    "none": "identity",
    "logistic": "sigmoid",
    "swish": "silu",
    "leakyrelu": "leaky-relu",
    "hardtanh": "hard-tanh",
    "hardsigmoid": "hard-sigmoid",
    "atan": "arctan",
    "step": "binary-step",
    "sin": "sine",
}


@dataclass(frozen=True)
class Chosen:
    """An activation with the values of its parameters."""

    activation: Activation
    values: tuple[float, ...]

    @property
    def pieces(self) -> int:
        """How many linear functions a unit has: more than 1 for maxout."""
        return int(self.values[0]) if self.activation.name == "maxout" else 1

    def __str__(self) -> str:
        values = [str(int(v)) if v == int(v) else repr(v) for v in self.values]
        return ":".join([self.activation.name, *values])


def parse_activation(text: str) -> Chosen:
    """Read ``relu`` or, with parameters, ``leaky-relu:0.2``, ``rrelu:0.1:0.3``, ``maxout:3``.

    Raises ArgumentError for an unknown name (with the nearest known one) and for values that
    cannot be.
    """
    name, *given = text.strip().lower().split(":")
    activation, text = lookup("activation", name, ACTIVATIONS, ALIASES), shortened(text)
    if len(given) > len(activation.parameters):
        known = ", ".join(name for name, _ in activation.parameters) or "no parameters"
        raise ArgumentError(f"Activation {text}: {activation.name} has {known}.")
    values = [default for _, default in activation.parameters]
    for i, word in enumerate(given):
        try:
            values[i] = float(word)
        except ValueError:
            values[i] = float("nan")
        if values[i] - values[i] != 0:
            raise ArgumentError(f"Activation {text}: {shortened(word)!r} is not a number.")
        if abs(values[i]) > LARGE:
            raise ArgumentError(f"Activation {text}: {shortened(word)} is above {LARGE:g}.")
    if activation.name == "maxout" and values[0] not in range(2, MOST_PIECES + 1):
        raise ArgumentError(
            f"Activation {text}: maxout needs a whole number of pieces, 2 to {MOST_PIECES}."
        )
    if activation.name == "rrelu" and not values[0] <= values[1]:
        raise ArgumentError(f"Activation {text}: low must not be above high.")
    if activation.name == "isru" and values[0] < 0:
        raise ArgumentError(f"Activation {text}: alpha must be 0 or more.")
    return Chosen(activation, tuple(values))
