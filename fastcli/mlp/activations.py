"""Activations as given by the user: a name, and values of its parameters.

What there is to choose from is in ``kernels/mlp/activation_table.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastcli.errors import ArgumentError
from fastcli.kernels.mlp.activation_table import ACTIVATIONS, ALIASES, Activation
from fastcli.mlp.limits import LARGE, MOST_HINGES, MOST_PIECES
from fastcli.mlp.names import lookup
from fastcli.printable import shortened

if TYPE_CHECKING:
    from fastcli.kernels.mlp.activations import Rows

__all__ = ["ACTIVATIONS", "ALIASES", "Activation", "Chosen", "parse_activation"]

COUNTS = {"maxout": ("pieces", MOST_PIECES), "apl": ("hinges", MOST_HINGES)}


@dataclass(frozen=True)
class Chosen:
    """An activation with the values of its parameters."""

    activation: Activation
    values: tuple[float, ...]

    @property
    def pieces(self) -> int:
        """How many linear functions a unit has: more than 1 for maxout."""
        return int(self.values[0]) if self.activation.name == "maxout" else 1

    @property
    def start(self) -> tuple[float, ...]:
        """What the parameters of a unit's activation start from, or stay at.

        For rrelu it is the mean slope.  For apl all hinges have the slope 0 at first, at bounds
        evenly from -1 to 1, so that no two of them learn the same.
        """
        name, values = self.activation.name, self.values
        if name == "maxout":
            return ()
        if name == "rrelu":
            return (sum(values) / 2,)
        if name == "apl":
            n = int(values[0])
            bounds = [-1 + 2 * j / (n - 1) for j in range(n)] if n > 1 else [0.0]
            return (*[0.0] * n, *bounds)
        return values

    @property
    def rows(self) -> Rows | None:
        """The kernels; None for maxout of several pieces, which has no kernels of its own."""
        # Names alone are known without the kernels, for which NumPy is imported.
        from fastcli.kernels.mlp.activations import ROWS

        is_one = self.activation.name == "maxout" and self.pieces == 1
        return ROWS.get("identity" if is_one else self.activation.name)

    @property
    def forward(self) -> int:
        """The address of the kernel that computes it, 0 for maxout, which is handled separately."""
        return self._address("forward")

    @property
    def backward(self) -> int:
        """The address of the kernel of its derivative, 0 for maxout."""
        return self._address("backward")

    @property
    def gradient(self) -> int:
        """The address of the kernel for the gradients of learned parameters, 0 without any."""
        return self._address("learned")

    def _address(self, kind: str) -> int:
        from fastcli.kernels.base.indirect import address_of

        kernel = getattr(self.rows, kind, None)
        return address_of(kernel) if kernel else 0

    def __str__(self) -> str:
        values = [str(int(v)) if v == int(v) else repr(v) for v in self.values]
        return ":".join([self.activation.name, *values])


def parse_activation(text: str) -> Chosen:
    """Read ``relu`` or, with parameters, ``leaky-relu:0.2``, ``rrelu:0.1:0.3``, ``apl:3``.

    Raises ArgumentError for an unknown name (with the nearest known one) and for values that
    cannot be.
    """
    name, *given = text.strip().lower().split(":")
    activation, text = lookup("activation", name, ACTIVATIONS, ALIASES), shortened(text)
    if len(given) > len(activation.parameters):
        known = ", ".join(one.name for one in activation.parameters) or "no parameters"
        raise ArgumentError(f"Activation {text}: {activation.name} has {known}.")
    values = list(activation.defaults)
    for i, (word, parameter) in enumerate(zip(given, activation.parameters, strict=False)):
        try:
            values[i] = float(word)
        except ValueError:
            values[i] = float("nan")
        if values[i] - values[i] != 0:
            raise ArgumentError(f"Activation {text}: {shortened(word)!r} is not a number.")
        if abs(values[i]) > LARGE:
            raise ArgumentError(f"Activation {text}: {shortened(word)} is above {LARGE:g}.")
        if values[i] < parameter.minimum:
            least = f"{parameter.name} must be {parameter.minimum:g} or more"
            raise ArgumentError(f"Activation {text}: {least}.")
    if activation.name in COUNTS:
        things, most = COUNTS[activation.name]
        if values[0] not in range(1, most + 1):
            raise ArgumentError(
                f"Activation {text}: {activation.name} needs a whole number of {things}, "
                f"1 to {most}."
            )
    if activation.is_random and not values[0] <= values[1]:
        raise ArgumentError(f"Activation {text}: low must not be above high.")
    return Chosen(activation, tuple(values))
